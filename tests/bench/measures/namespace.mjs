// Question: what does one more user Worker cost, and does a full namespace slow dispatch down?
// Budget: 1,000 loaded Workers cost <= 400 KB each and dispatch takes as long as with ten (<= 1.25x); 10,000 listed ones
// are loaded on first use and idle ones are evicted, so that touching all of them stays under a cap.
// No peer has a local namespace, so there is nothing to compare with.
import path from 'node:path';
import { connect } from '../http.mjs';
import { atMost, median, row } from '../numbers.mjs';
import { residentKb, sleep } from '../process.mjs';
import { hello, project, serve, writeFiles } from '../servers.mjs';

const LOADED = 1_000;
const LISTED = 10_000;
const ROUNDS = 3;
const SMALL = 10;
const CAP_MB = 500;

export const name = 'namespace';
export const devflareOnly = true;

const DISPATCHER = `export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1) || "w0";
    return await env.dispatcher.get(name).fetch(request);
  },
};
`;

export function namespaceProject(dir, count, text = (i) => hello(`Hello from w${i}`)) {
  const files = { 'platform/src/index.js': DISPATCHER, 'platform/wrangler.toml': project('platform', '[[dispatch_namespaces]]\nbinding = "dispatcher"\nnamespace = "staging"\n') };
  for (let i = 0; i < count; i++) {
    files[`customers/w${i}/src/index.js`] = text(i);
    files[`customers/w${i}/wrangler.toml`] = project(`w${i}`);
  }
  files['devflare.toml'] = 'workers = ["./platform"]\n\n[namespaces]\nstaging = ["./customers/*"]\n';
  return writeFiles(dir, files);
}

const serveNamespace = (bench, count) => serve(bench, 'devflare', (_, dir, port) => {
  namespaceProject(dir, count);
  return [bench.devflare, 'dev', '--workspace', path.join(dir, 'devflare.toml'), '--port', port];
});

async function visit(client, i) {
  const { status, body, ms } = await client.get(`/w${i}`);
  if (status !== 200 || body !== `Hello from w${i}`) throw new Error(`w${i} answers ${status} ${body.slice(0, 200)}`);
  return ms;
}

async function visitAll(client, count) {
  const times = [];
  for (let i = 0; i < count; i++) times.push(await visit(client, i));
  return times;
}

export async function run(bench) {
  return [...(await thousand(bench)), ...(await tenThousand(bench))];
}

async function thousand(bench) {
  const server = await serveNamespace(bench, LOADED);
  const client = connect(server.port);
  try {
    await visitAll(client, 1);
    for (let i = 0; i < 500; i++) await visit(client, 0); // warms the client up
    const before = residentKb(server.pid);
    const cold = await visitAll(client, LOADED);
    await sleep(300);
    const each = (residentKb(server.pid) - before) / (LOADED - 1);
    const few = [];
    const all = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < LOADED; i++) few.push(await visit(client, i % SMALL));
      all.push(...(await visitAll(client, LOADED)));
    }
    const one = (value) => ({ devflare: value });
    return [
      row(`start with ${LOADED} user Workers listed`, 'ms', one(server.firstMs)),
      row('resident memory per loaded user Worker', 'KB', one(each), atMost(400, 'KB')),
      row('first request to a fresh user Worker (compile, new isolate, answer), p50', 'ms', one(median(cold.slice(1)))),
      row(`dispatch latency over ${SMALL} loaded Workers, p50`, 'ms', one(median(few))),
      row(`dispatch latency over ${LOADED} loaded Workers, p50`, 'ms', one(median(all))),
      row(`ratio of the two`, 'x', one(median(all) / median(few)), atMost(1.25, 'x')),
    ];
  } finally {
    client.close();
    await server.stop();
  }
}

async function tenThousand(bench) {
  const server = await serveNamespace(bench, LISTED);
  const client = connect(server.port);
  try {
    const listed = residentKb(server.pid) / 1024;
    const began = performance.now();
    await visitAll(client, LISTED);
    const touching = (performance.now() - began) / LISTED;
    await sleep(300);
    const after = residentKb(server.pid) / 1024;
    await visit(client, 0); // evicted long ago, and back
    const one = (value) => ({ devflare: value });
    return [
      row(`start with ${LISTED} user Workers listed`, 'ms', one(server.firstMs)),
      row(`resident memory with ${LISTED} listed, one loaded`, 'MB', one(listed)),
      row(`resident memory after each of ${LISTED} was used once`, 'MB', one(after), atMost(CAP_MB, 'MB')),
      row('mean time of those first uses', 'ms', one(touching)),
    ];
  } finally {
    client.close();
    await server.stop();
  }
}
