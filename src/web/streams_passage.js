// What our own byte transforms are made of: one object that is the sink of the writable side and feeds the readable one.
// A passage has `write(chunk)` and `close()`, which enqueue, and wait where the reader lags behind.

import { Deferred, bare, rejected } from "internal:streams_promise";
import { errorController } from "internal:streams_readable";
import { createByteReadable } from "internal:streams_byte";
import { createWritable, errorWritable } from "internal:streams_writable";

export class Passage {
  constructor(highWaterMark = 1, size = undefined) {
    this.waiting = undefined; // the write that waits for the reader
    this.readable = createByteReadable(new PassageSource(this));
    this.writable = createWritable(this, highWaterMark, size);
  }

  start() {}

  abort(reason) {
    errorController(this.readable.controller, reason);
  }

  /** Fails both sides: for a write to answer. */
  refuse(error) {
    errorController(this.readable.controller, error);
    return rejected(error);
  }

  /** Fulfilled when the reader has taken all that is queued. */
  wait() {
    this.waiting = new Deferred();
    return this.waiting.promise;
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
bare(Passage, PassageSource);
