//! What was told done survives the process, whatever ends it: fifty kills while every kind of store is written.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use devflare::control::ACCOUNT;
use serde_json::{Value, json};

use crate::process::{Folder, Running, eventually, kill};
use crate::support::{Dev, Form};

const CONFIG: &str = "
    kv_namespaces = [{ binding = \"KV\", id = \"kept\" }]
    d1_databases = [{ binding = \"DB\", database_name = \"kept\", database_id = \"kept\" }]
    r2_buckets = [{ binding = \"R2\", bucket_name = \"kept\" }]
    durable_objects = { bindings = [{ name = \"OBJECTS\", class_name = \"Keeper\" }] }
    migrations = [{ tag = \"v1\", new_sqlite_classes = [\"Keeper\"] }]
    dispatch_namespaces = [{ binding = \"dispatcher\", namespace = \"staging\" }]
    [[queues.producers]]
    binding = \"QUEUE\"
    queue = \"kept\"
    [[queues.consumers]]
    queue = \"kept\"
    max_batch_timeout = 0
    max_retries = 100
";

/// `/put/KIND/KEY` writes something that is not atomic by itself; `/all/KIND` tells the keys of what is whole, and of what
/// is torn.
const KEEPER: &str = "
    import { DurableObject } from 'cloudflare:workers';
    const long = (key) => `${key} `.repeat(2000);
    export class Keeper extends DurableObject {
      constructor(ctx, env) {
        super(ctx, env);
        ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS one (key TEXT); CREATE TABLE IF NOT EXISTS two (key TEXT)');
      }
      put(key) {
        this.ctx.storage.sql.exec('INSERT INTO one VALUES (?)', key);
        this.ctx.storage.sql.exec('INSERT INTO two VALUES (?)', key);
        this.ctx.storage.kv.put(`key-${key}`, key);
      }
      all() {
        const rows = (table) => this.ctx.storage.sql.exec(`SELECT key FROM ${table}`).toArray().map(({ key }) => key);
        const kept = [...this.ctx.storage.kv.list()].map(([, key]) => key);
        return sorted(rows('one'), [rows('two'), kept]);
      }
    }
    const sorted = (keys, others) => {
      const torn = new Set();
      for (const other of others) {
        const there = new Set(other);
        for (const key of keys) if (!there.has(key)) torn.add(key);
        if (there.size !== keys.length) torn.add(`${there.size} in place of ${keys.length}`);
      }
      return { whole: keys, torn: [...torn] };
    };
    const keysOf = async (store, listed) => {
      const keys = [];
      for (let cursor; ; ) {
        const page = await store.list({ cursor });
        keys.push(...listed(page));
        if (page.list_complete ?? !page.truncated) return keys;
        cursor = page.cursor;
      }
    };
    const wholeOf = async (keys, read) => {
      const whole = [], torn = [];
      for (const key of keys) (await read(key) === long(key) ? whole : torn).push(key);
      return { whole, torn };
    };
    const tables = (DB) => DB.exec('CREATE TABLE IF NOT EXISTS one (key TEXT)').then(() => DB.exec('CREATE TABLE IF NOT EXISTS two (key TEXT)'));
    const kinds = {
      kv: {
        put: ({ KV }, key) => KV.put(key, long(key)),
        all: async ({ KV }) => wholeOf((await keysOf(KV, ({ keys }) => keys.map(({ name }) => name))).filter((key) => !key.startsWith('seen')), (key) => KV.get(key)),
      },
      r2: {
        put: ({ R2 }, key) => R2.put(key, long(key)),
        all: async ({ R2 }) => wholeOf(await keysOf(R2, ({ objects }) => objects.map(({ key }) => key)), async (key) => (await R2.get(key)).text()),
      },
      d1: {
        put: ({ DB }, key) => DB.batch(['one', 'two'].map((table) => DB.prepare(`INSERT INTO ${table} VALUES (?)`).bind(key))),
        all: async ({ DB }) => {
          const rows = async (table) => (await DB.prepare(`SELECT key FROM ${table}`).all()).results.map(({ key }) => key);
          return sorted(await rows('one'), [await rows('two')]);
        },
      },
      object: {
        put: ({ OBJECTS }, key) => OBJECTS.getByName('one').put(key),
        all: ({ OBJECTS }) => OBJECTS.getByName('one').all(),
      },
      queue: {
        put: ({ QUEUE }, key) => QUEUE.send(key),
        all: async ({ KV }) => ({ whole: await keysOf(KV, ({ keys }) => keys.map(({ name }) => name).filter((name) => name.startsWith('seen ')).map((name) => name.slice(5))), torn: [] }),
      },
      upload: {
        async all({ dispatcher, KV }, keys) {
          const whole = [], torn = [];
          for (const key of keys) (await (await dispatcher.get(key).fetch('http://x/')).text() === key ? whole : torn).push(key);
          return { whole, torn };
        },
      },
    };
    export default {
      async fetch(request, env) {
        const url = new URL(request.url);
        const [, what, kind, key] = url.pathname.split('/');
        if (what === 'tables') return new Response(`${await tables(env.DB)}`);
        if (what === 'all') return Response.json(await kinds[kind].all(env, url.searchParams.get('keys')?.split(',')));
        await kinds[kind].put(env, key);
        return new Response('stored');
      },
      async queue(batch, env) {
        for (const { body } of batch.messages) await env.KV.put(`seen ${body}`, '');
      },
    };";

const KINDS: [&str; 5] = ["kv", "r2", "d1", "object", "queue"];
const ROUNDS: u64 = 50;
/// More than anybody can write before the kill.
const MAX_WRITES: u32 = 100_000;

/// What is answered to a request, unless the process is killed before.
fn ask(url: &str, head: &str, body: &[u8]) -> std::io::Result<String> {
    let host = url.split('/').nth(2).expect("a URL");
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "{head}\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn upload(api: &str, name: &str) -> bool {
    let path = format!("/client/v4/accounts/{ACCOUNT}/workers/dispatch/namespaces/staging/scripts/{name}");
    let form = Form::worker(&format!("export default {{ fetch: () => new Response('{name}') }};")).bytes();
    let kind = Form::content_type();
    let head = format!("PUT {path} HTTP/1.0\r\nAuthorization: Bearer t\r\nContent-Type: {kind}");
    ask(api, &head, &form).is_ok_and(|answer| answer.contains(" 200 ") && answer.contains(r#""success":true"#))
}

fn put(url: &str, kind: &str, key: &str) -> bool {
    let head = format!("PUT /put/{kind}/{key} HTTP/1.0");
    ask(url, &head, b"").is_ok_and(|answer| answer.ends_with("\r\n\r\nstored"))
}

/// Writes one after the other until one is not acknowledged; the keys of those that were.
fn write(write: impl Fn(&str) -> bool, round: u64) -> Vec<String> {
    (0..MAX_WRITES).map(|number| format!("k{round}-{number}")).take_while(|key| write(key)).collect()
}

/// What was acknowledged of each kind until the process was killed, the uploads last.
fn write_until_killed(running: Running, round: u64) -> Vec<Vec<String>> {
    let kept = running.url.clone();
    let url = &kept;
    let api = running.ready["api_url"].as_str().expect("a URL").to_owned();
    thread::scope(|scope| {
        let mut writers: Vec<_> = KINDS.map(|kind| scope.spawn(move || write(|key| put(url, kind, key), round))).into();
        writers.push(scope.spawn(|| write(|key| upload(&api, key), round)));
        thread::sleep(Duration::from_millis(10 + round * 37 % 90));
        kill(running);
        writers.into_iter().map(|writer| writer.join().expect("writers do not panic")).collect()
    })
}

fn all(running: &Running, kind: &str, keys: &str) -> Value {
    let (status, text) = running.get(&format!("/all/{kind}?keys={keys}"));
    assert_eq!(status, 200, "{kind}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

fn missing(kept: &Value, acknowledged: &[String]) -> Vec<String> {
    let whole: Vec<_> = kept["whole"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let whole: std::collections::HashSet<_> = whole.into_iter().collect();
    acknowledged.iter().filter(|key| !whole.contains(key.as_str())).cloned().collect()
}

#[test]
fn fifty_kills_lose_nothing_that_was_acknowledged_and_leave_nothing_torn() {
    let folder = Folder::new();
    folder.project("keeper", CONFIG, KEEPER);
    let mut acknowledged = vec![Vec::new(); KINDS.len() + 1];
    let running = folder.dev(&["keeper"]);
    assert_eq!(running.get("/tables").0, 200);
    kill(running);
    for round in 0..ROUNDS {
        for (keys, more) in acknowledged.iter_mut().zip(write_until_killed(folder.dev(&["keeper"]), round)) {
            keys.extend(more);
        }
    }
    let running = folder.dev(&["keeper"]);
    for (kind, keys) in KINDS.iter().zip(&acknowledged) {
        assert!(!keys.is_empty(), "nothing was ever stored: {kind}");
        // What waits in a queue is delivered by and by.
        eventually("every message is delivered", || {
            *kind != "queue" || missing(&all(&running, kind, ""), keys).is_empty()
        });
        let kept = all(&running, kind, "");
        assert_eq!(kept["torn"], json!([]), "{kind}");
        assert_eq!(missing(&kept, keys), Vec::<String>::new(), "{kind}");
    }
    let uploads = acknowledged.last().expect("uploads are the last");
    assert!(!uploads.is_empty(), "nothing was ever uploaded");
    for some in uploads.chunks(50) {
        assert_eq!(all(&running, "upload", &some.join(","))["torn"], json!([]));
    }
}

#[test]
fn a_damaged_database_fails_alone() {
    let folder = Folder::new();
    folder.project("keeper", CONFIG, KEEPER);
    let running = folder.dev(&["keeper"]);
    assert_eq!(running.get("/tables").0, 200);
    for kind in ["kv", "d1", "object"] {
        assert_eq!(running.get(&format!("/put/{kind}/one")), (200, "stored".to_owned()));
    }
    kill(running);
    for ending in ["", "-wal", "-shm"] {
        let path = folder.path(&format!(".devflare/state/kv.sqlite{ending}"));
        if ending.is_empty() {
            assert!(path.exists(), "{}", path.display());
        }
        std::fs::write(path, "this is no database, however one looks at it. ".repeat(500)).expect("written");
    }
    let running = folder.dev(&["keeper"]);
    let (status, told) = running.get("/put/kv/two");
    assert!(status == 500 && told.contains("kv.sqlite"), "{status} {told}");
    for kind in ["d1", "object"] {
        assert_eq!(running.get(&format!("/put/{kind}/two")), (200, "stored".to_owned()));
    }
}

#[test]
fn a_thousand_writers_at_once_lose_no_update() {
    let dev = Dev::new()
        .worker(
            "writers",
            "import { DurableObject } from 'cloudflare:workers';
             export class Counter extends DurableObject {
               async add() { const count = (await this.ctx.storage.get('count')) ?? 0; await this.ctx.storage.put('count', count + 1); return count + 1; }
             }
             export default { async fetch(request, { KV, DB, OBJECTS }) {
               await DB.exec('CREATE TABLE counts (count INTEGER, writer INTEGER)');
               const object = OBJECTS.getByName('one');
               const all = (write) => Promise.all(Array.from({ length: 1000 }, (_, writer) => write(writer)));
               await all((writer) => KV.put('key', `${writer} `.repeat(100)));
               await all((writer) => DB.prepare('INSERT INTO counts SELECT count(*), ? FROM counts').bind(writer).run());
               const counts = await all(() => object.add());
               const last = await KV.get('key');
               const writer = last.split(' ')[0];
               const rows = await DB.prepare('SELECT count(DISTINCT count) AS counts, count(DISTINCT writer) AS writers FROM counts').first();
               return Response.json([last === `${writer} `.repeat(100), rows, new Set(counts).size, Math.max(...counts)]);
             } };",
        )
        .config("writers", CONFIG.split("migrations").next().expect("a part").replace("Keeper", "Counter").as_str())
        .with(|options| options.cpu_factor = 100.0)
        .start();
    dev.get("/").json(r#"[true,{"counts":1000,"writers":1000},1000,1000]"#);
}
