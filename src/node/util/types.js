// node:util/types: what kind of value something is, whatever it says of itself.
import { host } from "internal:host";
import { natives } from "node:internal/natives";

const classOf = (value) => host.valueClass(value);
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
/** A test for the class of these samples. */
const like = (...samples) => {
  const classes = samples.map(classOf);
  return (value) => isObject(value) && classes.includes(classOf(value));
};

const typedName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const nameOf = (value) => (ArrayBuffer.isView(value) ? Reflect.apply(typedName, value, []) : undefined);

export const isExternal = () => false;
export const isDate = like(new Date());
export const isArgumentsObject = like((function () { return arguments; })(), (function (_) { "use strict"; return arguments; })());
export const isBigIntObject = like(Object(1n));
export const isBooleanObject = like(Object(true));
export const isNumberObject = like(Object(1));
export const isStringObject = like(Object(""));
export const isSymbolObject = like(Object(Symbol.iterator));
export const isBoxedPrimitive = (value) => isNumberObject(value) || isStringObject(value) || isBooleanObject(value) || isBigIntObject(value) || isSymbolObject(value);
export const isNativeError = like(new Error(""));
export const isRegExp = like(/a/);
const asyncClasses = like(async () => {}, async function* () {});
const generatorClasses = like(function* () {}, async function* () {});
export const isAsyncFunction = (value) => typeof value === "function" && asyncClasses(value);
export const isGeneratorFunction = (value) => typeof value === "function" && generatorClasses(value);
export const isGeneratorObject = like((function* () {})(), (async function* () {})());
export const isPromise = like((async () => {})());
export const isMap = like(new Map());
export const isSet = like(new Set());
export const isMapIterator = like(new Map().values());
export const isSetIterator = like(new Set().values());
export const isWeakMap = like(new WeakMap());
export const isWeakSet = like(new WeakSet());
export const isArrayBuffer = like(new ArrayBuffer(0));
export const isDataView = like(new DataView(new ArrayBuffer(0)));
export const isSharedArrayBuffer = typeof SharedArrayBuffer === "function" ? like(new SharedArrayBuffer(0)) : () => false;
export const isProxy = (value) => host.proxyTarget(value) !== undefined;
export const isModuleNamespaceObject = (value) => isObject(value) && natives.isModuleNamespace(value);
export const isAnyArrayBuffer = (value) => isArrayBuffer(value) || isSharedArrayBuffer(value);
export const isArrayBufferView = (value) => ArrayBuffer.isView(value);
export const isTypedArray = (value) => nameOf(value) !== undefined;
export const [isUint8Array, isUint8ClampedArray, isUint16Array, isUint32Array, isInt8Array, isInt16Array, isInt32Array, isFloat16Array, isFloat32Array, isFloat64Array, isBigInt64Array, isBigUint64Array] =
  ["Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "Int8Array", "Int16Array", "Int32Array", "Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"].map((name) => (value) => nameOf(value) === name);
export const isKeyObject = (value) => value?.[Symbol.toStringTag] === "KeyObject";
export const isCryptoKey = (value) => value instanceof globalThis.CryptoKey;
export const isEventTarget = (value) => value instanceof EventTarget;

export default {
  isExternal, isDate, isArgumentsObject, isBigIntObject, isBooleanObject, isNumberObject, isStringObject, isSymbolObject, isBoxedPrimitive,
  isNativeError, isRegExp, isAsyncFunction, isGeneratorFunction, isGeneratorObject, isPromise, isMap, isSet, isMapIterator, isSetIterator,
  isWeakMap, isWeakSet, isArrayBuffer, isDataView, isSharedArrayBuffer, isProxy, isModuleNamespaceObject, isAnyArrayBuffer, isArrayBufferView,
  isTypedArray, isUint8Array, isUint8ClampedArray, isUint16Array, isUint32Array, isInt8Array, isInt16Array, isInt32Array, isFloat16Array, isFloat32Array,
  isFloat64Array, isBigInt64Array, isBigUint64Array, isKeyObject, isCryptoKey, isEventTarget,
};
