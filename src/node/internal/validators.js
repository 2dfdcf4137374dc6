// Checks of arguments, as Node.js's modules make them.
import {
  ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_THIS, ERR_OUT_OF_RANGE, ERR_SOCKET_BAD_PORT, ERR_UNKNOWN_SIGNAL,
} from "node:internal/errors";

const type = (name, expected, value) => new ERR_INVALID_ARG_TYPE(name, expected, value);

export function validateString(value, name) {
  if (typeof value !== "string") throw type(name, "string", value);
}

export function validateBoolean(value, name) {
  if (typeof value !== "boolean") throw type(name, "boolean", value);
}

export function validateFunction(value, name) {
  if (typeof value !== "function") throw type(name, "Function", value);
}

export function validateUndefined(value, name) {
  if (value !== undefined) throw type(name, "undefined", value);
}

export function validateSymbol(value, name) {
  if (typeof value !== "symbol") throw type(name, "symbol", value);
}

export function validateObject(value, name, { allowArray = false, allowFunction = false, nullable = false } = {}) {
  if (value === null ? nullable : typeof value === "object" && (allowArray || !Array.isArray(value))) return;
  if (allowFunction && typeof value === "function") return;
  throw type(name, "Object", value);
}

export function validateArray(value, name, minLength = 0) {
  if (!Array.isArray(value)) throw type(name, "Array", value);
  if (value.length < minLength) throw new ERR_INVALID_ARG_VALUE(name, value, `must be longer than ${minLength}`);
}

export function validateStringArray(value, name) {
  validateArray(value, name);
  value.forEach((one, at) => validateString(one, `${name}[${at}]`));
}

export function validateNumber(value, name, min = undefined, max = undefined) {
  if (typeof value !== "number") throw type(name, "number", value);
  const bounded = min !== undefined || max !== undefined;
  if ((min !== undefined && value < min) || (max !== undefined && value > max) || (bounded && Number.isNaN(value))) {
    const range = [min === undefined ? "" : `>= ${min}`, max === undefined ? "" : `<= ${max}`].filter(Boolean).join(" && ");
    throw new ERR_OUT_OF_RANGE(name, range, value);
  }
}

export function validateInteger(value, name, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== "number") throw type(name, "number", value);
  if (!Number.isInteger(value)) throw new ERR_OUT_OF_RANGE(name, "an integer", value);
  if (value < min || value > max) throw new ERR_OUT_OF_RANGE(name, `>= ${min} && <= ${max}`, value);
}

export const validateInt32 = (value, name, min = -2147483648, max = 2147483647) => validateInteger(value, name, min, max);

export function validateUint32(value, name, positive = false) {
  if (typeof value !== "number") throw type(name, "number", value);
  if (!Number.isInteger(value)) throw new ERR_OUT_OF_RANGE(name, "an integer", value);
  const min = positive ? 1 : 0;
  if (value < min || value > 4294967295) throw new ERR_OUT_OF_RANGE(name, `>= ${min} && <= 4294967295`, value);
}

export function validateOneOf(value, name, allowed) {
  if (allowed.includes(value)) return;
  const words = allowed.map((one) => (typeof one === "string" ? `'${one}'` : String(one))).join(", ");
  throw new ERR_INVALID_ARG_VALUE(name, value, `must be one of: ${words}`);
}

export function validateBuffer(value, name = "buffer") {
  if (!ArrayBuffer.isView(value)) throw type(name, ["Buffer", "TypedArray", "DataView"], value);
}

export function validateAbortSignal(value, name) {
  if (value !== undefined && (value === null || typeof value !== "object" || !("aborted" in value))) {
    throw type(name, "AbortSignal", value);
  }
}

export function validatePort(port, name = "Port", allowZero = true) {
  const number = typeof port === "string" && port.trim() === "" ? Number.NaN : Number(port);
  const fits = Number.isInteger(number) && number >= 0 && number <= 65535 && (allowZero || number !== 0);
  if ((typeof port !== "number" && typeof port !== "string") || !fits) throw new ERR_SOCKET_BAD_PORT(name, port, allowZero);
  return number;
}

export function validateSignalName(signal, name = "signal") {
  validateString(signal, name);
  if (!/^SIG[A-Z0-9]+$/.test(signal)) throw new ERR_UNKNOWN_SIGNAL(signal);
}

export function validateThis(condition, name) {
  if (!condition) throw new ERR_INVALID_THIS(name);
}

/** 0o644 or "644". */
export function parseFileMode(value, name, fallback = undefined) {
  let mode = value ?? fallback;
  if (typeof mode === "string") {
    if (!/^[0-7]+$/.test(mode)) throw new ERR_INVALID_ARG_VALUE(name, value, "must be a 32-bit unsigned integer or an octal string");
    mode = Number.parseInt(mode, 8);
  }
  validateUint32(mode, name);
  return mode;
}

export const isErrorLike = (value) => typeof value === "object" && value !== null && Object.hasOwn(value, "stack");

export function checkRangesOrGetDefault(number, name, lower, upper, fallback) {
  if (number === undefined || Number.isNaN(number)) return fallback;
  if (typeof number !== "number") throw type(name, "number", number);
  if (Number.isFinite(number) && number >= lower && number <= upper) return number;
  if (!Number.isFinite(number) || number < lower || number > upper) throw new ERR_OUT_OF_RANGE(name, `>= ${lower} and <= ${upper}`, number);
  return number;
}
