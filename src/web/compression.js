// CompressionStream and DecompressionStream (Compression standard): byte transforms around native codecs. Output is
// made in pieces while there is room ahead of the reader; past that a write waits.

import { host } from "internal:host";
import { then } from "internal:streams_promise";
import { DOMString, interface_, internal, requiredArguments } from "internal:webidl";
import { closeBytes, enqueueBytes } from "internal:streams_byte";
import { Passage } from "internal:streams_passage";
import { TransformStream } from "internal:streams_transform";
import { bytesOf } from "internal:buffers";

/**
 * Bytes made ahead of the reader. Production has no limit here: Workers may write all and read then; but what a reader
 * never takes must not fill the memory.
 */
const AHEAD = 4 << 20;

/** Bytes that the host holds for one codec, taken from the isolate's memory by an array that nobody touches. */
const COMPRESSING = 320 << 10;
const DECOMPRESSING = 64 << 10;

const NOTHING = new Uint8Array(0);

class CodecPassage extends Passage {
  constructor(codec, compress) {
    super();
    this.codec = codec;
    this.charge = new ArrayBuffer(compress ? COMPRESSING : DECOMPRESSING);
    this.closing = false;
  }

  write(chunk) {
    const bytes = bytesOf(chunk);
    if (bytes === undefined) {
      return this.refuse(new TypeError("CompressionStream and DecompressionStream take ArrayBuffers and views."));
    }
    this.codec.push(bytes, false);
    return this.flow();
  }

  close() {
    this.codec.push(NOTHING, true);
    this.closing = true;
    return this.flow();
  }

  /** Makes output until there is none, or enough for now. */
  flow() {
    const { controller } = this.readable;
    try {
      for (let piece; (piece = this.codec.next()) !== undefined; ) {
        enqueueBytes(controller, piece);
        if (controller.total >= AHEAD) return then(this.wait(), () => this.flow());
      }
      if (this.closing) closeBytes(controller);
      return undefined;
    } catch (error) {
      return this.refuse(error);
    }
  }
}

function passageOf(format, compress, name) {
  const codec = host.compressionStart(DOMString(format, `Failed to construct '${name}'`, "parameter 1"), compress);
  if (codec === undefined) throw new TypeError("The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.");
  return new CodecPassage(codec, compress);
}

function streamClass(name, compress) {
  class Stream extends TransformStream {
    constructor(format) {
      requiredArguments(arguments.length, 1, `Failed to construct '${name}'`);
      super(internal, passageOf(format, compress, name));
    }

    get readable() {
      return super.readable;
    }

    get writable() {
      return super.writable;
    }
  }
  return interface_(Stream, { name });
}

export const CompressionStream = streamClass("CompressionStream", true);
export const DecompressionStream = streamClass("DecompressionStream", false);
