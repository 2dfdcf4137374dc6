// Question: how much do the others suffer while user Workers spin to their CPU limit, again and again?
// Budget: one spinner: p99 of the others <= 4x their quiet p99; as many spinners as cores: <= 10x.
// Each spinner is a Worker of its own with a 50 ms limit and one client that never stops asking; the others are a
// hello Worker under `wrk -c8`. Open-source workerd has no CPU limit (one such request would never end): no peer here.
import { cpus } from 'node:os';
import path from 'node:path';
import { connect, wrk } from '../http.mjs';
import { atMost, median, row } from '../numbers.mjs';
import { hello, project, serve, writeFiles } from '../servers.mjs';

const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 8;
const CORES = cpus().length;

export const name = 'spin';
export const devflareOnly = true;

const DISPATCHER = `export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1) || "hello";
    try {
      return await env.dispatcher.get(name, {}, { limits: { cpuMs: 50 } }).fetch(request);
    } catch (error) {
      return new Response(error.message, { status: 429 });
    }
  },
};
`;
const SPINNER = 'export default { fetch() { for (;;); } };\n';

function makeProject(bench, dir, port) {
  writeFiles(dir, {
    'platform/src/index.js': DISPATCHER,
    'platform/wrangler.toml': project('platform', '[[dispatch_namespaces]]\nbinding = "dispatcher"\nnamespace = "staging"\n'),
    'customers/hello/src/index.js': hello('Hello'),
    'customers/hello/wrangler.toml': project('hello'),
    'devflare.toml': 'workers = ["./platform"]\n\n[namespaces]\nstaging = ["./customers/*"]\n',
  });
  for (let i = 0; i < CORES; i++) writeFiles(path.join(dir, `customers/spin${i}`), { 'src/index.js': SPINNER, 'wrangler.toml': project(`spin${i}`) });
  return [bench.devflare, 'dev', '--workspace', path.join(dir, 'devflare.toml'), '--port', port, '--cpu-factor', '1'];
}

export async function run(bench) {
  const server = await serve(bench, 'devflare', makeProject);
  try {
    await checkLimit(bench, server.port);
    await wrk(server.port, { connections: CONNECTIONS, seconds: 1 });
    const samples = { 0: [], 1: [], [CORES]: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const spinners of Object.keys(samples)) samples[spinners].push(await loadWith(server.port, Number(spinners)));
    }
    return rows(samples);
  } finally {
    await server.stop();
  }
}

async function checkLimit(bench, port) {
  const client = connect(port);
  const { status, body, ms } = await client.get('/spin0');
  client.close();
  bench.note(`spin: a Worker with a 50 ms CPU limit was ended after ${ms.toFixed(1)} ms with ${status} ${JSON.stringify(body.slice(0, 80))}`);
}

async function loadWith(port, spinners) {
  const spinning = Array.from({ length: spinners }, (_, i) => wrk(port, { connections: 1, seconds: SECONDS + 1, path: `/spin${i}` }));
  const load = await wrk(port, { connections: CONNECTIONS, seconds: SECONDS });
  await Promise.all(spinning);
  return load;
}

function rows(samples) {
  const p99 = (spinners) => median(samples[spinners].map((s) => s.p99));
  const rate = (spinners) => ({ devflare: median(samples[spinners].map((s) => s.rate)) });
  const quiet = p99(0);
  const one = (value) => ({ devflare: value });
  return [
    row('p99 of hello, nobody spins', 'ms', one(quiet)),
    row('p99 of hello, one spinner', 'ms', one(p99(1))),
    row('ratio to quiet', 'x', one(p99(1) / quiet), atMost(4, 'x')),
    row(`p99 of hello, ${CORES} spinners (as many as cores)`, 'ms', one(p99(CORES))),
    row('ratio to quiet', 'x', one(p99(CORES) / quiet), atMost(10, 'x')),
    row('requests/s of hello: nobody spins', '', rate(0)),
    row('requests/s of hello: one spinner', '', rate(1)),
    row(`requests/s of hello: ${CORES} spinners`, '', rate(CORES)),
  ];
}
