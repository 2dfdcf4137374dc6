// node:vm: contexts are made and told apart; no code runs from text.
import { ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateArray, validateBoolean, validateBuffer, validateInt32, validateObject, validateOneOf, validateString, validateStringArray } from "node:internal/validators";

const refuse = (name) => { throw new ERR_METHOD_NOT_IMPLEMENTED(name); };
class Context {}

export const constants = Object.freeze({
  __proto__: null, USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol("vm_dynamic_import_main_context_default"), DONT_CONTEXTIFY: Symbol("vm_context_no_contextify"),
});

export function isContext(object) {
  validateObject(object, "object", { allowArray: true });
  return object instanceof Context;
}

const optional = (options, checks) => {
  for (const [name, check] of Object.entries(checks)) if (options[name] !== undefined) check(options[name], `options.${name}`);
};
const validateDynamic = (value, name) => {
  if (typeof value !== "function" && value !== constants.USE_MAIN_CONTEXT_DEFAULT_LOADER) throw new ERR_INVALID_ARG_TYPE(name, ["function", "symbol"], value);
};
const named = (options, what = "options") => {
  if (typeof options === "string") return { filename: options };
  validateObject(options, what);
  return options;
};
const PLACE = { filename: validateString, lineOffset: validateInt32, columnOffset: validateInt32, cachedData: validateBuffer, produceCachedData: validateBoolean, importModuleDynamically: validateDynamic };

export class Script {
  constructor(code, options = {}) {
    void `${code}`;
    optional(named(options), PLACE);
  }

  runInThisContext() { refuse("Script.prototype.runInThisContext"); }
  runInContext() { refuse("Script.prototype.runInContext"); }
  runInNewContext() { refuse("Script.prototype.runInNewContext"); }
  createCachedData() { refuse("Script.prototype.createCachedData"); }
}

export const createScript = (code, options = undefined) => new Script(code, options);

export function createContext(contextObject = {}, options = {}) {
  if (contextObject instanceof Context) return contextObject;
  validateObject(options, "options");
  optional(options, {
    name: validateString, origin: validateString, codeGeneration: validateObject, importModuleDynamically: validateDynamic,
    microtaskMode: (value, name) => validateOneOf(value, name, ["afterEvaluate", undefined]),
  });
  return Object.assign(new Context(), typeof contextObject === "object" ? contextObject : {});
}

export function runInContext(code, context) {
  validateObject(context, "contextifiedObject");
  if (!(context instanceof Context)) throw new ERR_INVALID_ARG_TYPE("contextifiedObject", "an vm.Context", context);
  void code;
  refuse("runInContext");
}

export function runInNewContext() { refuse("runInNewContext"); }
export function runInThisContext() { refuse("runInThisContext"); }

export function compileFunction(code, params = undefined, options = {}) {
  validateString(code, "code");
  if (params !== undefined) validateStringArray(params, "params");
  validateObject(options, "options");
  optional(options, {
    ...PLACE, contextExtensions: (value, name) => {
      validateArray(value, name);
      value.forEach((one, at) => validateObject(one, `${name}[${at}]`, { nullable: true }));
    },
    parsingContext: (value, name) => {
      if (!(value instanceof Context)) throw new ERR_INVALID_ARG_TYPE(name, "Context", value);
    },
  });
  refuse("compileFunction");
}

export function measureMemory(options = {}) {
  validateObject(options, "options");
  refuse("measureMemory");
}

export default { Script, createContext, createScript, runInContext, runInNewContext, runInThisContext, isContext, compileFunction, measureMemory, constants };
