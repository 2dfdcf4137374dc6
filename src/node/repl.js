// node:repl: there is no terminal to read from.
import { Interface } from "node:internal/readline";
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { builtinModules as all } from "node:module";

export function writer() { throw new ERR_METHOD_NOT_IMPLEMENTED("writer"); }
export function start() { throw new ERR_METHOD_NOT_IMPLEMENTED("start"); }

export class Recoverable extends SyntaxError {
  constructor(error) {
    super();
    this.err = error;
  }
}

export class REPLServer extends Interface {
  constructor() {
    super();
    throw new ERR_METHOD_NOT_IMPLEMENTED("REPLServer");
  }

  setupHistory() {}
  defineCommand() {}
  displayPrompt() {}
  clearBufferedCommand() {}
}

export const REPL_MODE_SLOPPY = Symbol("repl-sloppy");
export const REPL_MODE_STRICT = Symbol("repl-strict");
export const builtinModules = all.filter((name) => !name.startsWith("_"));
export const _builtinLibs = builtinModules;
export default { writer, start, Recoverable, REPLServer, REPL_MODE_SLOPPY, REPL_MODE_STRICT, builtinModules, _builtinLibs };
