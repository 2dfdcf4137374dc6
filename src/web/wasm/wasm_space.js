// The JavaScript half of a space (see space.rs): which functions and values the numbers of its native half stand for.
// Users never see it. All of a space's objects lead here and from here to each other, so that they go together.

import { host } from "internal:host";
import { LinkError, RuntimeError } from "internal:wasm_errors";
import { isObject, sequenceFrom } from "internal:webidl";

export const natives = host.wasm();

const { apply, defineProperty } = Reflect;

/** Marks an exported function with where it comes from; a WeakMap would keep both, as QuickJS's does not see the cycle. */
class Origin extends function (made) { return made; } {
  #origin;

  constructor(made, origin) {
    super(made);
    this.#origin = origin;
  }

  static of(value) {
    return #origin in value ? value.#origin : undefined;
  }
}

export const exportedFunction = (value) => (typeof value === "function" ? Origin.of(value) : undefined);

export class Space {
  constructor() {
    this.native = natives.space();
    /** Whether an instance lives here. What lives elsewhere alone can move in; instances stay where they are. */
    this.settled = false;
    /** By number: the objects that users see. */
    this.wrappers = [];
    /** Functions that WebAssembly calls, by import number. */
    this.imports = [];
    /** Memories that have a buffer. */
    this.memories = [];
    this.values = [];
    this.numbers = new Map();
    this.foreign = new Map();
  }

  // ---- called by native code

  ask(number, args, results) {
    const result = apply(this.imports[number], undefined, args);
    return results < 2 ? result : listOf(result, results);
  }

  trap(message) {
    throw new RuntimeError(message);
  }

  refuse(message) {
    throw new LinkError(`WebAssembly.Instance(): ${message}`);
  }

  /** Memories have grown: their buffers are detached before anyone looks at them. */
  refresh() {
    for (const memory of this.memories) memory.refresh();
  }

  functionOf(number, name = `${number}`) {
    return (this.wrappers[number] ??= exported(this, number, name));
  }

  valueOf(number) {
    return this.values[number];
  }

  numberOfValue(value) {
    let number = this.numbers.get(value);
    if (number === undefined) {
      number = this.values.push(value) - 1;
      this.numbers.set(value, number);
    }
    return number;
  }

  numberOfFunction(value) {
    const origin = exportedFunction(value);
    if (origin === undefined) throw new TypeError("function-typed object must be null or a Wasm function object");
    if (origin.space === this) return origin.number;
    return this.foreign.get(value) ?? this.takeIn(value, origin);
  }

  // ---- called by our own classes

  /** A number for a function of another space: it is called as any function of JavaScript is. */
  takeIn(value, origin) {
    const number = this.importFunction(value, natives.signature(origin.space.native, origin.number));
    this.foreign.set(value, number);
    this.wrappers[number] = value;
    return number;
  }

  importFunction(value, signature) {
    return natives.hostFunction(this.native, signature, this.imports.push(value) - 1);
  }
}

function exported(space, number, name) {
  const { native } = space;
  const { call } = natives;
  // A method, so that it is no constructor.
  const made = { made(...args) { return call(native, number, space, args); } }.made;
  const signature = natives.signature(native, number);
  const parameters = signature.slice(0, signature.indexOf(":"));
  defineProperty(made, "name", { value: name });
  defineProperty(made, "length", { value: parameters === "" ? 0 : parameters.split(",").length });
  return new Origin(made, { space, number });
}

function listOf(result, count) {
  const method = isObject(result) ? result[Symbol.iterator] : undefined;
  if (typeof method !== "function") throw new TypeError("multi-return value must be iterable");
  const list = sequenceFrom((value) => value, result, method);
  if (list.length !== count) throw new TypeError("multi-return length mismatch");
  return list;
}
