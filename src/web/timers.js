// Timers (HTML standard), microtasks, scheduler.wait() and reportError(). The host counts the time: it calls back with the
// number of a timer, and this module knows what to run. As in workerd, handlers are functions and timers are numbers.

import { host, lazy } from "internal:host";
import { any, illegalConstructor, interface_, internal, wrongType } from "internal:webidl";
import { callback, dictionary, long } from "internal:webidl_types";

const event = lazy("event");
const abort = lazy("abort");
const { apply } = Reflect;
const nativeQueueMicrotask = host.builtin.queueMicrotask;

/** A callback runs in the asynchronous context it was given in, once Node.js's modules follow such contexts. */
const inContext = (callback) => (host.bindContext === undefined ? callback : host.bindContext(callback));

/** What each timer runs: `{ handler, args, repeat }` by number. */
const running = new Map();

host.onTimer((id) => {
  const timer = running.get(id);
  if (timer === undefined) return;
  if (!timer.repeat) running.delete(id);
  try {
    apply(timer.handler, globalThis, timer.args);
  } catch (error) {
    event().reportException(error);
  }
});

/** Timers end unseen with the event that set them: now and then what they would have run is dropped. */
let sweepAt = 64;

function sweep() {
  for (const id of running.keys()) {
    if (!host.timerIsPending(id)) running.delete(id);
  }
  sweepAt = Math.max(64, running.size * 2);
}

/** Runs `handler(...args)` after `delay` milliseconds, once or again and again; answers the timer's number. */
export function startTimer(handler, delay, args = [], repeat = false) {
  const id = host.timerStart(delay > 0 ? delay : 0, repeat);
  if (running.size >= sweepAt) sweep();
  running.set(id, { handler: inContext(handler), args, repeat });
  return id;
}

export function stopTimer(id) {
  if (running.delete(id)) host.timerClear(id);
}

const handlerOf = (value, name) => callback(value, `Failed to execute '${name}' on 'ServiceWorkerGlobalScope'`, "parameter 1");

function clear(id) {
  if (typeof id !== "number") id = long(id);
  stopTimer(id);
}

// Methods, so that none of them is a constructor.
export const {
  setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, reportError,
} = {
  setTimeout(handler, timeout = 0, ...args) {
    return startTimer(handlerOf(handler, "setTimeout"), +timeout, args, false);
  },
  setInterval(handler, timeout = 0, ...args) {
    return startTimer(handlerOf(handler, "setInterval"), +timeout, args, true);
  },
  clearTimeout(id = 0) { clear(id); },
  clearInterval(id = 0) { clear(id); },
  queueMicrotask(callback) {
    const task = handlerOf(callback, "queueMicrotask");
    // What it throws is reported in its context too.
    nativeQueueMicrotask(inContext(() => {
      try {
        task();
      } catch (error) {
        event().reportException(error);
      }
    }));
  },
  reportError(e) {
    if (arguments.length === 0) throw wrongType("Failed to execute 'reportError' on 'ServiceWorkerGlobalScope'", "parameter 1", "Value");
    event().reportException(e);
  },
};

const WaitOptions = dictionary("WaitOptions", { signal: [any] });

class Scheduler {
  constructor(token) {
    illegalConstructor(token);
  }

  /** A promise that resolves after `delay` milliseconds, or is rejected when `options.signal` aborts. */
  async wait(delay, options = undefined) {
    const prefix = "Failed to execute 'wait' on 'Scheduler'";
    if (arguments.length === 0) throw wrongType(prefix, "parameter 1", "number");
    const milliseconds = +delay;
    const { signal } = WaitOptions(options, prefix, "parameter 2");
    if (signal === undefined) return new Promise((resolve) => { startTimer(resolve, milliseconds); });
    const { signalOf, addAbortAlgorithm, removeAbortAlgorithm } = abort();
    signalOf(signal, prefix, "member 'signal' of WaitOptions").throwIfAborted();
    return new Promise((resolve, reject) => {
      const stop = (reason) => {
        stopTimer(id);
        reject(reason);
      };
      const id = startTimer(() => {
        removeAbortAlgorithm(signal, stop);
        resolve();
      }, milliseconds);
      addAbortAlgorithm(signal, stop);
    });
  }
}

interface_(Scheduler, { lengths: { constructor: 0, wait: 1 } });
export const scheduler = new Scheduler(internal);
