// What scripts/bench runs: run.mjs --target DIR --devflare BINARY [--no-peers] [--raw FILE] [MEASURE...]
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as build from './measures/build.mjs';
import * as data from './measures/data.mjs';
import * as namespace from './measures/namespace.mjs';
import * as save from './measures/save.mjs';
import * as spin from './measures/spin.mjs';
import * as start from './measures/start.mjs';
import * as throughput from './measures/throughput.mjs';
import * as uploads from './measures/uploads.mjs';
import { markdown, table } from './report.mjs';
import { PEERS, versionsOf } from './servers.mjs';

const MEASURES = [start, throughput, save, build, namespace, uploads, data, spin];
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { target: { type: 'string' }, devflare: { type: 'string' }, 'no-peers': { type: 'boolean' }, raw: { type: 'string' } },
  });
  const unknown = positionals.filter((p) => !MEASURES.some((m) => m.name === p));
  if (unknown.length) {
    console.error(`bench: no measure is called ${unknown.join(', ')}; there are ${MEASURES.map((m) => m.name).join(', ')}`);
    process.exit(2);
  }
  return { ...values, chosen: positionals };
}

// What the measures share: where things are, which servers take part, and what the reader must be told.
function makeBench(options) {
  const target = path.resolve(options.target);
  const work = path.join(target, 'bench-work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const devflare = path.resolve(options.devflare);
  const failures = new Set();
  const notes = [];
  const kinds = [...(existsSync(devflare) ? ['devflare'] : []), ...(options['no-peers'] ? [] : PEERS)];
  if (kinds[0] !== 'devflare') notes.push(`${path.basename(devflare)} was not there: only the peers were measured`);
  let count = 0;
  return {
    work, devflare, kinds, notes,
    next: () => ++count,
    target,
    peer: (file) => path.join(target, 'bench-peers/node_modules', file),
    own: (file) => path.join(here, file),
    sample: (name) => path.join(root, 'sample-projects', name),
    note: (text) => { if (!notes.includes(text)) notes.push(text); },
    isFailed: (kind) => failures.has(kind),
    failed(kind, error) {
      failures.add(kind);
      console.error(`bench: ${error.message}`);
      notes.push(`${kind} failed: ${error.message.split('\n')[0].slice(0, 200)}`);
    },
  };
}

async function measure(bench, module) {
  if (module.devflareOnly && bench.kinds[0] !== 'devflare') return [];
  console.error(`bench: ${module.name} ...`);
  try {
    return await module.run(bench);
  } catch (error) {
    bench.failed(module.name, error);
    return [];
  }
}

const options = parse();
const bench = makeBench(options);
const load = loadavg()[0];
if (load > 1) bench.note(`the machine was not quiet when this began (load average ${load.toFixed(1)})`);
const began = performance.now();
const rows = [];
for (const module of MEASURES.filter((m) => !options.chosen.length || options.chosen.includes(m.name))) rows.push(...(await measure(bench, module)));
const seconds = (performance.now() - began) / 1000;

console.log(table(rows));
for (const note of bench.notes) console.log(`* ${note}`);
if (options.raw) writeFileSync(options.raw, JSON.stringify(rows, null, 1));
if (!options.chosen.length && bench.kinds.length === PEERS.length + 1) {
  writeFileSync(path.join(here, 'RESULTS.md'), markdown({ rows, notes: bench.notes, versions: versionsOf(bench), seconds, load }));
  console.log('written tests/bench/RESULTS.md');
}
const missed = rows.filter((row) => row.pass === false).length;
console.log(missed ? `${missed} goals missed` : 'no goal missed');
