// Workers' own byte transforms: IdentityTransformStream and FixedLengthStream. What is written on one side is
// read on the other, unchanged; nothing is buffered: a write is done when all its bytes were read.

import { Deferred, bare, rejected } from "internal:streams_promise";
import { dictionary, interface_, internal, unrestrictedDouble } from "internal:webidl";
import { errorController } from "internal:streams_readable";
import { closeBytes, createByteReadable, enqueueBytes } from "internal:streams_byte";
import { createWritable, errorWritable } from "internal:streams_writable";
import { extractHighWaterMark } from "internal:streams_queue";
import { TransformStream } from "internal:streams_transform";
import { byteLengthOf, bytesOf, copyOf } from "internal:buffers";

const { isInteger } = Number;
const { trunc } = Math;

/** Sink of the writable side and source of the readable side at once. */
class BytePassage {
  constructor(expected, highWaterMark) {
    this.expected = expected; // undefined, or the bytes still to come
    this.waiting = undefined; // the write whose bytes are not read yet
    this.readable = createByteReadable(new PassageSource(this), 0);
    this.readable.length = expected;
    const size = highWaterMark === undefined ? undefined : sizeInBytes;
    this.writable = createWritable(this, highWaterMark ?? 1, size);
  }

  start() {}

  write(chunk) {
    const bytes = bytesOf(chunk);
    if (bytes === undefined) {
      const what = typeof chunk === "string" ? "a string (encode it with TextEncoder first)" : "something else";
      return this.refuse(new TypeError(`this stream carries bytes: ArrayBuffers and views of them, but ${what} was written`));
    }
    const length = byteLengthOf(bytes);
    if (length === 0) return undefined;
    if (this.expected !== undefined) {
      if (length > this.expected) return this.refuse(new TypeError("more bytes were written than the FixedLengthStream was made for"));
      this.expected -= length;
    }
    const { controller } = this.readable;
    enqueueBytes(controller, copyOf(bytes));
    if (controller.total === 0) return undefined;
    this.waiting = new Deferred();
    return this.waiting.promise;
  }

  close() {
    if (this.expected > 0) {
      return this.refuse(new TypeError(`the FixedLengthStream was closed ${this.expected} bytes before its end`));
    }
    try {
      closeBytes(this.readable.controller);
    } catch (error) {
      return rejected(error);
    }
    return undefined;
  }

  abort(reason) {
    errorController(this.readable.controller, reason);
  }

  refuse(error) {
    errorController(this.readable.controller, error);
    return rejected(error);
  }

  drained() {
    this.waiting?.resolve(undefined);
    this.waiting = undefined;
  }

  cancelled(reason) {
    errorWritable(this.writable.controller, reason);
    this.waiting?.reject(reason);
    this.waiting = undefined;
  }
}

class PassageSource {
  constructor(passage) {
    this.passage = passage;
  }

  start() {}

  pull() {
    this.passage.drained();
  }

  drained() {
    this.passage.drained();
  }

  cancel(reason) {
    this.passage.cancelled(reason);
  }
}
bare(BytePassage, PassageSource);

function sizeInBytes(chunk) {
  const bytes = bytesOf(chunk);
  return bytes === undefined ? 0 : byteLengthOf(bytes);
}

const Options = dictionary("IdentityTransformStreamQueuingStrategy", { highWaterMark: [unrestrictedDouble] });
const markOf = (options) => extractHighWaterMark(Options(options), undefined);

function lengthFrom(value) {
  const length = typeof value === "bigint" ? Number(value) : trunc(+value);
  if (!isInteger(length) || length < 0 || length > Number.MAX_SAFE_INTEGER) {
    throw new TypeError("FixedLengthStream needs the number of bytes: an integer from 0 to 2^53 - 1");
  }
  return length;
}

export class IdentityTransformStream extends TransformStream {
  constructor(strategy = undefined) {
    super(internal, strategy instanceof BytePassage ? strategy : new BytePassage(undefined, markOf(strategy)));
  }
}

export class FixedLengthStream extends IdentityTransformStream {
  constructor(expectedLength, strategy = undefined) {
    super(new BytePassage(lengthFrom(expectedLength), markOf(strategy)));
  }
}
interface_(IdentityTransformStream);
interface_(FixedLengthStream);
