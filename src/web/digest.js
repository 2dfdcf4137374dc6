// crypto.DigestStream, Cloudflare's own: a WritableStream that answers the digest of what was written to it.
import { host, lazy } from "internal:host";
import { WritableStream } from "internal:streams_writable";
import { interface_ } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const exception = lazy("exception");
const encoding = lazy("encoding");
const { digestStart } = host;
const { apply } = Reflect;
const { then } = Promise.prototype;

function bytesIn(chunk) {
  if (typeof chunk === "string") return encoding().utf8(chunk);
  if (isBufferSource(chunk)) return bytesOf(chunk);
  throw new TypeError(
    "DigestStream is a byte stream but received an object of non-ArrayBuffer/ArrayBufferView/string type on its writable side.",
  );
}

/** The underlying sink: counts and hashes. */
class DigestSink {
  constructor(state) {
    this.state = state;
    this.written = 0;
    this.result = Promise.withResolvers();
    apply(then, this.result.promise, [undefined, () => {}]); // nobody need look at the digest
  }

  start(controller) {
    this.controller = controller;
  }

  write(chunk) {
    try {
      const bytes = bytesIn(chunk);
      this.state.update(bytes);
      this.written += bytes.length;
    } catch (error) {
      this.result.reject(error);
      throw error;
    }
  }

  close() {
    this.result.resolve(this.state.finish().buffer);
  }

  abort(reason) {
    this.result.reject(reason);
  }
}

export class DigestStream extends WritableStream {
  #sink;

  constructor(algorithm) {
    const name = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
    const state = digestStart(`${name}`.toUpperCase());
    if (state === undefined) {
      const { DOMException } = exception();
      throw new DOMException("Unrecognized or unimplemented digest algorithm requested.", "NotSupportedError");
    }
    const sink = new DigestSink(state);
    super(sink);
    this.#sink = sink;
  }

  get digest() {
    return this.#sink.result.promise;
  }

  get bytesWritten() {
    return BigInt(this.#sink.written);
  }

  [Symbol.dispose]() {
    const sink = this.#sink;
    const error = new Error("The DigestStream was disposed.");
    sink.result.reject(error);
    sink.controller.error(error);
  }
}
interface_(DigestStream);
