//! Stores that cannot be used: a disk that is full or read-only, a database of a newer version. Each is an error of its own,
//! in words, and the other bindings go on.

use std::process::{Command, Stdio};

use crate::process::{Folder, Running, kill};

const CONFIG: &str = "
    kv_namespaces = [{ binding = \"KV\", id = \"kept\" }]
    d1_databases = [{ binding = \"DB\", database_name = \"kept\", database_id = \"kept\" }]
    r2_buckets = [{ binding = \"R2\", bucket_name = \"kept\" }]
    durable_objects = { bindings = [{ name = \"OBJECTS\", class_name = \"Keeper\" }] }
    migrations = [{ tag = \"v1\", new_sqlite_classes = [\"Keeper\"] }]
    queues = { producers = [{ binding = \"QUEUE\", queue = \"kept\" }] }
";

/// `/put/KIND/SIZE` stores that many bytes, `/get/KIND` tells how many are there.
const KEEPER: &str = "
    import { DurableObject } from 'cloudflare:workers';
    export class Keeper extends DurableObject {
      put(text) { return this.ctx.storage.put('key', text); }
      async get() { return ((await this.ctx.storage.get('key')) ?? '').length; }
    }
    const put = {
      kv: ({ KV }, text) => KV.put('key', text),
      d1: async ({ DB }, text) => { await DB.exec('CREATE TABLE IF NOT EXISTS t (x)'); await DB.prepare('INSERT INTO t VALUES (?)').bind(text).run(); },
      r2: ({ R2 }, text) => R2.put('key', text),
      object: ({ OBJECTS }, text) => OBJECTS.getByName('one').put(text),
      queue: ({ QUEUE }, text) => QUEUE.send(text),
    };
    const get = {
      kv: async ({ KV }) => ((await KV.get('key')) ?? '').length,
      d1: async ({ DB }) => (await DB.prepare('SELECT coalesce(max(length(x)), 0) AS n FROM t').first()).n,
      r2: async ({ R2 }) => ((await (await R2.get('key'))?.text()) ?? '').length,
      object: ({ OBJECTS }) => OBJECTS.getByName('one').get(),
    };
    export default {
      async fetch(request, env) {
        const [, what, kind, size] = new URL(request.url).pathname.split('/');
        try {
          if (what === 'get') return new Response(`${await get[kind](env)}`);
          await put[kind](env, 'x'.repeat(size));
          return new Response('stored');
        } catch (error) {
          return new Response(error.message, { status: 500 });
        }
      },
    };";

const KINDS: [&str; 5] = ["kv", "d1", "r2", "object", "queue"];

/// A command in a name space of its own, in which `state` is a file system of its own; none where the system forbids it.
fn mounted(folder: &Folder, options: &str, then: &str) -> Option<Command> {
    std::fs::create_dir_all(folder.path("state")).expect("made");
    let unshare = ["--mount", "--map-root-user", "sh", "-c"];
    let mut probe = Command::new("unshare");
    probe.args(unshare).arg("mount -t tmpfs none /mnt").stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        return None;
    }
    let devflare = folder.devflare(&["dev", "keeper", "--port", "0", "--api-port", "0", "--log-format", "json"]);
    let mut command = Command::new("unshare");
    let script = format!("mount -t tmpfs -o {options} none state && {then} exec \"$0\" \"$@\"");
    command.args(unshare).arg(script).arg(devflare.get_program()).args(devflare.get_args());
    command.args(["--persist-to", "state"]).current_dir(folder.path("."));
    Some(command)
}

fn keeper() -> Folder {
    let folder = Folder::new();
    folder.project("keeper", CONFIG, KEEPER);
    folder
}

fn fails(running: &Running, path: &str, words: &str) {
    let (status, told) = running.get(path);
    assert!(status == 500 && told.contains(words), "{path}: {status} {told}");
}

#[test]
fn a_full_disk_is_told_in_words_and_keeps_what_was_stored() {
    let folder = keeper();
    let Some(mut command) = mounted(&folder, "size=3m", "") else { return };
    let running = Running::ready(&mut command);
    for kind in KINDS {
        assert_eq!(running.get(&format!("/put/{kind}/1000")), (200, "stored".to_owned()), "{kind}");
    }
    // The disk is filled, in pieces that get smaller.
    for size in [1_000_000, 100_000, 10_000] {
        while running.get(&format!("/put/d1/{size}")).0 == 200 {}
    }
    for kind in KINDS {
        fails(&running, &format!("/put/{kind}/100000"), "full");
    }
    for kind in ["kv", "r2", "object"] {
        assert_eq!(running.get(&format!("/get/{kind}")), (200, "1000".to_owned()), "{kind}");
    }
    assert_eq!(running.get("/get/d1").0, 200);
    kill(running);
}

#[test]
fn a_read_only_disk_is_told_in_words_when_it_is_used() {
    let folder = keeper();
    let Some(mut command) = mounted(&folder, "size=1m", "mount -o remount,ro state &&") else { return };
    command.stderr(Stdio::null());
    let running = Running::ready(&mut command);
    for kind in KINDS {
        let (status, told) = running.get(&format!("/put/{kind}/1000"));
        assert!(
            status == 500 && (told.to_lowercase().contains("read") || told.contains("unable to open")),
            "{kind}: {status} {told}"
        );
    }
    kill(running);
}

#[test]
fn a_database_of_a_newer_version_fails_alone_and_stays_as_it_is() {
    let folder = keeper();
    let running = folder.dev(&["keeper"]);
    for kind in KINDS {
        assert_eq!(running.get(&format!("/put/{kind}/10")), (200, "stored".to_owned()), "{kind}");
    }
    kill(running);
    let path = folder.path(".devflare/state/kv.sqlite");
    let open = rusqlite::Connection::open(&path).expect("a database");
    open.pragma_update(None, "user_version", 99).expect("written");
    drop(open);
    let running = folder.dev(&["keeper"]);
    fails(&running, "/put/kv/10", "was written by a newer devflare (layout 99");
    fails(&running, "/get/kv", "update devflare");
    for kind in ["d1", "r2", "object", "queue"] {
        assert_eq!(running.get(&format!("/put/{kind}/10")), (200, "stored".to_owned()), "{kind}");
    }
    kill(running);
    let open = rusqlite::Connection::open(&path).expect("a database");
    let version: i64 = open.pragma_query_value(None, "user_version", |row| row.get(0)).expect("read");
    assert_eq!(version, 99);
}

#[test]
fn the_list_of_a_state_directory_tells_of_every_store() {
    let folder = keeper();
    let running = folder.dev(&["keeper"]);
    for kind in KINDS {
        assert_eq!(running.get(&format!("/put/{kind}/10")), (200, "stored".to_owned()), "{kind}");
    }
    kill(running);
    let ended = folder.run(&["state", "list"]);
    for told in ["KV namespace", "1 keys", "D1 database", "R2 bucket", "1 objects, 10 bytes", "keeper-Keeper", "Queues"]
    {
        assert!(ended.out.contains(told), "{told}: {ended:?}");
    }
}
