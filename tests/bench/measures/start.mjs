// Question: how long from exec to the first 200 through the dispatcher?
// Budget: at most a third of raw workerd's time (about 10 ms), median of 15 starts.
import { atMostRatio, median, percentile, row } from '../numbers.mjs';
import { firstAnswer } from '../servers.mjs';

const STARTS = { devflare: 21, workerd: 21, miniflare: 7, wrangler: 5 };

export const name = 'start';

export async function run(bench) {
  const times = Object.fromEntries(bench.kinds.map((kind) => [kind, []]));
  for (let i = 0; i < Math.max(...Object.values(STARTS)); i++) {
    for (const kind of bench.kinds.filter((k) => i < STARTS[k] && !bench.isFailed(k))) {
      try {
        times[kind].push(await firstAnswer(bench, kind));
      } catch (error) { bench.failed(kind, error); }
    }
  }
  const values = (f) => Object.fromEntries(Object.entries(times).filter(([, v]) => v.length).map(([k, v]) => [k, f(v)]));
  return [
    row('exec -> first 200 through the dispatcher, median', 'ms', values(median), atMostRatio(0.33, 'workerd')),
    row('the same, slowest 10%', 'ms', values((v) => percentile(v, 90))),
  ];
}
