// Streams of node:zlib's deflate family: each piece is worked on as it comes, and no further than somebody reads.
import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import { natives } from "node:internal/natives";
import { constants } from "node:internal/zlib_constants";
import { checkRangesOrGetDefault } from "node:internal/validators";
import { process } from "node:internal/process";

const NUMBERS = { Z_BUF_ERROR: -5, Z_DATA_ERROR: -3, Z_NEED_DICT: 2 };
const fault = (message, code) => Object.assign(new Error(message), { code, errno: NUMBERS[code] });

function bytesOf(data) {
  if (data === null || data === undefined) return new Uint8Array(0);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

/** Part of a buffer, whose bounds are read before it is looked at. */
function part(buffer, start, length, what) {
  const [from, count] = [Number(start), Number(length)];
  const all = buffer.buffer.detached ? new Uint8Array(0) : bytesOf(buffer);
  if (!(from >= 0 && count >= 0 && from + count <= all.byteLength)) throw new Error(`${what} access is not within bounds`);
  return all.subarray(from, from + count);
}

/** What a stream works with, `_handle`: a coder and the numbers it was opened with. */
export class ZlibStream {
  #mode;
  #coder;
  #given = [15, 6, undefined];
  #state;
  #callback;

  constructor(mode) {
    if (!(Number.isInteger(mode) && mode >= constants.DEFLATE && mode <= constants.UNZIP)) throw new TypeError("Invalid zlib mode");
    this.#mode = mode;
  }

  initialize(windowBits, level, memLevel, strategy, writeState, callback, dictionary = undefined) {
    this.#given = [windowBits || 15, level, dictionary === undefined ? undefined : bytesOf(dictionary).slice()];
    this.#state = writeState;
    this.#callback = callback;
    this.#coder = undefined;
  }

  /** `[status, bytes used, bytes made, words]` */
  run(flush, bytes, room) {
    this.#coder ??= natives.zlibCoder(this.#mode, ...this.#given);
    return natives.zlibRun(this.#coder, flush, bytes, room);
  }

  writeSync(flush, input, from, length, output, at, room) {
    const [start, size, place, space] = [from, length, at, room].map(Number);
    const source = part(input ?? new Uint8Array(0), start, size, "Input");
    const target = part(output, place, space, "Output");
    const [, used, made] = this.run(flush, source, target.byteLength);
    target.set(made);
    if (this.#state) [this.#state[0], this.#state[1]] = [target.byteLength - made.byteLength, source.byteLength - used];
  }

  write(...given) {
    this.writeSync(...given);
    this.#callback?.();
  }

  params(level) {
    this.#given[1] = level;
    if (this.#coder !== undefined) natives.zlibParams(this.#coder, level);
  }

  reset() {
    if (this.#coder !== undefined) natives.zlibReset(this.#coder);
  }

  close() { this.#coder = undefined; }
}

const FLUSH = Symbol("flush");

export class FlateBase extends Transform {
  #settings;
  #level;
  #strategy;
  #more;
  #done = false;
  bytesWritten = 0;

  constructor(mode, settings, options) {
    super({ ...options, autoDestroy: true });
    this.#settings = settings;
    this.#level = settings.level;
    this.#strategy = settings.strategy;
    this._handle = new ZlibStream(mode);
    this._handle.initialize(settings.windowBits, settings.level, 8, settings.strategy, new Uint32Array(2), () => {}, settings.dictionary);
  }

  get _closed() { return this._handle === null; }

  _transform(chunk, encoding, callback) {
    this.#work(bytesOf(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk), chunk[FLUSH] ?? this.#settings.flush, callback);
  }

  _flush(callback) {
    this.#work(new Uint8Array(0), this.#settings.finishFlush, callback);
  }

  #work(bytes, flush, callback) {
    const { chunkSize } = this.#settings;
    let rest = bytes;
    const step = () => {
      for (;;) {
        if (this._handle === null || this.#done) return void callback();
        const [status, used, made, words] = this._handle.run(flush, rest, chunkSize);
        rest = rest.subarray(used);
        this.bytesWritten += used;
        if (words !== undefined && words !== null) return void callback(fault(words, status === constants.Z_NEED_DICT ? "Z_NEED_DICT" : "Z_DATA_ERROR"));
        const flows = made.byteLength === 0 || this.push(Buffer.from(made.buffer, made.byteOffset, made.byteLength));
        if (made.byteLength < chunkSize) return void this.#settle(status, flush, callback);
        if (!flows) return void (this.#more = step);
      }
    };
    step();
  }

  /** All that was given has been worked on. */
  #settle(status, flush, callback) {
    this.#done = status === constants.Z_STREAM_END;
    const ended = this.#done || flush !== constants.Z_FINISH;
    callback(ended ? null : fault("unexpected end of file", "Z_BUF_ERROR"));
  }

  _read(size) {
    const more = this.#more;
    this.#more = undefined;
    if (more === undefined) super._read(size);
    else more();
  }

  flush(kind, callback = undefined) {
    const [wanted, done] = typeof kind === "function" ? [constants.Z_FULL_FLUSH, kind] : [kind ?? constants.Z_FULL_FLUSH, callback];
    if (this.writableFinished) {
      if (done) process.nextTick(done);
    } else if (this.writableEnded) {
      if (done) this.once("end", done);
    } else {
      this.write(Object.assign(Buffer.alloc(0), { [FLUSH]: wanted }), "", done);
    }
  }

  params(level, strategy, callback) {
    checkRangesOrGetDefault(level, "level", constants.Z_MIN_LEVEL, constants.Z_MAX_LEVEL);
    checkRangesOrGetDefault(strategy, "strategy", constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED);
    if (this.#level === level && this.#strategy === strategy) return void process.nextTick(callback);
    this.flush(constants.Z_SYNC_FLUSH, () => {
      this._handle?.params(level, strategy);
      if (this.destroyed) return;
      [this.#level, this.#strategy] = [level, strategy];
      callback?.();
    });
  }

  reset() {
    this.#done = false;
    this._handle?.reset();
  }

  close(callback = undefined) {
    if (callback) this.once("close", callback);
    this.destroy();
  }

  _destroy(error, callback) {
    this._handle = null;
    this.#more = undefined;
    callback(error);
  }
}

/** The same at once, for what needs a dictionary. */
export function runWhole(mode, bytes, { windowBits, level, strategy, dictionary, limit, finishFlush }) {
  const handle = new ZlibStream(mode);
  handle.initialize(windowBits, level, 8, strategy, undefined, undefined, dictionary);
  const pieces = [];
  for (let rest = bytes, total = 0; ; ) {
    const [status, used, made, words] = handle.run(finishFlush, rest, 65536);
    rest = rest.subarray(used);
    if (words !== undefined && words !== null) throw fault(words, status === constants.Z_NEED_DICT ? "Z_NEED_DICT" : "Z_DATA_ERROR");
    pieces.push(made);
    total += made.byteLength;
    if (total > limit) throw new Error("ERR_BUFFER_TOO_LARGE");
    if (status === constants.Z_STREAM_END) return Buffer.concat(pieces);
    if (made.byteLength < 65536) {
      if (finishFlush === constants.Z_FINISH) throw fault("unexpected end of file", "Z_BUF_ERROR");
      return Buffer.concat(pieces);
    }
  }
}
