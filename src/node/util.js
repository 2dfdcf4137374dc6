// node:util.
import { lazy } from "internal:host";
import { isDeepStrictEqual } from "node:internal/comparisons";
import { ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED, ERR_OUT_OF_RANGE, aggregateTwoErrors } from "node:internal/errors";
import { format, formatWithOptions } from "node:internal/format";
import { inspect } from "node:internal/inspect";
import { MIMEParams, MIMEType } from "node:internal/mime";
import { callbackify, deprecate, inherits, promisify } from "node:internal/promisify";
import { colors, stripVTControlCharacters, styleText } from "node:internal/style";
import { parseEnv } from "node:internal/dotenv";
import { validateAbortSignal, validateFunction, validateInteger, validateNumber, validateString } from "node:internal/validators";
import types from "node:util/types";

const systemErrors = lazy("node:internal/system_errors");
const argumentParser = lazy("node:internal/parse_args");
const { AbortController: Controller } = globalThis;

inspect.colors ??= colors;
inspect.styles ??= Object.assign(Object.create(null), {
  special: "cyan", number: "yellow", bigint: "yellow", boolean: "yellow", undefined: "grey", null: "bold", string: "green", symbol: "green",
  date: "magenta", regexp: "red", module: "underline",
});

export const { TextDecoder, TextEncoder } = globalThis;
export const isArray = Array.isArray;
export const isBoolean = (value) => typeof value === "boolean";
export const isBuffer = (value) => globalThis.Buffer?.isBuffer(value) ?? false;
export const isDate = types.isDate;
export const isError = (value) => types.isNativeError(value) || value instanceof Error;
export const isFunction = (value) => typeof value === "function";
export const isNull = (value) => value === null;
export const isNullOrUndefined = (value) => value === null || value === undefined;
export const isNumber = (value) => typeof value === "number";
export const isObject = (value) => value !== null && typeof value === "object";
export const isPrimitive = (value) => value === null || (typeof value !== "object" && typeof value !== "function");
export const isRegExp = types.isRegExp;
export const isString = (value) => typeof value === "string";
export const isSymbol = (value) => typeof value === "symbol";
export const isUndefined = (value) => value === undefined;

export function toUSVString(value) {
  return `${value}`.toWellFormed();
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function log(...args) {
  const now = new Date();
  const two = (value) => String(value).padStart(2, "0");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  console.log("%s - %s", `${now.getDate()} ${MONTHS[now.getMonth()]} ${time}`, format(...args));
}

export function debuglog(set, callback = undefined) {
  validateString(set, "set");
  const logger = Object.assign(() => {}, { enabled: false });
  if (callback !== undefined) {
    validateFunction(callback, "callback");
    callback(logger);
  }
  return logger;
}
export const debug = debuglog;

export async function aborted(signal, resource) {
  if (signal === undefined) throw new ERR_INVALID_ARG_TYPE("signal", "AbortSignal", signal);
  validateAbortSignal(signal, "signal");
  if (resource === null || (typeof resource !== "object" && typeof resource !== "function")) throw new ERR_INVALID_ARG_TYPE("resource", "Object", resource);
  if (signal.aborted) return undefined;
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

export const transferableAbortController = () => new Controller();

export function transferableAbortSignal(signal) {
  if (!(signal instanceof AbortSignal)) throw new ERR_INVALID_ARG_TYPE("signal", "AbortSignal", signal);
  return signal;
}

export function getSystemErrorName(number) {
  validateNumber(number, "err");
  if (number >= 0 || !Number.isSafeInteger(number)) throw new ERR_OUT_OF_RANGE("err", "a negative integer", number);
  return systemErrors().errors.get(number)?.[0] ?? `Unknown system error ${number}`;
}

export function getSystemErrorMessage(number) {
  validateNumber(number, "err");
  if (number >= 0 || !Number.isSafeInteger(number)) throw new ERR_OUT_OF_RANGE("err", "a negative integer", number);
  return systemErrors().errors.get(number)?.[1] ?? `Unknown system error ${number}`;
}

export const getSystemErrorMap = () => new Map(systemErrors().errors);

export function _errnoException(number, syscall, original = undefined) {
  const code = getSystemErrorName(number);
  const message = `${syscall} ${code}${original ? ` ${original}` : ""}`;
  return Object.assign(new Error(message), { errno: number, code, syscall });
}

export function _exceptionWithHostPort(number, syscall, address, port, additional = undefined) {
  const code = getSystemErrorName(number);
  const place = port && port > 0 ? ` ${address}:${port}` : address ? ` ${address}` : "";
  const error = new Error(`${syscall} ${code}${place}${additional ? ` - Local (${additional})` : ""}`);
  return Object.assign(error, { errno: number, code, syscall, address, ...(port ? { port } : {}) });
}

export function getCallSites(frameCount = 8, options = undefined) {
  let count = frameCount;
  if (options === undefined && typeof count === "object") count = 8;
  validateInteger(count, "frameCount", 1, 200);
  const before = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_, sites) => sites;
    const { stack } = new Error("sites");
    return stack.slice(1, count + 1).map((site) => ({
      functionName: site.getFunctionName() ?? "", scriptId: "0", scriptName: site.getFileName() ?? "", lineNumber: site.getLineNumber() ?? 0,
      column: site.getColumnNumber() ?? 0, columnNumber: site.getColumnNumber() ?? 0,
    }));
  } finally {
    Error.prepareStackTrace = before;
  }
}

export const parseArgs = (config = undefined) => argumentParser().parseArgs(config);
export const _extend = (target, source) => {
  if (source === null || typeof source !== "object") return target;
  return Object.assign(target, source);
};

export function diff() {
  throw new ERR_METHOD_NOT_IMPLEMENTED("diff");
}
export function setTraceSigInt() {}

export {
  MIMEParams, MIMEType, aggregateTwoErrors, callbackify, deprecate, format, formatWithOptions, inherits, inspect, isDeepStrictEqual, parseEnv,
  promisify, stripVTControlCharacters, styleText, types,
};

export default {
  types, callbackify, deprecate, format, formatWithOptions, inherits, inspect, isArray, isBoolean, isBuffer, isDeepStrictEqual, isNull,
  isNullOrUndefined, isNumber, isString, isSymbol, isUndefined, isRegExp, isObject, isDate, isError, isFunction, isPrimitive, log, promisify,
  stripVTControlCharacters, styleText, toUSVString, TextDecoder, TextEncoder, MIMEParams, MIMEType, debuglog, debug, aborted,
  getSystemErrorName, getSystemErrorMessage, getSystemErrorMap, getCallSites, parseArgs, parseEnv, transferableAbortController,
  transferableAbortSignal, diff, setTraceSigInt, _extend, _errnoException, _exceptionWithHostPort,
};
