// node:child_process: Workers start no processes; what is asked for is checked, then refused.
import { EventEmitter } from "node:events";
import { ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateFunction, validateObject, validateString } from "node:internal/validators";

const refuse = (name) => { throw new ERR_METHOD_NOT_IMPLEMENTED(`child_process.${name}`); };

export class ChildProcess extends EventEmitter {
  constructor() {
    super();
    refuse("ChildProcess");
  }
}

const members = ["kill", "send", "disconnect", "unref", "ref", Symbol.dispose];
for (const name of members) {
  Object.defineProperty(ChildProcess.prototype, name, { value() { refuse(`ChildProcess.${String(name)}`); }, writable: true, configurable: true });
}

export function _forkChild() { refuse("_forkChild"); }

export function exec(command, options = undefined, callback = undefined) {
  validateString(command, "command");
  if (typeof options !== "function" && options !== undefined && options !== null) validateObject(options, "options");
  if (callback !== undefined && callback !== null) validateFunction(callback, "callback");
  refuse("exec");
}

/** `(file, args, options, callback)`, each after the first optional. */
function checked(name, what, file, rest) {
  validateString(file, what);
  const left = [...rest];
  if (Array.isArray(left[0])) left.shift();
  else if (left[0] === null || left[0] === undefined) left.shift();
  if (left[0] !== undefined && left[0] !== null && typeof left[0] !== "function") {
    if (typeof left[0] !== "object") throw new ERR_INVALID_ARG_TYPE(rest[0] === left[0] ? "args" : "options", "object", left[0]);
    left.shift();
  }
  if (left[0] !== undefined && left[0] !== null) validateFunction(left[0], "callback");
  refuse(name);
}

export function execFile(file, ...rest) { checked("execFile", "file", file, rest); }
export function execFileSync(file, ...rest) { checked("execFileSync", "file", file, rest); }

export function execSync(command, options = undefined) {
  validateString(command, "command");
  if (options !== undefined && options !== null) validateObject(options, "options");
  refuse("execSync");
}

export function fork(modulePath, ...rest) { checked("fork", "modulePath", modulePath instanceof URL ? modulePath.href : modulePath, rest); }
export function spawn(file = "", ...rest) { checked("spawn", "file", file, rest); }
export function spawnSync(file, ...rest) { checked("spawnSync", "file", file, rest); }

export default { ChildProcess, _forkChild, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
