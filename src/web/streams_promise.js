// The promise steps of the streams standard, on captured built-ins: what a Worker does to
// Promise.prototype is never seen by a stream. Knows nothing about streams.

const { apply } = Reflect;
const { getPrototypeOf, prototype: ObjectPrototype, setPrototypeOf } = Object;
const NativePromise = Promise;
const uncurry = (method) => Function.prototype.call.bind(method);

/** `then(promise, onFulfilled, onRejected)`, with the untouched `Promise.prototype.then`. */
export const then = uncurry(Promise.prototype.then);
export const resolved = Promise.resolve.bind(Promise);
export const rejected = Promise.reject.bind(Promise);
export const noop = () => {};

/** One fulfilled promise for everything that has nothing to wait for. */
export const READY = resolved(undefined);

let takenResolve;
let takenReject;
const take = (resolve, reject) => {
  takenResolve = resolve;
  takenReject = reject;
};

/** A promise with its two ends; `next` chains it in a list of requests. */
export class Deferred {
  constructor() {
    this.promise = new NativePromise(take);
    this.resolve = takenResolve;
    this.reject = takenReject;
    this.next = undefined;
  }
}

/** "A promise resolved with": always a new promise, except for plain values where nobody can tell. */
export function promiseOf(value) {
  if (value === undefined) return READY;
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return resolved(value);
  return new NativePromise((resolve) => resolve(value));
}

/** Calls a Worker's callback; a throw becomes a rejection. */
export function invoke(callback, self, args) {
  try {
    return promiseOf(apply(callback, self, args));
  } catch (error) {
    return rejected(error);
  }
}

/**
 * Resolves with an object of ours. That looks `then` up on it: where a Worker defined one on Object.prototype, the object
 * has no prototype for the moment, so that none of the Worker's code runs in the middle of a stream's steps.
 */
export function resolveWith(deferred, object) {
  if (!("then" in ObjectPrototype)) {
    deferred.resolve(object);
    return;
  }
  const prototype = getPrototypeOf(object);
  setPrototypeOf(object, null);
  deferred.resolve(object);
  setPrototypeOf(object, prototype);
}

/** Runs `onFulfilled` once `promise` (undefined: nothing to wait for) is fulfilled, else `onRejected`. */
export function upon(promise, onFulfilled, onRejected) {
  then(promise === undefined ? READY : promise, onFulfilled, onRejected);
}

export function microtask(callback) {
  then(READY, callback);
}

/** Keeps a rejection from being reported as unhandled. */
export function handled(promise) {
  then(promise, undefined, noop);
  return promise;
}

/**
 * A promise-valued attribute (`closed`, `ready`) that costs a promise only when somebody looks at it.
 * Its rejection never counts as unhandled.
 */
export class Settling {
  constructor() {
    this.state = 0; // 0 pending, 1 fulfilled, 2 rejected
    this.reason = undefined;
    this.deferred = undefined;
  }

  resolve() {
    if (this.state !== 0) return;
    this.state = 1;
    this.deferred?.resolve(undefined);
  }

  reject(reason) {
    if (this.state !== 0) return;
    this.state = 2;
    this.reason = reason;
    if (this.deferred === undefined) return;
    this.deferred.reject(reason);
    handled(this.deferred.promise);
  }

  get promise() {
    if (this.deferred === undefined) {
      const deferred = (this.deferred = new Deferred());
      if (this.state === 1) deferred.resolve(undefined);
      if (this.state === 2) {
        deferred.reject(this.reason);
        handled(deferred.promise);
      }
    }
    return this.deferred.promise;
  }
}

/** Internal records have no prototype chain, so that accessors put on Object.prototype are never run. */
export function bare(...classes) {
  for (const { prototype } of classes) setPrototypeOf(prototype, null);
}
bare(Deferred, Settling);
