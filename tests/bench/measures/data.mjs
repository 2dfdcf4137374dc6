// Question: how many operations a second do KV, D1, R2, Durable Objects and queues give a Worker?
// And what does an object cost that was touched?
// Budget: each at least 2x miniflare's, which keeps everything on disk as devflare does; 10,000 objects at most 100 KB each.
// One Worker does one operation per request; `wrk -t1 -c16`, rounds interleaved, median of rounds.
import { connect, wrk } from '../http.mjs';
import { atLeastRatio, atMost, median, row } from '../numbers.mjs';
import { residentKb } from '../process.mjs';
import { serve, writeFiles } from '../servers.mjs';

const ROUNDS = 3;
const SECONDS = 2;
const CONNECTIONS = 16;
const MESSAGES = 2_000;
const OBJECTS = 10_000;
const OBJECTS_A_REQUEST = 200;
const DATE = '2026-04-01';

export const name = 'data';

const WORKER = `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async increment() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }
}
const megabyte = new Uint8Array(1 << 20).fill(7);
let seen = 0;
let next = 0;
const key = () => "key-" + (next++ % 100);
const does = {
  async "/ready"({ KV, DB, R2 }) {
    await DB.exec("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name TEXT, word TEXT)");
    await DB.exec("CREATE INDEX IF NOT EXISTS by_name ON rows (name)");
    await DB.batch(Array.from({ length: 1000 }, (_, i) => DB.prepare("INSERT INTO rows (name, word) VALUES (?, ?)").bind("name-" + i, "word")));
    for (let i = 0; i < 100; i++) await KV.put("key-" + i, "value ".repeat(20));
    await R2.put("object", megabyte);
  },
  "/kv/get": ({ KV }) => KV.get(key()),
  "/kv/put": ({ KV }) => KV.put(key(), "value ".repeat(20)),
  "/d1/select": ({ DB }) => DB.prepare("SELECT word FROM rows WHERE name = ?").bind("name-" + (next++ % 1000)).first(),
  "/d1/insert": ({ DB }) => DB.prepare("INSERT INTO rows (name, word) VALUES (?, ?)").bind("new", "word").run(),
  "/r2/put": ({ R2 }) => R2.put("put-" + (next++ % 10), megabyte),
  "/do/increment": ({ COUNTER }) => COUNTER.get(COUNTER.idFromName("one")).increment(),
  "/queue/send": ({ QUEUE }) => QUEUE.sendBatch(Array.from({ length: 100 }, (_, i) => ({ body: { i } }))),
};
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/r2/get") return new Response((await env.R2.get("object")).body);
    if (pathname.startsWith("/do/touch/")) {
      const from = +pathname.slice(10);
      for (let i = from; i < from + ${OBJECTS_A_REQUEST}; i++) await env.COUNTER.getByName("touched-" + i).increment();
    }
    if (pathname.startsWith("/do/touch/") || pathname === "/") return new Response("here");
    if (pathname === "/queue/seen") return new Response(String(seen));
    await does[pathname](env);
    return new Response("done");
  },
  queue(batch) {
    seen += batch.messages.length;
  },
};
`;

const CONFIG = `name = "data"
main = "index.js"
compatibility_date = "${DATE}"
kv_namespaces = [{ binding = "KV", id = "kv" }]
d1_databases = [{ binding = "DB", database_name = "db", database_id = "db" }]
r2_buckets = [{ binding = "R2", bucket_name = "r2" }]
durable_objects = { bindings = [{ name = "COUNTER", class_name = "Counter" }] }
migrations = [{ tag = "v1", new_sqlite_classes = ["Counter"] }]
[[queues.producers]]
binding = "QUEUE"
queue = "jobs"
[[queues.consumers]]
queue = "jobs"
max_batch_size = 100
max_batch_timeout = 0
`;

const commands = {
  devflare: (bench, dir, port) => {
    writeFiles(dir, { 'index.js': WORKER, 'wrangler.toml': CONFIG });
    return [bench.devflare, 'dev', '.', '--port', port, '--api-port', 'none', '--log-level', 'warn'];
  },
  miniflare: (bench, dir, port) => {
    writeFiles(dir, { 'index.js': WORKER });
    return [bench.peer('node/bin/node'), bench.own('miniflare-data.mjs'), bench.peer(''), dir, port, DATE];
  },
};

const OPERATIONS = [
  ['KV get', '/kv/get'],
  ['KV put', '/kv/put'],
  ['D1 select by an index', '/d1/select'],
  ['D1 insert', '/d1/insert'],
  ['R2 get of 1 MB', '/r2/get'],
  ['R2 put of 1 MB', '/r2/put'],
  ['Durable Object counter increment', '/do/increment'],
];

async function rate(bench, server, path) {
  const load = await wrk(server.port, { connections: CONNECTIONS, seconds: SECONDS, path });
  if (load.failures) bench.note(`data: ${server.kind} failed ${load.failures} requests of ${path}`);
  return load.rate;
}

// Messages a second from the first send to the last delivery.
async function queueRate(server) {
  const client = connect(server.port);
  try {
    const before = Number((await client.get('/queue/seen')).body);
    const began = performance.now();
    for (let sent = 0; sent < MESSAGES; sent += 100) await client.get('/queue/send');
    while (Number((await client.get('/queue/seen')).body) < before + MESSAGES) {
      if (performance.now() - began > 60_000) throw new Error(`${server.kind} has not delivered all messages within a minute`);
    }
    return MESSAGES / ((performance.now() - began) / 1000);
  } finally {
    client.close();
  }
}

// KB of resident memory per object when the process was largest; idle objects leave after ten seconds.
async function perObject(server) {
  const client = connect(server.port);
  try {
    const before = residentKb(server.pid);
    let most = before;
    for (let from = 0; from < OBJECTS; from += OBJECTS_A_REQUEST) {
      await client.get(`/do/touch/${from}`);
      most = Math.max(most, residentKb(server.pid));
    }
    return (most - before) / OBJECTS;
  } finally {
    client.close();
  }
}

export async function run(bench) {
  const servers = [];
  for (const kind of bench.kinds.filter((kind) => kind in commands)) {
    try { servers.push(await serve(bench, kind, commands[kind])); } catch (error) { bench.failed(kind, error); }
  }
  const rates = new Map();
  const objects = {};
  const add = (measure, kind, value) => rates.set(measure, { ...rates.get(measure), [kind]: [...(rates.get(measure)?.[kind] ?? []), value] });
  try {
    for (const { port } of servers) {
      const client = connect(port);
      const { status } = await client.get('/ready');
      client.close();
      if (status !== 200) throw new Error(`the Worker is not ready: ${status}`);
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [measure, path] of OPERATIONS) for (const server of servers) add(measure, server.kind, await rate(bench, server, path));
      for (const server of servers) add('queue send -> delivered, messages', server.kind, await queueRate(server));
    }
    for (const server of servers) if (server.kind === 'devflare') objects.devflare = await perObject(server);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  const medians = (byKind) => Object.fromEntries(Object.entries(byKind).map(([kind, list]) => [kind, median(list)]));
  const rows = [...rates].map(([measure, byKind]) => row(measure, '/s', medians(byKind), atLeastRatio(2, 'miniflare')));
  return [...rows, row(`resident memory per Durable Object, ${OBJECTS} touched`, 'KB', objects, atMost(100, 'KB'))];
}
