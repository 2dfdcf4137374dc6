// Deep equality, loose and strict, as `assert` and `util.isDeepStrictEqual()` have it.
import { host } from "internal:host";

const { getPrototypeOf, getOwnPropertySymbols, keys } = Object;
const enumerable = Object.prototype.propertyIsEnumerable;
const sameClass = (one, other) => host.valueClass(one) === host.valueClass(other);
const tagOf = (value) => Object.prototype.toString.call(value);
const isObject = (value) => typeof value === "object" && value !== null;

const samePrimitive = (one, other, strict) => (strict ? Object.is(one, other) : one == other || (Number.isNaN(one) && Number.isNaN(other))); // eslint-disable-line eqeqeq

function symbolsOf(value) {
  return getOwnPropertySymbols(value).filter((key) => enumerable.call(value, key));
}

function ownKeys(value, strict) {
  return strict ? [...keys(value), ...symbolsOf(value)] : keys(value);
}

const BOXES = [Number, String, Boolean, BigInt, Symbol];

/** The primitive in a box; undefined for anything else. */
function unboxed(value) {
  for (const Box of BOXES) {
    try {
      return { value: Box.prototype.valueOf.call(value) };
    } catch {
      // No box of this kind.
    }
  }
  return undefined;
}

class Comparison {
  constructor(mode) {
    this.strict = mode !== "loose";
    this.partial = mode === "partial";
    this.pairs = [];
  }

  equal(one, other) {
    if (one === other) return one !== 0 || !this.strict || Object.is(one, other);
    if (!isObject(one) || !isObject(other)) {
      if (this.strict || (!isObject(one) && !isObject(other))) {
        return typeof one === "function" || typeof other === "function" ? false : !isObject(one) && !isObject(other) && samePrimitive(one, other, this.strict);
      }
      return false;
    }
    return this.objects(one, other);
  }

  objects(one, other) {
    if (this.strict && getPrototypeOf(one) !== getPrototypeOf(other)) return false;
    if (tagOf(one) !== tagOf(other)) return false;
    if (!this.kinds(one, other)) return false;
    if (this.pairs.some(([a, b]) => a === one && b === other)) return true;
    if (this.strict === false || this.pairs.every(([a, b]) => a !== one && b !== other)) {
      this.pairs.push([one, other]);
      const equal = this.parts(one, other);
      this.pairs.pop();
      return equal;
    }
    return false;
  }

  kinds(one, other) {
    if (Array.isArray(one) !== Array.isArray(other)) return false;
    if (Array.isArray(one)) return this.partial ? one.length >= other.length : one.length === other.length;
    if (ArrayBuffer.isView(one) || ArrayBuffer.isView(other)) return ArrayBuffer.isView(one) && ArrayBuffer.isView(other) && this.views(one, other);
    if (one instanceof Date || other instanceof Date) return one instanceof Date && other instanceof Date && Object.is(+one, +other);
    if (one instanceof RegExp || other instanceof RegExp) {
      return one instanceof RegExp && other instanceof RegExp && String(one) === String(other) && one.lastIndex === other.lastIndex;
    }
    if (one instanceof Error || other instanceof Error) return this.errors(one, other);
    if (one instanceof Map || other instanceof Map) return one instanceof Map && other instanceof Map && (this.partial ? one.size >= other.size : one.size === other.size);
    if (one instanceof Set || other instanceof Set) return one instanceof Set && other instanceof Set && (this.partial ? one.size >= other.size : one.size === other.size);
    if (tagOf(one) === "[object ArrayBuffer]" || tagOf(one) === "[object SharedArrayBuffer]") return this.bytes(new Uint8Array(one), new Uint8Array(other));
    if (!sameClass(one, other)) return false;
    if (one instanceof WeakMap || one instanceof WeakSet || one instanceof Promise) return false;
    const [a, b] = [unboxed(one), unboxed(other)];
    if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && Object.is(a.value, b.value);
    if (one instanceof URL && other instanceof URL) return one.href === other.href;
    return true;
  }

  errors(one, other) {
    if (!(one instanceof Error) || !(other instanceof Error)) return false;
    if (one.message !== other.message || one.name !== other.name) return false;
    const own = (key) => Object.hasOwn(one, key) === Object.hasOwn(other, key) && this.equal(one[key], other[key]);
    return own("cause") && own("errors");
  }

  views(one, other) {
    if (one.byteLength !== other.byteLength) return false;
    if (!this.strict && (one instanceof Float32Array || one instanceof Float64Array)) {
      return one.length === other.length && one.every((value, at) => value === other[at] || (Number.isNaN(value) && Number.isNaN(other[at])));
    }
    const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return this.bytes(bytes(one), bytes(other));
  }

  bytes(one, other) {
    if (one.length !== other.length) return false;
    for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
    return true;
  }

  parts(one, other) {
    const isView = ArrayBuffer.isView(one);
    const relevant = (value) => {
      const all = ownKeys(value, this.strict);
      return isView ? all.filter((key) => typeof key === "symbol" || !/^\d+$/.test(key)) : all;
    };
    const [own, theirs] = [relevant(one), relevant(other)];
    if (this.partial ? own.length < theirs.length : own.length !== theirs.length) return false;
    for (const key of theirs) {
      if (!enumerable.call(one, key) || !this.equal(one[key], other[key])) return false;
    }
    if (one instanceof Set) return this.sets(one, other);
    if (one instanceof Map) return this.maps(one, other);
    return true;
  }

  sets(one, other) {
    const rest = [...one].filter((value) => !other.has(value));
    for (const value of other) {
      if (one.has(value)) continue;
      const at = this.strict && !isObject(value) ? -1 : rest.findIndex((candidate) => this.equal(candidate, value));
      if (at < 0) return false;
      rest.splice(at, 1);
    }
    return true;
  }

  maps(one, other) {
    const rest = [...one].filter(([key]) => !other.has(key));
    for (const [key, value] of other) {
      if (one.has(key)) {
        if (!this.equal(one.get(key), value)) return false;
        continue;
      }
      const at = this.strict && !isObject(key) ? -1 : rest.findIndex(([candidate, own]) => this.equal(candidate, key) && this.equal(own, value));
      if (at < 0) return false;
      rest.splice(at, 1);
    }
    return true;
  }
}

export const isDeepEqual = (one, other) => new Comparison("loose").equal(one, other);
export const isDeepStrictEqual = (one, other) => new Comparison("strict").equal(one, other);
export const isPartialDeepEqual = (one, other) => new Comparison("partial").equal(one, other);
