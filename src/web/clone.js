// structuredClone() (HTML standard). One pass reads the value and builds the copy, with a memory of what was seen for
// cycles. Platform objects say how they are copied through the `clone` option of `interface_`.

import { host, lazy } from "internal:host";
import { descriptorOf, interfaceOf, isObject, requiredArguments, sequence, object } from "internal:webidl";
import { dictionary, isArrayBuffer, isDetached, isView, viewName } from "internal:webidl_types";

const exceptions = lazy("exception");
const { defineProperty } = Reflect;
const { keys, hasOwn } = Object;

const dataCloneError = (message) => new (exceptions().DOMException)(message, "DataCloneError");

function refuse(value) {
  if (typeof value === "function" || typeof value === "symbol") return dataCloneError(`${value.toString()} could not be cloned.`);
  let name = "Object";
  try {
    name = value.constructor?.name ?? name;
  } catch {
    // A getter or proxy that throws: the general name will do.
  }
  return dataCloneError(`#<${name}> could not be cloned.`);
}

const StructuredCloneOptions = dictionary("StructuredSerializeOptions", { transfer: [sequence(object), () => []] });

// A method, so that it is no constructor.
export const { structuredClone } = {
  structuredClone(value, options = undefined) {
    const prefix = "Failed to execute 'structuredClone' on 'ServiceWorkerGlobalScope'";
    requiredArguments(arguments.length, 1, prefix);
    const { transfer } = StructuredCloneOptions(options, prefix, "parameter 2");
    return cloneValue(value, transfer);
  },
};

/** The same for our own use, e.g. `postMessage`. */
export function cloneValue(value, transfer = []) {
  const memory = new Map();
  for (const item of transfer) prepareTransfer(item, memory);
  const copy = cloneInto(value, memory);
  // Workers allow that a buffer is listed twice.
  for (const buffer of new Set(transfer)) finishTransfer(buffer, memory.get(buffer));
  return copy;
}

function prepareTransfer(item, memory) {
  if (!isArrayBuffer(item)) throw dataCloneError("Value is not transferable.");
  if (isDetached(item)) throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
  memory.set(item, emptyLike(item));
}

function finishTransfer(buffer, copy) {
  if (isDetached(buffer)) throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
  new Uint8Array(copy).set(new Uint8Array(buffer));
  buffer.transfer();
}

const emptyLike = (buffer) =>
  new ArrayBuffer(buffer.byteLength, buffer.resizable ? { maxByteLength: buffer.maxByteLength } : undefined);

function cloneInto(value, memory) {
  if (!isObject(value)) {
    if (typeof value === "symbol") throw refuse(value);
    return value;
  }
  const seen = memory.get(value);
  if (seen !== undefined) return seen;
  if (typeof value === "function") throw refuse(value);
  if (isView(value)) return remember(value, cloneView(value, memory), memory);
  const clone = cloners.get(host.valueClass(value));
  if (clone === undefined) throw refuse(value);
  return clone(value, memory);
}

function remember(value, copy, memory) {
  memory.set(value, copy);
  return copy;
}

// ---- one function per kind of object

function clonePlain(value, memory) {
  const type = interfaceOf(value);
  if (type !== undefined) return clonePlatform(value, type, memory);
  const copy = remember(value, {}, memory);
  cloneMembers(value, copy, memory);
  return copy;
}

function clonePlatform(value, { name, clone }, memory) {
  if (clone === undefined) throw dataCloneError(`Could not serialize object of type "${name}". This type does not support serialization.`);
  return remember(value, clone(value, (inner) => cloneInto(inner, memory)), memory);
}

function cloneMembers(value, copy, memory) {
  for (const key of keys(value)) {
    if (!hasOwn(value, key)) continue;
    const member = cloneInto(value[key], memory);
    if (key === "__proto__") defineProperty(copy, key, { value: member, writable: true, enumerable: true, configurable: true });
    else copy[key] = member;
  }
}

function cloneArray(value, memory) {
  const copy = remember(value, [], memory);
  copy.length = value.length;
  cloneMembers(value, copy, memory);
  return copy;
}

const forEachOfMap = Map.prototype.forEach;
const forEachOfSet = Set.prototype.forEach;

function cloneMap(value, memory) {
  const copy = remember(value, new Map(), memory);
  const entries = [];
  forEachOfMap.call(value, (member, key) => entries.push([key, member]));
  for (const [key, member] of entries) copy.set(cloneInto(key, memory), cloneInto(member, memory));
  return copy;
}

function cloneSet(value, memory) {
  const copy = remember(value, new Set(), memory);
  const members = [];
  forEachOfSet.call(value, (member) => members.push(member));
  for (const member of members) copy.add(cloneInto(member, memory));
  return copy;
}

const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function cloneError(value, memory) {
  if (interfaceOf(value) !== undefined) return clonePlain(value, memory);
  const { name, stack } = value;
  const message = descriptorOf(value, "message");
  const Type = hasOwn(ERRORS, `${name}`) ? ERRORS[name] : Error;
  const copy = remember(value, new Type(message !== undefined && "value" in message ? `${message.value}` : undefined), memory);
  const hide = (key, member) => defineProperty(copy, key, { value: member, writable: true, enumerable: false, configurable: true });
  hide("stack", typeof stack === "string" ? stack : undefined);
  if (hasOwn(value, "cause")) hide("cause", cloneInto(value.cause, memory));
  return copy;
}

function cloneBuffer(value, memory) {
  if (isDetached(value)) throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
  const copy = remember(value, emptyLike(value), memory);
  new Uint8Array(copy).set(new Uint8Array(value));
  return copy;
}

const VIEWS = {
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array,
};

function cloneView(value, memory) {
  const name = viewName(value);
  const { buffer } = value;
  const isOut = name === undefined ? isOutOfBounds(value) : value.length === 0 && value.byteOffset === 0 && !fits(value);
  if (isOut && !(isArrayBuffer(buffer) && isDetached(buffer))) throw dataCloneError("A view is out of the bounds of its buffer and could not be cloned.");
  const copy = cloneInto(buffer, memory);
  const Type = name === undefined ? DataView : VIEWS[name];
  const length = isTracking(value) ? undefined : (value.length ?? value.byteLength);
  return new Type(copy, value.byteOffset, length);
}

/** Only a DataView tells that it is out of bounds: by throwing. */
function isOutOfBounds(view) {
  try {
    return view.byteLength < 0;
  } catch {
    return true;
  }
}

/** An out-of-bounds typed array has length 0, and so have empty ones; only the first refuses to be iterated. */
function fits(array) {
  try {
    array.values();
    return true;
  } catch {
    return false;
  }
}

/** Does a view follow the length of its resizable buffer? Nothing tells, so the buffer is resized and put back. */
function isTracking(view) {
  const { buffer, byteOffset, byteLength } = view;
  if (!isArrayBuffer(buffer) || !buffer.resizable || byteOffset + byteLength + (view.BYTES_PER_ELEMENT ?? 1) <= buffer.byteLength) return false;
  const size = buffer.byteLength;
  const step = view.BYTES_PER_ELEMENT ?? 1;
  const grown = size + step;
  if (grown <= buffer.maxByteLength) {
    buffer.resize(grown);
    const follows = view.byteLength !== byteLength;
    buffer.resize(size);
    return follows;
  }
  if (byteLength === 0) return false;
  const kept = new Uint8Array(buffer.slice(size - step));
  buffer.resize(size - step);
  const follows = !isOutOfBounds(view) && view.byteLength === byteLength - step;
  buffer.resize(size);
  new Uint8Array(buffer, size - step).set(kept);
  return follows;
}

const boxed = (valueOf) => (value, memory) => remember(value, Object(valueOf.call(value)), memory);
const { get: sourceOf } = descriptorOf(RegExp.prototype, "source");
const { get: flagsOf } = descriptorOf(RegExp.prototype, "flags");
const timeOf = Date.prototype.getTime;

/** How to copy each of QuickJS's own classes, by class number; what is not here cannot be copied. */
const cloners = new Map(
  [
    [{}, clonePlain],
    [[], cloneArray],
    [(function () { return arguments; })(), clonePlain],
    [new Error(), cloneError],
    [new Map(), cloneMap],
    [new Set(), cloneSet],
    [new ArrayBuffer(0), cloneBuffer],
    // Its memory is shared, not copied.
    [new SharedArrayBuffer(0), (value) => value],
    [new Date(0), (value, memory) => remember(value, new Date(timeOf.call(value)), memory)],
    [/x/, (value, memory) => remember(value, new RegExp(sourceOf.call(value), flagsOf.call(value)), memory)],
    [Object(true), boxed(Boolean.prototype.valueOf)],
    [Object(1), boxed(Number.prototype.valueOf)],
    [Object(1n), boxed(BigInt.prototype.valueOf)],
    [Object(""), boxed(String.prototype.valueOf)],
    [new host.builtin.DOMException(), clonePlain],
  ].map(([sample, clone]) => [host.valueClass(sample), clone]),
);
