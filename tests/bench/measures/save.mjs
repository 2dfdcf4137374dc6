// Question: how long from saving the customer's file to its new answer?
// Budget: median <= 10 ms, p99 <= 30 ms, over at least 100 saves; wrangler dev for comparison.
// A save is what editors do: write a temporary file beside it, rename over it. The clock runs from before the write
// until the first answer with the new body has been read; requests follow one another without a pause.
import { cpSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from '../http.mjs';
import { atMost, median, percentile, row } from '../numbers.mjs';
import { sleep } from '../process.mjs';
import { hello, serve } from '../servers.mjs';

const SAVES = { devflare: 150, wrangler: 20 };
const GIVE_UP_MS = 20_000;

export const name = 'save';

export async function run(bench) {
  const values = { median: {}, p99: {}, first: {} };
  for (const kind of bench.kinds.filter((k) => SAVES[k])) {
    try {
      const { times, firstTry } = await savesOf(bench, kind);
      values.median[kind] = median(times);
      values.p99[kind] = percentile(times, 99);
      values.first[kind] = (100 * firstTry) / times.length;
    } catch (error) { bench.failed(kind, error); }
  }
  return [
    row('save -> new answer, hello, median', 'ms', values.median, atMost(10, 'ms')),
    row('the same, p99', 'ms', values.p99, atMost(30, 'ms')),
    row('saves whose very first request got the new answer', '%', values.first, { text: '100 %', judge: (v) => v.devflare === 100 }),
  ];
}

async function savesOf(bench, kind) {
  const server = kind === 'devflare' ? await serve(bench, kind, devflareOnCopies) : await serve(bench, kind);
  const file = path.join(server.dir, kind === 'devflare' ? 'customer-worker-1' : 'customer', 'src/index.js');
  const client = connect(server.port);
  const times = [];
  let firstTry = 0;
  try {
    for (let i = 0; i < SAVES[kind]; i++) {
      await sleep(50 + Math.random() * 150);
      const { ms, tries } = await saveOnce(client, file, `Hello ${i}`);
      times.push(ms);
      if (tries === 1) firstTry++;
    }
  } finally {
    client.close();
    await server.stop();
  }
  return { times, firstTry };
}

function devflareOnCopies(bench, dir, port) {
  for (const sample of ['my-dispatcher', 'customer-worker-1']) cpSync(bench.sample(sample), path.join(dir, sample), { recursive: true });
  return [bench.devflare, 'dev', 'my-dispatcher', 'customer-worker-1', '--port', port];
}

async function saveOnce(client, file, body) {
  const begin = performance.now();
  writeFileSync(`${file}.tmp`, hello(body));
  renameSync(`${file}.tmp`, file);
  for (let tries = 1; ; tries++) {
    const answer = await client.get('/').catch(() => ({ body: null }));
    const ms = performance.now() - begin;
    if (answer.body === body) return { ms, tries };
    if (ms > GIVE_UP_MS) throw new Error(`still not ${JSON.stringify(body)} after ${GIVE_UP_MS} ms: ${JSON.stringify(answer.body)}`);
  }
}
