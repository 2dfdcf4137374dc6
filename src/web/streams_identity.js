// Workers' own byte transforms: IdentityTransformStream and FixedLengthStream. What is written on one side is
// read on the other, unchanged; nothing is buffered: a write is done when all its bytes were read.

import { lazy } from "internal:host";
import { rejected } from "internal:streams_promise";
import { interface_, internal } from "internal:webidl";
import { dictionary, unrestrictedDouble } from "internal:webidl_types";
import { closeBytes, enqueueBytes } from "internal:streams_byte";
import { Passage } from "internal:streams_passage";
import { extractHighWaterMark } from "internal:streams_queue";
import { TransformStream } from "internal:streams_transform";
import { byteLengthOf, bytesOf, copyOf } from "internal:buffers";

const encoding = lazy("encoding");
const { isInteger } = Number;
const { trunc } = Math;

class BytePassage extends Passage {
  constructor(expected, highWaterMark) {
    super(highWaterMark, highWaterMark === undefined ? undefined : sizeInBytes);
    this.expected = expected; // undefined, or the bytes still to come
    this.readable.length = expected;
    this.readable.controller.single = true;
  }

  write(chunk) {
    const bytes = typeof chunk === "string" ? encoding().utf8(chunk) : bytesOf(chunk);
    if (bytes === undefined) return this.refuse(new TypeError("This WritableStream only supports writing byte types."));
    const length = byteLengthOf(bytes);
    if (length === 0) return undefined;
    if (this.expected !== undefined) {
      if (length > this.expected) return this.refuse(new TypeError("Attempt to write too many bytes through a FixedLengthStream."));
      this.expected -= length;
    }
    const { controller } = this.readable;
    enqueueBytes(controller, typeof chunk === "string" ? bytes : copyOf(bytes));
    if (controller.total === 0) return undefined;
    return this.wait();
  }

  close() {
    if (this.expected > 0) {
      return this.refuse(new TypeError("FixedLengthStream did not see all expected bytes before close()."));
    }
    try {
      closeBytes(this.readable.controller);
    } catch (error) {
      return rejected(error);
    }
    return undefined;
  }

  cancelled(reason) {
    super.cancelled(asError(reason));
  }
}

/** What a reader cancels with reaches the writer as an Error, whatever it was. */
function asError(reason) {
  if (reason instanceof Error) return reason;
  return new Error(reason === undefined ? "Stream was cancelled." : `${reason}`);
}

function sizeInBytes(chunk) {
  if (typeof chunk === "string") return chunk.length;
  const bytes = bytesOf(chunk);
  return bytes === undefined ? 0 : byteLengthOf(bytes);
}

const Options = dictionary("IdentityTransformStreamQueuingStrategy", { highWaterMark: [unrestrictedDouble] });
const markOf = (options) => extractHighWaterMark(Options(options), undefined);

function lengthFrom(value) {
  const length = typeof value === "bigint" ? Number(value) : trunc(+value);
  if (!isInteger(length) || length < 0 || length > Number.MAX_SAFE_INTEGER) {
    throw new TypeError("FixedLengthStream requires an integer expected length less than 2^53.");
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
