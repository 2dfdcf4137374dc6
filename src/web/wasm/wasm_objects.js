// WebAssembly.Memory, Table and Global (JS API standard).

import { isPinned, pin } from "internal:buffers";
import { wasmInterface } from "internal:wasm_errors";
import { Space, exportedFunction, natives } from "internal:wasm_space";
import { boolean, internal, isObject, requiredArguments } from "internal:webidl";
import { REQUIRED, dictionary, enumeration, unsignedLongEnforced } from "internal:webidl_types";

const PAGE = 65536;
const PAGES = 65536;

// ---- addresses: numbers, or big integers where an address has 64 bits

const addressType = enumeration("AddressType", ["i32", "i64"]);

function addressValue(value, wide, prefix, what) {
  if (!wide) return unsignedLongEnforced(value, prefix, what);
  const big = BigInt.asIntN(128, typeof value === "bigint" ? value : BigInt(toPrimitive(value, prefix, what)));
  if (big < 0n || big > 0xffffffffffffffffn) throw new TypeError(`${prefix}: ${what} must be in the unsigned long range`);
  return big > 9007199254740991n ? 9007199254740991 : Number(big);
}

function toPrimitive(value, prefix, what) {
  if (typeof value === "number" || value === undefined || value === null) throw new TypeError(`${prefix}: ${what} must be convertible to a BigInt`);
  return value;
}

const told = (number, wide) => (wide ? BigInt(number) : number);

/** Reads and converts the limits of a descriptor, in the order of the standard. */
function limits(given, wide, prefix) {
  const { initial } = given;
  if (initial === undefined) throw new TypeError(`${prefix}: Property 'initial' is required`);
  const low = addressValue(initial, wide, prefix, "Property 'initial'");
  const { maximum } = given;
  if (maximum === undefined) return { low, high: undefined };
  return { low, high: addressValue(maximum, wide, prefix, "Property 'maximum'") };
}

function checkOrder({ low, high }, prefix) {
  if (high < low) throw new RangeError(`${prefix}: Property 'maximum': value ${high} is below the lower bound ${low}`);
}

function requireDescriptor(value, prefix) {
  if (!isObject(value)) throw new TypeError(`${prefix}: Argument 0 must be a descriptor`);
}

function isWide({ address }, prefix) {
  return address !== undefined && addressType(address, prefix, "Property 'address'") === "i64";
}

// ---- memory

/** A memory's place, and the buffer that shows it. */
class MemoryState {
  constructor(space, number) {
    this.space = space;
    this.number = number;
    this.shown = undefined;
    this.wide = natives.memoryIs64(space.native, number);
  }

  get size() {
    return natives.memorySize(this.space.native, this.number);
  }

  get buffer() {
    if (this.shown === undefined) {
      this.shown = natives.memoryBuffer(this.space.native, this.number);
      pin(this.shown);
      if (!this.space.memories.includes(this)) this.space.memories.push(this);
    }
    return this.shown;
  }

  refresh(always = false) {
    if (this.shown === undefined || (!always && this.shown.byteLength === this.size * PAGE)) return;
    natives.detach(this.shown);
    this.shown = undefined;
  }

  grow(pages) {
    const before = natives.memoryGrow(this.space.native, this.number, pages);
    if (before >= 0) this.refresh(true);
    return before;
  }
}

/** Memory for threads, which there are none of: it can be used by JavaScript alone. */
class SharedState {
  constructor(low, high) {
    this.pages = low;
    this.most = high;
    this.shown = undefined;
  }

  get buffer() {
    return (this.shown ??= Object.freeze(new SharedArrayBuffer(this.pages * PAGE)));
  }

  grow(pages) {
    const before = this.pages;
    if (before + pages > this.most) return -1;
    const old = new Uint8Array(this.buffer);
    this.pages += pages;
    this.shown = undefined;
    new Uint8Array(this.buffer).set(old);
    return before;
  }
}

export class Memory {
  #state;

  constructor(descriptor_, state) {
    this.#state = descriptor_ === internal ? state : newMemory(descriptor_);
  }

  grow(delta) {
    const prefix = "WebAssembly.Memory.grow()";
    const state = this.#state;
    requiredArguments(arguments.length, 1, prefix);
    const pages = addressValue(delta, state.wide, prefix, "Argument 0");
    const before = state.grow(pages);
    if (before < 0) throw new RangeError(`${prefix}: Maximum memory size exceeded`);
    return told(before, state.wide);
  }

  toFixedLengthBuffer() {
    return this.#state.buffer;
  }

  toResizableBuffer() {
    void this.#state;
    throw new TypeError("WebAssembly.Memory.toResizableBuffer(): devflare has no resizable buffers for memories");
  }

  get buffer() {
    return this.#state.buffer;
  }

  static state(value) {
    return isObject(value) && #state in value ? value.#state : undefined;
  }
}
export const memoryState = Memory.state;
delete Memory.state;
wasmInterface(Memory, { lengths: { constructor: 1 } });

function newMemory(value) {
  const prefix = "WebAssembly.Memory()";
  requireDescriptor(value, prefix);
  const wide = isWide(value, prefix);
  const { low, high } = limits(value, wide, prefix);
  const shared = !!value.shared;
  checkOrder({ low, high }, prefix);
  for (const pages of [low, high]) {
    if (pages > PAGES && !wide) throw new TypeError(`${prefix}: value ${pages} is above the upper bound ${PAGES}`);
  }
  if (shared) {
    if (high === undefined) throw new TypeError(`${prefix}: If shared is true, maximum property should be specified.`);
    return new SharedState(low, high);
  }
  const space = new Space();
  return new MemoryState(space, natives.newMemory(space.native, low, high, wide));
}

/** The Memory, Table or Global of a number. */
const wrapped = (Class, State) => (space, number) => {
  const known = space.wrappers[number];
  if (known !== undefined) return known;
  return (space.wrappers[number] = new Class(internal, new State(space, number)));
};

export const memoryOf = wrapped(Memory, MemoryState);

// ---- table

const element = enumeration("TableKind", ["anyfunc", "externref"]);
const LONGEST_TABLE = 10_000_000;

class TableState {
  constructor(space, number) {
    this.space = space;
    this.number = number;
    [this.element, this.maximum, this.wide] = natives.tableType(space.native, number);
  }

  get size() {
    return natives.tableSize(this.space.native, this.number);
  }

  get fallback() {
    return this.element === "externref" ? undefined : null;
  }
}

export class Table {
  #state;

  constructor(descriptor_, state) {
    this.#state = descriptor_ === internal ? state : newTable(this, descriptor_, state, arguments.length);
  }

  get length() {
    return told(this.#state.size, this.#state.wide);
  }

  grow(delta, value = undefined) {
    const prefix = "WebAssembly.Table.grow()";
    const state = this.#state;
    requiredArguments(arguments.length, 1, prefix);
    const count = addressValue(delta, state.wide, prefix, "Argument 0");
    const filler = arguments.length < 2 ? state.fallback : value;
    takeTable(state, filler);
    const before = natives.tableGrow(state.space.native, state.space, [state.number, count], filler);
    if (before < 0) throw new RangeError(`${prefix}: failed to grow table by ${count}`);
    return told(before, state.wide);
  }

  set(index, value = undefined) {
    const prefix = "WebAssembly.Table.set()";
    const state = this.#state;
    requiredArguments(arguments.length, 1, prefix);
    const at = addressValue(index, state.wide, prefix, "Argument 0");
    const given = arguments.length < 2 ? state.fallback : value;
    if (at >= state.size) {
      throw new RangeError(`${prefix}: invalid address ${at} in ${state.element} table of size ${state.size}`);
    }
    takeTable(state, given);
    natives.tableSet(state.space.native, state.space, [state.number, at], given);
  }

  get(index) {
    const prefix = "WebAssembly.Table.get()";
    const state = this.#state;
    requiredArguments(arguments.length, 1, prefix);
    const at = addressValue(index, state.wide, prefix, "Argument 0");
    if (at >= state.size) throw new RangeError(`${prefix}: invalid address ${at} in ${state.element} table of size ${state.size}`);
    return natives.tableGet(state.space.native, state.space, state.number, at);
  }

  static state(value) {
    return isObject(value) && #state in value ? value.#state : undefined;
  }
}
export const tableState = Table.state;
delete Table.state;
wasmInterface(Table, { lengths: { constructor: 1, set: 1, grow: 1 } });

function newTable(table, value, filler, given) {
  const prefix = "WebAssembly.Table()";
  requireDescriptor(value, prefix);
  const wide = isWide(value, prefix);
  const kind = element(value.element, prefix, "Property 'element'");
  const { low, high } = limits(value, wide, prefix);
  checkOrder({ low, high }, prefix);
  if (low > LONGEST_TABLE) throw new RangeError(`${prefix}: Property 'initial': value ${low} is above the upper bound ${LONGEST_TABLE}`);
  const first = given < 2 || filler === undefined ? (kind === "externref" ? undefined : null) : filler;
  const space = exportedFunction(first)?.space ?? new Space();
  const number = natives.newTable(space.native, space, [kind, low, high, wide], first);
  space.wrappers[number] = table;
  return new TableState(space, number);
}

/** A table that stands alone moves to the function that it gets, so that calls through it need not pass JavaScript. */
function takeTable(state, value) {
  const origin = state.element === "externref" ? undefined : exportedFunction(value);
  if (origin !== undefined && !state.space.settled && origin.space !== state.space) moveIn(state, origin.space);
}

export const tableOf = wrapped(Table, TableState);

// ---- global

const valueType = enumeration("ValueType", ["i32", "i64", "f32", "f64", "v128", "externref", "anyfunc"]);
const GlobalDescriptor = dictionary("GlobalDescriptor", { mutable: [boolean, false], value: [valueType, REQUIRED] });
const ZEROS = { __proto__: null, i64: 0n, externref: undefined, anyfunc: null };

class GlobalState {
  constructor(space, number) {
    this.space = space;
    this.number = number;
    [this.type, this.mutable] = natives.globalType(space.native, number);
  }

  get value() {
    return natives.globalGet(this.space.native, this.space, this.number);
  }
}

export class Global {
  #state;

  constructor(descriptor_, state) {
    this.#state = descriptor_ === internal ? state : newGlobal(descriptor_, state);
  }

  valueOf() {
    return this.#state.value;
  }

  get value() {
    return this.#state.value;
  }

  set value(given) {
    const state = this.#state;
    if (!state.mutable) throw new TypeError("set WebAssembly.Global.value: Can't set the value of an immutable global.");
    natives.globalSet(state.space.native, state.space, state.number, given);
  }

  static state(value) {
    return isObject(value) && #state in value ? value.#state : undefined;
  }
}
export const globalState = Global.state;
delete Global.state;

const { get: readValue, set: writeValue } = Object.getOwnPropertyDescriptor(Global.prototype, "value");
const counted = { set value(given) { checkCount(arguments.length); Reflect.apply(writeValue, this, [given]); } };
const checkCount = (count) => requiredArguments(count, 1, "set WebAssembly.Global.value");
const { set: setValue } = Object.getOwnPropertyDescriptor(counted, "value");
Object.defineProperty(Global.prototype, "value", { get: readValue, set: setValue });
wasmInterface(Global, { lengths: { constructor: 1 } });

function newGlobal(value, first) {
  const prefix = "WebAssembly.Global()";
  requireDescriptor(value, prefix);
  const { mutable, value: type } = GlobalDescriptor(value, prefix, "Argument 0");
  if (type === "v128") throw new TypeError(`${prefix}: v128 cannot be passed to or from JavaScript`);
  const space = new Space();
  const zero = type in ZEROS ? ZEROS[type] : 0;
  return new GlobalState(space, natives.newGlobal(space.native, space, [type, mutable], first === undefined ? zero : first));
}

export const globalOf = wrapped(Global, GlobalState);

/** The number of a new constant that an import was given as a plain value. */
export const constant = (space, type, value) => natives.newGlobal(space.native, space, [type, false], value);

// ---- moving in

const movers = new Map([
  [MemoryState, (state, to) => natives.memoryMove(state.space.native, state.number, to.native)],
  [GlobalState, (state, to) => natives.newGlobal(to.native, to, [state.type, state.mutable], state.value)],
  [TableState, moveTable],
]);

function moveTable(state, to) {
  const { space, size } = state;
  const limit = [state.element, size, state.maximum, state.wide];
  const number = natives.newTable(to.native, to, limit, state.fallback);
  for (let at = 0; at < size; at++) {
    const value = natives.tableGet(space.native, space, state.number, at);
    natives.tableSet(to.native, to, [number, at], value);
  }
  return number;
}

/** Moves what is in no instance yet to the space of the instance that imports it. */
export function moveIn(state, to) {
  const number = movers.get(state.constructor)(state, to);
  const { wrappers, memories } = state.space;
  to.wrappers[number] = wrappers[state.number];
  if (memories.includes(state)) to.memories.push(state);
  state.space = to;
  state.number = number;
  return number;
}

// A memory's buffer belongs to the memory: it cannot be transferred.
for (const name of ["transfer", "transferToFixedLength", "transferToImmutable"]) {
  const native = ArrayBuffer.prototype[name];
  const guarded = {
    [name](...args) {
      if (isPinned(this)) throw new TypeError(`Cannot perform ArrayBuffer.prototype.${name} on the buffer of a WebAssembly.Memory`);
      return Reflect.apply(native, this, args);
    },
  };
  Object.defineProperty(guarded[name], "length", { value: native.length });
  Object.defineProperty(ArrayBuffer.prototype, name, { value: guarded[name], writable: true, enumerable: false, configurable: true });
}
