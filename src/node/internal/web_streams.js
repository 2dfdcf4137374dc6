// Between Node.js's streams and the platform's: `Readable.fromWeb()`, `Writable.toWeb()` and the like.
import { Buffer } from "node:buffer";
import { AbortError, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_STREAM_PREMATURE_CLOSE } from "node:internal/errors";
import { validateBoolean, validateObject } from "node:internal/validators";
import Stream from "node:vendor/readable_stream";

const { Duplex, Readable, Writable, finished } = Stream;

function wanted(condition, name, expected, value) {
  if (!condition) throw new ERR_INVALID_ARG_TYPE(name, expected, value);
}

const pairOptions = ({ highWaterMark, encoding, objectMode = false, signal, decodeStrings = true } = {}) => {
  validateBoolean(objectMode, "options.objectMode");
  return { highWaterMark, encoding, objectMode, signal, decodeStrings };
};

// ---- from the platform's

export function readableFromWeb(stream, options = {}) {
  wanted(stream instanceof ReadableStream, "readableStream", "ReadableStream", stream);
  validateObject(options, "options");
  const { highWaterMark, encoding, objectMode, signal } = pairOptions(options);
  if (encoding !== undefined && !Buffer.isEncoding(encoding)) throw new ERR_INVALID_ARG_VALUE("options.encoding", encoding);
  const reader = stream.getReader();
  let closed = false;
  const readable = new Readable({
    objectMode, highWaterMark, encoding, signal,
    read() {
      reader.read().then(
        ({ value, done }) => readable.push(done ? null : value),
        (error) => readable.destroy(error),
      );
    },
    destroy(error, callback) {
      const done = () => callback(error);
      if (closed) done();
      else reader.cancel(error ?? undefined).then(done, done);
    },
  });
  reader.closed.then(() => { closed = true; }, (error) => {
    closed = true;
    readable.destroy(error);
  });
  return readable;
}

const asBytes = (chunk, encoding, { objectMode, decodeStrings }) => {
  if (typeof chunk === "string" && decodeStrings && !objectMode) {
    const buffer = Buffer.from(chunk, encoding);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }
  return chunk;
};

/** The methods of a Writable that hands everything to a writer of the platform. */
function writingTo(writer, options, self, isClosed) {
  const finish = (promise, callback) => promise.then(() => callback(), (error) => callback(error));
  return {
    writev(chunks, callback) {
      const all = chunks.map(({ chunk, encoding }) => asBytes(chunk, encoding, options));
      finish(writer.ready.then(() => Promise.all(all.map((chunk) => writer.write(chunk)))), callback);
    },
    write(chunk, encoding, callback) {
      finish(writer.ready.then(() => writer.write(asBytes(chunk, encoding, options))), callback);
    },
    final(callback) {
      if (isClosed()) callback();
      else finish(writer.close(), callback);
    },
    destroyWriter(error, callback) {
      if (isClosed()) return callback(error);
      const done = () => callback(error);
      if (error !== null && error !== undefined) return writer.abort(error).then(done, done);
      return writer.close().then(done, done);
    },
  };
}

export function writableFromWeb(stream, options = {}) {
  wanted(stream instanceof WritableStream, "writableStream", "WritableStream", stream);
  validateObject(options, "options");
  const settings = pairOptions(options);
  const writer = stream.getWriter();
  let closed = false;
  const methods = writingTo(writer, settings, () => writable, () => closed);
  const writable = new Writable({
    ...settings,
    writev: methods.writev,
    write: methods.write,
    final: methods.final,
    destroy: methods.destroyWriter,
  });
  writer.closed.then(() => {
    closed = true;
    if (!writable.writableEnded) writable.destroy(new ERR_STREAM_PREMATURE_CLOSE());
  }, (error) => {
    closed = true;
    writable.destroy(error);
  });
  return writable;
}

export function duplexFromWeb(pair, options = {}) {
  validateObject(pair, "pair");
  const { readable: source, writable: sink } = pair;
  wanted(source instanceof ReadableStream, "pair.readable", "ReadableStream", source);
  wanted(sink instanceof WritableStream, "pair.writable", "WritableStream", sink);
  validateObject(options, "options");
  const settings = pairOptions(options);
  const [reader, writer] = [source.getReader(), sink.getWriter()];
  let [readClosed, writeClosed] = [false, false];
  const methods = writingTo(writer, settings, () => duplex, () => writeClosed);
  const duplex = new Duplex({
    ...settings, readableObjectMode: settings.objectMode, writableObjectMode: settings.objectMode,
    read() {
      reader.read().then(({ value, done }) => duplex.push(done ? null : value), (error) => duplex.destroy(error));
    },
    writev: methods.writev,
    write: methods.write,
    final: methods.final,
    destroy(error, callback) {
      const cancelled = readClosed ? Promise.resolve() : reader.cancel(error ?? undefined);
      const done = () => methods.destroyWriter(error, callback);
      cancelled.then(done, done);
    },
  });
  writer.closed.then(() => { writeClosed = true; }, (error) => {
    [readClosed, writeClosed] = [true, true];
    duplex.destroy(error);
  });
  reader.closed.then(() => { readClosed = true; }, (error) => {
    [readClosed, writeClosed] = [true, true];
    duplex.destroy(error);
  });
  return duplex;
}

// ---- to the platform's

export function readableToWeb(readable, options = {}) {
  wanted(typeof readable?._readableState === "object", "streamReadable", "stream.Readable", readable);
  if (Stream.isDestroyed(readable) || !Stream.isReadable(readable)) {
    const empty = new ReadableStream();
    empty.cancel();
    return empty;
  }
  const objectMode = readable.readableObjectMode;
  const strategy = options.strategy ?? (objectMode ? new CountQueuingStrategy({ highWaterMark: readable.readableHighWaterMark }) : { highWaterMark: readable.readableHighWaterMark, size: (chunk) => chunk?.byteLength ?? 1 });
  let controller;
  let cancelled = false;
  const onData = (chunk) => {
    if (Buffer.isBuffer(chunk) && !objectMode) chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    controller.enqueue(chunk);
    if (controller.desiredSize <= 0) readable.pause();
  };
  readable.pause();
  const cleanup = finished(readable, (error) => {
    cleanup();
    readable.on("error", () => {});
    if (cancelled) return;
    if (error?.code === "ERR_STREAM_PREMATURE_CLOSE") error = new AbortError(undefined, { cause: error });
    if (error) controller.error(error);
    else controller.close();
  });
  readable.on("data", onData);
  return new ReadableStream({
    start(given) { controller = given; },
    pull() { readable.resume(); },
    cancel(reason) {
      cancelled = true;
      Stream.destroy(readable, reason);
    },
  }, strategy);
}

export function writableToWeb(writable) {
  wanted(typeof writable?._writableState === "object" && typeof writable.write === "function", "streamWritable", "stream.Writable", writable);
  if (Stream.isDestroyed(writable) || !Stream.isWritable(writable)) {
    const closed = new WritableStream();
    closed.close();
    return closed;
  }
  const { writableHighWaterMark: highWaterMark, writableObjectMode: objectMode } = writable;
  const strategy = objectMode ? new CountQueuingStrategy({ highWaterMark }) : { highWaterMark };
  let controller;
  let pressure;
  let closing;
  const onDrain = () => pressure?.resolve();
  const cleanup = finished(writable, (error) => {
    cleanup();
    writable.on("error", () => {});
    if (error?.code === "ERR_STREAM_PREMATURE_CLOSE") error = new AbortError(undefined, { cause: error });
    if (error !== undefined && error !== null) {
      pressure?.reject(error);
      if (closing !== undefined) {
        closing.reject(error);
        closing = undefined;
      }
      controller.error(error);
    } else if (closing !== undefined) {
      closing.resolve();
      closing = undefined;
    } else {
      controller.error(new AbortError());
    }
  });
  writable.on("drain", onDrain);
  return new WritableStream({
    start(given) { controller = given; },
    write(chunk) {
      if (!writable.writableNeedDrain && writable.write(chunk)) return undefined;
      pressure = Promise.withResolvers();
      return pressure.promise.finally(() => { pressure = undefined; });
    },
    abort(reason) { Stream.destroy(writable, reason); },
    close() {
      if (closing === undefined && !writable.writableEnded) writable.end();
      closing = Promise.withResolvers();
      return closing.promise;
    },
  }, strategy);
}

export function duplexToWeb(duplex) {
  wanted(typeof duplex?._writableState === "object" && typeof duplex._readableState === "object", "duplex", "stream.Duplex", duplex);
  if (Stream.isDestroyed(duplex)) {
    const [writable, readable] = [new WritableStream(), new ReadableStream()];
    writable.close();
    readable.cancel();
    return { readable, writable };
  }
  const done = (Stream_, make) => {
    const stream = new Stream_();
    make(stream);
    return stream;
  };
  const writable = Stream.isWritable(duplex) ? writableToWeb(duplex) : done(WritableStream, (stream) => stream.close());
  const readable = Stream.isReadable(duplex) ? readableToWeb(duplex) : done(ReadableStream, (stream) => stream.cancel());
  return { writable, readable };
}
