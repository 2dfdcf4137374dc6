// Readable byte streams (streams standard, section 4.9.5): the byte controller's algorithms, on the records of
// streams_readable.js. The classes a Worker sees are in streams_byob.js, loaded when it first looks at one.

import { lazy } from "internal:host";
import { bare, microtask } from "internal:streams_promise";
import { ReadableState, canCloseOrEnqueue, closeReadable, errorController, pullIfNeeded, startController } from "internal:streams_readable";
import { bufferOf, byteLengthOf, byteOffsetOf, cloneRange, constructorOf, copyRange, isDetached, lengthOfBuffer, transfer } from "internal:buffers";

const byob = lazy("streams_byob");

const { min: smaller } = Math;
const Bytes = Uint8Array;
const NativeArrayBuffer = ArrayBuffer;

// ---- Records --------------------------------------------------------------------------------------

/** Queued bytes. `view` shows exactly them as long as nothing was taken from the front. */
class ByteEntry {
  constructor(view) {
    this.view = view;
    this.buffer = bufferOf(view);
    this.byteOffset = byteOffsetOf(view);
    this.byteLength = byteLengthOf(view);
    this.next = undefined;
  }
}

/** A place that waits for bytes: a BYOB read's view, or a buffer made for a default reader. */
class PullInto {
  constructor(buffer, byteOffset, byteLength, minimumFill, Constructor, readerType) {
    this.buffer = buffer;
    this.bufferByteLength = lengthOfBuffer(buffer);
    this.byteOffset = byteOffset;
    this.byteLength = byteLength;
    this.bytesFilled = 0;
    this.minimumFill = minimumFill;
    this.elementSize = Constructor.BYTES_PER_ELEMENT ?? 1;
    this.Constructor = Constructor;
    this.readerType = readerType; // "default", "byob", "none" after the reader was released
    this.partial = false; // the end of the stream may leave it below its minimum
    this.next = undefined;
  }

  /** The filled part, as the kind of view that was asked for. */
  take() {
    return new this.Constructor(transfer(this.buffer), this.byteOffset, this.bytesFilled / this.elementSize);
  }
}

export class ByteControllerState {
  constructor(stream, source, highWaterMark, autoAllocateChunkSize) {
    this.stream = stream;
    this.wrapper = undefined;
    this.source = source; // may also have `drained()`: all queued bytes were taken
    this.highWaterMark = highWaterMark;
    this.autoAllocateChunkSize = autoAllocateChunkSize;
    this.head = undefined; // queued bytes
    this.tail = undefined;
    this.total = 0;
    this.single = false; // as production has it for streams of its own: one read at a time
    this.firstPullInto = undefined;
    this.lastPullInto = undefined;
    this.byobRequest = undefined;
    this.started = false;
    this.closeRequested = false;
    this.pulling = false;
    this.pullAgain = false;
    this.onPulled = undefined;
    this.onPullFailed = undefined;
  }

  get object() {
    return (this.wrapper ??= byob().byteControllerObject(this));
  }

  cancelSteps(reason) {
    this.clearPullIntos();
    this.resetQueue();
    const answer = this.source.cancel(reason);
    this.clear();
    return answer;
  }

  pullSteps(request) {
    if (this.single && this.stream.reader.pending > 0) {
      request.error(secondRead());
      return;
    }
    if (this.total > 0) {
      fillRequest(this, request);
      return;
    }
    const size = this.autoAllocateChunkSize;
    if (size !== undefined) {
      let buffer;
      try {
        buffer = new NativeArrayBuffer(size);
      } catch (error) {
        request.error(error);
        return;
      }
      this.pushPullInto(new PullInto(buffer, 0, size, 1, Bytes, "default"));
    }
    this.stream.reader.push(request);
    pullIfNeeded(this);
  }

  releaseSteps() {
    const first = this.firstPullInto;
    if (first === undefined) return;
    first.readerType = "none";
    first.next = undefined;
    this.lastPullInto = first;
  }

  clear() {
    this.source = undefined;
  }

  resetQueue() {
    this.head = this.tail = undefined;
    this.total = 0;
  }

  /** `view` must be the stream's own: nobody else writes to its buffer. */
  pushBytes(view) {
    const entry = new ByteEntry(view);
    if (this.head === undefined) this.head = entry;
    else this.tail.next = entry;
    this.tail = entry;
    this.total += entry.byteLength;
  }

  pushPullInto(descriptor) {
    if (this.firstPullInto === undefined) this.firstPullInto = descriptor;
    else this.lastPullInto.next = descriptor;
    this.lastPullInto = descriptor;
  }

  shiftPullInto() {
    const descriptor = this.firstPullInto;
    this.firstPullInto = descriptor.next;
    return descriptor;
  }

  clearPullIntos() {
    this.invalidateRequest();
    this.firstPullInto = this.lastPullInto = undefined;
  }

  invalidateRequest() {
    const request = this.byobRequest;
    if (request === undefined) return;
    request.controller = undefined;
    request.view = null;
    this.byobRequest = undefined;
  }
}

/** The record behind a ReadableStreamBYOBRequest. */
class ByobRequestState {
  constructor(controller, view) {
    this.controller = controller;
    this.view = view;
    this.wrapper = undefined;
  }
}
bare(ByteEntry, PullInto, ByteControllerState, ByobRequestState);

// ---- Controller operations ------------------------------------------------------------------------

export function startByteController(state, source, highWaterMark, autoAllocateChunkSize) {
  if (autoAllocateChunkSize === 0) throw new TypeError("autoAllocateChunkSize must be greater than 0");
  startController(new ByteControllerState(state, source, highWaterMark, autoAllocateChunkSize));
}

/** A byte stream over an internal source, which has no `start` and is not asked before somebody reads. */
export function createByteReadable(source) {
  const state = new ReadableState();
  state.controller = new ByteControllerState(state, source, 0, undefined);
  state.controller.started = true;
  return state;
}

export function closeByteController(controller) {
  if (!canCloseOrEnqueue(controller)) return;
  if (controller.total > 0) {
    controller.closeRequested = true;
    return;
  }
  const first = controller.firstPullInto;
  if (first !== undefined && first.bytesFilled % first.elementSize !== 0) {
    const error = new TypeError("the stream was closed in the middle of an element of the reader's view");
    errorController(controller, error);
    throw error;
  }
  controller.clear();
  closeReadable(controller.stream);
  if (first !== undefined) microtask(() => respondToTheRest(controller));
}

/** The standard leaves BYOB reads waiting until somebody responds with 0; production does not. */
function respondToTheRest(controller) {
  if (controller.firstPullInto !== undefined) respond(controller, 0);
}

const secondRead = () => new TypeError("This ReadableStream only supports a single pending read request at a time.");

/** Closes for an internal source: a BYOB read that still waits is answered too. */
export function closeBytes(controller) {
  closeByteController(controller);
  if (controller.stream.status === "closed" && controller.firstPullInto !== undefined) respond(controller, 0);
}

/** Hands bytes to whoever waits for them, or queues them. `view` must be the stream's own. */
export function enqueueBytes(controller, view) {
  if (!canCloseOrEnqueue(controller)) return;
  const { reader } = controller.stream;
  const first = controller.firstPullInto;
  if (first !== undefined) {
    if (isDetached(first.buffer)) throw new TypeError("the BYOB request's buffer was detached");
    controller.invalidateRequest();
    first.buffer = transfer(first.buffer);
    if (first.readerType === "none") detachedToQueue(controller, first);
  }
  if (reader === undefined) {
    controller.pushBytes(view);
  } else if (reader.byob) {
    controller.pushBytes(view);
    commitAll(controller, fillPullIntos(controller));
  } else {
    while (reader.pending > 0 && controller.total > 0) fillRequest(controller, reader.shift());
    if (reader.pending === 0) {
      controller.pushBytes(view);
    } else {
      if (controller.firstPullInto !== undefined) controller.shiftPullInto();
      reader.shift().chunk(view);
    }
  }
  pullIfNeeded(controller);
}

/** After bytes left the queue: the last ones close a stream that was asked to, else the source is asked for more. */
function afterDrain(controller) {
  if (controller.total === 0) {
    if (controller.closeRequested) {
      controller.clear();
      closeReadable(controller.stream);
      return;
    }
    controller.source.drained?.();
  }
  pullIfNeeded(controller);
}

function fillRequest(controller, request) {
  const entry = controller.head;
  controller.head = entry.next;
  controller.total -= entry.byteLength;
  afterDrain(controller);
  request.chunk(entry.view ?? new Bytes(entry.buffer, entry.byteOffset, entry.byteLength));
}

function enqueueClone(controller, buffer, byteOffset, byteLength) {
  let copy;
  try {
    copy = cloneRange(buffer, byteOffset, byteLength);
  } catch (error) {
    errorController(controller, error);
    throw error;
  }
  controller.pushBytes(new Bytes(copy));
}

/** What a released reader's view had received goes back to the queue. */
function detachedToQueue(controller, descriptor) {
  if (descriptor.bytesFilled > 0) enqueueClone(controller, descriptor.buffer, descriptor.byteOffset, descriptor.bytesFilled);
  controller.shiftPullInto();
}

/** Copies queued bytes into the descriptor; true once its minimum is reached. */
function fillPullInto(controller, descriptor) {
  const available = smaller(controller.total, descriptor.byteLength - descriptor.bytesFilled);
  const filled = descriptor.bytesFilled + available;
  const aligned = filled - (filled % descriptor.elementSize);
  const ready = aligned >= descriptor.minimumFill;
  let remaining = ready ? aligned - descriptor.bytesFilled : available;
  while (remaining > 0) {
    const entry = controller.head;
    const taken = smaller(remaining, entry.byteLength);
    copyRange(descriptor.buffer, descriptor.byteOffset + descriptor.bytesFilled, entry.buffer, entry.byteOffset, taken);
    if (taken === entry.byteLength) {
      controller.head = entry.next;
    } else {
      entry.view = undefined;
      entry.byteOffset += taken;
      entry.byteLength -= taken;
    }
    controller.total -= taken;
    descriptor.bytesFilled += taken;
    remaining -= taken;
  }
  return ready;
}

/** Fills waiting descriptors from the queue; returns the list of those that are ready. */
function fillPullIntos(controller) {
  const ready = [];
  while (controller.firstPullInto !== undefined && controller.total > 0) {
    if (!fillPullInto(controller, controller.firstPullInto)) break;
    ready[ready.length] = controller.shiftPullInto();
  }
  return ready;
}

function commitAll(controller, descriptors) {
  for (let i = 0; i < descriptors.length; i += 1) commit(controller.stream, descriptors[i]);
}

/** Answers the oldest read with a filled descriptor. */
function commit(stream, descriptor) {
  const view = descriptor.take();
  const request = stream.reader.shift();
  if (stream.status === "closed" && !(descriptor.partial && descriptor.bytesFilled > 0)) request.close(view);
  else request.chunk(view);
}

/**
 * A BYOB read: fills `view` from the queue, or lets it wait for the source. `minimum` counts elements; `partial` says
 * that the end of the stream may give fewer.
 */
export function pullInto(controller, view, minimum, request, partial = false) {
  const { stream } = controller;
  if (controller.single && stream.reader.pending > 0) {
    request.error(secondRead());
    return;
  }
  const Constructor = constructorOf(view);
  const byteOffset = byteOffsetOf(view);
  const byteLength = byteLengthOf(view);
  let buffer;
  try {
    buffer = transfer(bufferOf(view));
  } catch (error) {
    request.error(error);
    return;
  }
  const descriptor = new PullInto(buffer, byteOffset, byteLength, minimum * (Constructor.BYTES_PER_ELEMENT ?? 1), Constructor, "byob");
  descriptor.partial = partial;
  if (controller.firstPullInto === undefined) {
    if (stream.status === "closed") {
      request.close(new Constructor(buffer, byteOffset, 0));
      return;
    }
    if (controller.total > 0) {
      if (fillPullInto(controller, descriptor) || (partial && isLast(controller, descriptor))) {
        const filled = descriptor.take();
        afterDrain(controller);
        request.chunk(filled);
        return;
      }
      if (controller.closeRequested) {
        const error = new TypeError("the stream ends in the middle of an element of the reader's view");
        errorController(controller, error);
        request.error(error);
        return;
      }
    }
  }
  controller.pushPullInto(descriptor);
  stream.reader.push(request);
  pullIfNeeded(controller);
}

/** Whole elements, and nothing comes after them. */
const isLast = (controller, { bytesFilled, elementSize }) => controller.closeRequested && bytesFilled > 0 && bytesFilled % elementSize === 0;

export function respond(controller, bytesWritten) {
  const first = controller.firstPullInto;
  if (controller.stream.status === "closed") {
    if (bytesWritten !== 0) throw new TypeError("a closed stream takes no more bytes: respond(0)");
  } else {
    if (bytesWritten === 0) throw new TypeError("respond(0) is for closed streams");
    if (first.bytesFilled + bytesWritten > first.byteLength) throw new RangeError("more bytes written than the view holds");
  }
  first.buffer = transfer(first.buffer);
  respondTo(controller, bytesWritten);
}

export function respondWithNewView(controller, view) {
  const first = controller.firstPullInto;
  const byteLength = byteLengthOf(view);
  if (controller.stream.status === "closed") {
    if (byteLength !== 0) throw new TypeError("a closed stream takes no more bytes: the view must be empty");
  } else if (byteLength === 0) {
    throw new TypeError("an empty view is for closed streams");
  }
  if (first.byteOffset + first.bytesFilled !== byteOffsetOf(view)) throw new RangeError("the view starts at another place than the BYOB request's");
  if (first.bufferByteLength !== lengthOfBuffer(bufferOf(view))) throw new RangeError("the view's buffer has another size than the BYOB request's");
  if (first.bytesFilled + byteLength > first.byteLength) throw new RangeError("the view is longer than the BYOB request's");
  first.buffer = transfer(bufferOf(view));
  respondTo(controller, byteLength);
}

function respondTo(controller, bytesWritten) {
  const first = controller.firstPullInto;
  controller.invalidateRequest();
  if (controller.stream.status === "closed") respondClosed(controller, first);
  else respondReadable(controller, first, bytesWritten);
  pullIfNeeded(controller);
}

function respondClosed(controller, first) {
  const { reader } = controller.stream;
  if (first.readerType === "none") controller.shiftPullInto();
  if (reader === undefined || !reader.byob) return;
  const all = [];
  while (all.length < reader.pending) all[all.length] = controller.shiftPullInto();
  commitAll(controller, all);
}

function respondReadable(controller, descriptor, bytesWritten) {
  descriptor.bytesFilled += bytesWritten;
  if (descriptor.readerType === "none") {
    detachedToQueue(controller, descriptor);
    commitAll(controller, fillPullIntos(controller));
    return;
  }
  if (descriptor.bytesFilled < descriptor.minimumFill) return;
  controller.shiftPullInto();
  const remainder = descriptor.bytesFilled % descriptor.elementSize;
  if (remainder > 0) {
    enqueueClone(controller, descriptor.buffer, descriptor.byteOffset + descriptor.bytesFilled - remainder, remainder);
    descriptor.bytesFilled -= remainder;
  }
  const ready = fillPullIntos(controller);
  commit(controller.stream, descriptor);
  commitAll(controller, ready);
}

/** A buffer for readers of our own (bodies, pipes, tees), made when the source asks for one; production always has one. */
const LENT_BYTES = 4096;

/** The request for the place that waits first, or undefined. */
export function byobRequestOf(controller) {
  const { reader } = controller.stream;
  if (controller.firstPullInto === undefined && reader !== undefined && reader.lendsBuffers && reader.pending > 0) {
    controller.pushPullInto(new PullInto(new NativeArrayBuffer(LENT_BYTES), 0, LENT_BYTES, 1, Bytes, "default"));
  }
  const first = controller.firstPullInto;
  if (controller.byobRequest === undefined && first !== undefined) {
    const view = new Bytes(first.buffer, first.byteOffset + first.bytesFilled, first.byteLength - first.bytesFilled);
    controller.byobRequest = new ByobRequestState(controller, view);
  }
  return controller.byobRequest;
}
