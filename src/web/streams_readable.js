// ReadableStream and its default reader (streams standard, sections 4.2, 4.3 and 4.9), and what both kinds of
// controllers share.
//
// Each public object keeps one private slot with an internal record (ReadableState, ReaderState, one per
// controller); every algorithm works on records, so that streams the runtime makes itself need no public objects
// until a Worker looks at them. Controllers, pipes and tees are modules of their own, loaded when first needed.
//
// A controller's record has `cancelSteps(reason)`, `pullSteps(request)`, `releaseSteps()`, `clearPullIntos()`,
// `resetQueue()` and `clear()`. A *source* has `start(controller)`, `pull(controller)`, `cancel(reason)`; only `start` may
// throw, and they answer a native promise or undefined; `passive` says that `pull` does nothing. A *read request*
// has `chunk(value)`, `close(value)`, `error(reason)` and `next`.

import { lazy } from "internal:host";
import { Deferred, Settling, bare, handled, noop, promiseOf, READY, rejected, resolveWith, resolved, then, upon } from "internal:streams_promise";
import { boolean, interface_, internal, isObject, requiredArguments, wrongType } from "internal:webidl";
import { REQUIRED, dictionary, enumeration } from "internal:webidl_types";

const abort = lazy("abort");
const defaults = lazy("streams_default");
const byob = lazy("streams_byob");
const pipes = lazy("streams_pipe");
const tees = lazy("streams_tee");
const iterables = lazy("streams_iterable");
const writables = lazy("streams_writable");

const { defineProperty } = Object;

// ---- Records --------------------------------------------------------------------------------------

export class ReadableState {
  constructor() {
    this.stream = undefined;
    this.status = "readable"; // "closed", "errored"
    this.error = undefined;
    this.reader = undefined;
    this.controller = undefined;
    this.disturbed = false;
    this.native = undefined; // the native source, see streams.js
    this.length = undefined; // bytes a FixedLengthStream will give
  }
}

export class ReaderState {
  constructor(byob) {
    this.stream = undefined;
    this.byob = byob;
    this.lendsBuffers = false; // see byobRequestOf in streams_byte.js
    this.closed = new Settling();
    this.head = undefined; // read requests
    this.tail = undefined;
    this.pending = 0;
  }

  push(request) {
    request.next = undefined;
    if (this.head === undefined) this.head = request;
    else this.tail.next = request;
    this.tail = request;
    this.pending += 1;
  }

  shift() {
    const request = this.head;
    this.head = request.next;
    this.pending -= 1;
    return request;
  }

  /** Takes all requests away and returns them, each naming its `next`. */
  takeAll() {
    const first = this.head;
    this.head = this.tail = undefined;
    this.pending = 0;
    return first;
  }
}

/** The read request behind `reader.read()`. */
export class ReadPromise extends Deferred {
  chunk(value) {
    resolveWith(this, { value, done: false });
  }

  close(value) {
    resolveWith(this, { value, done: true });
  }

  error(reason) {
    this.reject(reason);
  }
}
bare(ReadableState, ReaderState);

// ---- Stream operations ----------------------------------------------------------------------------

export function closeReadable(state) {
  state.status = "closed";
  const { reader } = state;
  if (reader === undefined) return;
  reader.closed.resolve();
  if (reader.byob) return;
  for (let request = reader.takeAll(); request !== undefined; ) {
    const { next } = request;
    request.close(undefined);
    request = next;
  }
}

export function errorReadable(state, error) {
  state.status = "errored";
  state.error = error;
  const { reader } = state;
  if (reader === undefined) return;
  reader.closed.reject(error);
  errorRequests(reader, error);
}

function errorRequests(reader, error) {
  for (let request = reader.takeAll(); request !== undefined; ) {
    const { next } = request;
    request.error(error);
    request = next;
  }
}

export function cancelReadable(state, reason) {
  state.disturbed = true;
  if (state.status === "closed") return resolved(undefined);
  if (state.status === "errored") return rejected(state.error);
  closeReadable(state);
  const { reader } = state;
  if (reader !== undefined && reader.byob) {
    for (let request = reader.takeAll(); request !== undefined; ) {
      const { next } = request;
      request.close(undefined);
      request = next;
    }
  }
  return then(state.controller.cancelSteps(reason) ?? READY, noop);
}

// ---- Readers --------------------------------------------------------------------------------------

/** Locks the stream to a new reader record. */
export function acquireReader(state, byob = false) {
  if (state.reader !== undefined) throw lockedReadable();
  return attachReader(new ReaderState(byob), state);
}

export function attachReader(reader, state) {
  reader.stream = state;
  state.reader = reader;
  if (state.status === "closed") reader.closed.resolve();
  else if (state.status === "errored") reader.closed.reject(state.error);
  return reader;
}

/** Unlocks the stream; reads that still wait are refused. */
export function releaseReader(reader) {
  const state = reader.stream;
  const error = releasedReader();
  if (state.status !== "readable") reader.closed = new Settling();
  reader.closed.reject(error);
  state.controller.releaseSteps();
  state.reader = undefined;
  reader.stream = undefined;
  errorRequests(reader, error);
}

/** One chunk for `request`, from a default reader. */
export function readChunk(reader, request) {
  const state = reader.stream;
  state.disturbed = true;
  if (state.status === "readable") state.controller.pullSteps(request);
  else if (state.status === "closed") request.close(undefined);
  else request.error(state.error);
}

let readerStateOf;

export class ReadableStreamDefaultReader {
  #state;

  constructor(stream) {
    const state = requireReadable(stream, "Failed to construct 'ReadableStreamDefaultReader'", "parameter 1");
    this.#state = acquireReader(state);
  }

  get closed() {
    const state = readerStateOf(this);
    return state === undefined ? rejected(wrongType(undefined, "this", "ReadableStreamDefaultReader")) : state.closed.promise;
  }

  cancel(reason = undefined) {
    const state = readerStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "ReadableStreamDefaultReader"));
    return state.stream === undefined ? rejected(releasedReader()) : cancelReadable(state.stream, reason);
  }

  read() {
    const state = readerStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "ReadableStreamDefaultReader"));
    if (state.stream === undefined) return rejected(releasedReader());
    const request = new ReadPromise();
    readChunk(state, request);
    return request.promise;
  }

  releaseLock() {
    const state = readerStateOf(this);
    if (state === undefined) throw wrongType(undefined, "this", "ReadableStreamDefaultReader");
    if (state.stream !== undefined) releaseReader(state);
  }

  static {
    readerStateOf = (object) => (isObject(object) && #state in object ? object.#state : undefined);
  }
}
interface_(ReadableStreamDefaultReader);

// Workers read these words in their logs: they are those of production.
const lockedReadable = () => new TypeError("This ReadableStream is currently locked to a reader.");
export const releasedReader = () => new TypeError("This ReadableStream reader has been released.");

// ---- What both kinds of controllers share ---------------------------------------------------------

export function canCloseOrEnqueue(controller) {
  return !controller.closeRequested && controller.stream.status === "readable";
}

export function desiredSize(controller) {
  const { status } = controller.stream;
  if (status === "readable") return controller.highWaterMark - controller.total;
  return status === "closed" ? 0 : null;
}

function shouldPull(controller) {
  const { stream } = controller;
  if (!controller.started || controller.closeRequested || stream.status !== "readable") return false;
  return (stream.reader !== undefined && stream.reader.pending > 0) || controller.highWaterMark > controller.total;
}

export function pullIfNeeded(controller) {
  if (!shouldPull(controller)) return;
  if (controller.pulling) {
    controller.pullAgain = true;
    return;
  }
  const { source } = controller;
  if (source.passive) return;
  controller.pulling = true;
  controller.onPulled ??= () => {
    controller.pulling = false;
    if (!controller.pullAgain) return;
    controller.pullAgain = false;
    pullIfNeeded(controller);
  };
  controller.onPullFailed ??= (error) => errorController(controller, error);
  upon(source.pull(controller), controller.onPulled, controller.onPullFailed);
}

export function errorController(controller, error) {
  if (controller.stream.status !== "readable") return;
  controller.clearPullIntos();
  controller.resetQueue();
  controller.clear();
  errorReadable(controller.stream, error);
}

/** Starts a controller whose source may answer `start` with anything, or throw. */
export function startController(controller) {
  controller.stream.controller = controller;
  upon(
    promiseOf(controller.source.start(controller)),
    () => {
      controller.started = true;
      pullIfNeeded(controller);
    },
    (error) => errorController(controller, error),
  );
}

// ---- ReadableStream -------------------------------------------------------------------------------

let readableStateOf;
let replaceState;

/** The record of a ReadableStream, or undefined for anything else. */
export const stateOf = (object) => readableStateOf(object);

/** The public object of a record. */
export function readableObject(state) {
  return (state.stream ??= new ReadableStream(internal, state));
}

/** The same stream as another object; what it was before stays behind locked and read. */
export function moveReadable(object) {
  const state = readableStateOf(object);
  const left = new ReadableState();
  left.stream = object;
  left.status = "closed";
  left.disturbed = true;
  acquireReader(left);
  replaceState(object, left);
  state.stream = undefined;
  return readableObject(state);
}

export function requireReadable(value, prefix, what) {
  const state = readableStateOf(value);
  if (state === undefined) throw wrongType(prefix, what, "ReadableStream");
  return state;
}

function thisReadable(object) {
  const state = readableStateOf(object);
  if (state === undefined) throw wrongType(undefined, "this", "ReadableStream");
  return state;
}

const ReaderOptions = dictionary("ReadableStreamGetReaderOptions", { mode: [enumeration("ReadableStreamReaderMode", ["byob"])] });
const IteratorOptions = dictionary("ReadableStreamIteratorOptions", { preventCancel: [boolean, false] });
const PipeOptions = dictionary("StreamPipeOptions", {
  preventAbort: [boolean, false],
  preventCancel: [boolean, false],
  preventClose: [boolean, false],
  signal: [(value, prefix, what) => abort().signalOf(value, prefix, what)],
});
const Pair = dictionary("ReadableWritablePair", {
  readable: [requireReadable, REQUIRED],
  writable: [(value, prefix, what) => writables().requireWritable(value, prefix, what), REQUIRED],
});

export class ReadableStream {
  #state;

  constructor(underlyingSource = undefined, strategy = undefined) {
    if (underlyingSource === internal) {
      this.#state = strategy;
      return;
    }
    const state = (this.#state = new ReadableState());
    state.stream = this;
    defaults().initialise(state, underlyingSource, strategy);
  }

  static from(asyncIterable) {
    requiredArguments(arguments.length, 1, "ReadableStream.from");
    return readableObject(iterables().fromIterable(asyncIterable));
  }

  get locked() {
    return thisReadable(this).reader !== undefined;
  }

  cancel(reason = undefined) {
    const state = readableStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "ReadableStream"));
    if (state.reader !== undefined) return rejected(lockedReadable());
    return cancelReadable(state, reason);
  }

  getReader(options = undefined) {
    const state = thisReadable(this);
    if (ReaderOptions(options).mode === undefined) return new ReadableStreamDefaultReader(this);
    return new (byob().ReadableStreamBYOBReader)(this);
  }

  pipeThrough(transform, options = undefined) {
    const state = thisReadable(this);
    requiredArguments(arguments.length, 1, "pipeThrough");
    const { readable, writable } = Pair(transform, "pipeThrough");
    const converted = PipeOptions(options, "pipeThrough");
    if (state.reader !== undefined) throw lockedReadable();
    if (writable.writer !== undefined) throw writables().lockedWritable();
    handled(pipes().pipe(state, writable, converted));
    return readableObject(readable);
  }

  pipeTo(destination, options = undefined) {
    try {
      const state = thisReadable(this);
      const writable = writables().requireWritable(destination, "pipeTo", "parameter 1");
      const converted = PipeOptions(options, "pipeTo");
      if (state.reader !== undefined) throw lockedReadable();
      if (writable.writer !== undefined) throw writables().lockedWritable();
      return pipes().pipe(state, writable, converted);
    } catch (error) {
      return rejected(error);
    }
  }

  tee() {
    const [first, second] = tees().tee(thisReadable(this), false);
    return [readableObject(first), readableObject(second)];
  }

  values(options = undefined) {
    const state = thisReadable(this);
    const { preventCancel } = IteratorOptions(options);
    return iterables().iterate(acquireReader(state), preventCancel);
  }

  static {
    readableStateOf = (object) => (isObject(object) && #state in object ? object.#state : undefined);
    replaceState = (object, state) => void (object.#state = state);
  }
}
interface_(ReadableStream);
defineProperty(ReadableStream.prototype, Symbol.asyncIterator, { value: ReadableStream.prototype.values, writable: true, configurable: true });
