// WebIDL's numbers, compound types and buffers, for the APIs that take them: many Workers never load this half. See
// internal:webidl for what a converter is.
import { DOMString, descriptorOf, isObject, sentence, wrongType } from "internal:webidl";

const ownKeys = Reflect.ownKeys;
const apply = Reflect.apply;
const isView = ArrayBuffer.isView;
const getterOf = (object, key) => descriptorOf(object, key).get;

// ---- numbers

const { trunc, floor, abs, min, max, pow } = Math;

function number(value, prefix, what, type) {
  if (typeof value === "number") return value;
  if (typeof value === "symbol" || typeof value === "bigint") throw wrongType(prefix, what, type);
  return +value;
}

export const unrestrictedDouble = (value, prefix, what) => number(value, prefix, what, "unrestricted double");

export function double(value, prefix, what = "value") {
  const x = number(value, prefix, what, "double");
  if (x - x !== 0) throw new TypeError(sentence(prefix, `${what} is not a finite floating-point value.`));
  return x;
}

function roundHalfEven(x) {
  const low = floor(x);
  const rest = x - low;
  if (rest < 0.5 || (rest === 0.5 && low % 2 === 0)) return low;
  return low + 1;
}

/** An integer converter; `mode` is undefined (wraps), "enforce" ([EnforceRange]) or "clamp" ([Clamp]). */
export function integer(type, bits, signed, mode) {
  const top = bits === 64 ? Number.MAX_SAFE_INTEGER : pow(2, signed ? bits - 1 : bits) - 1;
  const bottom = signed ? (bits === 64 ? -top : -top - 1) : 0;
  const modulo = pow(2, bits);
  return (value, prefix, what = "value") => {
    let x = number(value, prefix, what, type);
    if (mode === "enforce") {
      x = trunc(x);
      if (!(x >= bottom && x <= top)) throw new TypeError(sentence(prefix, `${what} is outside the range of '${type}'.`));
      return x + 0;
    }
    if (mode === "clamp") return x === x ? roundHalfEven(min(max(x, bottom), top)) + 0 : 0;
    if (x - x !== 0) return 0;
    x = trunc(x) + 0;
    if (x >= bottom && x <= top) return x;
    x -= floor(x / modulo) * modulo;
    return signed && x >= modulo / 2 ? x - modulo : x;
  };
}

export const octet = integer("octet", 8, false);
export const unsignedShort = integer("unsigned short", 16, false);
export const long = integer("long", 32, true);
export const unsignedLong = integer("unsigned long", 32, false);
export const unsignedLongEnforced = integer("unsigned long", 32, false, "enforce");
export const unsignedLongLong = integer("unsigned long long", 64, false);
export const unsignedLongLongEnforced = integer("unsigned long long", 64, false, "enforce");
export const longLongClamped = integer("long long", 64, true, "clamp");

// ---- compound types

export const nullable = (converter) => (value, prefix, what) =>
  value === null || value === undefined ? null : converter(value, prefix, what);

/** A record becomes a Map in the order of its keys. */
export function record(key, member) {
  return (value, prefix, what) => {
    if (!isObject(value)) throw wrongType(prefix, what);
    const map = new Map();
    for (const name of ownKeys(value)) {
      if (!descriptorOf(value, name)?.enumerable) continue;
      const typed = key(name, prefix, what);
      map.set(typed, member(value[name], prefix, what));
    }
    return map;
  };
}

export function enumeration(type, values) {
  return (value, prefix, what = "value") => {
    const string = DOMString(value, prefix, what);
    if (values.includes(string)) return string;
    throw new TypeError(sentence(prefix, `${what}: The provided value '${string}' is not a valid enum value of type ${type}.`));
  };
}

/** The "default" of a dictionary member that must be present. */
export const REQUIRED = Symbol("required");

/**
 * `dictionary("EventInit", { bubbles: [boolean, false], detail: [any] })`: a member is `[converter, default?]`. Without a
 * default an absent member stays absent. A default which is a function is called for a fresh value. Members are read
 * in the order given: alphabetical, those of inherited dictionaries first, as the standard says.
 */
export function dictionary(type, members) {
  const names = Object.keys(members);
  return (value, prefix, what) => {
    const absent = value === undefined || value === null;
    if (!absent && !isObject(value)) throw wrongType(prefix, what, type);
    const result = { __proto__: null };
    for (const name of names) {
      const member = members[name];
      const given = absent ? undefined : value[name];
      if (given !== undefined) {
        result[name] = member[0](given, prefix, `member '${name}' of ${type}`);
      } else if (member.length > 1) {
        const fallback = member[1];
        if (fallback === REQUIRED) throw new TypeError(sentence(prefix, `required member '${name}' of ${type} is undefined.`));
        result[name] = typeof fallback === "function" ? fallback() : fallback;
      }
    }
    return result;
  };
}

export function callback(value, prefix, what) {
  if (typeof value !== "function") throw wrongType(prefix, what, "function");
  return value;
}

/** Instances of an interface: `instance("AbortSignal", (value) => isAbortSignal(value))`. */
export const instance = (type, test) => (value, prefix, what) => {
  if (!test(value)) throw wrongType(prefix, what, type);
  return value;
};

// ---- buffers

const bufferBytes = getterOf(ArrayBuffer.prototype, "byteLength");
const bufferResizable = getterOf(ArrayBuffer.prototype, "resizable");
const bufferDetached = getterOf(ArrayBuffer.prototype, "detached");
const sharedBytes = getterOf(SharedArrayBuffer.prototype, "byteLength");
const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const typedArrayName = getterOf(typedArray, Symbol.toStringTag);

function answers(getter, value) {
  try {
    apply(getter, value, []);
    return true;
  } catch {
    return false;
  }
}

const looksLike = (value, getter) => typeof value === "object" && value !== null && !isView(value) && answers(getter, value);
export const isArrayBuffer = (value) => looksLike(value, bufferBytes);
export const isSharedArrayBuffer = (value) => looksLike(value, sharedBytes);
export const isDetached = (buffer) => apply(bufferDetached, buffer, []);
/** "Uint8Array" and so on; undefined for a DataView and anything else. */
export const viewName = (value) => apply(typedArrayName, value, []);
export { isView };

function checkBuffer(buffer, prefix, what, allow) {
  if (!isArrayBuffer(buffer)) {
    if (allow.shared) return;
    throw new TypeError(sentence(prefix, `${what} is a SharedArrayBuffer or a view of one, which is not allowed.`));
  }
  if (!allow.resizable && apply(bufferResizable, buffer, [])) {
    throw new TypeError(sentence(prefix, `${what} is a resizable ArrayBuffer or a view of one, which is not allowed.`));
  }
}

function bufferConverter(type, allow) {
  return (value, prefix, what = "value") => {
    if (isView(value)) checkBuffer(value.buffer, prefix, what, allow);
    else if (type === "ArrayBufferView" || !(isArrayBuffer(value) || (allow.shared && isSharedArrayBuffer(value)))) {
      throw wrongType(prefix, what, type);
    } else checkBuffer(value, prefix, what, allow);
    return value;
  };
}

export const BufferSource = bufferConverter("BufferSource", {});
export const AllowSharedBufferSource = bufferConverter("BufferSource", { shared: true, resizable: true });
export const ArrayBufferView = bufferConverter("ArrayBufferView", {});
export const isBufferSource = (value) => isView(value) || isArrayBuffer(value);

/** The bytes of a buffer or view without a copy; empty when it is detached. */
export function bytesOf(source) {
  if (!isView(source)) return isArrayBuffer(source) && isDetached(source) ? new Uint8Array(0) : new Uint8Array(source);
  if (viewName(source) === undefined) {
    const { buffer } = source;
    if (isArrayBuffer(buffer) && isDetached(buffer)) return new Uint8Array(0);
  }
  return source.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}
