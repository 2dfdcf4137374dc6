// Node.js's timers over the platform's: Timeout and Immediate are objects.
import { startTimer, stopTimer } from "internal:timers";
import { validateFunction } from "node:internal/validators";

const customPromisify = Symbol.for("nodejs.util.promisify.custom");
const byNumber = new Map();

// As in workerd, nothing becomes 1 that is less or more: the platform's timers have limits of their own.
const delayOf = (after) => (after === undefined ? 1 : +after);

export class Timeout {
  #id;
  #callback;
  #args;
  #delay;
  #repeat;
  #ref = true;
  #closed = false;

  constructor(callback, after, args, repeat, ref = true) {
    this.#callback = callback;
    this.#delay = delayOf(after);
    this.#args = args;
    this.#repeat = repeat;
    this.#ref = ref;
    this.#start();
  }

  #start() {
    this.#id = startTimer((...args) => {
      if (!this.#repeat) this.#forget();
      return Reflect.apply(this.#callback, this, args);
    }, this.#delay, this.#args ?? [], this.#repeat);
    byNumber.set(this.#id, this);
  }

  #forget() { byNumber.delete(this.#id); }

  ref() {
    this.#ref = true;
    return this;
  }

  unref() {
    this.#ref = false;
    return this;
  }

  hasRef() { return this.#ref; }

  refresh() {
    if (!this.#closed) {
      stopTimer(this.#id);
      this.#forget();
      this.#start();
    }
    return this;
  }

  close() {
    this.#closed = true;
    stopTimer(this.#id);
    this.#forget();
    return this;
  }

  [Symbol.dispose]() { this.close(); }
  [Symbol.toPrimitive]() { return this.#id; }
}

export class Immediate {
  #id;
  #ref = true;

  constructor(callback, args) {
    this._onImmediate = callback;
    this.#id = startTimer((...given) => {
      const run = this._onImmediate;
      this._onImmediate = null;
      return run(...given);
    }, 0, args);
  }

  ref() {
    this.#ref = true;
    return this;
  }

  unref() {
    this.#ref = false;
    return this;
  }

  hasRef() { return this.#ref; }

  clear() {
    this._onImmediate = null;
    stopTimer(this.#id);
  }

  [Symbol.dispose]() { this.clear(); }
}

export function setTimeout(callback, after = undefined, ...args) {
  validateFunction(callback, "callback");
  return new Timeout(callback, after, args, false);
}

export function setInterval(callback, repeat = undefined, ...args) {
  validateFunction(callback, "callback");
  return new Timeout(callback, repeat, args, true);
}

export function setImmediate(callback, ...args) {
  validateFunction(callback, "callback");
  return new Immediate(callback, args);
}

export function clearTimeout(timer = undefined) {
  if (timer instanceof Timeout) return void timer.close();
  if (typeof timer !== "number" && typeof timer !== "string") return;
  const id = Number(timer);
  const known = byNumber.get(id);
  if (known === undefined) stopTimer(id);
  else known.close();
}

export const clearInterval = (timer = undefined) => clearTimeout(timer);

export function clearImmediate(immediate = undefined) {
  if (immediate instanceof Immediate) immediate.clear();
}

/** `util.promisify(setTimeout)` is that of `timers/promises`, which sets it. */
export function promisified(setTimeoutPromise, setImmediatePromise) {
  Object.defineProperty(setTimeout, customPromisify, { get: setTimeoutPromise, enumerable: true, configurable: true });
  Object.defineProperty(setImmediate, customPromisify, { get: setImmediatePromise, enumerable: true, configurable: true });
}
