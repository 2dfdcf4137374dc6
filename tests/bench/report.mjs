// The table on the terminal, and tests/bench/RESULTS.md.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { format } from './numbers.mjs';

const COLUMNS = ['devflare', 'workerd', 'miniflare', 'wrangler'];
const verdict = { true: 'pass', false: 'MISS', null: '' };

function cells(row) {
  const { devflare } = row.values;
  const peers = COLUMNS.slice(1).map((kind) => {
    const value = row.values[kind];
    const ratio = value && devflare ? ` (${format(devflare / value)}x)` : '';
    return format(value, row.unit) + ratio;
  });
  return [row.measure, format(devflare, row.unit), ...peers, row.goal, verdict[row.pass]];
}

export function table(rows) {
  const lines = [['measure', 'devflare', ...COLUMNS.slice(1), 'goal', ''], ...rows.map(cells)];
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const print = (line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [print(lines[0]), `|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`, ...lines.slice(1).map(print)].join('\n');
}

const shell = (file, ...args) => { try { return execFileSync(file, args, { encoding: 'utf8' }).trim(); } catch { return 'unknown'; } };

export function markdown({ rows, notes, versions, seconds, load }) {
  const cpu = cpus()[0];
  return `# Benchmark results

Written by \`scripts/bench\`, which measures everything in one go on one machine. Numbers in parentheses are devflare's value divided by the peer's.

* ${new Date().toISOString().slice(0, 10)}, ${Math.round(seconds / 60)} minutes; load average when it began ${load.toFixed(1)}
* ${cpus().length} cores (${cpu?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}
* devflare ${shell('git', 'rev-parse', '--short', 'HEAD')} (release build), workerd ${versions.workerd}, miniflare ${versions.miniflare}, wrangler ${versions.wrangler}, the latter two on Node ${versions.node}

${table(rows)}

## What to make of it

* Every peer runs *dispatcher -> customer* as a service binding, because none of them has a local dispatch namespace. devflare runs the guide's two projects, with a real one.
* These are hello Workers: they measure the way through the server. QuickJS has no JIT: code that computes for long runs 3-4x (JSON, regular expressions), 9x (calls) or 40-60x
  (integer loops) slower than on V8, and there devflare loses. workerd is built for that; devflare for starting, reloading and passing on.
* Every server prints what it prints by default, into a file. devflare and wrangler write a line per request, workerd and miniflare do not.
* The load generator shares the cores with the server. Trust the ratios and the CPU per request more than the absolute requests/s.
* A save is timed from before the file is written to the end of the first answer that has the new text.
${notes.map((note) => `* ${note}`).join('\n')}
`;
}
