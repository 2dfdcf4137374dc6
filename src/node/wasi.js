// node:wasi: options are checked, then refused.
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateArray, validateBoolean, validateInt32, validateObject, validateOneOf } from "node:internal/validators";

export class WASI {
  constructor(options = {}) {
    validateObject(options, "options");
    if (options.version !== undefined) validateOneOf(options.version, "options.version", ["unstable", "preview1"]);
    if (options.args !== undefined) validateArray(options.args, "options.args");
    for (const name of ["env", "preopens"]) if (options[name] !== undefined) validateObject(options[name], `options.${name}`);
    for (const name of ["stdin", "stdout", "stderr"]) if (options[name] !== undefined) validateInt32(options[name], `options.${name}`, 0);
    if (options.returnOnExit !== undefined) validateBoolean(options.returnOnExit, "options.returnOnExit");
    throw new ERR_METHOD_NOT_IMPLEMENTED("wasi.WASI");
  }

  getImportObject() { throw new ERR_METHOD_NOT_IMPLEMENTED("WASI.getImportObject"); }
  start() { throw new ERR_METHOD_NOT_IMPLEMENTED("WASI.start"); }
  initialize() { throw new ERR_METHOD_NOT_IMPLEMENTED("WASI.initialize"); }
}

export default { WASI };
