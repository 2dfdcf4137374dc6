// node:zlib: deflate, gzip, brotli and zstd, at once and as streams.
import { Buffer, kMaxLength } from "node:buffer";
import { Transform } from "node:stream";
import { natives } from "node:internal/natives";
import { constants } from "node:internal/zlib_constants";
import { FlateBase, runWhole } from "node:internal/zlib_flate";
import { ERR_BROTLI_INVALID_PARAM, ERR_BUFFER_TOO_LARGE, ERR_INVALID_ARG_TYPE, ERR_ZSTD_INVALID_PARAM } from "node:internal/errors";
import { process } from "node:internal/process";
import { checkRangesOrGetDefault, validateFunction, validateObject, validateUint32 } from "node:internal/validators";

const CODES = { "unexpected end of file": ["Z_BUF_ERROR", -5], "Decompression failed": ["ERR__ERROR_FORMAT_PADDING_1", -2] };

function failure(error) {
  if (error.code !== undefined) return error;
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

function settingsOf(options, format) {
  const [isBrotli, isZstd] = [format === "brotli", format === "zstd"];
  const given = options ?? {};
  validateObject(given, "options");
  const settings = {
    level: checkRangesOrGetDefault(given.level, "options.level", -1, 9, -1),
    limit: checkRangesOrGetDefault(given.maxOutputLength, "options.maxOutputLength", 1, kMaxLength, kMaxLength),
    whole: given.finishFlush === undefined || given.finishFlush === constants.Z_FINISH || ((isBrotli || isZstd) && given.finishFlush === constants.BROTLI_OPERATION_FINISH),
    info: Boolean(given.info),
    chunkSize: checkRangesOrGetDefault(given.chunkSize, "options.chunkSize", 64, Infinity, 16384),
    windowBits: checkRangesOrGetDefault(given.windowBits, "options.windowBits", given.windowBits === 0 ? 0 : 8, 15, 15),
  };
  checkRangesOrGetDefault(given.memLevel, "options.memLevel", 1, 9, 8);
  settings.strategy = checkRangesOrGetDefault(given.strategy, "options.strategy", 0, 4, 0);
  settings.flush = checkRangesOrGetDefault(given.flush, "options.flush", 0, 6, 0);
  settings.finishFlush = checkRangesOrGetDefault(given.finishFlush, "options.finishFlush", 0, 6, 4);
  if (given.dictionary !== undefined) {
    if (!ArrayBuffer.isView(given.dictionary) && !(given.dictionary instanceof ArrayBuffer)) throw new ERR_INVALID_ARG_TYPE("options.dictionary", ["Buffer", "TypedArray", "DataView", "ArrayBuffer"], given.dictionary);
    settings.dictionary = given.dictionary;
  }
  if (isBrotli) settings.level = brotliQuality(given.params);
  if (isZstd) checkZstd(given.params);
  return settings;
}

function brotliQuality(params = {}) {
  for (const [key, value] of Object.entries(params)) {
    if (!(Number(key) >= 0 && Number(key) <= 9)) throw new ERR_BROTLI_INVALID_PARAM(key);
    if (typeof value !== "number" && typeof value !== "boolean") throw new ERR_INVALID_ARG_TYPE("options.params[key]", "number", value);
  }
  return params[constants.BROTLI_PARAM_QUALITY] ?? 11;
}

const ZSTD_PARAMS = new Set(Object.entries(constants).flatMap(([name, value]) => (/^ZSTD_[cd]_/.test(name) ? [value] : [])));

// Differs: node:zlib compresses zstd at one level and with one strategy.
function checkZstd(params = {}) {
  for (const [key, value] of Object.entries(params)) {
    if (!ZSTD_PARAMS.has(Number(key))) throw new ERR_ZSTD_INVALID_PARAM(key);
    if (typeof value !== "number" && typeof value !== "boolean") throw new ERR_INVALID_ARG_TYPE("options.params[key]", "number", value);
  }
}

const isGzip = (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Every codec: how it is called, and what it makes of bytes. */
const CODECS = {
  Deflate: ["deflate", true], DeflateRaw: ["raw", true], Gzip: ["gzip", true], Inflate: ["deflate", false], InflateRaw: ["raw", false],
  Gunzip: ["gzip", false], Unzip: ["unzip", false], BrotliCompress: ["brotli", true], BrotliDecompress: ["brotli", false],
  ZstdCompress: ["zstd", true], ZstdDecompress: ["zstd", false],
};
/** What a stream of the deflate family works in. */
const MODES = { "deflate true": 1, "deflate false": 2, "gzip true": 3, "gzip false": 4, "raw true": 5, "raw false": 6, "unzip false": 7 };
const modeOf = ([format, packs]) => MODES[`${format} ${packs}`];

function convert([format, packs], bytes, settings) {
  const { level, limit, whole, dictionary } = settings;
  try {
    if (dictionary !== undefined && MODES[`${format} ${packs}`] !== undefined) return runWhole(modeOf([format, packs]), bytes, settings);
    if (packs) {
      const packed = natives.zlibCompress(format, bytes, level < 0 && format !== "brotli" ? 6 : level);
      if (packed.length > limit) throw new Error("ERR_BUFFER_TOO_LARGE");
      return Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    }
    const used = format === "unzip" ? (isGzip(bytes) ? "gzip" : "deflate") : format;
    const unpacked = natives.zlibDecompress(used, bytes, Math.min(limit, 0xffffffff - 1), whole);
    return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
  } catch (error) {
    if (format === "zstd" && error.message === "ERR_BUFFER_TOO_LARGE") throw Object.assign(new Error("Memory limit exceeded"), { code: "ERR_BUFFER_TOO_LARGE" });
    throw failure(Object.assign(error, { limit }));
  }
}

/** Streams that work on the whole, when all of it is there: brotli and zstd. */
export class ZlibBase extends Transform {
  #codec;
  #settings;
  #chunks = [];
  bytesWritten = 0;

  constructor(codec, options) {
    const settings = settingsOf(options, codec[0]);
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
    const { chunkSize } = this.#settings;
    try {
      const made = convert(this.#codec, Buffer.concat(this.#chunks), this.#settings);
      for (let at = 0; at < made.length; at += chunkSize) this.push(made.subarray(at, at + chunkSize));
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
  const codec = CODECS[name];
  const mode = modeOf(codec);
  const Flate = { [name]: class extends FlateBase { constructor(options) { super(mode, settingsOf(options, codec[0]), options); } } }[name];
  const Whole = { [name]: class extends ZlibBase { constructor(options) { super(codec, options); } } }[name];
  const Class = mode === undefined ? Whole : Flate;
  return new Proxy(Class, { apply: (_, receiver, [options]) => new Class(options) });
}

export const [Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress, ZstdCompress, ZstdDecompress] = Object.keys(CODECS).map(streamClass);
export const createDeflate = (options) => new Deflate(options);
export const createDeflateRaw = (options) => new DeflateRaw(options);
export const createGzip = (options) => new Gzip(options);
export const createInflate = (options) => new Inflate(options);
export const createInflateRaw = (options) => new InflateRaw(options);
export const createGunzip = (options) => new Gunzip(options);
export const createUnzip = (options) => new Unzip(options);
export const createBrotliCompress = (options) => new BrotliCompress(options);
export const createBrotliDecompress = (options) => new BrotliDecompress(options);
export const createZstdCompress = (options) => new ZstdCompress(options);
export const createZstdDecompress = (options) => new ZstdDecompress(options);

const sync = (name) => (data, options = undefined) => {
  const bytes = bytesOf(data);
  const settings = settingsOf(options, CODECS[name][0]);
  const buffer = convert(CODECS[name], bytes, settings);
  return settings.info ? { buffer, engine: new { Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress, ZstdCompress, ZstdDecompress }[name](options) } : buffer;
};
const asynchronous = (name) => (data, options, callback = undefined) => {
  const [given, done] = typeof options === "function" ? [undefined, options] : [options, callback];
  validateFunction(done, "callback");
  const bytes = bytesOf(data);
  const settings = settingsOf(given, CODECS[name][0]);
  let results;
  try {
    results = [null, convert(CODECS[name], bytes, settings)];
  } catch (error) {
    results = [error];
  }
  process.nextTick(done, ...results);
};
export const [deflateSync, deflateRawSync, gzipSync, inflateSync, inflateRawSync, gunzipSync, unzipSync, brotliCompressSync, brotliDecompressSync, zstdCompressSync, zstdDecompressSync] = Object.keys(CODECS).map(sync);
export const [deflate, deflateRaw, gzip, inflate, inflateRaw, gunzip, unzip, brotliCompress, brotliDecompress, zstdCompress, zstdDecompress] = Object.keys(CODECS).map(asynchronous);

export function crc32(data, value = 0) {
  if (typeof data !== "string" && !ArrayBuffer.isView(data)) throw new ERR_INVALID_ARG_TYPE("data", ["Buffer", "TypedArray", "DataView", "string"], data);
  validateUint32(value, "value");
  return natives.crc32(bytesOf(data), value);
}

export const codes = Object.freeze({
  Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6, 0: "Z_OK", 1: "Z_STREAM_END", 2: "Z_NEED_DICT", "-1": "Z_ERRNO", "-2": "Z_STREAM_ERROR", "-3": "Z_DATA_ERROR",
  "-4": "Z_MEM_ERROR", "-5": "Z_BUF_ERROR", "-6": "Z_VERSION_ERROR",
});
export { constants };

const zlib = {
  crc32, codes, constants, Deflate, DeflateRaw, Gzip, Inflate, InflateRaw, Gunzip, Unzip, BrotliCompress, BrotliDecompress, createDeflate,
  createDeflateRaw, createGzip, createInflate, createInflateRaw, createGunzip, createUnzip, createBrotliCompress, createBrotliDecompress,
  deflate, deflateSync, deflateRaw, deflateRawSync, gzip, gzipSync, inflate, inflateSync, inflateRaw, inflateRawSync, gunzip, gunzipSync,
  unzip, unzipSync, brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, ZstdCompress, ZstdDecompress, createZstdCompress,
  createZstdDecompress, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync,
};
// Old packages know the constants as the module's own.
for (const [name, value] of Object.entries(constants)) {
  if (name.startsWith("Z_")) Object.defineProperty(zlib, name, { value, enumerable: false, configurable: true });
}
export default zlib;
