// Question: what does a hello request through dispatcher and customer cost, in rate, tail latency, CPU and memory?
// Budget: >= 2.5x workerd's requests/s, p99 below workerd's, <= 0.4x workerd's CPU per request, <= 25 MB resident.
// `wrk -t1 -c32`; rounds interleaved between the servers, so that a noisy minute hits all of them; median of rounds.
import { connect, wrk } from '../http.mjs';
import { atLeastRatio, atMost, atMostRatio, median, row } from '../numbers.mjs';
import { cpuMicros, residentKb, sleep } from '../process.mjs';
import { serveAll } from '../servers.mjs';

const ROUNDS = 7;
const SECONDS = 3;
const WARM_UP_SECONDS = 2;
const CONNECTIONS = 32;

export const name = 'throughput';

export async function run(bench) {
  const servers = await serveAll(bench, bench.kinds);
  const samples = Object.fromEntries(servers.map((s) => [s.kind, []]));
  try {
    for (const server of servers) await checkAnswer(server);
    for (const server of servers) await wrk(server.port, { connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) samples[server.kind].push(await oneRound(server));
    }
  } finally {
    await Promise.all(servers.map((s) => s.stop()));
  }
  for (const [kind, list] of Object.entries(samples)) {
    const failures = list.reduce((sum, s) => sum + s.failures, 0);
    if (failures) bench.note(`throughput: ${kind} failed ${failures} requests`);
  }
  return rows(samples);
}

async function checkAnswer(server) {
  const client = connect(server.port);
  const { body } = await client.get('/');
  client.close();
  if (body !== 'Hello world') throw new Error(`${server.kind} answers ${JSON.stringify(body)}`);
}

async function oneRound(server) {
  let resident = 0;
  const sampler = setInterval(() => { resident = Math.max(resident, residentKb(server.pid)); }, 500);
  const before = cpuMicros(server.pid);
  const load = await wrk(server.port, { connections: CONNECTIONS, seconds: SECONDS });
  const cpu = (cpuMicros(server.pid) - before) / load.requests;
  clearInterval(sampler);
  await sleep(200);
  return { ...load, cpu, resident };
}

function rows(samples) {
  const values = (f) => Object.fromEntries(Object.entries(samples).map(([kind, list]) => [kind, f(list)]));
  return [
    row('requests/s, dispatcher -> customer hello', '', values((l) => median(l.map((s) => s.rate))), atLeastRatio(2.5, 'workerd')),
    row('p50 of those requests', 'ms', values((l) => median(l.map((s) => s.p50)))),
    row('p99 of those requests', 'ms', values((l) => median(l.map((s) => s.p99))), { ...atMostRatio(1, 'workerd'), text: 'below workerd' }),
    row('CPU per such request (user + system)', 'us', values((l) => median(l.map((s) => s.cpu))), atMostRatio(0.4, 'workerd')),
    row('resident memory while serving that load, highest seen', 'MB', values((l) => Math.max(...l.map((s) => s.resident)) / 1024), atMost(25, 'MB')),
  ];
}
