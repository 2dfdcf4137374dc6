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
const arrayValues = Array.prototype[Symbol.iterator];

// ---- errors

export const sentence = (prefix, text) => (prefix === undefined ? text : `${prefix}: ${text}`);

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

// ---- sequences

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
      if (typeof callbackfn !== "function") throw wrongType(prefix, "parameter 1", "function");
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
