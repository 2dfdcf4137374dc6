//! npm packages that speak over `connect()` with their servers, one of which is a real database.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::process::{Folder, Running};
use crate::support::postgres::Postgres;
use crate::support::{Dev, esbuild};

const NODE: &str = "compatibility_flags = [\"nodejs_compat\"]";

/// A Worker whose path names one of the functions in `uses`.
fn worker(imports: &str, uses: &str) -> String {
    format!(
        "{imports}
         const uses = {{ {uses} }};
         export default {{ async fetch(request) {{
           const use = uses[new URL(request.url).pathname.slice(1)];
           try {{ return Response.json(await use()); }} catch (error) {{ return new Response(error.stack ?? error, {{ status: 500 }}); }}
         }} }};"
    )
}

/// A process that trusts the tests' authority, with the Worker `app`.
fn trusting(code: &str) -> (Folder, Running) {
    let folder = Folder::new();
    folder.project("app", NODE, code);
    let authority = folder.path("authority.pem");
    folder.write("authority.pem", include_str!("fixtures/tls/authority.pem"));
    std::os::unix::fs::symlink(esbuild::packages().join("node_modules"), folder.path("app/node_modules"))
        .expect("linked");
    let mut command = folder.devflare(&["dev", "app", "--port", "0", "--api-port", "0", "--log-format", "json"]);
    let running = Running::ready(command.env("SSL_CERT_FILE", authority));
    (folder, running)
}

#[test]
fn pg_and_postgres_ask_a_real_database_in_the_clear_and_over_tls() {
    let Some(database) = Postgres::start() else { return };
    let imports = format!(
        "import pg from 'pg'; import postgres from 'postgres';
         const at = {{ host: 'localhost', port: {}, user: 'postgres', password: 'secret', database: 'postgres' }};
         const ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';",
        database.port
    );
    let uses = "
        async pg() {
          const client = new pg.Client(at);
          await client.connect();
          await client.query('create table people (id serial primary key, name text, tags text[], told jsonb)');
          const { rows: [ann] } = await client.query('insert into people (name, tags, told) values ($1, $2, $3) returning *', ['Ann', ['a', 'b'], { deep: [1] }]);
          await client.query('begin');
          await client.query(\"insert into people (name) values ('gone')\");
          await client.query('rollback');
          const { rows } = await client.query({ name: 'all', text: 'select count(*)::int from people where id >= $1', values: [ann.id] });
          const refused = await client.query('select nothing').catch((error) => `${error.severity} ${error.code}`);
          const { rows: [{ bytes }] } = await client.query(\"select repeat('x', 300000)::bytea as bytes\");
          await client.end();
          return [ann, rows, refused, bytes.length];
        },
        async pool() {
          const pool = new pg.Pool({ ...at, max: 3 });
          const all = await Promise.all([1, 2, 3, 4, 5].map((n) => pool.query('select $1::int as n', [n])));
          await pool.end();
          return all.map(({ rows }) => rows[0].n);
        },
        async stranger() {
          const client = new pg.Client({ ...at, password: 'wrong' });
          return client.connect().then(() => 'let in', (error) => error.code);
        },
        async encrypted() {
          const client = new pg.Client({ connectionString: `postgres://postgres:secret@localhost:${at.port}/postgres?sslmode=verify-full` });
          await client.connect();
          const { rows } = await client.query(ENCRYPTED);
          await client.end();
          const sql = postgres({ ...at, max: 1, ssl: 'verify-full' });
          const more = await sql.unsafe(ENCRYPTED);
          await sql.end();
          return [rows[0].ssl, more[0].ssl];
        },
        async postgres() {
          const sql = postgres({ ...at, max: 2 });
          const rows = await sql`select ${41}::int + 1 as sum, ${sql.json({ a: 1 })}::jsonb as doc, ${'x'} in ${sql(['x', 'y'])} as found`;
          const total = await sql.begin(async (sql) => (await sql`select sum(n)::int as total from generate_series(1, ${10}) n`)[0].total);
          await sql.end();
          return [rows[0], total];
        },";
    let (_folder, dev) = trusting(&worker(&imports, uses));
    let ann = "{\"id\":1,\"name\":\"Ann\",\"tags\":[\"a\",\"b\"],\"told\":{\"deep\":[1]}}";
    assert_eq!(dev.get("/pg").1, format!("[{ann},[{{\"count\":1}}],\"ERROR 42703\",300000]"));
    assert_eq!(dev.get("/pool").1, "[1,2,3,4,5]");
    assert_eq!(dev.get("/stranger").1, "\"28P01\"");
    assert_eq!(dev.get("/encrypted").1, "[true,true]");
    assert_eq!(dev.get("/postgres").1, "[{\"sum\":42,\"doc\":{\"a\":1},\"found\":true},55]");
}

/// The servers of `tests/packages/servers.mjs`, in Node.js.
struct Servers {
    child: Child,
    ports: Vec<u16>,
}

impl Servers {
    fn start() -> Self {
        let mut command = Command::new("node");
        command
            .arg(esbuild::packages().join("servers.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("Node.js is needed for the tests");
        let mut line = String::new();
        let out = child.stdout.take().expect("it was piped");
        BufReader::new(out).read_line(&mut line).expect("it tells its ports");
        Self { child, ports: serde_json::from_str(&line).expect("JSON") }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // It may have ended on its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn mysql2_ioredis_and_ws_speak_with_their_servers() {
    let servers = Servers::start();
    let imports = format!(
        "import mysql from 'mysql2/promise'; import Redis from 'ioredis';
         import WebSocket from '../node_modules/ws/wrapper.mjs'; // what 'ws' means to bundlers for Workers is a stub
         const [database, store, sockets] = {:?};",
        servers.ports
    );
    let uses = "
        async mysql2() {
          const at = { host: '127.0.0.1', port: database, password: 'p', disableEval: true };
          const client = await mysql.createConnection({ ...at, user: 'ann' });
          const [rows] = await client.query('select ?', ['x']);
          await client.end();
          const refused = await mysql.createConnection({ ...at, user: 'bob' }).catch((error) => error.errno);
          return [rows, refused];
        },
        async ioredis() {
          const client = new Redis({ host: '127.0.0.1', port: store });
          await client.set('a', 'b');
          const got = await Promise.all([client.get('a'), client.get('none')]);
          return [got, await client.quit()];
        },
        ws() {
          const socket = new WebSocket(`ws://127.0.0.1:${sockets}/path`);
          const got = [];
          socket.on('open', () => { socket.send('text'); socket.send(Buffer.alloc(70000, 7)); });
          socket.on('message', (data, binary) => {
            got.push(binary ? data.length : data.toString());
            if (got.length === 2) socket.close(4000, 'done');
          });
          return new Promise((resolve, reject) => {
            socket.on('error', reject);
            socket.on('close', (code, reason) => resolve([got, code, `${reason}`, socket.extensions]));
          });
        },";
    let dev = Dev::new()
        .worker("app", &worker(&imports, uses))
        .config("app", NODE)
        .link_to_repository("tests/packages/node_modules", "app/node_modules")
        .start();
    dev.get("/mysql2").status(200).body("[[{\"said\":\"select 'x'\"}],1045]");
    dev.get("/ioredis").status(200).body("[[\"b\",null],\"OK\"]");
    dev.get("/ws").status(200).body("[[\"text\",70000],4000,\"done\",\"permessage-deflate\"]");
}
