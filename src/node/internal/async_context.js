// Follows a context through promises, `await`, microtasks, timers and callbacks: what AsyncLocalStorage stores in.
//
// QuickJS has no notion of it, and its promise hooks do not fire around reactions. But jobs run in the order in which they
// are queued, and the reactions of a promise are queued in the order in which they were registered. So whenever code is
// about to wait for a promise, a reaction that restores the context is registered right before its own, or a job that
// restores it is queued right before. The moments, and what tells of them:
//   * `await promise` reads `promise.constructor` at once before it registers: it is an accessor here.
//   * `promise.then()` makes a promise with a parent, then registers: the hook `MADE`.
//   * `await value` makes a promise and fulfils it at once; what a thenable resolves is fulfilled later. The hook
//     `FULFILLED` comes before the reactions are queued; the context is the one the promise was made in.
//   * a thenable's `then` runs in the context of the promise that waits for it: the hook `BEFORE`.
// Nothing restores what was before: whatever runs next has its own context restored, and each message begins at the root.
import { host } from "internal:host";
import { natives } from "node:internal/natives";

const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const queue = host.builtin.queueMicrotask;
const MADE = 0;
const BEFORE = 1;

/** What all AsyncLocalStorages hold at a moment; never changed once made. */
class Frame {
  #restore;
  #kept;
  #broken;

  constructor(stores) {
    this.stores = stores;
  }

  /** Makes this the current frame; a job. */
  get restore() {
    return (this.#restore ??= () => { current = this; });
  }

  /** The same as a reaction. */
  get kept() {
    return (this.#kept ??= () => {
      current = this;
      quiet = true;
    });
  }

  /** As a rejection needs it: what it rejects in turn queues its reactions without a hook. */
  get broken() {
    return (this.#broken ??= () => {
      current = this;
      queue(this.restore);
      quiet = true;
    });
  }
}

const root = new Frame(new Map());
let current = root;
/** The frames promises were made in, unless it was the root. */
const madeIn = new WeakMap();
/** The promise whose next reaction has its frame already. */
let prepared;
/** The next promise to be fulfilled is that of a restoring reaction, for which nobody waits. */
let quiet = false;
let busy = false;

function prepare(promise) {
  prepared = promise;
  busy = true;
  try {
    natives.react(promise, current.kept, current.broken);
  } finally {
    busy = false;
  }
}

function step(kind, promise, parent) {
  if (busy) return;
  if (kind === MADE) {
    if (parent !== undefined && parent !== prepared) prepare(parent);
    prepared = undefined;
    if (current !== root) madeIn.set(promise, current);
    return;
  }
  if (kind !== BEFORE && quiet) {
    quiet = false;
    return;
  }
  const frame = madeIn.get(promise) ?? root;
  if (kind === BEFORE) current = frame;
  queue(frame.restore);
}

function follow() {
  natives.followPromises(step, () => {
    current = root;
    quiet = false;
  });
  const Native = Promise;
  const { get, set } = getOwnPropertyDescriptor({
    get constructor() {
      if (!busy && this !== Native.prototype) prepareIfPromise(this);
      return Native;
    },
    set constructor(value) {
      defineProperty(this, "constructor", { value, writable: true, enumerable: this !== Native.prototype, configurable: true });
    },
  }, "constructor");
  defineProperty(Native.prototype, "constructor", { get, set, enumerable: false, configurable: true });
  // That it is an accessor must not show.
  for (const holder of [Object, Reflect]) {
    const native = holder.getOwnPropertyDescriptor;
    const { getOwnPropertyDescriptor } = {
      getOwnPropertyDescriptor(object, key) {
        const found = native(object, key);
        return found?.get === get ? { value: Native, writable: true, enumerable: false, configurable: true } : found;
      },
    };
    defineProperty(holder, "getOwnPropertyDescriptor", { value: getOwnPropertyDescriptor });
  }
  host.bindContext = bind;
}

function prepareIfPromise(value) {
  try {
    prepare(value);
  } catch {
    // An object that merely inherits from Promise.prototype.
  }
}

/** The function, run in the frame that is current now. */
export function bind(callback) {
  const frame = current;
  return function (...args) {
    return runIn(frame, callback, this, args);
  };
}

export function runIn(frame, callback, receiver, args) {
  const before = current;
  current = frame;
  try {
    return apply(callback, receiver, args);
  } finally {
    current = before;
  }
}

export const currentFrame = () => current;
export const rootFrame = root;

export function enter(frame) {
  current = frame;
}

/** The current frame with one store set anew, or without it. */
export function frameWith(key, value) {
  const stores = new Map(current.stores);
  stores.set(key, value);
  return new Frame(stores);
}

export function frameWithout(key) {
  const stores = new Map(current.stores);
  stores.delete(key);
  return new Frame(stores);
}

follow();
