// Question: what does an upload by API cost until it is served, and does a full namespace slow uploads, lists or starts?
// Budget: served <= 20 ms after the upload is told done; 10,000 user Workers by 8 clients: >= 200 durable uploads/s; a list
// page <= 50 ms; start with all of them <= 300 ms.
// No peer has a local API, so there is nothing to compare with.
import http from 'node:http';
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { connect, firstOk } from '../http.mjs';
import { atLeast, atMost, median, row } from '../numbers.mjs';
import { freePort, residentKb, start } from '../process.mjs';

const COUNT = 10_000;
const CLIENTS = 8;
const ROUNDS = 50;
const ACCOUNT = '/client/v4/accounts/0123456789abcdef0123456789abcdef';
const SCRIPTS = '/workers/dispatch/namespaces/staging/scripts';

export const name = 'uploads';
export const devflareOnly = true;

const DISPATCHER = `export default { fetch: (request, env) => env.dispatcher.get(new URL(request.url).pathname.slice(1)).fetch(request) };`;
const DISPATCHES = { bindings: [{ name: 'dispatcher', type: 'dispatch_namespace', namespace: 'staging' }] };
const says = (text) => `export default { fetch() { return new Response(${JSON.stringify(text)}) } };`;

async function serve(bench, dir) {
  const [port, apiPort] = [await freePort(), await freePort()];
  const command = [bench.devflare, 'api', '--port', port, '--api-port', apiPort, '--log-level', 'warn'].map(String);
  const server = start(command, { cwd: dir, log: path.join(dir, 'log') });
  const firstMs = await firstOk(server, apiPort);
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const ask = (method, target, type, body) => new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer bench', ...(type && { 'content-type': type }) };
    const request = http.request({ agent, port: apiPort, host: '127.0.0.1', method, path: ACCOUNT + target, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${target}: ${answer.statusCode} ${text.slice(0, 200)}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
  const stop = async () => { agent.destroy(); await server.stop(); };
  return { port, pid: server.pid, firstMs, ask, stop };
}

function form(code, metadata = {}) {
  const part = (disposition, type, text) => `--b\r\nContent-Disposition: form-data; ${disposition}\r\n${type}\r\n${text}\r\n`;
  const about = JSON.stringify({ main_module: 'index.js', compatibility_date: '2026-04-01', ...metadata });
  const module = part('name="index.js"; filename="index.js"', 'Content-Type: application/javascript+module\r\n', code);
  return ['multipart/form-data; boundary=b', `${part('name="metadata"', '', about)}${module}--b--\r\n`];
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export async function run(bench) {
  const dir = path.join(bench.work, `uploads-${bench.next()}`);
  mkdirSync(dir, { recursive: true });
  const rows = await fill(bench, dir);
  const again = await serve(bench, dir);
  await again.stop();
  rows.push(row(`start with ${COUNT} uploads`, 'ms', { devflare: again.firstMs }, atMost(300, 'ms')));
  return rows;
}

async function fill(bench, dir) {
  const server = await serve(bench, dir);
  const client = connect(server.port);
  try {
    await server.ask('POST', '/workers/dispatch/namespaces', 'application/json', '{"name":"staging"}');
    await server.ask('PUT', '/workers/scripts/front', ...form(DISPATCHER, DISPATCHES));
    const served = [];
    for (let i = 0; i < ROUNDS; i++) {
      await server.ask('PUT', `${SCRIPTS}/again`, ...form(says(`round ${i}`)));
      const { body, ms } = await client.get('/again');
      if (body !== `round ${i}`) throw new Error(`round ${i} answers ${body}`);
      served.push(ms);
    }
    let next = 0;
    const upload = async () => { while (next < COUNT) { const i = next++; await server.ask('PUT', `${SCRIPTS}/w${i}`, ...form(says(`w${i}`))); } };
    const all = await timed(() => Promise.all(Array.from({ length: CLIENTS }, upload)));
    const pages = [];
    for (let i = 0; i < 20; i++) pages.push(await timed(() => server.ask('GET', `${SCRIPTS}?limit=100`)));
    const one = (value) => ({ devflare: value });
    return [
      row('upload told done -> its first answer, median', 'ms', one(median(served)), atMost(20, 'ms')),
      row(`uploads of ${COUNT} user Workers by ${CLIENTS} clients`, '/s', one(COUNT / (all / 1000)), atLeast(200, '/s')),
      row(`a page of a list of ${COUNT}`, 'ms', one(median(pages)), atMost(50, 'ms')),
      row(`resident memory after ${COUNT} uploads`, 'MB', one(residentKb(server.pid) / 1024)),
    ];
  } finally {
    client.close();
    await server.stop();
  }
}
