// WritableStream, its writer and its controller (streams standard, section 5).
//
// As in streams_readable.js, algorithms work on records. A *sink* has `start(controller)`,
// `write(chunk)`, `close()`, `abort(reason)`; they never throw, and answer a native promise or
// undefined (`abort`: undefined when it is over at once). A *write request* has `resolve()`, `reject(reason)` and `next`.

import { lazy } from "internal:host";
import { Deferred, Settling, bare, invoke, promiseOf, READY, rejected, resolved, upon } from "internal:streams_promise";
import { any, illegalConstructor, interface_, internal, isObject, object, wrongType } from "internal:webidl";
import { callback, dictionary } from "internal:webidl_types";
import { SizedQueue, extractHighWaterMark, extractSize, readStrategy, sizeOf } from "internal:streams_queue";

const abort = lazy("abort");
const { apply } = Reflect;
const CLOSE = Symbol("close"); // the last entry of a closing stream's queue

// ---- Records --------------------------------------------------------------------------------------

export class WritableState {
  constructor() {
    this.stream = undefined;
    this.status = "writable"; // "erroring", "errored", "closed"
    this.error = undefined;
    this.writer = undefined;
    this.controller = undefined;
    this.backpressure = false;
    this.head = undefined; // write requests, oldest first
    this.tail = undefined;
    this.inFlightWrite = undefined;
    this.closeRequest = undefined;
    this.inFlightClose = undefined;
    this.abortRequest = undefined;
  }

  get closing() {
    return this.closeRequest !== undefined || this.inFlightClose !== undefined;
  }
}

class AbortRequest extends Deferred {
  constructor(reason, wasErroring) {
    super();
    this.reason = reason;
    this.wasErroring = wasErroring;
  }
}

export class WriterState {
  constructor() {
    this.stream = undefined;
    this.ready = new Settling();
    this.closed = new Settling();
  }
}

class ControllerState extends SizedQueue {
  constructor(stream, sink, highWaterMark, size) {
    super();
    this.stream = stream;
    this.wrapper = undefined;
    this.sink = sink;
    this.highWaterMark = highWaterMark;
    this.size = size;
    this.started = false;
    this.onWritten = undefined; // made once, see processWrite
    this.onWriteFailed = undefined;
    this.aborted = false;
    this.abortReason = undefined;
    this.abortController = undefined;
  }

  get object() {
    return (this.wrapper ??= new WritableStreamDefaultController(internal, this));
  }

  clear() {
    this.sink = undefined;
    this.size = undefined;
  }

  /** The AbortController is made when a sink looks at its signal. */
  get signal() {
    if (this.abortController === undefined) {
      this.abortController = new (abort().AbortController)();
      if (this.aborted) this.abortController.abort(this.abortReason);
    }
    return this.abortController.signal;
  }

  abortSignal(reason) {
    if (this.aborted) return;
    this.aborted = true;
    this.abortReason = reason;
    this.abortController?.abort(reason);
  }
}
bare(WritableState, WriterState);

const SinkMembers = dictionary("UnderlyingSink", {
  abort: [callback],
  close: [callback],
  start: [callback],
  type: [any],
  write: [callback],
});

/** What a Worker passed to `new WritableStream`. */
class UnderlyingSink {
  constructor(sink) {
    const members = SinkMembers(sink);
    if (members.type !== undefined) throw new RangeError("a sink's type is reserved: leave it out");
    this.object = sink;
    this.controller = undefined;
    this.abortMethod = members.abort;
    this.closeMethod = members.close;
    this.startMethod = members.start;
    this.writeMethod = members.write;
  }

  start(controller) {
    this.controller = controller.object;
    return this.startMethod === undefined ? undefined : apply(this.startMethod, this.object, [this.controller]);
  }

  write(chunk) {
    return this.writeMethod === undefined ? undefined : invoke(this.writeMethod, this.object, [chunk, this.controller]);
  }

  close() {
    return this.closeMethod === undefined ? undefined : invoke(this.closeMethod, this.object, []);
  }

  abort(reason) {
    return this.abortMethod === undefined ? READY : invoke(this.abortMethod, this.object, [reason]);
  }
}
bare(UnderlyingSink);

// ---- Stream operations ----------------------------------------------------------------------------

export function abortWritable(state, reason) {
  if (state.status === "closed" || state.status === "errored") return resolved(undefined);
  state.controller.abortSignal(reason);
  if (state.status === "closed" || state.status === "errored") return resolved(undefined); // an abort listener may have
  if (state.abortRequest !== undefined) return state.abortRequest.promise;
  const wasErroring = state.status === "erroring";
  const request = (state.abortRequest = new AbortRequest(wasErroring ? undefined : reason, wasErroring));
  if (!wasErroring) startErroring(state, reason);
  return request.promise;
}

export function closeWritable(state) {
  if (state.status === "closed" || state.status === "errored") return rejected(new TypeError("This WritableStream has been closed."));
  const request = (state.closeRequest = new Deferred());
  if (state.writer !== undefined && state.backpressure && state.status === "writable") state.writer.ready.resolve();
  state.controller.push(CLOSE, 0);
  advanceQueue(state.controller);
  return request.promise;
}

function dealWithRejection(state, error) {
  if (state.status === "writable") startErroring(state, error);
  else finishErroring(state);
}

function startErroring(state, reason) {
  state.status = "erroring";
  state.error = reason;
  if (state.writer !== undefined) refuseReady(state.writer, reason);
  if (state.inFlightWrite === undefined && state.inFlightClose === undefined && state.controller.started) finishErroring(state);
}

/** Makes `ready` rejected: the pending promise, or a new one in place of a fulfilled one. */
function refuseReady(writer, reason) {
  if (writer.ready.state !== 0) writer.ready = new Settling();
  writer.ready.reject(reason);
}

function finishErroring(state) {
  state.status = "errored";
  state.controller.resetQueue();
  let request = state.head;
  state.head = state.tail = undefined;
  while (request !== undefined) {
    const { next } = request;
    request.reject(state.error);
    request = next;
  }
  const { abortRequest } = state;
  if (abortRequest === undefined) {
    rejectClosed(state);
    return;
  }
  state.abortRequest = undefined;
  if (abortRequest.wasErroring) {
    abortRequest.reject(state.error);
    rejectClosed(state);
    return;
  }
  const { controller } = state;
  const answer = controller.sink.abort(abortRequest.reason);
  controller.clear();
  const aborted = () => {
    abortRequest.resolve(undefined);
    rejectClosed(state);
  };
  if (answer === undefined) {
    aborted();
    return;
  }
  upon(
    answer,
    aborted,
    (error) => {
      abortRequest.reject(error);
      rejectClosed(state);
    },
  );
}

function rejectClosed(state) {
  if (state.closeRequest !== undefined) {
    state.closeRequest.reject(state.error);
    state.closeRequest = undefined;
  }
  state.writer?.closed.reject(state.error);
}

function updateBackpressure(state, backpressure) {
  const { writer } = state;
  if (writer !== undefined && backpressure !== state.backpressure) {
    if (backpressure) writer.ready = new Settling();
    else writer.ready.resolve();
  }
  state.backpressure = backpressure;
}

// ---- Controller -----------------------------------------------------------------------------------

function startController(state, sink, highWaterMark, size) {
  const controller = (state.controller = new ControllerState(state, sink, highWaterMark, size));
  state.backpressure = highWaterMark <= 0;
  upon(
    promiseOf(sink.start(controller)),
    () => {
      controller.started = true;
      advanceQueue(controller);
    },
    (error) => {
      controller.started = true;
      dealWithRejection(state, error);
    },
  );
}

/** A stream over an internal sink. */
export function createWritable(sink, highWaterMark = 1, size = undefined) {
  const state = new WritableState();
  startController(state, sink, highWaterMark, size);
  return state;
}

function advanceQueue(controller) {
  const { stream } = controller;
  if (!controller.started || stream.inFlightWrite !== undefined) return;
  if (stream.status === "erroring") {
    finishErroring(stream);
    return;
  }
  const entry = controller.head;
  if (entry === undefined) return;
  if (entry.value === CLOSE) processClose(controller);
  else processWrite(controller, entry.value);
}

function processClose(controller) {
  const { stream } = controller;
  stream.inFlightClose = stream.closeRequest;
  stream.closeRequest = undefined;
  controller.shift();
  const answer = controller.sink.close();
  controller.clear();
  upon(
    answer,
    () => {
      stream.inFlightClose.resolve(undefined);
      stream.inFlightClose = undefined;
      if (stream.status === "erroring") {
        stream.error = undefined;
        if (stream.abortRequest !== undefined) {
          stream.abortRequest.resolve(undefined);
          stream.abortRequest = undefined;
        }
      }
      stream.status = "closed";
      stream.writer?.closed.resolve();
    },
    (error) => {
      stream.inFlightClose.reject(error);
      stream.inFlightClose = undefined;
      if (stream.abortRequest !== undefined) {
        stream.abortRequest.reject(error);
        stream.abortRequest = undefined;
      }
      dealWithRejection(stream, error);
    },
  );
}

function processWrite(controller, chunk) {
  const { stream } = controller;
  stream.inFlightWrite = stream.head;
  stream.head = stream.head.next;
  controller.onWritten ??= () => {
    const request = stream.inFlightWrite;
    stream.inFlightWrite = undefined;
    request.resolve(undefined);
    controller.shift();
    if (stream.status === "writable" && !stream.closing) updateBackpressure(stream, controller.highWaterMark <= controller.total);
    advanceQueue(controller);
  };
  controller.onWriteFailed ??= (error) => {
    const request = stream.inFlightWrite;
    if (stream.status === "writable") controller.clear();
    stream.inFlightWrite = undefined;
    request.reject(error);
    dealWithRejection(stream, error);
  };
  upon(controller.sink.write(chunk), controller.onWritten, controller.onWriteFailed);
}

/** Errors the stream unless it already is. */
export function errorWritable(controller, error) {
  if (controller.stream.status !== "writable") return;
  controller.clear();
  startErroring(controller.stream, error);
}

function chunkSize(controller, chunk) {
  if (controller.size === undefined) return 1;
  try {
    return sizeOf(controller.size, chunk);
  } catch (error) {
    errorWritable(controller, error);
    return 1;
  }
}

// ---- Writer ---------------------------------------------------------------------------------------

/** Locks the stream to a new writer record. */
export function acquireWriter(state) {
  if (state.writer !== undefined) throw lockedWritable();
  const writer = new WriterState();
  writer.stream = state;
  state.writer = writer;
  const { status } = state;
  if (status === "writable") {
    if (state.closing || !state.backpressure) writer.ready.resolve();
  } else if (status === "closed") {
    writer.ready.resolve();
    writer.closed.resolve();
  } else {
    writer.ready.reject(state.error);
    if (status === "errored") writer.closed.reject(state.error);
  }
  return writer;
}

export function releaseWriter(writer) {
  const error = releasedWriter();
  refuseReady(writer, error);
  if (writer.closed.state !== 0) writer.closed = new Settling();
  writer.closed.reject(error);
  writer.stream.writer = undefined;
  writer.stream = undefined;
}

/** How much the sink still wants: null once errored, 0 once closed. */
export function desiredWrites(state) {
  if (state.status === "writable") return state.controller.highWaterMark - state.controller.total;
  return state.status === "closed" ? 0 : null;
}

/** Queues one chunk; `request` learns when the sink is done with it. */
export function writeChunk(writer, chunk, request) {
  const state = writer.stream;
  const { controller } = state;
  const size = chunkSize(controller, chunk);
  if (state !== writer.stream) {
    request.reject(releasedWriter());
    return;
  }
  const { status } = state;
  if (status === "errored" || (status === "erroring" && !state.closing)) {
    request.reject(state.error);
    return;
  }
  if (status === "closed" || state.closing) {
    request.reject(new TypeError("This WritableStream has been closed."));
    return;
  }
  request.next = undefined;
  if (state.head === undefined) state.head = request;
  else state.tail.next = request;
  state.tail = request;
  try {
    controller.push(chunk, size);
  } catch (error) {
    errorWritable(controller, error);
    return;
  }
  if (!state.closing && state.status === "writable") updateBackpressure(state, controller.highWaterMark <= controller.total);
  advanceQueue(controller);
}

/** Closes for a pipe: a stream that is closing already is fine, an errored one refuses with its error. */
export function closeForPipe(state) {
  if (state.closing || state.status === "closed") return resolved(undefined);
  return state.status === "errored" ? rejected(state.error) : closeWritable(state);
}

// Workers read these words in their logs: they are those of production.
export const lockedWritable = () => new TypeError("This WritableStream is currently locked to a writer.");
const releasedWriter = () => new TypeError("This WritableStream writer has been released.");

// ---- Public classes -------------------------------------------------------------------------------

let writerStateOf;
let controllerStateOf;
let writableStateOf;

/** The record of a WritableStream, or undefined for anything else. */
export const writableStateFor = (object) => writableStateOf(object);

export function requireWritable(value, prefix, what) {
  const state = writableStateOf(value);
  if (state === undefined) throw wrongType(prefix, what, "WritableStream");
  return state;
}

/** The public object of a record. */
export function writableObject(state) {
  return (state.stream ??= new WritableStream(internal, state));
}

export class WritableStreamDefaultWriter {
  #state;

  constructor(stream) {
    this.#state = acquireWriter(requireWritable(stream, "Failed to construct 'WritableStreamDefaultWriter'", "parameter 1"));
  }

  get closed() {
    const state = writerStateOf(this);
    return state === undefined ? rejected(wrongType(undefined, "this", "WritableStreamDefaultWriter")) : state.closed.promise;
  }

  get desiredSize() {
    const state = writerStateOf(this);
    if (state === undefined) throw wrongType(undefined, "this", "WritableStreamDefaultWriter");
    if (state.stream === undefined) throw releasedWriter();
    return desiredWrites(state.stream);
  }

  get ready() {
    const state = writerStateOf(this);
    return state === undefined ? rejected(wrongType(undefined, "this", "WritableStreamDefaultWriter")) : state.ready.promise;
  }

  abort(reason = undefined) {
    const state = writerStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "WritableStreamDefaultWriter"));
    return state.stream === undefined ? rejected(releasedWriter()) : abortWritable(state.stream, reason);
  }

  close() {
    const state = writerStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "WritableStreamDefaultWriter"));
    if (state.stream === undefined) return rejected(releasedWriter());
    if (state.stream.closing) return rejected(new TypeError("the WritableStream is already closing"));
    return closeWritable(state.stream);
  }

  releaseLock() {
    const state = writerStateOf(this);
    if (state === undefined) throw wrongType(undefined, "this", "WritableStreamDefaultWriter");
    if (state.stream !== undefined) releaseWriter(state);
  }

  write(chunk = undefined) {
    const state = writerStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "WritableStreamDefaultWriter"));
    if (state.stream === undefined) return rejected(releasedWriter());
    const request = new Deferred();
    writeChunk(state, chunk, request);
    return request.promise;
  }

  static {
    writerStateOf = (object) => (isObject(object) && #state in object ? object.#state : undefined);
  }
}

export class WritableStreamDefaultController {
  #state;

  constructor() {
    illegalConstructor(arguments[0]);
    this.#state = arguments[1];
  }

  get signal() {
    return controllerStateOf(this).signal;
  }

  error(error = undefined) {
    errorWritable(controllerStateOf(this), error);
  }

  static {
    controllerStateOf = (object) => {
      if (!isObject(object) || !(#state in object)) throw wrongType(undefined, "this", "WritableStreamDefaultController");
      return object.#state;
    };
  }
}

export class WritableStream {
  #state;

  constructor(underlyingSink = undefined, strategy = undefined) {
    if (underlyingSink === internal) {
      this.#state = strategy;
      return;
    }
    const state = (this.#state = new WritableState());
    state.stream = this;
    if (underlyingSink !== undefined) object(underlyingSink, "Failed to construct 'WritableStream'", "parameter 1");
    const converted = readStrategy(strategy);
    const sink = new UnderlyingSink(underlyingSink);
    const size = extractSize(converted);
    startController(state, sink, extractHighWaterMark(converted, 1), size);
  }

  get locked() {
    const state = writableStateOf(this);
    if (state === undefined) throw wrongType(undefined, "this", "WritableStream");
    return state.writer !== undefined;
  }

  abort(reason = undefined) {
    const state = writableStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "WritableStream"));
    if (state.writer !== undefined) return rejected(lockedWritable());
    return abortWritable(state, reason);
  }

  close() {
    const state = writableStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "WritableStream"));
    if (state.writer !== undefined) return rejected(lockedWritable());
    if (state.closing) return rejected(new TypeError("the WritableStream is already closing"));
    return closeWritable(state);
  }

  getWriter() {
    if (writableStateOf(this) === undefined) throw wrongType(undefined, "this", "WritableStream");
    return new WritableStreamDefaultWriter(this);
  }

  static {
    writableStateOf = (object) => (isObject(object) && #state in object ? object.#state : undefined);
  }
}
interface_(WritableStreamDefaultWriter);
interface_(WritableStreamDefaultController);
interface_(WritableStream);
