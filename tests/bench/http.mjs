// The client side: the first answer of a starting server, single requests on a kept connection, and wrk for load.
import { execFile } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { promisify } from 'node:util';
import { tailOf } from './process.mjs';

const POLL_MS = 0.25;
const nap = new Int32Array(new SharedArrayBuffer(4));

// One raw attempt: connects, asks, and says whether the status was 200.
function attempt(port, head) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const end = (ok) => { socket.destroy(); resolve(ok); };
    socket.once('connect', () => socket.write(head));
    socket.once('data', (data) => end(/^HTTP\/1\.1 200/.test(data.toString('latin1'))));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

// Milliseconds from exec to the first 200. Between attempts it sleeps without leaving the thread: a timer is too coarse.
export async function firstOk(server, port, { path = '/', host = 'localhost', timeoutMs = 30_000 } = {}) {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  for (;;) {
    if (await attempt(port, head)) return performance.now() - server.startedAt;
    if (server.exited !== null || performance.now() - server.startedAt > timeoutMs) {
      throw new Error(`did not serve (${server.exited ?? `${timeoutMs} ms`}): ${tailOf(server.log)}`);
    }
    Atomics.wait(nap, 0, 0, POLL_MS);
  }
}

// A client with one kept connection; get() answers { status, body, ms }.
export function connect(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path) => new Promise((resolve, reject) => {
    const sent = performance.now();
    const request = http.get({ agent, port, host: '127.0.0.1', path, timeout: 30_000 }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString(), ms: performance.now() - sent }));
    });
    request.on('timeout', () => request.destroy(new Error(`${path}: no answer within 30 s`)));
    request.on('error', reject);
  });
  return { get, close: () => agent.destroy() };
}

const UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

// Runs wrk with one thread; answers { requests, rate, p50, p99, failures }, times in ms.
export async function wrk(port, { connections, seconds, path = '/' }) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '20s', `http://127.0.0.1:${port}${path}`];
  const { stdout } = await promisify(execFile)('wrk', args);
  const percentile = (n) => {
    const found = new RegExp(`${n}%\\s+([\\d.]+)(us|ms|s|m)\\b`).exec(stdout);
    return found ? Number(found[1]) * UNITS[found[2]] : NaN;
  };
  const number = (re) => Number(re.exec(stdout)?.[1] ?? 0);
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  const failures = number(/Non-2xx or 3xx responses: (\d+)/) + (sockets ? sockets.slice(1).reduce((a, b) => a + Number(b), 0) : 0);
  return { requests: number(/(\d+) requests in/), rate: number(/Requests\/sec:\s+([\d.]+)/), p50: percentile(50), p99: percentile(99), failures };
}
