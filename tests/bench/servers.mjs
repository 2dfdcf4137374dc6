// How each server is started on "a dispatcher that calls a customer that says hello".
// No peer has a local dispatch namespace, so theirs is a service binding; devflare serves the guide's projects as they are.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { firstOk } from './http.mjs';
import { freePort, start } from './process.mjs';

export const PEERS = ['workerd', 'miniflare', 'wrangler'];
const DATE = '2026-04-01';

const DISPATCHER = `export default {
  async fetch(request, env) {
    return await env.customer.fetch(request);
  },
};
`;
export const hello = (text) => `export default {
  async fetch(request, env, ctx) {
    return new Response(${JSON.stringify(text)});
  },
};
`;

export function writeFiles(dir, files) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return dir;
}

export const project = (name, extra = '') => `name = "${name}"\nmain = "src/index.js"\ncompatibility_date = "${DATE}"\n${extra}`;

const capnp = (port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "dispatcher", worker = .dispatcher), (name = "customer", worker = .customer) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "dispatcher") ],
);
const dispatcher :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = embed "dispatcher.js") ],
  compatibilityDate = "${DATE}",
  bindings = [ (name = "customer", service = "customer") ],
);
const customer :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = embed "customer.js") ],
  compatibilityDate = "${DATE}",
);
`;

const commands = {
  devflare: (bench, dir, port) => [bench.devflare, 'dev', bench.sample('my-dispatcher'), bench.sample('customer-worker-1'), '--port', port],
  workerd(bench, dir, port) {
    writeFiles(dir, { 'dispatcher.js': DISPATCHER, 'customer.js': hello('Hello world'), 'config.capnp': capnp(port) });
    return [bench.peer('@cloudflare/workerd-linux-64/bin/workerd'), 'serve', 'config.capnp'];
  },
  miniflare(bench, dir, port) {
    writeFiles(dir, { 'dispatcher.js': DISPATCHER, 'customer.js': hello('Hello world') });
    return [bench.peer('node/bin/node'), bench.own('miniflare-server.mjs'), bench.peer(''), dir, port, DATE];
  },
  wrangler(bench, dir, port) {
    writeFiles(path.join(dir, 'dispatcher'), { 'src/index.js': DISPATCHER, 'wrangler.toml': project('dispatcher', 'services = [{ binding = "customer", service = "customer" }]\n') });
    writeFiles(path.join(dir, 'customer'), { 'src/index.js': hello('Hello world'), 'wrangler.toml': project('customer') });
    return wranglerDev(bench, port, ['dispatcher/wrangler.toml', 'customer/wrangler.toml']);
  },
};

export function wranglerDev(bench, port, configs) {
  return [bench.peer('node/bin/node'), bench.peer('wrangler/bin/wrangler.js'), 'dev', ...configs.flatMap((c) => ['-c', c]), '--ip', '127.0.0.1', '--port', port, '--inspector-port', '0'];
}

const ENV = { CI: '1', WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' };

async function prepare(bench, kind, make) {
  const dir = path.join(bench.work, `${kind}-${bench.next()}`);
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  return { dir, port, argv: make(bench, dir, String(port)).map(String), log: path.join(dir, 'server.log') };
}

// Milliseconds from the exec of one of them to its first 200; it is ended again.
export async function firstAnswer(bench, kind) {
  const { dir, port, argv, log } = await prepare(bench, kind, commands[kind]);
  const { stdout } = await promisify(execFile)(path.join(bench.target, 'first-answer'), [port, log, ...argv], { cwd: dir, env: { ...process.env, ...ENV } });
  return Number(stdout);
}

// Starts one of them and waits for its first 200; `firstMs` says how long that took as Node sees it.
export async function serve(bench, kind, make = commands[kind]) {
  const { dir, port, argv, log } = await prepare(bench, kind, make);
  const server = start(argv, { cwd: dir, log, env: ENV });
  try {
    return Object.assign(server, { kind, dir, port, firstMs: await firstOk(server, port) });
  } catch (error) {
    await server.stop();
    throw new Error(`${kind}: ${error.message}`);
  }
}

// Serves each kind that starts; tells about those which do not, and goes on without them.
export async function serveAll(bench, kinds) {
  const running = [];
  for (const kind of kinds) {
    try { running.push(await serve(bench, kind)); } catch (error) { bench.failed(kind, error); }
  }
  return running;
}

export function versionsOf(bench) {
  const require = createRequire(bench.peer('x.js'));
  const version = (name) => require(path.join(bench.peer(name), 'package.json')).version;
  return { workerd: version('workerd'), miniflare: version('miniflare'), wrangler: version('wrangler'), node: version('node') };
}
