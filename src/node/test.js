// node:test: `mock` works; the runner does not.
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateFunction, validateObject } from "node:internal/validators";

class MockFunctionContext {
  #calls = [];
  #implementation;
  #once = new Map();
  #original;
  #restore;

  constructor(original, implementation, restore) {
    this.#original = original;
    this.#implementation = implementation;
    this.#restore = restore;
  }

  get calls() { return [...this.#calls]; }
  callCount() { return this.#calls.length; }
  mockImplementation(implementation) { this.#implementation = implementation; }
  mockImplementationOnce(implementation, onCall = this.#calls.length) { this.#once.set(onCall, implementation); }
  resetCalls() { this.#calls = []; }

  restore() {
    this.#implementation = this.#original;
    this.#restore?.();
  }

  /** For the mock alone: calls what is to be called and keeps what came of it. */
  run(receiver, args, target) {
    const at = this.#calls.length;
    const implementation = this.#once.get(at) ?? this.#implementation;
    const call = { arguments: args, error: undefined, result: undefined, stack: new Error(), target, this: receiver };
    try {
      call.result = target === undefined ? Reflect.apply(implementation, receiver, args) : Reflect.construct(implementation, args, target);
      if (target !== undefined) call.this = call.result;
      return call.result;
    } catch (error) {
      call.error = error;
      throw error;
    } finally {
      this.#calls.push(call);
    }
  }
}

function mocked(original, implementation, restore = undefined) {
  const context = new MockFunctionContext(original, implementation, restore);
  return new Proxy(original, {
    apply: (_, receiver, args) => context.run(receiver, args, undefined),
    construct: (_, args, target) => context.run(undefined, args, target),
    get: (target, key) => (key === "mock" ? context : Reflect.get(target, key)),
  });
}

export class MockTracker {
  #mocks = [];

  fn(original = function () {}, implementation = original) {
    if (original !== null && typeof original === "object") return this.fn(undefined, undefined);
    const used = typeof implementation === "function" ? implementation : original;
    const mock = mocked(original, used);
    this.#mocks.push(mock.mock);
    return mock;
  }

  method(object, name, implementation = undefined, options = {}) {
    validateObject(object, "object", { allowFunction: true });
    const settings = typeof implementation === "object" && implementation !== null ? implementation : options;
    const found = descriptorOf(object, name);
    const kind = settings.getter ? "get" : settings.setter ? "set" : "value";
    const original = found?.[kind];
    validateFunction(original, `object[${String(name)}]`);
    const own = Object.getOwnPropertyDescriptor(object, name);
    const restore = () => (own === undefined ? delete object[name] : Object.defineProperty(object, name, own));
    const mock = mocked(original, typeof implementation === "function" ? implementation : original, restore);
    Object.defineProperty(object, name, { ...found, [kind]: mock });
    this.#mocks.push(mock.mock);
    return mock;
  }

  getter(object, name, implementation = undefined, options = {}) { return this.method(object, name, implementation, { ...options, getter: true }); }
  setter(object, name, implementation = undefined, options = {}) { return this.method(object, name, implementation, { ...options, setter: true }); }
  restoreAll() { for (const mock of this.#mocks) mock.restore(); }

  reset() {
    this.restoreAll();
    this.#mocks = [];
  }
}

function descriptorOf(object, name) {
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const mock = new MockTracker();
const refused = (name) => ({ [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`test.${name}`); } })[name];
export const [test, describe, it, suite, before, after, beforeEach, afterEach, run] =
  ["test", "describe", "it", "suite", "before", "after", "beforeEach", "afterEach", "run"].map(refused);
export default Object.assign(test, { test, describe, it, suite, before, after, beforeEach, afterEach, run, mock });
