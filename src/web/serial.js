// What `serial.rs` cannot tell of a value by itself: the kinds of object besides plain ones, arrays and buffers.
//
// describe(value, refuse)          [kind, ...values], or undefined for an object that is kept as a plain one; `refuse` answers
//   what to do with an object of a class: undefined, or an error to throw.
// begin(kind), finish(kind, object, values)   the way back.
// pack(value), unpack(parcel)      for storage: what structuredClone() takes, without functions, streams or stubs.
import { host, lazy } from "internal:host";
import { descriptorOf, interfaceOf } from "internal:webidl";
import { isArrayBuffer, isDetached, isView, viewName } from "internal:webidl_types";

const exceptions = lazy("exception");
const { defineProperty } = Reflect;
const { hasOwn, getPrototypeOf, keys } = Object;
const { valueClass } = host;

export const dataCloneError = (message) => new (exceptions().DOMException)(message, "DataCloneError");

const nameOf = (value) => {
  try {
    return interfaceOf(value)?.name ?? value.constructor?.name ?? "Object";
  } catch {
    return "Object";
  }
};

export const unserializable = (value) =>
  dataCloneError(`Could not serialize object of type "${nameOf(value)}". This type does not support serialization.`);

export const uncloneable = (value) => dataCloneError(`${typeof value === "object" ? `#<${nameOf(value)}>` : String(value)} could not be cloned.`);

// ---- from values

const forEachOfMap = Map.prototype.forEach;
const forEachOfSet = Set.prototype.forEach;
const { get: sourceOf } = descriptorOf(RegExp.prototype, "source");
const { get: flagsOf } = descriptorOf(RegExp.prototype, "flags");
const timeOf = Date.prototype.getTime;

function describeMap(map) {
  const described = ["Map"];
  forEachOfMap.call(map, (value, key) => described.push(key, value));
  return described;
}

function describeSet(set) {
  const described = ["Set"];
  forEachOfSet.call(set, (value) => described.push(value));
  return described;
}

function describeError(error) {
  const { name, stack } = error;
  const message = descriptorOf(error, "message");
  const own = {};
  for (const key of keys(error)) if (key !== "stack" && key !== "message") own[key] = error[key];
  const described = ["Error", `${name}`, message !== undefined && "value" in message ? `${message.value}` : undefined];
  described.push(typeof stack === "string" ? stack : undefined, own);
  if (hasOwn(error, "cause")) described.push(error.cause);
  return described;
}

function describeView(view) {
  const { buffer, byteOffset } = view;
  return ["View", viewName(view) ?? "DataView", buffer, byteOffset, view.length ?? view.byteLength];
}

const describeException = ({ message, name, stack }) => ["DOMException", message, name, stack];

const boxed = (valueOf) => (value) => ["Boxed", valueOf.call(value)];

/** By QuickJS's number of the class. */
const describers = new Map(
  [
    [new Map(), describeMap],
    [new Set(), describeSet],
    [new Error(), describeError],
    [new Date(0), (date) => ["Date", timeOf.call(date)]],
    [/x/, (value) => ["RegExp", sourceOf.call(value), flagsOf.call(value)]],
    [Object(true), boxed(Boolean.prototype.valueOf)],
    [Object(1), boxed(Number.prototype.valueOf)],
    [Object(1n), boxed(BigInt.prototype.valueOf)],
    [Object(""), boxed(String.prototype.valueOf)],
    [new host.builtin.DOMException(), describeException],
  ].map(([sample, describer]) => [valueClass(sample), describer]),
);
const PLAIN = valueClass({});

export function describe(value, refuse) {
  if (isView(value)) return describeView(value);
  if (isArrayBuffer(value)) {
    if (isDetached(value)) throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
    return undefined;
  }
  const type = valueClass(value);
  const describer = describers.get(type);
  if (describer !== undefined) return describer(value);
  const refused = refuse(value, type === PLAIN);
  if (refused !== undefined) throw refused;
  return undefined;
}

// ---- back

const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const VIEWS = {
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array, DataView,
};

export function begin(kind) {
  if (kind === "Map") return new Map();
  if (kind === "Set") return new Set();
  if (kind === "Error") return new Error();
  return undefined;
}

const hide = (object, key, value) => defineProperty(object, key, { value, writable: true, enumerable: false, configurable: true });

function finishError(error, [name, message, stack, own, ...cause]) {
  const Type = hasOwn(ERRORS, name) ? ERRORS[name] : Error;
  Object.setPrototypeOf(error, Type.prototype);
  if (message !== undefined) hide(error, "message", message);
  hide(error, "stack", stack);
  if (cause.length > 0) hide(error, "cause", cause[0]);
  for (const key of keys(own)) defineProperty(error, key, { value: own[key], writable: true, enumerable: true, configurable: true });
  return error;
}

const finishers = {
  __proto__: null,
  Map(map, values) {
    for (let i = 0; i < values.length; i += 2) map.set(values[i], values[i + 1]);
    return map;
  },
  Set(set, values) {
    for (const value of values) set.add(value);
    return set;
  },
  Error: finishError,
  Date: (_, [time]) => new Date(time),
  RegExp: (_, [source, flags]) => new RegExp(source, flags),
  Boxed: (_, [value]) => Object(value),
  View: (_, [name, buffer, offset, length]) => new VIEWS[name](buffer, offset, length),
  DOMException(_, [message, name, stack]) {
    const exception = new (exceptions().DOMException)(message, name);
    hide(exception, "stack", stack);
    return exception;
  },
};

export function finish(kind, object, values) {
  const finisher = finishers[kind];
  if (finisher === undefined) throw new Error("The stored value is damaged.");
  return finisher(object, values);
}

// ---- for storage

const refuseToStore = (value, isPlain) => {
  if (!isPlain) return uncloneable(value);
  const type = getPrototypeOf(value) === null ? undefined : interfaceOf(value);
  return type === undefined ? undefined : unserializable(value);
};
const describeToStore = (value) => describe(value, refuseToStore);

export const pack = (value) => host.pack(value, describeToStore, false);
export const unpack = (parcel) => host.unpack(parcel, begin, finish);
