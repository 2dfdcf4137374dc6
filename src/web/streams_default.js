// Streams that Worker code feeds: what it passes to `new ReadableStream`, and the default controller (streams
// standard, sections 4.2.3, 4.6 and 4.9.4). The records are those of streams_readable.js.

import { lazy } from "internal:host";
import { bare, invoke } from "internal:streams_promise";
import { illegalConstructor, interface_, internal, isObject, object, wrongType } from "internal:webidl";
import { callback, dictionary, enumeration, unsignedLongLongEnforced } from "internal:webidl_types";
import { SizedQueue, extractHighWaterMark, extractSize, readStrategy, sizeOf } from "internal:streams_queue";
import {
  ReadableState, canCloseOrEnqueue, closeReadable, desiredSize, errorController, pullIfNeeded, startController,
} from "internal:streams_readable";

const bytes = lazy("streams_byte");
const { apply } = Reflect;

// ---- Sources --------------------------------------------------------------------------------------

const SourceMembers = dictionary("UnderlyingSource", {
  autoAllocateChunkSize: [unsignedLongLongEnforced],
  cancel: [callback],
  // Cloudflare's own: the bytes that will come, for the Content-Length of what is sent.
  expectedLength: [unsignedLongLongEnforced],
  pull: [callback],
  start: [callback],
  type: [enumeration("ReadableStreamType", ["bytes"])],
});

/** What a Worker passed to `new ReadableStream`. */
class UnderlyingSource {
  constructor(source) {
    const members = SourceMembers(source);
    this.object = source;
    this.controller = undefined;
    this.autoAllocateChunkSize = members.autoAllocateChunkSize;
    this.cancelMethod = members.cancel;
    this.expectedLength = members.expectedLength;
    this.pullMethod = members.pull;
    this.passive = members.pull === undefined;
    this.startMethod = members.start;
    this.type = members.type;
  }

  start(controller) {
    this.controller = controller.object;
    return this.startMethod === undefined ? undefined : apply(this.startMethod, this.object, [this.controller]);
  }

  pull() {
    return invoke(this.pullMethod, this.object, [this.controller]);
  }

  cancel(reason) {
    return this.cancelMethod === undefined ? undefined : invoke(this.cancelMethod, this.object, [reason]);
  }
}
bare(UnderlyingSource);

/** Gives `new ReadableStream(source, strategy)` its controller. */
export function initialise(state, source, strategy) {
  if (source !== undefined) object(source, "Failed to construct 'ReadableStream'", "parameter 1");
  const converted = readStrategy(strategy);
  const underlying = new UnderlyingSource(source);
  state.length = underlying.expectedLength;
  if (underlying.type !== undefined) {
    if (converted.size !== undefined) throw new RangeError("a byte stream's strategy cannot have a size function");
    const highWaterMark = extractHighWaterMark(converted, 0);
    bytes().startByteController(state, underlying, highWaterMark, underlying.autoAllocateChunkSize);
    return;
  }
  const size = extractSize(converted);
  const highWaterMark = extractHighWaterMark(converted, 1);
  startController(new DefaultControllerState(state, underlying, highWaterMark, size));
}

// ---- Controller -----------------------------------------------------------------------------------

export class DefaultControllerState extends SizedQueue {
  constructor(stream, source, highWaterMark, size) {
    super();
    this.stream = stream;
    this.wrapper = undefined;
    this.source = source;
    this.highWaterMark = highWaterMark;
    this.size = size;
    this.started = false;
    this.closeRequested = false;
    this.pulling = false;
    this.pullAgain = false;
    this.onPulled = undefined; // made once, see pullIfNeeded
    this.onPullFailed = undefined;
  }

  get object() {
    return (this.wrapper ??= new ReadableStreamDefaultController(internal, this));
  }

  cancelSteps(reason) {
    this.resetQueue();
    const answer = this.source.cancel(reason);
    this.clear();
    return answer;
  }

  pullSteps(request) {
    if (this.head === undefined) {
      this.stream.reader.push(request);
      pullIfNeeded(this);
      return;
    }
    const chunk = this.shift();
    if (this.closeRequested && this.head === undefined) {
      this.clear();
      closeReadable(this.stream);
    } else {
      pullIfNeeded(this);
    }
    request.chunk(chunk);
  }

  releaseSteps() {}

  clearPullIntos() {}

  /** Lets go of the source's functions. */
  clear() {
    this.source = undefined;
    this.size = undefined;
  }
}

export function closeController(controller) {
  if (!canCloseOrEnqueue(controller)) return;
  controller.closeRequested = true;
  if (controller.head !== undefined) return;
  controller.clear();
  closeReadable(controller.stream);
}

/** Hands a chunk to a waiting read or queues it; throws (and errors the stream) when it cannot be measured. */
export function enqueueChunk(controller, chunk) {
  if (!canCloseOrEnqueue(controller)) return;
  const { reader } = controller.stream;
  if (reader !== undefined && reader.pending > 0) {
    reader.shift().chunk(chunk);
  } else {
    try {
      controller.push(chunk, sizeOf(controller.size, chunk));
    } catch (error) {
      errorController(controller, error);
      throw error;
    }
  }
  pullIfNeeded(controller);
}

/** A default stream over an internal source. */
export function createReadable(source, highWaterMark = 1, size = undefined) {
  const state = new ReadableState();
  startController(new DefaultControllerState(state, source, highWaterMark, size));
  return state;
}

let controllerStateOf;

export class ReadableStreamDefaultController {
  #state;

  constructor() {
    illegalConstructor(arguments[0]);
    this.#state = arguments[1];
  }

  get desiredSize() {
    return desiredSize(controllerStateOf(this));
  }

  close() {
    const state = controllerStateOf(this);
    if (!canCloseOrEnqueue(state)) throw new TypeError("the stream is already closed or errored, or closing was already requested");
    closeController(state);
  }

  enqueue(chunk = undefined) {
    const state = controllerStateOf(this);
    if (!canCloseOrEnqueue(state)) throw new TypeError("a closed or errored stream takes no more chunks");
    enqueueChunk(state, chunk);
  }

  error(error = undefined) {
    errorController(controllerStateOf(this), error);
  }

  static {
    controllerStateOf = (object) => {
      if (!isObject(object) || !(#state in object)) throw wrongType(undefined, "this", "ReadableStreamDefaultController");
      return object.#state;
    };
  }
}
interface_(ReadableStreamDefaultController);
