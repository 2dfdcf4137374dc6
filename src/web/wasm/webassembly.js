// The namespace WebAssembly. What the engine (wasmi) has not:
// Differs: WebAssembly has no garbage-collected types, exceptions, threads, resizable buffers or promises.

import { CompileError, LinkError, RuntimeError, internal } from "internal:wasm_errors";
import { Instance, Module, compileBytes, isModule, makeInstance, readImports, sourceBytes } from "internal:wasm_instance";
import { Global, Memory, Table } from "internal:wasm_objects";
import { natives } from "internal:wasm_space";
import { Exception, JSTag, Tag } from "internal:wasm_tags";
import { isObject, requiredArguments } from "internal:webidl";

const { defineProperty } = Reflect;

const functions = {
  validate(bytes) {
    const prefix = "WebAssembly.validate()";
    requiredArguments(arguments.length, 1, prefix);
    return natives.check(sourceBytes(bytes, prefix)) === undefined;
  },

  async compile(bytes) {
    return new Module(internal, compileBytes(bytes, "WebAssembly.compile()"));
  },

  async instantiate(source, importObject = undefined) {
    const prefix = "WebAssembly.instantiate()";
    if (isModule(source)) {
      const imports = readImports(source, importObject);
      await undefined;
      return new Instance(internal, makeInstance(source, imports));
    }
    sourceBytes(source, prefix);
    const module = new Module(internal, compileBytes(source, prefix));
    if (importObject !== undefined && !isObject(importObject)) {
      throw new TypeError(`${prefix}: Argument 1 must be an object`);
    }
    await undefined;
    const imports = readImports(module, importObject);
    return { module, instance: new Instance(internal, makeInstance(module, imports)) };
  },
};
defineProperty(functions.instantiate, "length", { value: 1 });

export const WebAssembly = {};
defineProperty(WebAssembly, Symbol.toStringTag, { value: "WebAssembly", configurable: true });
for (const name of Object.keys(functions)) {
  defineProperty(WebAssembly, name, { value: functions[name], writable: true, enumerable: true, configurable: true });
}
const classes = { Module, Instance, Memory, Table, Global, Tag, Exception, CompileError, LinkError, RuntimeError };
for (const name of Object.keys(classes)) {
  defineProperty(WebAssembly, name, { value: classes[name], writable: true, enumerable: false, configurable: true });
}
defineProperty(WebAssembly, "JSTag", { value: JSTag, writable: false, enumerable: true, configurable: false });
