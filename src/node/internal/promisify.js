// util.promisify(), util.callbackify() and util.deprecate().
import { ERR_FALSY_VALUE_REJECTION, ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateFunction, validateString } from "node:internal/validators";

const custom = Symbol.for("nodejs.util.promisify.custom");
/** The names of what a callback gets, where it gets more than one value. */
export const customArgs = Symbol("customPromisifyArgs");

export function promisify(original) {
  validateFunction(original, "original");
  const given = original[custom];
  if (given !== undefined) {
    validateFunction(given, "util.promisify.custom");
    return Object.defineProperty(given, custom, { value: given, enumerable: false, writable: false, configurable: true });
  }
  const names = original[customArgs];
  function fn(...args) {
    return new Promise((resolve, reject) => {
      const result = Reflect.apply(original, this, [...args, (error, ...values) => {
        if (error) return void reject(error);
        if (names !== undefined && values.length > 1) resolve(Object.fromEntries(names.map((name, at) => [name, values[at]])));
        else resolve(values[0]);
      }]);
      if (result instanceof Promise) process.emitWarning("Calling promisify on a function that returns a Promise is likely a mistake.", "DeprecationWarning", "DEP0174");
    });
  }
  Object.setPrototypeOf(fn, Object.getPrototypeOf(original));
  Object.defineProperty(fn, custom, { value: fn, enumerable: false, writable: false, configurable: true });
  const { ...descriptors } = Object.getOwnPropertyDescriptors(original);
  for (const key of Reflect.ownKeys(descriptors)) {
    try {
      Object.defineProperty(fn, key, descriptors[key]);
    } catch {
      // A property that functions have already and do not give up.
    }
  }
  return fn;
}
promisify.custom = custom;

export function callbackify(original) {
  validateFunction(original, "original");
  function callbackified(...args) {
    const callback = args.pop();
    validateFunction(callback, "last argument");
    const done = (...values) => Reflect.apply(callback, this, values);
    Reflect.apply(original, this, args).then(
      (value) => process.nextTick(done, null, value),
      (reason) => process.nextTick(done, reason || new ERR_FALSY_VALUE_REJECTION(reason)),
    );
  }
  const descriptors = Object.getOwnPropertyDescriptors(original);
  if (typeof descriptors.length.value === "number") descriptors.length.value++;
  if (typeof descriptors.name.value === "string") descriptors.name.value += "Callbackified";
  for (const key of Reflect.ownKeys(descriptors)) {
    if (key !== "prototype") Object.defineProperty(callbackified, key, descriptors[key]);
  }
  return callbackified;
}

const told = new Set();

export function deprecate(fn, message, code = undefined) {
  if (code !== undefined) validateString(code, "code");
  let warned = false;
  function deprecated(...args) {
    if (!warned && !process.noDeprecation) {
      warned = true;
      if (code === undefined || !told.has(code)) {
        told.add(code);
        process.emitWarning(message, "DeprecationWarning", code, deprecated);
      }
    }
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
  }
  Object.setPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  Object.defineProperty(deprecated, "length", { ...Object.getOwnPropertyDescriptor(fn, "length") });
  return deprecated;
}

export function inherits(constructor, superConstructor) {
  if (constructor === undefined || constructor === null) throw new ERR_INVALID_ARG_TYPE("ctor", "Function", constructor);
  if (superConstructor === undefined || superConstructor === null) throw new ERR_INVALID_ARG_TYPE("superCtor", "Function", superConstructor);
  if (superConstructor.prototype === undefined) throw new ERR_INVALID_ARG_TYPE("superCtor.prototype", "Object", superConstructor.prototype);
  Object.defineProperty(constructor, "super_", { value: superConstructor, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, superConstructor.prototype);
}
