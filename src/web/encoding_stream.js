// TextEncoderStream and TextDecoderStream (encoding standard, section 7.3 and 7.4): transform streams around the
// encoders of internal:encoding.

import { lazy } from "internal:host";
import { boolean, interface_ } from "internal:webidl";
import { dictionary } from "internal:webidl_types";
import { readableObject } from "internal:streams_readable";
import { writableObject } from "internal:streams_writable";
import { createTransform, enqueueTransformed } from "internal:streams_transform";
import { bytesOf } from "internal:buffers";

const encoding = lazy("encoding");
const uncurry = (method) => Function.prototype.call.bind(method);
const charCodeAt = uncurry(String.prototype.charCodeAt);
const slice = uncurry(String.prototype.slice);
const REPLACEMENT = [0xef, 0xbf, 0xbd]; // U+FFFD in UTF-8

const isHighSurrogate = (unit) => unit >= 0xd800 && unit <= 0xdbff;

/** Encodes strings; a high surrogate at a chunk's end waits for the next chunk. */
class Encoder {
  constructor() {
    this.encoder = new (encoding().TextEncoder)();
    this.held = "";
  }

  transform(chunk, state) {
    let text = this.held + `${chunk}`;
    this.held = "";
    if (text === "") return;
    const last = text.length - 1;
    if (isHighSurrogate(charCodeAt(text, last))) {
      this.held = slice(text, last);
      text = slice(text, 0, last);
      if (text === "") return;
    }
    enqueueTransformed(state, this.encoder.encode(text));
  }

  flush(state) {
    if (this.held !== "") enqueueTransformed(state, new Uint8Array(REPLACEMENT));
  }
}

const Options = dictionary("TextDecoderOptions", { fatal: [boolean, false], ignoreBOM: [boolean, false] });
const STREAMING = { stream: true };

class Decoder {
  constructor(label, options) {
    this.decoder = new (encoding().TextDecoder)(label, options);
  }

  transform(chunk, state) {
    if (bytesOf(chunk) === undefined && !(chunk instanceof SharedArrayBuffer)) {
      throw new TypeError("a TextDecoderStream takes ArrayBuffers and views of them");
    }
    const text = this.decoder.decode(chunk, STREAMING);
    if (text !== "") enqueueTransformed(state, text);
  }

  flush(state) {
    const text = this.decoder.decode();
    if (text !== "") enqueueTransformed(state, text);
  }
}

export class TextEncoderStream {
  #state;

  constructor() {
    this.#state = createTransform(new Encoder());
  }

  get encoding() {
    this.#state; // only for instances
    return "utf-8";
  }

  get readable() {
    return readableObject(this.#state.readable);
  }

  get writable() {
    return writableObject(this.#state.writable);
  }
}

export class TextDecoderStream {
  #state;
  #decoder;

  constructor(label = "utf-8", options = undefined) {
    const transformer = new Decoder(label, Options(options, "Failed to construct 'TextDecoderStream'"));
    this.#decoder = transformer.decoder;
    this.#state = createTransform(transformer);
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return readableObject(this.#state.readable);
  }

  get writable() {
    return writableObject(this.#state.writable);
  }
}
interface_(TextEncoderStream);
interface_(TextDecoderStream);
