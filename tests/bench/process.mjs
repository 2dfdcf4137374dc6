// Processes under test: started in a group of their own, measured over the whole tree through /proc, always ended.
import { spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';

const TICK_MICROS = 10_000; // USER_HZ is 100 on every Linux that runs this
const groups = new Set();

function endAll() {
  for (const pid of groups) {
    try { process.kill(-pid, 'SIGKILL'); } catch { /* already gone */ }
  }
}
process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

// Starts [file, ...args]; everything it prints goes to `log`, as it would go to a terminal.
export function start([file, ...args], { cwd, env = {}, log }) {
  const out = openSync(log, 'w');
  const startedAt = performance.now();
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', out, out] });
  closeSync(out);
  groups.add(child.pid);
  const server = { pid: child.pid, startedAt, log, exited: null };
  child.on('error', (error) => { server.exited = String(error); });
  child.on('exit', (code, signal) => { server.exited ??= `exit ${code ?? signal}`; });
  server.stop = () => stop(child, server);
  return server;
}

async function stop(child, server) {
  const signal = (name) => { try { process.kill(-child.pid, name); } catch { /* already gone */ } };
  if (server.exited === null) signal('SIGTERM');
  for (let i = 0; i < 40 && server.exited === null; i++) await sleep(25);
  signal('SIGKILL');
  groups.delete(child.pid);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const tailOf = (log) => readFileSync(log, 'utf8').trim().slice(-800);

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// /proc/PID/stat without `pid (name)`: the name may hold spaces, so cut behind its last parenthesis.
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

export function treeOf(root) {
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) && statOf(entry);
    if (!stat) continue;
    const parent = Number(stat[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]) ?? []));
  return tree;
}

// User and system time so far, of the process, its descendants, and the children they have already buried.
export function cpuMicros(root) {
  let ticks = 0;
  for (const pid of treeOf(root)) {
    const stat = statOf(pid);
    if (stat) ticks += stat.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  }
  return ticks * TICK_MICROS;
}

export function residentKb(root) {
  let sum = 0;
  for (const pid of treeOf(root)) {
    try {
      sum += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch { /* ended meanwhile */ }
  }
  return sum;
}
