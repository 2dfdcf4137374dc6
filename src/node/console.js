// node:console: the global console, and the class.
import { ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { formatWithOptions } from "node:internal/format";

const { console } = globalThis;

/** A console that writes to streams of the user. */
export function Console(options, stderr = undefined) {
  if (!new.target) return new Console(options, stderr);
  const given = typeof options?.write === "function" ? { stdout: options, stderr } : options;
  const out = given?.stdout;
  const err = given?.stderr ?? out;
  for (const [name, stream] of [["stdout", out], ["stderr", err]]) {
    if (typeof stream?.write !== "function") throw new ERR_INVALID_ARG_TYPE(name, "Stream", stream);
  }
  const print = (stream) => (...args) => void stream.write(`${formatWithOptions(given.inspectOptions ?? {}, ...args)}\n`);
  const [log, error] = [print(out), print(err)];
  Object.assign(this, console, { log, info: log, debug: log, dirxml: log, error, warn: error, trace: error, dir: (value) => log(value) });
  return this;
}

export const {
  log, warn, dir, time, timeEnd, timeLog, trace, assert, clear, count, countReset, group, groupEnd, table, debug, info, dirxml, error, groupCollapsed,
} = console;
const nothing = (name) => console[name] ?? (() => {});
export const [profile, profileEnd, timeStamp, context, createTask] = ["profile", "profileEnd", "timeStamp", "context", "createTask"].map(nothing);
export const [_stdout, _stderr, _stdoutErrorHandler, _stderrErrorHandler] = [undefined, undefined, () => {}, () => {}];
export const [_ignoreErrors, _times] = [true, new Map()];

Object.assign(console, { Console, context, createTask, _stdout, _stderr, _ignoreErrors, _times, _stdoutErrorHandler, _stderrErrorHandler });
for (const name of ["Console", "context", "createTask", "_stdout", "_stderr", "_ignoreErrors", "_times", "_stdoutErrorHandler", "_stderrErrorHandler"]) {
  Object.defineProperty(console, name, { enumerable: false });
}
export default console;
