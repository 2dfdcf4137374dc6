// node:async_hooks: AsyncLocalStorage and AsyncResource, which follow promises, timers and callbacks. Hooks and numbers of
// asynchronous operations do nothing, as on Cloudflare.
import { host } from "internal:host";
import { currentFrame, enter, frameWith, frameWithout, runIn } from "node:internal/async_context";
import { ERR_ASYNC_TYPE, ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { validateFunction, validateObject, validateString } from "node:internal/validators";

const requestOf = () => host.invocationId?.() ?? 0;

/** A frame that may be entered again from the same request only, or from anywhere if it comes from global scope. */
function capture(what) {
  const frame = currentFrame();
  const request = requestOf();
  return (callback, receiver, args) => {
    if (request !== 0 && requestOf() !== request) {
      throw new Error(`Cannot call this ${what} bound function outside of the request in which it was created.`);
    }
    return runIn(frame, callback, receiver, args);
  };
}

export class AsyncLocalStorage {
  #defaultValue;
  #name = "";

  constructor(options = {}) {
    validateObject(options, "options");
    this.#defaultValue = options.defaultValue;
    if (options.name !== undefined) this.#name = `${options.name}`;
  }

  static bind(fn) {
    validateFunction(fn, "fn");
    const run = capture("AsyncLocalStorage");
    return function (...args) { return run(fn, this, args); };
  }

  static snapshot() {
    const run = capture("AsyncLocalStorage");
    return function (fn, ...args) { return run(fn, this, args); };
  }

  get name() { return this.#name; }

  getStore() {
    const { stores } = currentFrame();
    return stores.has(this) ? stores.get(this) : this.#defaultValue;
  }

  run(store, callback, ...args) {
    return runIn(frameWith(this, store), callback, undefined, args);
  }

  exit(callback, ...args) {
    return runIn(frameWith(this, undefined), callback, undefined, args);
  }

  enterWith(store) {
    enter(frameWith(this, store));
  }

  disable() {
    enter(frameWithout(this));
  }
}

export class AsyncResource {
  #run = capture("AsyncResource");
  #type;

  constructor(type, options = undefined) {
    validateString(type, "type");
    if (type === "") throw new ERR_ASYNC_TYPE(type);
    this.#type = type;
  }

  static bind(fn, type = undefined, thisArg = undefined) {
    validateFunction(fn, "fn");
    return new AsyncResource(type ?? (fn.name || "bound-anonymous-fn")).bind(fn, thisArg);
  }

  get type() { return this.#type; }

  runInAsyncScope(fn, thisArg = undefined, ...args) {
    if (typeof fn !== "function") throw new ERR_INVALID_ARG_TYPE("fn", "Function", fn);
    return this.#run(fn, thisArg, args);
  }

  bind(fn, thisArg = undefined) {
    validateFunction(fn, "fn");
    const resource = this;
    const bound = thisArg === undefined
      ? function (...args) { return resource.runInAsyncScope(fn, this, ...args); }
      : (...args) => resource.runInAsyncScope(fn, thisArg, ...args);
    Object.defineProperties(bound, {
      length: { value: fn.length, configurable: true },
      asyncResource: { value: this, writable: true, enumerable: true, configurable: true },
    });
    return bound;
  }

  asyncId() { return 0; }
  triggerAsyncId() { return 0; }
  emitDestroy() { return this; }
}

class AsyncHook {
  enable() { return this; }
  disable() { return this; }
}

export const createHook = () => new AsyncHook();
export const executionAsyncId = () => 0;
export const triggerAsyncId = () => 0;
export const executionAsyncResource = () => Object.create(null);
export const asyncWrapProviders = Object.freeze({ __proto__: null });

export default {
  AsyncLocalStorage, AsyncResource, asyncWrapProviders, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId,
};
