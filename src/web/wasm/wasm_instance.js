// WebAssembly.Module and Instance: reads the imports and makes the exports (JS API standard).

import { host } from "internal:host";
import { CompileError, LinkError, internal, wasmInterface } from "internal:wasm_errors";
import { constant, globalOf, globalState, memoryOf, memoryState, moveIn, tableOf, tableState } from "internal:wasm_objects";
import { Space, exportedFunction, natives } from "internal:wasm_space";
import { DOMString, isObject, requiredArguments } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const { defineProperty } = Reflect;
const { isStartup } = host;

// ---- modules

/** Compiles bytes; Workers do so while they start, and never later. */
export function compileBytes(source, prefix) {
  if (!isStartup()) throw new CompileError(`${prefix}: Wasm code generation disallowed by embedder`);
  const bytes = sourceBytes(source, prefix).slice();
  const wrong = natives.check(bytes);
  if (wrong !== undefined) throw new CompileError(`${prefix}: ${wrong}`);
  return natives.compile(bytes);
}

export function sourceBytes(source, prefix) {
  if (!isBufferSource(source)) throw new TypeError(`${prefix}: Argument 0 must be a buffer source`);
  return bytesOf(source);
}

export class Module {
  #native;
  #items;

  constructor(bytes, native) {
    this.#native = bytes === internal ? native : compileBytes(bytes, "WebAssembly.Module()");
  }

  static exports(module) {
    const items = itemsOf(module, arguments.length, "WebAssembly.Module.exports()");
    return items[1].map(([, name, kind]) => ({ name, kind }));
  }

  static imports(module) {
    const items = itemsOf(module, arguments.length, "WebAssembly.Module.imports()");
    return items[0].map(([module_, name, kind]) => ({ module: module_, name, kind }));
  }

  static customSections(module, sectionName) {
    const prefix = "WebAssembly.Module.customSections()";
    requiredArguments(arguments.length, 2, prefix);
    const native = nativeOf(module, prefix);
    const name = DOMString(sectionName, prefix, "Argument 1");
    return name.isWellFormed() ? natives.customSections(native, name) : [];
  }

  static native(value) {
    return isObject(value) && #native in value ? value.#native : undefined;
  }

  static items(module) {
    return (module.#items ??= natives.describe(module.#native));
  }
}
const moduleNative = Module.native;
const moduleItems = Module.items;
delete Module.native;
delete Module.items;
wasmInterface(Module, { lengths: { constructor: 1 } });

export const isModule = (value) => moduleNative(value) !== undefined;

function nativeOf(module, prefix) {
  const native = moduleNative(module);
  if (native === undefined) throw new TypeError(`${prefix}: Argument 0 must be a WebAssembly.Module`);
  return native;
}

function itemsOf(module, given, prefix) {
  requiredArguments(given, 1, prefix);
  nativeOf(module, prefix);
  return moduleItems(module);
}

// ---- imports

const fail = (where, what) => {
  throw new LinkError(`WebAssembly.Instance(): Import ${where}: ${what}`);
};

/** Looks up every import, in the module's order; what they are is checked for each at once. */
export function readImports(module, importObject) {
  const [imports] = moduleItems(module);
  if (importObject !== undefined && !isObject(importObject)) {
    throw new TypeError("WebAssembly.Instance(): Argument 1 must be an object");
  }
  if (imports.length > 0 && importObject === undefined) {
    throw new TypeError("WebAssembly.Instance(): Imports argument must be present and must be an object");
  }
  return imports.map(([from, name, kind, detail], at) => {
    const where = `#${at} "${from}" "${name}"`;
    const holder = importObject[from];
    if (!isObject(holder)) throw new TypeError(`WebAssembly.Instance(): Import #${at} "${from}": module is not an object or function`);
    return readers[kind](holder[name], where, detail);
  });
}

const readers = {
  function(value, where, detail) {
    if (typeof value !== "function") fail(where, "function import requires a callable");
    const origin = exportedFunction(value);
    if (origin !== undefined && natives.signature(origin.space.native, origin.number) !== detail) {
      fail(where, "imported function does not match the expected type");
    }
    return { place: (space) => placeFunction(space, value, origin, detail), origin };
  },

  memory(value, where) {
    const state = memoryState(value);
    if (state === undefined) fail(where, "memory import must be a WebAssembly.Memory object");
    if (state.space === undefined) fail(where, "shared memories need threads, which devflare has not");
    return { place: (space) => placeObject(space, state, where), state };
  },

  table(value, where) {
    const state = tableState(value);
    if (state === undefined) fail(where, "table import requires a WebAssembly.Table");
    return { place: (space) => placeObject(space, state, where), state };
  },

  global(value, where, detail) {
    const state = globalState(value);
    if (state !== undefined) return { place: (space) => placeObject(space, state, where), state };
    const mutable = detail.startsWith("mut ");
    if (mutable) fail(where, "imported mutable global must be a WebAssembly.Global object");
    if (detail === "v128") fail(where, "global import of type v128 must be a WebAssembly.Global object");
    if (detail === "i64" ? typeof value !== "bigint" : NUMERIC.includes(detail) && typeof value !== "number") {
      fail(where, `global import must be a ${detail === "i64" ? "BigInt" : "number"}, valid Wasm reference, or WebAssembly.Global object`);
    }
    if (detail === "funcref" && value !== null && exportedFunction(value) === undefined) {
      fail(where, "imported funcref global must be null or WebAssembly function object");
    }
    return { place: (space) => constant(space, detail, value) };
  },

  tag(_value, where) {
    fail(where, "devflare has no exceptions in WebAssembly");
  },
};

const NUMERIC = ["i32", "f32", "f64"];

function placeFunction(space, value, origin, signature) {
  if (origin === undefined) return space.importFunction(value, signature);
  return space.numberOfFunction(value);
}

function placeObject(space, state, where) {
  if (state.space === space) return state.number;
  // Differs: an instance cannot import memories, tables or globals of two others that share nothing.
  if (state.space.settled) fail(where, "it belongs to an instance that the other imports have nothing to do with");
  return moveIn(state, space);
}

/** Where an instance lives: with the instances that it shares something with, or alone. */
function homeFor(imports) {
  const states = imports.map(({ state }) => state?.space).filter((space) => space?.settled);
  const functions = imports.map(({ origin }) => origin?.space).filter((space) => space !== undefined);
  return states[0] ?? functions[0] ?? new Space();
}

// ---- instances

export function makeInstance(module, imports) {
  const space = homeFor(imports);
  const numbers = imports.map(({ place }) => place(space));
  space.settled = true;
  const made = natives.instantiate(space.native, moduleNative(module), numbers, space);
  const [, items] = moduleItems(module);
  const exports = { __proto__: null };
  items.forEach(([, name, kind, , index], at) => {
    const value = wrap[kind](space, made[at], index);
    defineProperty(exports, name, { value, writable: false, enumerable: true, configurable: false });
  });
  Object.preventExtensions(exports);
  if (made.length > items.length) natives.call(space.native, made[items.length], space, []);
  return exports;
}

const wrap = {
  function: (space, number, index) => space.functionOf(number, `${index}`),
  memory: memoryOf,
  table: tableOf,
  global: globalOf,
};

export class Instance {
  #exports;

  constructor(module, importObject = undefined) {
    if (module === internal) this.#exports = importObject;
    else {
      nativeOf(module, "WebAssembly.Instance()");
      this.#exports = makeInstance(module, readImports(module, importObject));
    }
  }

  get exports() {
    return this.#exports;
  }
}
wasmInterface(Instance, { lengths: { constructor: 1 } });

/** The module of a file of the Worker, one object however often it is imported. */
export const moduleOf = (name) => new Module(internal, natives.ofProgram(name));
