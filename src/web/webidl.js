// WebIDL for every Web API written in JavaScript: converts arguments as the standard says and shapes classes
// into interfaces. It is evaluated in each isolate, so it stays small, and it imports nothing.
//
// A converter is `(value, prefix, what) => converted`. `prefix` names the operation ("Failed to execute 'append' on
// 'Headers'"), `what` the value ("parameter 1"); both are only read when the conversion fails.

const ownKeys = Reflect.ownKeys;
export const descriptorOf = Reflect.getOwnPropertyDescriptor;
const defineProperty = Reflect.defineProperty;
const apply = Reflect.apply;
const isArray = Array.isArray;
const isView = ArrayBuffer.isView;
const arrayValues = Array.prototype[Symbol.iterator];
const getterOf = (object, key) => descriptorOf(object, key).get;

// ---- errors

const sentence = (prefix, text) => (prefix === undefined ? text : `${prefix}: ${text}`);

/** The TypeError of a value which has the wrong type: "Failed to ...: parameter 1 is not of type 'X'." */
export const wrongType = (prefix, what = "value", type = "object") =>
  new TypeError(sentence(prefix, `${what} is not of type '${type}'.`));

/** Throws unless at least `needed` arguments were given. */
export function requiredArguments(count, needed, prefix) {
  if (count < needed) {
    throw new TypeError(sentence(prefix, `${needed} argument${needed === 1 ? "" : "s"} required, but only ${count} present.`));
  }
}

/** The token with which our own code calls constructors that users may not call. */
export const internal = Symbol("internal");

/** First line of a constructor which is closed to users: throws unless `token` is `internal`. */
export function illegalConstructor(token) {
  if (token !== internal) throw new TypeError("Illegal constructor");
}

export const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

// ---- strings, booleans, any

export const any = (value) => value;
export const boolean = (value) => !!value;

export function object(value, prefix, what) {
  if (!isObject(value)) throw wrongType(prefix, what);
  return value;
}

export function DOMString(value, prefix, what) {
  if (typeof value === "string") return value;
  if (typeof value === "symbol") throw wrongType(prefix, what, "string");
  return `${value}`;
}

export const USVString = (value, prefix, what) => DOMString(value, prefix, what).toWellFormed();

const beyondLatin1 = /[^\0-\xff]/;
export function ByteString(value, prefix, what = "value") {
  const string = DOMString(value, prefix, what);
  if (beyondLatin1.test(string)) {
    throw new TypeError(sentence(prefix, `${what} contains a character that is greater than 255 and so is not a ByteString.`));
  }
  return string;
}

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

export function sequence(converter) {
  return (value, prefix, what = "value") => {
    const method = isObject(value) ? value[Symbol.iterator] : undefined;
    if (typeof method !== "function") throw new TypeError(sentence(prefix, `${what} is not iterable.`));
    return sequenceFrom(converter, value, method, prefix, what);
  };
}

/** For unions which already looked `Symbol.iterator` up: looking twice would be visible. */
export function sequenceFrom(converter, value, method, prefix, what = "value") {
  const list = [];
  if (method === arrayValues && isArray(value)) {
    for (let i = 0; i < value.length; i++) list.push(converter(value[i], prefix, what));
    return list;
  }
  const iterator = apply(method, value, []);
  if (!isObject(iterator)) throw new TypeError(sentence(prefix, `${what} is not iterable.`));
  const { next } = iterator;
  for (;;) {
    const step = apply(next, iterator, []);
    if (!isObject(step)) throw new TypeError(sentence(prefix, "the iterator's result is not an object."));
    if (step.done) return list;
    list.push(converter(step.value, prefix, what));
  }
}

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

// ---- interfaces

const hidden = (value) => ({ value, writable: true, enumerable: false, configurable: true });

function exposeMembers(object, skip) {
  for (const key of ownKeys(object)) {
    if (typeof key === "string" && !skip.includes(key)) defineProperty(object, key, { enumerable: true });
  }
}

const CLASS_OWN = ["prototype", "name", "length"];
const PROTOTYPE_OWN = ["constructor"];

/** workerd's mark on classes of the runtime. */
const INTERNAL_CLASS = Symbol.for("cloudflare:internal-class");

/** Every interface by its prototype: `{ name, clone }`. */
const interfaces = new Map();

/** The interface that an object is (by its prototypes) an instance of; undefined for users' own objects. */
export function interfaceOf(value) {
  for (let at = value; (at = Object.getPrototypeOf(at)) !== null; ) {
    if (at === Object.prototype) return undefined;
    const known = interfaces.get(at);
    if (known !== undefined) return known;
  }
  return undefined;
}

/**
 * Shapes a class into an interface: members enumerable, `Symbol.toStringTag`, constants on class and prototype.
 * `options.name` when it differs from the class's name; `options.lengths` corrects `length`s: `{ constructor: 1, get: 1 }`
 * (a parameter with a default value is not counted, so `= undefined` on the first optional one mostly does it).
 * `options.clone(value, cloneMember)` makes instances serializable: it answers the copy that structuredClone() gives.
 */
export function interface_(Class, { name = Class.name, constants = {}, lengths = {}, clone = undefined } = {}) {
  const { prototype } = Class;
  interfaces.set(prototype, { name, clone });
  exposeMembers(Class, CLASS_OWN);
  exposeMembers(prototype, PROTOTYPE_OWN);
  for (const key of Object.keys(constants)) {
    const constant = { value: constants[key], writable: false, enumerable: true, configurable: false };
    defineProperty(Class, key, constant);
    defineProperty(prototype, key, constant);
  }
  for (const key of Object.keys(lengths)) {
    defineProperty(key === "constructor" ? Class : (prototype[key] ?? Class[key]), "length", { value: lengths[key] });
  }
  if (name !== Class.name) defineProperty(Class, "name", { value: name });
  defineProperty(prototype, Symbol.toStringTag, { value: name, writable: false, enumerable: false, configurable: true });
  defineProperty(prototype, INTERNAL_CLASS, { value: INTERNAL_CLASS });
  return Class;
}

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
const PICK = { keys: (pair) => pair[0], values: (pair) => pair[1], entries: (pair) => pair };

/**
 * Gives a class `entries`, `keys`, `values`, `forEach` and `Symbol.iterator`. `at(object, index)` answers the pair
 * `[key, value]` at a place, or undefined past the end; it is asked again at each step, so that iteration is live, and
 * throws a TypeError when `object` is not an instance (`at(object, -1)` is called for that check alone).
 */
export function iterable(Class, at, name = Class.name) {
  const { prototype } = Class;
  const PairIterator = iteratorClass(at, name);
  const make = (object, pick) => {
    at(object, -1);
    return new PairIterator(object, pick);
  };
  const methods = {
    entries() { return make(this, PICK.entries); },
    keys() { return make(this, PICK.keys); },
    values() { return make(this, PICK.values); },
    forEach(callbackfn, thisArg = undefined) {
      at(this, -1);
      const prefix = `Failed to execute 'forEach' on '${name}'`;
      requiredArguments(arguments.length, 1, prefix);
      callback(callbackfn, prefix, "parameter 1");
      for (let i = 0, pair; (pair = at(this, i)) !== undefined; i++) apply(callbackfn, thisArg, [pair[1], pair[0], this]);
    },
  };
  for (const key of Object.keys(methods)) defineProperty(prototype, key, { ...hidden(methods[key]), enumerable: true });
  defineProperty(prototype, Symbol.iterator, hidden(prototype.entries));
}

function iteratorClass(at, name) {
  class PairIterator {
    #object;
    #pick;
    #index = 0;

    constructor(object, pick) {
      this.#object = object;
      this.#pick = pick;
    }

    next() {
      if (!isObject(this) || !(#index in this)) throw new TypeError(`next() called on a value that is not a ${name} Iterator`);
      const pair = at(this.#object, this.#index);
      if (pair === undefined) return { value: undefined, done: true };
      this.#index++;
      return { value: this.#pick(pair), done: false };
    }
  }
  const { prototype } = PairIterator;
  Object.setPrototypeOf(prototype, IteratorPrototype);
  delete prototype.constructor;
  exposeMembers(prototype, PROTOTYPE_OWN);
  defineProperty(prototype, Symbol.toStringTag, { value: `${name} Iterator`, configurable: true });
  return PairIterator;
}
