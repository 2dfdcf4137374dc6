// node:module: `createRequire()` finds the built-in modules; nothing else can be loaded while a Worker runs.
import { ERR_INVALID_ARG_VALUE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { natives } from "node:internal/natives";
import { validateString } from "node:internal/validators";

/** A function that the platform has not. */
const missing = (name) => ({
  [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`module.${name}`); },
})[name];

export const builtinModules = natives.builtinNames().map((name) => name.slice("node:".length)).filter((name) => !["sqlite", "test", "sea"].includes(name)).sort();

export function isBuiltin(id) {
  const name = `${id}`.replace(/^node:/, "");
  return builtinModules.includes(name) || (`${id}`.startsWith("node:") && ["sqlite", "test", "sea"].includes(name));
}

function requireFrom(id) {
  validateString(id, "id");
  if (id === "") throw new ERR_INVALID_ARG_VALUE("id", id, "must be a non-empty string");
  const found = natives.builtinModule(id);
  if (found === undefined) throw Object.assign(new Error(`No such module "${id}".`), { code: "MODULE_NOT_FOUND" });
  return found;
}

export function createRequire(path) {
  if (!(path instanceof URL)) {
    const valid = typeof path === "string" && (path.startsWith("/") || path.startsWith("file:"));
    if (!valid) throw new ERR_INVALID_ARG_VALUE("filename", path, "must be a file URL object, file URL string, or absolute path string");
  } else if (path.protocol !== "file:") {
    throw new ERR_INVALID_ARG_VALUE("filename", path, "must be a file URL object, file URL string, or absolute path string");
  }
  const require = (id) => requireFrom(id);
  return Object.assign(require, {
    resolve: Object.assign((id) => {
      if (!isBuiltin(id)) throw Object.assign(new Error(`Cannot find module '${id}'`), { code: "MODULE_NOT_FOUND" });
      return id;
    }, { paths: () => null }),
    cache: Object.create(null),
    extensions: Object.create(null),
    main: undefined,
  });
}

export function Module(id = "", parent = undefined) {
  Object.assign(this, { id, exports: {}, loaded: false, parent });
}
Object.assign(Module.prototype, { load: missing("load"), require: requireFrom, _compile: missing("_compile") });

export const [_findPath, _initPaths, _load, _nodeModulePaths, _preloadModules, _resolveFilename, _resolveLookupPaths, enableCompileCache, findPackageJSON, findSourceMap, flushCompileCache, getCompileCacheDir, register, registerHooks, runMain, stripTypeScriptTypes, SourceMap] =
  ["_findPath", "_initPaths", "_load", "_nodeModulePaths", "_preloadModules", "_resolveFilename", "_resolveLookupPaths", "enableCompileCache", "findPackageJSON", "findSourceMap", "flushCompileCache", "getCompileCacheDir", "register", "registerHooks", "runMain", "stripTypeScriptTypes", "SourceMap"].map(missing);
export const _debug = () => {};
export const _cache = Object.create(null);
export const _pathCache = Object.create(null);
export const _extensions = { __proto__: null, ".js": missing(".js"), ".json": missing(".json"), ".node": missing(".node") };
export const globalPaths = [];
export const constants = Object.freeze({ __proto__: null, compileCacheStatus: Object.freeze({ __proto__: null, FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 }) });
export const syncBuiltinESMExports = () => {};
export const getSourceMapsSupport = () => Object.freeze({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false });
export const setSourceMapsSupport = () => {};

Object.assign(Module, {
  Module, builtinModules, isBuiltin, createRequire, _findPath, _initPaths, _load, _nodeModulePaths, _preloadModules, _resolveFilename,
  _resolveLookupPaths, enableCompileCache, findPackageJSON, findSourceMap, flushCompileCache, getCompileCacheDir, register, registerHooks, runMain,
  stripTypeScriptTypes, SourceMap, _debug, _cache, _pathCache, _extensions, globalPaths, constants, syncBuiltinESMExports, getSourceMapsSupport,
  setSourceMapsSupport,
});
export default Module;
