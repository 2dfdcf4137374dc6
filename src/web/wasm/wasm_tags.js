// WebAssembly.Tag and Exception, for JavaScript alone: the engine has no exceptions of its own.
import { internal, wasmInterface } from "internal:wasm_errors";
import { boolean, isObject, requiredArguments, sequence } from "internal:webidl";
import { REQUIRED, dictionary, enumeration } from "internal:webidl_types";

const valueType = enumeration("ValueType", ["i32", "i64", "f32", "f64", "v128", "externref", "anyfunc"]);
const TagType = dictionary("TagType", { parameters: [sequence(valueType), REQUIRED] });

export class Tag {
  #parameters;

  constructor(type) {
    const prefix = "WebAssembly.Tag()";
    if (type !== internal && !isObject(type)) throw new TypeError(`${prefix}: Argument 0 must be a tag type`);
    this.#parameters = type === internal ? ["externref"] : TagType(type, prefix, "Argument 0").parameters;
  }

  static parameters(value) {
    return isObject(value) && #parameters in value ? value.#parameters : undefined;
  }
}
const parametersOf = Tag.parameters;
delete Tag.parameters;
wasmInterface(Tag);

/** The tag of what JavaScript throws. */
export const JSTag = new Tag(internal);

const convert = {
  i32: (value) => value | 0,
  i64: (value) => BigInt.asIntN(64, BigInt(bigValue(value))),
  f32: Math.fround,
  f64: (value) => +value,
  externref: (value) => value,
  anyfunc(value) {
    if (value !== null && typeof value !== "function") throw new TypeError("WebAssembly.Exception(): not a function");
    return value;
  },
  v128() {
    throw new TypeError("WebAssembly.Exception(): v128 cannot be passed to or from JavaScript");
  },
};

function bigValue(value) {
  if (typeof value === "number") throw new TypeError("Cannot convert a number to a BigInt");
  return value;
}

const ExceptionOptions = dictionary("ExceptionOptions", { traceStack: [boolean, false] });

export class Exception {
  #tag;
  #values;
  #stack;

  constructor(tag, payload, options = undefined) {
    const prefix = "WebAssembly.Exception()";
    requiredArguments(arguments.length, 2, prefix);
    const parameters = parametersOf(tag);
    if (parameters === undefined) throw new TypeError(`${prefix}: Argument 0 must be a WebAssembly tag`);
    if (tag === JSTag) throw new TypeError(`${prefix}: Argument 0 must not be WebAssembly.JSTag`);
    const values = sequence((value) => value)(payload, prefix, "Argument 1");
    const { traceStack } = ExceptionOptions(options, prefix, "Argument 2");
    if (values.length !== parameters.length) throw new TypeError(`${prefix}: Number of exception values does not match signature length`);
    this.#tag = tag;
    this.#values = values.map((value, at) => convert[parameters[at]](value));
    if (traceStack) this.#stack = new Error().stack;
  }

  is(tag) {
    const prefix = "WebAssembly.Exception.is()";
    requiredArguments(arguments.length, 1, prefix);
    if (parametersOf(tag) === undefined) throw new TypeError(`${prefix}: Argument 0 must be a WebAssembly tag`);
    return this.#tag === tag;
  }

  getArg(tag, index) {
    const prefix = "WebAssembly.Exception.getArg()";
    requiredArguments(arguments.length, 2, prefix);
    if (parametersOf(tag) === undefined) throw new TypeError(`${prefix}: Argument 0 must be a WebAssembly tag`);
    const at = +index;
    if (this.#tag !== tag) throw new TypeError(`${prefix}: First argument does not match the exception tag`);
    if (!(at >= 0 && at < this.#values.length)) throw new RangeError(`${prefix}: Index must be smaller than the number of values`);
    return this.#values[Math.trunc(at)];
  }

  get stack() {
    return this.#stack;
  }
}
wasmInterface(Exception, { lengths: { constructor: 1 } });
