// Piping (streams standard, "ReadableStreamPipeTo"). A pipe is its own read request, reads on in a loop
// while the destination wants chunks, and makes no promise per chunk.

import { lazy } from "internal:host";
import { Deferred, bare, microtask, noop, READY, then, upon } from "internal:streams_promise";
import { acquireReader, cancelReadable, readChunk, releaseReader } from "internal:streams_readable";
import { abortWritable, acquireWriter, closeForPipe, releaseWriter, writeChunk } from "internal:streams_writable";

const abort = lazy("abort");
const NOTHING = Symbol("nothing");

/** The write request of one piped chunk. */
class PipedWrite {
  constructor(pipe) {
    this.pipe = pipe;
    this.next = undefined;
  }

  resolve() {
    this.pipe.writeSettled();
  }

  reject() {
    this.pipe.writeSettled();
  }
}

class Pipe {
  constructor(source, destination, options) {
    this.source = source;
    this.destination = destination;
    this.options = options;
    this.reader = acquireReader(source);
    this.reader.lendsBuffers = true;
    this.writer = acquireWriter(destination);
    this.result = new Deferred();
    this.shuttingDown = false;
    this.looping = false; // inside `run`: a chunk that arrives now may be written at once
    this.chunkRead = NOTHING;
    this.unsettled = 0; // writes the sink is not done with
    this.afterWrites = undefined;
    this.onAbort = undefined;
    this.continue = () => this.run();
    this.next = undefined; // as a read request
  }

  start() {
    const { source, destination, options } = this;
    const { signal } = options;
    source.disturbed = true;
    if (signal !== undefined) {
      const { abortReason, addAbortAlgorithm, isAborted } = abort();
      if (isAborted(signal)) {
        this.abort(abortReason(signal));
        return this.result.promise;
      }
      this.onAbort = (reason) => this.abort(reason);
      addAbortAlgorithm(signal, this.onAbort);
    }
    this.watch(source, this.reader, "errored", () => this.sourceErrored());
    this.watch(destination, this.writer, "errored", () => this.destinationErrored());
    if (source.status === "closed") this.sourceClosed();
    else then(this.reader.closed.promise, () => this.sourceClosed(), noop);
    if (destination.closing || destination.status === "closed") this.destinationClosed();
    this.run();
    return this.result.promise;
  }

  watch(stream, end, status, action) {
    if (stream.status === status) action();
    else then(end.closed.promise, undefined, action);
  }

  sourceErrored() {
    const { source, destination, options } = this;
    const action = options.preventAbort ? undefined : () => abortWritable(destination, source.error);
    this.shutdown(action, true, source.error);
  }

  destinationErrored() {
    const { source, destination, options } = this;
    const action = options.preventCancel ? undefined : () => cancelReadable(source, destination.error);
    this.shutdown(action, true, destination.error);
  }

  sourceClosed() {
    this.shutdown(this.options.preventClose ? undefined : () => closeForPipe(this.destination), false, undefined);
  }

  destinationClosed() {
    const error = new TypeError("This destination writable stream is closed.");
    this.shutdown(this.options.preventCancel ? undefined : () => cancelReadable(this.source, error), true, error);
  }

  abort(reason) {
    const { source, destination, options } = this;
    this.shutdown(
      () => {
        const aborting = options.preventAbort || destination.status !== "writable" ? READY : abortWritable(destination, reason);
        const cancelling = options.preventCancel || source.status !== "readable" ? READY : cancelReadable(source, reason);
        return bothOf(aborting, cancelling);
      },
      true,
      reason,
    );
  }

  /** Moves chunks until the destination is full, the source is empty, or the pipe shuts down. */
  run() {
    const { destination, reader } = this;
    while (!this.shuttingDown) {
      if (destination.status !== "writable" || destination.backpressure) {
        then(this.writer.ready.promise, this.continue, noop);
        return;
      }
      this.looping = true;
      readChunk(reader, this);
      this.looping = false;
      if (this.chunkRead === NOTHING) return;
      this.write();
    }
  }

  write() {
    const chunk = this.chunkRead;
    if (chunk === NOTHING) return;
    this.chunkRead = NOTHING;
    this.unsettled += 1;
    writeChunk(this.writer, chunk, new PipedWrite(this));
  }

  chunk(value) {
    if (this.shuttingDown) return; // it came while the source was being told to stop
    this.chunkRead = value;
    if (this.looping) return;
    // Inside somebody's enqueue(), which must not run the sink's write().
    microtask(() => {
      this.write();
      this.run();
    });
  }

  close() {}

  error() {}

  writeSettled() {
    this.unsettled -= 1;
    if (this.unsettled > 0 || this.afterWrites === undefined) return;
    const { afterWrites } = this;
    this.afterWrites = undefined;
    microtask(afterWrites);
  }

  shutdown(action, failed, error) {
    if (this.shuttingDown) return;
    this.shuttingDown = true;
    const { destination } = this;
    const finish = () => {
      if (action === undefined) {
        this.finalize(failed, error);
        return;
      }
      upon(
        action(),
        () => this.finalize(failed, error),
        (newError) => this.finalize(true, newError),
      );
    };
    if (destination.status !== "writable" || destination.closing) {
      finish();
      return;
    }
    this.write();
    if (this.unsettled > 0) this.afterWrites = finish;
    else microtask(finish);
  }

  finalize(failed, error) {
    releaseWriter(this.writer);
    releaseReader(this.reader);
    if (this.onAbort !== undefined) abort().removeAbortAlgorithm(this.options.signal, this.onAbort);
    if (failed) this.result.reject(error);
    else this.result.resolve(undefined);
  }
}
bare(PipedWrite, Pipe);

function bothOf(first, second) {
  const both = new Deferred();
  let left = 2;
  const one = () => {
    left -= 1;
    if (left === 0) both.resolve(undefined);
  };
  upon(first, one, both.reject);
  upon(second, one, both.reject);
  return both.promise;
}

/** Pipes one record into another; options are converted already. */
export function pipe(source, destination, options) {
  return new Pipe(source, destination, options).start();
}
