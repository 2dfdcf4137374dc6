// fs.ReadStream and fs.WriteStream.
import { lazy } from "internal:host";
import { Buffer } from "node:buffer";

import { Readable, Writable, finished } from "node:stream";
import { optionsOf, pathOf, flagsOf, fdOf } from "node:internal/fs/arguments";
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_THIS, ERR_METHOD_NOT_IMPLEMENTED, ERR_OUT_OF_RANGE, ERR_STREAM_DESTROYED } from "node:internal/errors";
import { validateAbortSignal, validateBoolean, validateFunction, validateInteger } from "node:internal/validators";

const files = lazy("node:fs");
const promisesOf = lazy("node:fs/promises");

/** The functions to work with: the user's, as far as there are some. */
function functionsOf(options, needed) {
  const fs = options.fs ?? files().default;
  for (const name of needed) {
    if (options.fs?.[name] !== undefined && options.fs[name] !== null) validateFunction(options.fs[name], `options.fs.${name}`);
  }
  return new Proxy({}, { get: (_, name) => options.fs?.[name] ?? (options.fs === undefined || name === "close" || name === "open" ? files().default[name] : fs[name]) });
}

function prepare(stream, path, options) {
  if (options.autoDestroy === undefined) options.autoDestroy = false;
  if (options.fd !== undefined && options.fd !== null) {
    if (typeof options.fd === "number") {
      stream.fd = fdOf(options.fd);
    } else {
      if (!(options.fd instanceof promisesOf().FileHandle)) throw new ERR_INVALID_ARG_TYPE("fd", ["number", "FileHandle"], options.fd);
      if (options.fs) throw new ERR_METHOD_NOT_IMPLEMENTED("FileHandle with fs");
      stream.handle = options.fd;
      stream.fd = options.fd.fd;
      options.fd.on("close", () => stream.close());
    }
  } else {
    stream.fd = null;
    stream.path = pathOf(path);
  }
}

function bounds(stream, options) {
  stream.start = options.start;
  stream.end = options.end ?? Infinity;
  stream.pos = undefined;
  if (stream.start !== undefined) {
    validateInteger(stream.start, "start", 0);
    stream.pos = stream.start;
  }
  if (stream.end !== Infinity) {
    validateInteger(stream.end, "end", 0);
    if (stream.start !== undefined && stream.start > stream.end) throw new ERR_OUT_OF_RANGE("start", `<= "end" (here: ${stream.end})`, stream.start);
  }
}

function openFile(callback) {
  if (typeof this.open === "function" && this.open !== openStream) {
    // The user's own way to open.
    const emit = this.emit;
    this.emit = (...args) => {
      if (args[0] !== "open" && args[0] !== "error") return Reflect.apply(emit, this, args);
      this.emit = emit;
      callback(args[0] === "error" ? args[1] : undefined);
      return Reflect.apply(emit, this, args);
    };
    this.open();
    return;
  }
  this.functions.open(this.path, this.flags, this.mode, (error, fd) => {
    if (error) return void callback(error);
    this.fd = fd;
    callback();
    this.emit("open", fd);
    this.emit("ready");
  });
}

function construct(callback) {
  if (typeof this.fd === "number") return void callback();
  openFile.call(this, callback);
}

function closeFile(stream, error, callback) {
  if (stream.fd === null || stream.fd === undefined) return void callback(error);
  const { fd } = stream;
  stream.fd = null;
  const done = (failure) => callback(failure ?? error);
  if (stream.handle !== undefined) return void stream.handle.close().then(() => done(), done);
  stream.functions.close(fd, done);
}

function openStream() {}

/** A file that stays open after an error tells of it alone. */
function failed(stream, error) {
  if (stream.destroyed) return;
  if (stream.autoClose) stream.destroy(error);
  else stream.emit("error", error);
}

/** The user's options, inherited ones too, as a copy that may be changed. */
function chosen(given) {
  optionsOf(given);
  return Object.create(typeof given === "string" ? { encoding: given } : given ?? null);
}

/** What of them is for the stream itself. */
const ofStream = ({ highWaterMark, autoDestroy, emitClose, objectMode, signal, decodeStrings, defaultEncoding }) =>
  ({ highWaterMark, autoDestroy, emitClose, objectMode, signal, decodeStrings, defaultEncoding });

export function ReadStream(path, given = undefined) {
  if (!(this instanceof ReadStream)) return new ReadStream(path, given);
  const options = chosen(given);
  if (options.highWaterMark === undefined) options.highWaterMark = 64 * 1024;
  if (options.autoClose !== undefined && options.autoClose !== null) validateBoolean(options.autoClose, "options.autoClose");
  if (options.signal !== undefined) validateAbortSignal(options.signal, "options.signal");
  this.flags = options.flags ?? "r";
  flagsOf(this.flags);
  this.mode = options.mode ?? 0o666;
  this.functions = functionsOf(options, ["open", "read", "close"]);
  Object.defineProperty(this, "functions", { enumerable: false });
  prepare(this, path, options);
  options.autoDestroy = options.autoClose ?? true;
  bounds(this, options);
  this.bytesRead = 0;
  const { encoding } = options;
  Reflect.apply(Readable, this, [ofStream(options)]);
  if (encoding) this.setEncoding(encoding);
  return this;
}
Object.setPrototypeOf(ReadStream.prototype, Readable.prototype);
Object.setPrototypeOf(ReadStream, Readable);

Object.assign(ReadStream.prototype, {
  open: openStream,
  _construct: construct,
  _read(wanted) {
    const room = this.pos !== undefined ? Math.min(this.end - this.pos + 1, wanted) : Math.min(this.end - this.bytesRead + 1, wanted);
    if (room <= 0) return void this.push(null);
    const buffer = Buffer.allocUnsafeSlow(room);
    this.functions.read(this.fd, buffer, 0, room, this.pos ?? null, (error, count, used = buffer) => {
      if (error) return void failed(this, error);
      if (count > 0) {
        if (this.pos !== undefined) this.pos += count;
        this.bytesRead += count;
        this.push(count === used.length ? used : Buffer.from(used.subarray(0, count)));
      } else {
        this.push(null);
      }
    });
  },
  _destroy(error, callback) { closeFile(this, error, callback); },
  close(callback = undefined) {
    if (typeof callback === "function") finished(this, callback);
    this.destroy();
  },
});
Object.defineProperties(ReadStream.prototype, {
  autoClose: {
    get() { return this._readableState.autoDestroy; },
    set(value) { this._readableState.autoDestroy = value; },
  },
  pending: { get() { return this.fd === null || this.fd === undefined; }, configurable: true },
});

export function WriteStream(path, given = undefined) {
  if (!(this instanceof WriteStream)) return new WriteStream(path, given);
  const options = chosen(given);
  options.decodeStrings = false;
  if (options.autoClose !== undefined && options.autoClose !== null) validateBoolean(options.autoClose, "options.autoClose");
  this.flags = options.flags ?? "w";
  flagsOf(this.flags);
  this.mode = options.mode ?? 0o666;
  this.flush = options.flush ?? false;
  if (options.flush !== undefined && options.flush !== null) validateBoolean(options.flush, "options.flush");
  this.functions = functionsOf(options, ["open", "write", "writev", "close", "fsync"]);
  Object.defineProperty(this, "functions", { enumerable: false });
  if (options.fs !== undefined && options.fs !== null && options.fs.write === undefined && options.fs.writev === undefined && options.fs.open !== undefined && options.fs.close === undefined) {
    validateFunction(options.fs.write, "options.fs.write");
  }
  prepare(this, path, options);
  options.autoDestroy = options.autoClose ?? true;
  bounds(this, { start: options.start });
  delete this.end;
  this.bytesWritten = 0;
  if (options.fs?.writev === null || (options.fs?.write !== undefined && options.fs.writev === undefined)) this._writev = null;
  const { encoding } = options;
  Reflect.apply(Writable, this, [ofStream(options)]);
  if (encoding) this.setDefaultEncoding(encoding);
  return this;
}
Object.setPrototypeOf(WriteStream.prototype, Writable.prototype);
Object.setPrototypeOf(WriteStream, Writable);

Object.assign(WriteStream.prototype, {
  open: openStream,
  _construct: construct,
  _write(data, encoding, callback) {
    const bytes = typeof data === "string" ? Buffer.from(data, encoding) : data;
    const { pos } = this;
    if (this.pos !== undefined) this.pos += bytes.length;
    this.functions.write(this.fd, bytes, 0, bytes.length, pos ?? null, (error, count) => {
      if (error) return void callback(error);
      if (this.destroyed) return void callback(new ERR_STREAM_DESTROYED("write"));
      this.bytesWritten += count;
      callback();
    });
  },
  _writev(data, callback) {
    const chunks = data.map(({ chunk, encoding }) => (typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk));
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const { pos } = this;
    if (this.pos !== undefined) this.pos += size;
    this.functions.writev(this.fd, chunks, pos ?? null, (error, count) => {
      if (error) return void callback(error);
      this.bytesWritten += count;
      callback();
    });
  },
  _destroy(error, callback) { closeFile(this, error, callback); },
  close(callback = undefined) {
    if (callback) {
      if (this.closed) return void queueMicrotask(callback);
      this.on("close", callback);
    }
    if (!this.autoClose) this.on("finish", this.destroy);
    this.end();
  },
});
WriteStream.prototype.destroySoon = WriteStream.prototype.end;
Object.defineProperties(WriteStream.prototype, {
  autoClose: {
    get() {
      if (this._writableState === undefined) throw new ERR_INVALID_THIS("WriteStream");
      return this._writableState.autoDestroy;
    },
    set(value) { this._writableState.autoDestroy = value; },
  },
  pending: { get() { return this.fd === null || this.fd === undefined; }, configurable: true },
});

export function createReadStream(path, options = undefined) {
  return new ReadStream(path, options);
}

export function createWriteStream(path, options = undefined) {
  return new WriteStream(path, options);
}
