// node:timers/promises.
import { AbortError, ERR_ILLEGAL_CONSTRUCTOR, ERR_INVALID_THIS } from "node:internal/errors";
import * as timers from "node:internal/timers";
import { validateAbortSignal, validateBoolean, validateNumber, validateObject } from "node:internal/validators";

function checked(options, delay) {
  if (delay !== undefined) validateNumber(delay, "delay");
  validateObject(options, "options");
  validateAbortSignal(options.signal, "options.signal");
  if (options.ref !== undefined) validateBoolean(options.ref, "options.ref");
  return options;
}

const aborted = (signal) => new AbortError(undefined, { cause: signal.reason });

function wait(start, stop, value, options, delay) {
  let signal;
  try {
    ({ signal } = checked(options, delay));
  } catch (error) {
    return Promise.reject(error);
  }
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    let timer;
    const onAbort = () => {
      stop(timer);
      reject(aborted(signal));
    };
    timer = start(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve(value);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

export const setTimeout = (delay = undefined, value = undefined, options = {}) =>
  wait((done) => timers.setTimeout(done, delay), timers.clearTimeout, value, options, delay);

export const setImmediate = (value = undefined, options = {}) =>
  wait((done) => timers.setImmediate(done), timers.clearImmediate, value, options);

export async function* setInterval(delay = undefined, value = undefined, options = {}) {
  const { signal } = checked(options, delay);
  if (signal?.aborted) throw aborted(signal);
  let due = 0;
  let wake;
  const timer = timers.setInterval(() => {
    due++;
    wake?.();
  }, delay);
  const onAbort = () => {
    timers.clearInterval(timer);
    wake?.(Promise.reject(aborted(signal)));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while (!signal?.aborted) {
      if (due === 0) await new Promise((resolve) => { wake = resolve; });
      for (; due > 0; due--) yield value;
    }
    throw aborted(signal);
  } finally {
    timers.clearInterval(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

const token = Symbol("scheduler");

class Scheduler {
  #own;

  constructor(given = undefined) {
    if (given !== token) throw new ERR_ILLEGAL_CONSTRUCTOR();
    this.#own = true;
  }

  yield() {
    if (!(#own in this)) throw new ERR_INVALID_THIS("Scheduler");
    return setImmediate();
  }

  wait(delay, options = undefined) {
    if (!(#own in this)) throw new ERR_INVALID_THIS("Scheduler");
    return setTimeout(delay, undefined, options);
  }
}

export const scheduler = new Scheduler(token);
export default { setTimeout, setImmediate, setInterval, scheduler };
