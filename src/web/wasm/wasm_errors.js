// WebAssembly.CompileError, LinkError and RuntimeError, and what all WebAssembly classes share.

import { internal, interface_ } from "internal:webidl";

const { construct, defineProperty, setPrototypeOf } = Reflect;
const NativeError = Error;

function errorClass(name) {
  const Class = function (message = undefined, options = undefined) {
    const error = construct(NativeError, message === undefined ? [] : [message, options], new.target ?? Class);
    return error;
  };
  const hidden = (value) => ({ value, writable: true, enumerable: false, configurable: true });
  defineProperty(Class, "name", { value: name });
  defineProperty(Class, "length", { value: 1 });
  defineProperty(Class, "prototype", { writable: false });
  setPrototypeOf(Class, NativeError);
  setPrototypeOf(Class.prototype, NativeError.prototype);
  defineProperty(Class.prototype, "constructor", hidden(Class));
  defineProperty(Class.prototype, "name", hidden(name));
  defineProperty(Class.prototype, "message", hidden(""));
  return Class;
}

export const CompileError = errorClass("CompileError");
export const LinkError = errorClass("LinkError");
export const RuntimeError = errorClass("RuntimeError");

/** Shapes a class of the namespace: as `interface_` does, but for its tag. */
export function wasmInterface(Class, options = {}) {
  interface_(Class, options);
  defineProperty(Class.prototype, Symbol.toStringTag, { value: `WebAssembly.${Class.name}`, configurable: true });
  return Class;
}

export { internal };
