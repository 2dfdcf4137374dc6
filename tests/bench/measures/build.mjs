// Question: how long from a save to its new answer where there is something to compile, and to the first answer?
// Budget: hono + zod <= 25 ms, 1,400 modules <= 150 ms; first answer of hono + zod <= 150 ms, with kept bytecode <= 60 ms.
// A save is a file written beside and renamed over it. Packages come from where scripts/test installs them.
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from '../http.mjs';
import { atMost, median, row } from '../numbers.mjs';
import { sleep } from '../process.mjs';
import { serve, wranglerDev } from '../servers.mjs';

const SAVES = { devflare: 40, wrangler: 10 };
const STARTS = { devflare: 9, wrangler: 3 };
const GENERATED = 1_000;
const GIVE_UP_MS = 30_000;

export const name = 'build';

export async function run(bench) {
  const values = { hono: {}, big: {}, cold: {}, kept: {} };
  for (const kind of bench.kinds.filter((k) => SAVES[k])) {
    try {
      values.cold[kind] = median(await starts(bench, kind, true));
      if (kind === 'devflare') values.kept[kind] = median(await starts(bench, kind, false));
      values.hono[kind] = median(await saves(bench, kind, hono));
      values.big[kind] = median(await saves(bench, kind, big));
    } catch (error) { bench.failed(kind, error); }
  }
  return [
    row('save -> new answer, hono + zod, median', 'ms', values.hono, atMost(25, 'ms')),
    row('save -> new answer, 1,400 modules, median', 'ms', values.big, atMost(150, 'ms')),
    row('exec -> first answer, hono + zod, median', 'ms', values.cold, atMost(150, 'ms')),
    row('the same with the bytecode of the last start', 'ms', values.kept, atMost(60, 'ms')),
  ];
}

const command = (bench, kind, dir, port) =>
  kind === 'devflare' ? [bench.devflare, 'dev', path.join(dir, 'app'), '--port', port, '--api-port', 'none'] : wranglerDev(bench, port, ['app/wrangler.toml']);

async function starts(bench, kind, isCold) {
  const times = [];
  const cache = path.join(bench.work, 'cache');
  process.env.XDG_CACHE_HOME = cache;
  // Bytecode is kept by a project's directory: all starts that are to find it have the same.
  const own = path.join(bench.work, 'kept');
  if (!isCold) hono(bench, own);
  for (let i = 0; i < STARTS[kind] + (isCold ? 0 : 1); i++) {
    if (isCold) rmSync(cache, { recursive: true, force: true });
    const at = (dir) => (isCold ? (hono(bench, dir), dir) : own);
    const server = await serve(bench, kind, (_, dir, port) => command(bench, kind, at(dir), port));
    await server.stop();
    if (isCold || i > 0) times.push(server.firstMs);
  }
  return times;
}

async function saves(bench, kind, make) {
  let project;
  const server = await serve(bench, kind, (_, dir, port) => ((project = make(bench, dir)), command(bench, kind, dir, port)));
  const client = connect(server.port);
  const times = [];
  try {
    for (let i = 0; i < SAVES[kind]; i++) {
      await sleep(50 + Math.random() * 100);
      times.push(await saveOnce(client, project.file, project.text(`v${i};`), `v${i};`));
    }
  } finally {
    client.close();
    await server.stop();
  }
  return times;
}

async function saveOnce(client, file, text, wanted) {
  const begin = performance.now();
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
  for (;;) {
    const answer = await client.get('/').catch(() => ({ body: '' }));
    const ms = performance.now() - begin;
    if (answer.body?.includes(wanted)) return ms;
    if (ms > GIVE_UP_MS) throw new Error(`still not ${wanted} after ${GIVE_UP_MS} ms`);
  }
}

// The sample; its packages are linked.
function hono(bench, dir) {
  const sample = bench.sample('hono-api');
  for (const part of ['src', 'wrangler.toml', 'tsconfig.json', 'package.json']) cpSync(path.join(sample, part), path.join(dir, 'app', part), { recursive: true });
  symlinkSync(path.join(sample, 'node_modules'), path.join(dir, 'app/node_modules'));
  const file = path.join(dir, 'app/src/index.ts');
  const before = readFileSync(file, 'utf8');
  return { file, text: (version) => before.replace('The library.', version) };
}

// 1,000 modules of TypeScript, and React, lodash, date-fns, hono and zod.
function big(bench, dir) {
  const app = path.join(dir, 'app');
  mkdirSync(path.join(app, 'src/m'), { recursive: true });
  writeFileSync(path.join(app, 'wrangler.toml'), 'name = "app"\nmain = "src/index.ts"\ncompatibility_date = "2026-04-01"\n');
  symlinkSync(bench.own('../packages/node_modules'), path.join(app, 'node_modules'));
  const numbers = Array.from({ length: GENERATED }, (_, k) => k);
  for (const k of numbers) writeFileSync(path.join(app, `src/m/m${k}.ts`), generated(k));
  const imports = ['{ Hono } from "hono"', '{ z } from "zod"', '_ from "lodash"', '* as d from "date-fns"', '{ version } from "react"', '{ renderToString } from "react-dom/server"'];
  const lines = [...imports, ...numbers.map((k) => `* as m${k} from "./m/m${k}"`)].map((one) => `import ${one};`);
  lines.push(`const all = [${numbers.map((k) => `m${k}.rows.length`)}, typeof z, typeof _, Object.keys(d).length, version, typeof renderToString];`);
  lines.push('export default new Hono().get("/", (c) => c.text(m7.text + all.length));', '');
  const file = path.join(app, 'src/m/m7.ts');
  const text = (version) => `${generated(7)}export const text = "${version}";\n`;
  writeFileSync(file, text('v'));
  writeFileSync(path.join(app, 'src/index.ts'), lines.join('\n'));
  return { file, text };
}

function generated(k) {
  const rows = Array.from({ length: 20 }, (_, j) => `{ id: ${j}, name: "row ${k}.${j}" }`);
  return `interface Row { id: number; name: string }
export const rows: Row[] = [${rows}];
export function find(id: number): Row | undefined { return rows.find((row) => row.id === id); }
export class Box<T> { constructor(private value: T) {} get(): T { return this.value; } }
`;
}
