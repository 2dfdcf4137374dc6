// Checks and conversions of what `fs` functions get.
import { Buffer } from "node:buffer";
import { lazy } from "internal:host";
import { constants } from "node:internal/fs_constants";
import { ERR_BUFFER_OUT_OF_BOUNDS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { parseFileMode, validateBoolean, validateInt32, validateInteger, validateObject, validateOneOf } from "node:internal/validators";
import { fsError } from "node:internal/fs/volume";

const urls = lazy("node:url");

/** A path as text: from a string, a URL or bytes. */
export function pathOf(value, name = "path") {
  let path = value;
  if (path instanceof URL) path = urls().fileURLToPath(path);
  else if (path instanceof Uint8Array) path = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
  if (typeof path !== "string") throw new ERR_INVALID_ARG_TYPE(name, ["string", "Buffer", "URL"], value);
  if (path.includes("\0")) throw new ERR_INVALID_ARG_VALUE(name, value, "must be a string, Uint8Array, or URL without null bytes");
  return path;
}

export function fdOf(fd) {
  validateInt32(fd, "fd", 0, 2147483647);
  return fd;
}

const O = constants;
const NAMED = {
  r: O.O_RDONLY, rs: O.O_RDONLY | O.O_SYNC, sr: O.O_RDONLY | O.O_SYNC, "r+": O.O_RDWR, "rs+": O.O_RDWR | O.O_SYNC, "sr+": O.O_RDWR | O.O_SYNC,
  w: O.O_TRUNC | O.O_CREAT | O.O_WRONLY, wx: O.O_TRUNC | O.O_CREAT | O.O_WRONLY | O.O_EXCL, xw: O.O_TRUNC | O.O_CREAT | O.O_WRONLY | O.O_EXCL,
  "w+": O.O_TRUNC | O.O_CREAT | O.O_RDWR, "wx+": O.O_TRUNC | O.O_CREAT | O.O_RDWR | O.O_EXCL, "xw+": O.O_TRUNC | O.O_CREAT | O.O_RDWR | O.O_EXCL,
  a: O.O_APPEND | O.O_CREAT | O.O_WRONLY, ax: O.O_APPEND | O.O_CREAT | O.O_WRONLY | O.O_EXCL, xa: O.O_APPEND | O.O_CREAT | O.O_WRONLY | O.O_EXCL,
  as: O.O_APPEND | O.O_CREAT | O.O_WRONLY | O.O_SYNC, sa: O.O_APPEND | O.O_CREAT | O.O_WRONLY | O.O_SYNC, "a+": O.O_APPEND | O.O_CREAT | O.O_RDWR,
  "ax+": O.O_APPEND | O.O_CREAT | O.O_RDWR | O.O_EXCL, "xa+": O.O_APPEND | O.O_CREAT | O.O_RDWR | O.O_EXCL, "as+": O.O_APPEND | O.O_CREAT | O.O_RDWR | O.O_SYNC,
  "sa+": O.O_APPEND | O.O_CREAT | O.O_RDWR | O.O_SYNC,
};

/** `r`, `w+`, ... or a number, taken apart. */
export function flagsOf(value, name = "flags") {
  let flags = value ?? "r";
  if (typeof flags === "string") {
    flags = NAMED[flags];
    if (flags === undefined) throw new ERR_INVALID_ARG_VALUE(name, value);
  } else {
    validateInt32(flags, name);
  }
  const access = flags & 3;
  return {
    read: access !== O.O_WRONLY, write: access !== O.O_RDONLY, append: (flags & O.O_APPEND) !== 0, create: (flags & O.O_CREAT) !== 0,
    exclusive: (flags & O.O_EXCL) !== 0, truncate: (flags & O.O_TRUNC) !== 0, noFollow: (flags & O.O_NOFOLLOW) !== 0,
  };
}

export const modeOf = (mode, fallback) => parseFileMode(mode, "mode", fallback);

/** `"utf8"` or `{ encoding: "utf8" }` or nothing. */
export function optionsOf(options, defaults = {}) {
  if (options === undefined || options === null || typeof options === "function") return { ...defaults };
  const given = typeof options === "string" ? { encoding: options } : options;
  if (typeof given !== "object") throw new ERR_INVALID_ARG_TYPE("options", ["string", "Object"], options);
  const { encoding } = given;
  if (encoding !== undefined && encoding !== null && encoding !== "buffer" && !Buffer.isEncoding(encoding)) {
    throw new ERR_INVALID_ARG_VALUE(typeof options === "string" ? "encoding" : "options.encoding", encoding, "is invalid encoding");
  }
  return { ...defaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** An object of options of which these are booleans. */
export function flagsIn(options, ...names) {
  const given = options === undefined || typeof options === "function" ? {} : options;
  validateObject(given, "options");
  for (const name of names) if (given[name] !== undefined) validateBoolean(given[name], `options.${name}`);
  return given;
}

export function encoded(bytes, encoding) {
  return encoding === undefined || encoding === null || encoding === "buffer" ? bytes : bytes.toString(encoding);
}

/** What is to be written, as bytes. */
export function dataOf(data, encoding = "utf8", name = "data") {
  if (typeof data === "string") return Buffer.from(data, encoding === "buffer" ? "utf8" : encoding ?? "utf8");
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw new ERR_INVALID_ARG_TYPE(name, ["string", "Buffer", "TypedArray", "DataView"], data);
}

export function lengthOf(length) {
  const value = length ?? 0;
  validateInteger(value, "len", 0);
  return value;
}

/** Seconds, a date or its text, as milliseconds. */
export function timeOf(time, name) {
  if (typeof time === "number" && Number.isFinite(time)) return time * 1000;
  if (typeof time === "bigint") return Number(time) * 1000;
  if (typeof time === "string" && time.trim() !== "" && Number.isFinite(+time)) return +time * 1000;
  if (time instanceof Date) return time.getTime();
  throw new ERR_INVALID_ARG_TYPE(name, ["number", "string", "Date"], time);
}

export function idOf(id, name) {
  validateInteger(id, name, -1, 4294967295);
  return id;
}

function positionOf(position) {
  if (position === undefined || position === null || position === -1) return null;
  if (typeof position === "bigint") {
    if (position > 0xffffffffn) throw fsError("EINVAL", "write");
    return Number(position);
  }
  if (typeof position !== "number") throw new ERR_INVALID_ARG_TYPE("position", ["integer", "bigint"], position);
  validateInteger(position, "position", 0, 0xffffffff);
  return position;
}

function range(view, offset, length) {
  const from = offset ?? 0;
  if (typeof from !== "number") throw new ERR_INVALID_ARG_TYPE("offset", "number", from);
  validateInteger(from, "offset", 0);
  const count = length ?? view.byteLength - from;
  if (typeof count !== "number") throw new ERR_INVALID_ARG_TYPE("length", "number", count);
  if (from > view.byteLength) throw new ERR_BUFFER_OUT_OF_BOUNDS("offset");
  validateInteger(count, "length", 0);
  if (from + count > view.byteLength) throw new ERR_BUFFER_OUT_OF_BOUNDS("length");
  return Buffer.from(view.buffer, view.byteOffset + from, count);
}

/** `(buffer, offset, length, position)` or `(buffer, { offset, length, position })` -> the part and where it goes. */
export function partOf(buffer, offset, length, position) {
  let [from, count, at] = [offset, length, position];
  if (from !== null && typeof from === "object") ({ offset: from, length: count, position: at } = from);
  return { bytes: range(buffer, from, count), position: positionOf(at) };
}

/** `(string, position, encoding)` as well. */
export function writtenOf(data, offsetOrOptions, lengthOrEncoding, position) {
  if (ArrayBuffer.isView(data)) return partOf(data, offsetOrOptions, lengthOrEncoding, position);
  if (typeof data !== "string") throw new ERR_INVALID_ARG_TYPE("buffer", ["string", "Buffer", "TypedArray", "DataView"], data);
  let [at, encoding] = [offsetOrOptions, lengthOrEncoding];
  if (at !== null && typeof at === "object") ({ position: at, encoding } = at);
  if (typeof encoding === "string" && !Buffer.isEncoding(encoding)) throw new ERR_INVALID_ARG_VALUE("encoding", encoding, "is invalid encoding");
  return { bytes: Buffer.from(data, typeof encoding === "string" ? encoding : "utf8"), position: positionOf(at) };
}

export function viewsOf(buffers) {
  if (!Array.isArray(buffers)) throw new ERR_INVALID_ARG_TYPE("buffers", "ArrayBufferView[]", buffers);
  return buffers.map((one, at) => {
    if (!ArrayBuffer.isView(one)) throw new ERR_INVALID_ARG_TYPE(`buffers[${at}]`, ["Buffer", "TypedArray", "DataView"], one);
    return Buffer.from(one.buffer, one.byteOffset, one.byteLength);
  });
}

export { positionOf };
export const accessOf = (mode) => {
  validateInteger(mode ?? 0, "mode", 0, 7);
  return mode ?? 0;
};
export const symlinkTypeOf = (type) => validateOneOf(type, "type", ["dir", "file", "junction", undefined, null]);
