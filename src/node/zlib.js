// node:zlib: deflate, gzip and brotli, at once and as streams (which work on the whole when all of it is there).
import { Buffer, kMaxLength } from "node:buffer";
import { Transform } from "node:stream";
import { natives } from "node:internal/natives";
import { constants } from "node:internal/zlib_constants";
import { ERR_BROTLI_INVALID_PARAM, ERR_BUFFER_TOO_LARGE, ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { process } from "node:internal/process";
import { checkRangesOrGetDefault, validateFunction, validateObject, validateUint32 } from "node:internal/validators";

const CODES = { "unexpected end of file": ["Z_BUF_ERROR", -5], "Decompression failed": ["ERR__ERROR_FORMAT_PADDING_1", -2] };

function failure(error) {
  if (error.message === "ERR_BUFFER_TOO_LARGE") return new ERR_BUFFER_TOO_LARGE(error.limit);
  const [code, errno] = CODES[error.message] ?? ["Z_DATA_ERROR", -3];
  return Object.assign(new Error(error.message), { code, errno });
}

function bytesOf(data) {
  if (typeof data === "string") return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  throw new ERR_INVALID_ARG_TYPE("buffer", ["string", "Buffer", "TypedArray", "DataView", "ArrayBuffer"], data);
}

function settingsOf(options, isBrotli) {
  const given = options ?? {};
  validateObject(given, "options");
  const settings = {
    level: checkRangesOrGetDefault(given.level, "options.level", -1, 9, -1),
    limit: checkRangesOrGetDefault(given.maxOutputLength, "options.maxOutputLength", 1, kMaxLength, kMaxLength),
    whole: given.finishFlush === undefined || given.finishFlush === constants.Z_FINISH || (isBrotli && given.finishFlush === constants.BROTLI_OPERATION_FINISH),
    info: Boolean(given.info),
  };
  checkRangesOrGetDefault(given.chunkSize, "options.chunkSize", 64, Infinity, 16384);
  checkRangesOrGetDefault(given.windowBits, "options.windowBits", given.windowBits === 0 ? 0 : 8, 15, 15);
  checkRangesOrGetDefault(given.memLevel, "options.memLevel", 1, 9, 8);
  checkRangesOrGetDefault(given.strategy, "options.strategy", 0, 4, 0);
  checkRangesOrGetDefault(given.flush, "options.flush", 0, 6, 0);
  checkRangesOrGetDefault(given.finishFlush, "options.finishFlush", 0, 6, 4);
  if (given.dictionary !== undefined) {
    if (!ArrayBuffer.isView(given.dictionary) && !(given.dictionary instanceof ArrayBuffer)) throw new ERR_INVALID_ARG_TYPE("options.dictionary", ["Buffer", "TypedArray", "DataView", "ArrayBuffer"], given.dictionary);
    throw new ERR_METHOD_NOT_IMPLEMENTED("zlib's dictionary option");
  }
  if (isBrotli) settings.level = brotliQuality(given.params);
  return settings;
}

function brotliQuality(params = {}) {
  for (const [key, value] of Object.entries(params)) {
    if (!(Number(key) >= 0 && Number(key) <= 9)) throw new ERR_BROTLI_INVALID_PARAM(key);
    if (typeof value !== "number" && typeof value !== "boolean") throw new ERR_INVALID_ARG_TYPE("options.params[key]", "number", value);
  }
  return params[constants.BROTLI_PARAM_QUALITY] ?? 11;
}

const isGzip = (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Every codec: how it is called, and what it makes of bytes. */
const CODECS = {
  Deflate: ["deflate", true], DeflateRaw: ["raw", true], Gzip: ["gzip", true], Inflate: ["deflate", false], InflateRaw: ["raw", false],
  Gunzip: ["gzip", false], Unzip: ["unzip", false], BrotliCompress: ["brotli", true], BrotliDecompress: ["brotli", false],
};

function convert([format, packs], bytes, { level, limit, whole }) {
  try {
    if (packs) {
      const packed = natives.zlibCompress(format, bytes, level < 0 && format !== "brotli" ? 6 : level);
      if (packed.length > limit) throw new Error("ERR_BUFFER_TOO_LARGE");
      return Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    }
    const used = format === "unzip" ? (isGzip(bytes) ? "gzip" : "deflate") : format;
    const unpacked = natives.zlibDecompress(used, bytes, Math.min(limit, 0xffffffff - 1), whole);
    return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
  } catch (error) {
    throw failure(Object.assign(error, { limit }));
  }
}

export class ZlibBase extends Transform {
  #codec;
  #settings;
  #chunks = [];
  bytesWritten = 0;

  constructor(codec, options) {
    const settings = settingsOf(options, codec[0] === "brotli");
    super({ ...options, autoDestroy: true });
    this.#codec = codec;
    this.#settings = settings;
  }

  _transform(chunk, encoding, callback) {
    const bytes = bytesOf(chunk);
    this.bytesWritten += bytes.length;
    this.#chunks.push(Buffer.from(bytes));
    callback();
  }

  _flush(callback) {
    try {
      const made = convert(this.#codec, Buffer.concat(this.#chunks), this.#settings);
      for (let at = 0; at < made.length; at += 16384) this.push(made.subarray(at, at + 16384));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  flush(kind, callback = undefined) { (typeof kind === "function" ? kind : callback)?.(); }
  params(level, strategy, callback) { process.nextTick(callback); }
  reset() { this.#chunks = []; }

  close(callback = undefined) {
    if (callback) this.once("close", callback);
    this.destroy();
  }
}

/** Callable without `new`, as Node.js's are. */
function streamClass(name) {
  const Class = { [name]: class extends ZlibBase { constructor(options) { super(CODECS[name], options); } } }[name];
  return new Proxy(Class, { apply: (_, receiver, [options]) => new Class(options) });
}

export const [Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress] = Object.keys(CODECS).map(streamClass);
export const createDeflate = (options) => new Deflate(options);
export const createDeflateRaw = (options) => new DeflateRaw(options);
export const createGzip = (options) => new Gzip(options);
export const createInflate = (options) => new Inflate(options);
export const createInflateRaw = (options) => new InflateRaw(options);
export const createGunzip = (options) => new Gunzip(options);
export const createUnzip = (options) => new Unzip(options);
export const createBrotliCompress = (options) => new BrotliCompress(options);
export const createBrotliDecompress = (options) => new BrotliDecompress(options);

const sync = (name) => (data, options = undefined) => {
  const bytes = bytesOf(data);
  const settings = settingsOf(options, CODECS[name][0] === "brotli");
  const buffer = convert(CODECS[name], bytes, settings);
  return settings.info ? { buffer, engine: new { Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress }[name](options) } : buffer;
};
const asynchronous = (name) => (data, options, callback = undefined) => {
  const [given, done] = typeof options === "function" ? [undefined, options] : [options, callback];
  validateFunction(done, "callback");
  const bytes = bytesOf(data);
  const settings = settingsOf(given, CODECS[name][0] === "brotli");
  let results;
  try {
    results = [null, convert(CODECS[name], bytes, settings)];
  } catch (error) {
    results = [error];
  }
  process.nextTick(done, ...results);
};
export const [deflateSync, deflateRawSync, gzipSync, inflateSync, inflateRawSync, gunzipSync, unzipSync, brotliCompressSync, brotliDecompressSync] = Object.keys(CODECS).map(sync);
export const [deflate, deflateRaw, gzip, inflate, inflateRaw, gunzip, unzip, brotliCompress, brotliDecompress] = Object.keys(CODECS).map(asynchronous);

export function crc32(data, value = 0) {
  if (typeof data !== "string" && !ArrayBuffer.isView(data)) throw new ERR_INVALID_ARG_TYPE("data", ["Buffer", "TypedArray", "DataView", "string"], data);
  validateUint32(value, "value");
  return natives.crc32(bytesOf(data), value);
}

// Differs: node:zlib has no zstd and no dictionaries; streams work on the whole when all of it is there.
const missing = (name) => ({ [name]: function () { throw new ERR_METHOD_NOT_IMPLEMENTED(`zlib.${name}`); } })[name];
export const [ZstdCompress, ZstdDecompress, createZstdCompress, createZstdDecompress, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync] =
  ["ZstdCompress", "ZstdDecompress", "createZstdCompress", "createZstdDecompress", "zstdCompress", "zstdCompressSync", "zstdDecompress", "zstdDecompressSync"].map(missing);

export const codes = Object.freeze({
  Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6, 0: "Z_OK", 1: "Z_STREAM_END", 2: "Z_NEED_DICT", "-1": "Z_ERRNO", "-2": "Z_STREAM_ERROR", "-3": "Z_DATA_ERROR",
  "-4": "Z_MEM_ERROR", "-5": "Z_BUF_ERROR", "-6": "Z_VERSION_ERROR",
});
export { constants };

export default {
  crc32, codes, constants, Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress, createDeflate,
  createDeflateRaw, createGzip, createInflate, createInflateRaw, createGunzip, createUnzip, createBrotliCompress, createBrotliDecompress,
  deflate, deflateSync, deflateRaw, deflateRawSync, gzip, gzipSync, inflate, inflateSync, inflateRaw, inflateRawSync, gunzip, gunzipSync,
  unzip, unzipSync, brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, ZstdCompress, ZstdDecompress, createZstdCompress,
  createZstdDecompress, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync,
};
