// What a Worker sees of readable byte streams (streams standard, sections 4.5, 4.7 and 4.8):
// ReadableByteStreamController, ReadableStreamBYOBRequest and ReadableStreamBYOBReader.

import { rejected } from "internal:streams_promise";
import { illegalConstructor, interface_, internal, isObject, requiredArguments, wrongType } from "internal:webidl";
import { dictionary, unsignedLongLongEnforced } from "internal:webidl_types";
import {
  ReadPromise, acquireReader, canCloseOrEnqueue, cancelReadable, desiredSize, errorController, releaseReader, releasedReader, requireReadable,
} from "internal:streams_readable";
import { ByteControllerState, byobRequestOf, closeByteController, enqueueBytes, pullInto, respond, respondWithNewView } from "internal:streams_byte";
import { bufferOf, byteLengthOf, byteOffsetOf, isDetached, lengthOf, requireView, transfer } from "internal:buffers";

const Bytes = Uint8Array;

/** The public object of a byte controller's record. */
export const byteControllerObject = (controller) => new ReadableByteStreamController(internal, controller);

const invalidated = () => new TypeError("This ReadableStreamBYOBRequest has been invalidated.");

let byteStateOf;
let requestStateOf;
let byobReaderStateOf;

export class ReadableByteStreamController {
  #state;

  constructor() {
    illegalConstructor(arguments[0]);
    this.#state = arguments[1];
  }

  get byobRequest() {
    const request = byobRequestOf(byteStateOf(this));
    if (request === undefined) return null;
    return (request.wrapper ??= new ReadableStreamBYOBRequest(internal, request));
  }

  get desiredSize() {
    return desiredSize(byteStateOf(this));
  }

  close() {
    const state = byteStateOf(this);
    if (!canCloseOrEnqueue(state)) throw new TypeError("the stream is already closed or errored, or closing was already requested");
    closeByteController(state);
  }

  enqueue(chunk) {
    const state = byteStateOf(this);
    requireView(chunk, "chunk");
    const buffer = bufferOf(chunk);
    const byteOffset = byteOffsetOf(chunk);
    const byteLength = byteLengthOf(chunk);
    if (byteLength === 0) throw new TypeError("Cannot enqueue a zero-length ArrayBuffer.");
    if (!canCloseOrEnqueue(state)) throw new TypeError("a closed or errored stream takes no more chunks");
    enqueueBytes(state, new Bytes(transfer(buffer), byteOffset, byteLength));
  }

  error(error = undefined) {
    errorController(byteStateOf(this), error);
  }

  static {
    byteStateOf = (object) => {
      if (!isObject(object) || !(#state in object)) throw wrongType(undefined, "this", "ReadableByteStreamController");
      return object.#state;
    };
  }
}

export class ReadableStreamBYOBRequest {
  #state;

  constructor() {
    illegalConstructor(arguments[0]);
    this.#state = arguments[1];
  }

  get view() {
    return requestStateOf(this).view;
  }

  /** Workers' own: how many bytes the reader waits for at least; null once answered. */
  get atLeast() {
    const { controller } = requestStateOf(this);
    if (controller === undefined) return null;
    const { minimumFill, bytesFilled } = controller.firstPullInto;
    return minimumFill - bytesFilled;
  }

  respond(bytesWritten) {
    const { controller, view } = requestStateOf(this);
    requiredArguments(arguments.length, 1, "respond");
    const written = unsignedLongLongEnforced(bytesWritten, "respond", "bytesWritten");
    if (controller === undefined) throw invalidated();
    if (isDetached(bufferOf(view))) throw new TypeError("the BYOB request's buffer was detached");
    respond(controller, written);
  }

  respondWithNewView(view) {
    const { controller } = requestStateOf(this);
    requireView(view, "view");
    if (controller === undefined) throw invalidated();
    if (isDetached(bufferOf(view))) throw new TypeError("the view's buffer is detached");
    respondWithNewView(controller, view);
  }

  static {
    requestStateOf = (object) => {
      if (!isObject(object) || !(#state in object)) throw wrongType(undefined, "this", "ReadableStreamBYOBRequest");
      return object.#state;
    };
  }
}

/** A BYOB read of a reader's record; `minimum` counts elements of the view. */
function readInto(reader, view, minimum, partial) {
  const state = reader.stream;
  const request = new ReadPromise();
  state.disturbed = true;
  if (state.status === "errored") request.error(state.error);
  else pullInto(state.controller, view, minimum, request, partial);
  return request.promise;
}

function requireReadTarget(view) {
  if (isDetached(bufferOf(view))) throw new TypeError("the view's buffer is detached");
  if (byteLengthOf(view) === 0) throw new TypeError("the view must not be empty");
}

const ReadOptions = dictionary("ReadableStreamBYOBReaderReadOptions", { min: [unsignedLongLongEnforced, 1] });

export class ReadableStreamBYOBReader {
  #state;

  constructor(stream) {
    const state = requireReadable(stream, "Failed to construct 'ReadableStreamBYOBReader'", "parameter 1");
    if (state.reader === undefined && !(state.controller instanceof ByteControllerState)) {
      throw new TypeError(`only byte streams (type: "bytes") have BYOB readers`);
    }
    this.#state = acquireReader(state, true);
  }

  get closed() {
    const state = byobReaderStateOf(this);
    return state === undefined ? rejected(wrongType(undefined, "this", "ReadableStreamBYOBReader")) : state.closed.promise;
  }

  cancel(reason = undefined) {
    const state = byobReaderStateOf(this);
    if (state === undefined) return rejected(wrongType(undefined, "this", "ReadableStreamBYOBReader"));
    return state.stream === undefined ? rejected(releasedReader()) : cancelReadable(state.stream, reason);
  }

  read(view, options = undefined) {
    try {
      const state = byobReaderStateOf(this);
      if (state === undefined) throw wrongType(undefined, "this", "ReadableStreamBYOBReader");
      requireView(view, "view");
      const { min } = ReadOptions(options);
      requireReadTarget(view);
      if (min === 0) throw new TypeError("min must be greater than 0");
      if (min > lengthOf(view)) throw new RangeError("min must not exceed the view's length");
      if (state.stream === undefined) throw releasedReader();
      return readInto(state, view, min, false);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Workers' own: waits for at least `minElements` elements of the view, fewer only at the end. */
  readAtLeast(minElements, view) {
    try {
      const state = byobReaderStateOf(this);
      if (state === undefined) throw wrongType(undefined, "this", "ReadableStreamBYOBReader");
      const minimum = unsignedLongLongEnforced(minElements, "readAtLeast", "parameter 1");
      requireView(view, "view");
      requireReadTarget(view);
      if (minimum === 0) throw new TypeError("the minimum must be greater than 0");
      if (minimum > lengthOf(view)) throw new TypeError("the minimum must not exceed the view's length");
      if (state.stream === undefined) throw releasedReader();
      return readInto(state, view, minimum, true);
    } catch (error) {
      return rejected(error);
    }
  }

  releaseLock() {
    const state = byobReaderStateOf(this);
    if (state === undefined) throw wrongType(undefined, "this", "ReadableStreamBYOBReader");
    if (state.stream !== undefined) releaseReader(state);
  }

  static {
    byobReaderStateOf = (object) => (isObject(object) && #state in object ? object.#state : undefined);
  }
}
interface_(ReadableByteStreamController);
interface_(ReadableStreamBYOBRequest);
interface_(ReadableStreamBYOBReader);
