// Random bytes and numbers.
import { Buffer } from "node:buffer";
import { ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateBoolean, validateFunction, validateInteger, validateNumber, validateObject } from "node:internal/validators";

const MOST = 2147483647;
const CHUNK = 65536;

function fill(bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK) crypto.getRandomValues(bytes.subarray(at, at + CHUNK));
  return bytes;
}

export function randomBytes(size, callback = undefined) {
  validateNumber(size, "size", 0, MOST);
  if (callback !== undefined) validateFunction(callback, "callback");
  const bytes = fill(Buffer.alloc(Math.trunc(size)));
  if (callback === undefined) return bytes;
  process.nextTick(callback, null, bytes);
  return undefined;
}

function part(buffer, offset, size) {
  if (!ArrayBuffer.isView(buffer) && !(buffer instanceof ArrayBuffer)) throw new ERR_INVALID_ARG_TYPE("buf", ["ArrayBuffer", "ArrayBufferView"], buffer);
  const width = buffer.BYTES_PER_ELEMENT ?? 1;
  validateNumber(offset, "offset");
  const from = offset * width;
  if (Number.isNaN(from) || from > Math.min(buffer.byteLength, MOST) || from < 0) throw new ERR_OUT_OF_RANGE("offset", `>= 0 && <= ${Math.min(buffer.byteLength, MOST)}`, from);
  let count = buffer.byteLength - from;
  if (size !== undefined) {
    validateNumber(size, "size");
    count = size * width;
    if (Number.isNaN(count) || count > MOST || count < 0) throw new ERR_OUT_OF_RANGE("size", `>= 0 && <= ${MOST}`, count);
    if (count + from > buffer.byteLength) throw new ERR_OUT_OF_RANGE("size + offset", `<= ${buffer.byteLength}`, count + from);
  }
  return ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset + from, count) : new Uint8Array(buffer, from, count);
}

export function randomFillSync(buffer, offset = 0, size = undefined) {
  fill(part(buffer, offset, size));
  return buffer;
}

export function randomFill(buffer, offset, size, callback = undefined) {
  let [from, count, done] = [offset, size, callback];
  if (typeof from === "function") [from, count, done] = [0, undefined, from];
  else if (typeof count === "function") [count, done] = [undefined, count];
  if (!ArrayBuffer.isView(buffer) && !(buffer instanceof ArrayBuffer)) throw new ERR_INVALID_ARG_TYPE("buf", ["ArrayBuffer", "ArrayBufferView"], buffer);
  validateFunction(done, "callback");
  fill(part(buffer, from ?? 0, count));
  process.nextTick(done, null, buffer);
}

const RANGE = 2 ** 48 - 1;

export function randomInt(min, max = undefined, callback = undefined) {
  let [low, high, done] = [min, max, callback];
  if (high === undefined || typeof high === "function") [low, high, done] = [0, low, high];
  if (done !== undefined) validateFunction(done, "callback");
  for (const [name, value] of [["min", low], ["max", high]]) if (!Number.isSafeInteger(value)) throw new ERR_INVALID_ARG_TYPE(name, "a safe integer", value);
  if (high <= low) throw new ERR_OUT_OF_RANGE("max", `greater than the value of "min" (${low})`, high);
  const range = high - low;
  if (range > RANGE) throw new ERR_OUT_OF_RANGE(min === low ? "max - min" : "max", `<= ${RANGE}`, range);
  const limit = RANGE - (RANGE % range);
  let value;
  do value = Buffer.from(fill(new Uint8Array(6))).readUIntBE(0, 6); while (value >= limit);
  const result = (value % range) + low;
  if (done === undefined) return result;
  process.nextTick(done, undefined, result);
  return undefined;
}

export function randomUUID(options = undefined) {
  if (options !== undefined) {
    validateObject(options, "options");
    if (options.disableEntropyCache !== undefined) validateBoolean(options.disableEntropyCache, "options.disableEntropyCache");
  }
  return crypto.randomUUID();
}

// ---- primes

const asNumber = (bytes) => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);

function power(base, exponent, modulus) {
  let [result, square, rest] = [1n, base % modulus, exponent];
  for (; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

const SMALL = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n];

function isPrime(value, checks = 12) {
  if (value < 2n) return false;
  for (const prime of SMALL) {
    if (value === prime) return true;
    if (value % prime === 0n) return false;
  }
  let [odd, twos] = [value - 1n, 0];
  for (; (odd & 1n) === 0n; odd >>= 1n) twos++;
  witnesses: for (let round = 0; round < checks; round++) {
    let x = power(SMALL[round % SMALL.length] + BigInt(round >= SMALL.length ? round * 2 : 0), odd, value);
    if (x === 1n || x === value - 1n) continue;
    for (let step = 1; step < twos; step++) {
      x = (x * x) % value;
      if (x === value - 1n) continue witnesses;
    }
    return false;
  }
  return true;
}

function candidate(value, name) {
  if (typeof value === "bigint") {
    if (value < 0n) throw new ERR_OUT_OF_RANGE(name, ">= 0", value);
    return value;
  }
  if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) throw new ERR_INVALID_ARG_TYPE(name, ["ArrayBuffer", "TypedArray", "Buffer", "DataView", "bigint"], value);
  return asNumber(ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value));
}

function primeJob(value, options) {
  const number = candidate(value, "candidate");
  validateObject(options, "options");
  const { checks = 0 } = options;
  validateInteger(checks, "options.checks", 0, MOST);
  return () => isPrime(number, Math.max(checks, 12));
}

export const checkPrimeSync = (value, options = {}) => primeJob(value, options)();

export function checkPrime(value, options, callback = undefined) {
  let [settings, done] = [options, callback];
  if (typeof settings === "function") [settings, done] = [{}, settings];
  const run = primeJob(value, settings ?? {});
  validateFunction(done, "callback");
  process.nextTick(done, null, run());
}

function generateJob(size, options) {
  validateInteger(size, "size", 1, MOST);
  validateObject(options, "options");
  const { safe = false, bigint = false, add, rem } = options;
  validateBoolean(safe, "options.safe");
  validateBoolean(bigint, "options.bigint");
  const [step, rest] = [add === undefined ? undefined : candidate(add, "options.add"), rem === undefined ? undefined : candidate(rem, "options.rem")];
  if (step !== undefined && step >= 2n ** BigInt(size)) throw new ERR_OUT_OF_RANGE("options.add", "less than size bits", add);
  if (rest !== undefined && step !== undefined && step <= rest) throw new ERR_OUT_OF_RANGE("options.rem", "less than options.add", rem);
  return () => {
    const bytes = new Uint8Array(Math.ceil(size / 8));
    for (;;) {
      let value = asNumber(fill(bytes)) & ((1n << BigInt(size)) - 1n);
      value |= 1n << BigInt(size - 1);
      if (size > 2) value |= 1n | (1n << BigInt(size - 2));
      if (step !== undefined) {
        value -= (value % step) - (rest ?? (safe ? 3n : 1n));
        if (value >> BigInt(size) !== 0n || value >> BigInt(size - 1) === 0n) continue;
      }
      if (!isPrime(value) || (safe && !isPrime((value - 1n) >> 1n))) continue;
      if (bigint) return value;
      const hex = value.toString(16).padStart(bytes.length * 2, "0");
      const result = Buffer.from(hex, "hex");
      return result.buffer.slice(result.byteOffset, result.byteOffset + result.length);
    }
  };
}

export const generatePrimeSync = (size, options = {}) => generateJob(size, options)();

export function generatePrime(size, options, callback = undefined) {
  let [settings, done] = [options, callback];
  if (typeof settings === "function") [settings, done] = [{}, settings];
  const run = generateJob(size, settings ?? {});
  validateFunction(done, "callback");
  process.nextTick(done, null, run());
}
