// Readable streams as the rest of the runtime uses them. Other modules import this one.
//
// ReadableStream             the class. (WritableStream: internal:streams_writable; TransformStream and `createTransform`:
//   internal:streams_transform; FixedLengthStream: internal:streams_identity; strategies: internal:queuing.)
// isReadableStream(value), isLocked(stream), isDisturbed(stream), isErrored(stream)
// fixedLengthOf(stream)      bytes that a FixedLengthStream's readable side will give, else undefined.
// createNativeReadable(source)  a byte stream over `{ pull(hint), cancel(reason), handle? }`. `pull` answers the next
//   Uint8Array, or null at the end, or a promise of either; `hint` is how many bytes a reader has room for, or 0.
//   Nothing is pulled before something is read. Each Uint8Array becomes the stream's own.
// takeNative(stream)         the `handle` of a native stream nobody has touched, which then counts as locked and
//   disturbed; else undefined. A body that is only passed on never enters JS.
// pumpTo(stream, sink)       moves all chunks into `{ write(bytes), close(), abort(reason), gone? }` with back-pressure:
//   `write` answers undefined when the bytes were taken, or a promise to wait for. `gone` is a promise of the reason why
//   nobody reads any more: the stream is then cancelled. The answer is fulfilled after `close`, rejected after `abort`.
// readAllBytes(stream)       a promise of one Uint8Array that spans its whole buffer.
// teeBody(stream)            two streams; their chunks share no memory.
// pumpTo, readAllBytes and teeBody throw a TypeError at once when the stream is locked.

import { Deferred, bare, handled, invoke, rejected, resolveWith, then } from "internal:streams_promise";
import { internal } from "internal:webidl";
import {
  ReadableStream, acquireReader, cancelReadable, readChunk, readableObject, stateOf,
} from "internal:streams_readable";
import { ByteControllerState, closeBytes, createByteReadable, enqueueBytes } from "internal:streams_byte";
import { bufferOf, byteLengthOf, bytesOf, concatenate, isUint8Array, lengthOfBuffer } from "internal:buffers";
import { lazy } from "internal:host";

export { ReadableStream } from "internal:streams_readable";

const tees = lazy("streams_tee");

export const isReadableStream = (value) => stateOf(value) !== undefined;
export const isLocked = (stream) => stateOf(stream).reader !== undefined;
export const isDisturbed = (stream) => stateOf(stream).disturbed;
export const isErrored = (stream) => stateOf(stream).status === "errored";

export function fixedLengthOf(stream) {
  const state = stateOf(stream);
  return state.disturbed ? undefined : state.length;
}

// ---- Native streams -------------------------------------------------------------------------------

/** The source of a byte stream whose bytes come from Rust. */
class NativeSource {
  constructor(native) {
    this.native = native;
    this.controller = undefined;
    this.deliver = (bytes) => this.received(bytes);
  }

  pull({ firstPullInto }) {
    let answer;
    try {
      answer = this.native.pull(firstPullInto === undefined ? 0 : firstPullInto.byteLength - firstPullInto.bytesFilled);
    } catch (error) {
      return rejected(error);
    }
    if (answer === null || isUint8Array(answer)) return this.received(answer);
    return then(answer, this.deliver);
  }

  received(bytes) {
    if (bytes === null) closeBytes(this.controller);
    else if (byteLengthOf(bytes) > 0) enqueueBytes(this.controller, bytes);
    else this.controller.pullAgain = true;
  }

  cancel(reason) {
    return invoke(this.native.cancel, this.native, [reason]);
  }
}

export function createNativeReadable(native) {
  const source = new NativeSource(native);
  const state = createByteReadable(source);
  state.native = native;
  state.controller.single = true;
  source.controller = state.controller;
  return new ReadableStream(internal, state);
}

export function takeNative(stream) {
  const state = stateOf(stream);
  if (state?.native?.handle === undefined || state.disturbed || state.reader !== undefined) return undefined;
  if (state.status !== "readable" || state.native.handle === undefined) return undefined;
  acquireReader(state);
  state.disturbed = true;
  return state.native.handle;
}

// ---- Reading to the end ---------------------------------------------------------------------------

const noBytes = () => new TypeError("This ReadableStream did not return bytes.");

/** A read request that reads on in a loop; `take(bytes)` says false when it wants to be called again later. */
class Drain {
  constructor(stream) {
    this.state = stateOf(stream);
    this.reader = acquireReader(this.state);
    this.reader.lendsBuffers = true;
    this.result = new Deferred();
    this.looping = false;
    this.received = undefined;
    this.ended = false;
    this.next = undefined;
  }

  run() {
    while (!this.ended) {
      this.looping = true;
      readChunk(this.reader, this);
      this.looping = false;
      const { received } = this;
      if (received === undefined) return;
      this.received = undefined;
      if (!this.take(received)) return;
    }
  }

  chunk(value) {
    const bytes = bytesOf(value);
    if (bytes === undefined) this.fail(noBytes());
    else if (this.looping) this.received = bytes;
    else if (this.take(bytes)) this.run();
  }

  close() {
    if (this.ended) return;
    this.ended = true;
    this.finish();
  }

  error(reason) {
    if (this.ended) return;
    this.ended = true;
    this.abort(reason);
    this.result.reject(reason);
  }

  /** Stops reading: the bytes are not wanted, or cannot be taken. */
  fail(reason) {
    if (this.ended) return;
    this.error(reason);
    handled(cancelReadable(this.state, reason));
  }

  abort() {}
}

class Pump extends Drain {
  constructor(stream, sink) {
    super(stream);
    this.sink = sink;
    this.continue = () => this.run();
    this.stop = (reason) => this.fail(reason);
    if (sink.gone !== undefined) then(sink.gone, this.stop, this.stop);
  }

  take(bytes) {
    try {
      const written = this.sink.write(bytes);
      if (written === undefined) return true;
      then(written, this.continue, this.stop);
    } catch (error) {
      this.fail(error);
    }
    return false;
  }

  finish() {
    try {
      this.result.resolve(this.sink.close());
    } catch (error) {
      this.result.reject(error);
    }
  }

  abort(reason) {
    this.sink.abort(reason);
  }
}

class Collector extends Drain {
  constructor(stream) {
    super(stream);
    this.parts = [];
    this.total = 0;
  }

  take(bytes) {
    this.parts[this.parts.length] = bytes;
    this.total += byteLengthOf(bytes);
    return true;
  }

  finish() {
    const { parts, total, state } = this;
    const own = parts.length === 1 && state.controller instanceof ByteControllerState && lengthOfBuffer(bufferOf(parts[0])) === total;
    resolveWith(this.result, own ? parts[0] : concatenate(parts, total));
  }
}
bare(NativeSource, Drain);

export function pumpTo(stream, sink) {
  const pump = new Pump(stream, sink);
  pump.run();
  return pump.result.promise;
}

export function readAllBytes(stream) {
  const collector = new Collector(stream);
  collector.run();
  return collector.result.promise;
}

export function teeBody(stream) {
  const [first, second] = tees().tee(stateOf(stream), true);
  return [readableObject(first), readableObject(second)];
}
