// TransformStream and its controller (streams standard, section 6).
//
// A *transformer* has `transform(chunk, state)`, `flush(state)`, `cancel(reason)`, each optional; they may
// throw, and answer a native promise or undefined. `createTransform(transformer)` makes the record of a
// transform stream the runtime defines itself (TextDecoderStream, CompressionStream ...); its two ends are
// `readableObject(state.readable)` and `writableObject(state.writable)`, its output is `enqueueTransformed`.

import { Deferred, bare, promiseOf, READY, rejected, then, upon } from "internal:streams_promise";
import { any, illegalConstructor, interface_, internal, isObject, object, wrongType } from "internal:webidl";
import { callback, dictionary, unsignedLongLongEnforced } from "internal:webidl_types";
import { extractHighWaterMark, extractSize, readStrategy } from "internal:streams_queue";
import { canCloseOrEnqueue, desiredSize, errorController, readableObject } from "internal:streams_readable";
import { closeController, createReadable, enqueueChunk } from "internal:streams_default";
import { createWritable, errorWritable, writableObject } from "internal:streams_writable";

const { apply } = Reflect;

/** A transform stream's record: the sink of its writable, the source of its readable. */
class TransformState {
  constructor(transformer, started) {
    this.transformer = transformer;
    this.started = started; // both ends wait for it; undefined: nothing to wait for
    this.wrapper = undefined;
    this.readable = undefined;
    this.writable = undefined;
    this.backpressure = true;
    this.change = new Deferred(); // fulfilled when backpressure changes
    this.onFailed = undefined; // made once, see performTransform
    this.finish = undefined; // set once closing, aborting or cancelling has begun
  }

  get object() {
    return (this.wrapper ??= new TransformStreamDefaultController(internal, this));
  }
}

function setBackpressure(state, backpressure) {
  state.change.resolve(undefined);
  state.change = new Deferred();
  state.backpressure = backpressure;
}

function unblockWrite(state) {
  if (state.backpressure) setBackpressure(state, false);
}

function errorWritableSide(state, error) {
  state.transformer = undefined;
  errorWritable(state.writable.controller, error);
  unblockWrite(state);
}

function errorBothSides(state, error) {
  errorController(state.readable.controller, error);
  errorWritableSide(state, error);
}

/** Puts a chunk out on the readable side. */
export function enqueueTransformed(state, chunk) {
  const { controller } = state.readable;
  if (!canCloseOrEnqueue(controller)) throw new TypeError("The readable side of this TransformStream is no longer readable.");
  try {
    enqueueChunk(controller, chunk);
  } catch (error) {
    errorWritableSide(state, error);
    throw state.readable.error;
  }
  const { reader } = state.readable;
  const wanted = controller.started && canCloseOrEnqueue(controller) && ((reader !== undefined && reader.pending > 0) || controller.highWaterMark > controller.total);
  if (!wanted && !state.backpressure) setBackpressure(state, true);
}

function performTransform(state, chunk) {
  let answer;
  try {
    answer = state.transformer.transform(chunk, state);
  } catch (error) {
    answer = rejected(error);
  }
  state.onFailed ??= (error) => {
    errorBothSides(state, error);
    throw error;
  };
  return then(answer ?? READY, undefined, state.onFailed);
}

/** Runs a last callback of the transformer, after which it is let go. */
function lastCall(state, method, argument) {
  const { transformer } = state;
  state.transformer = undefined;
  try {
    return transformer[method]?.(argument);
  } catch (error) {
    return rejected(error);
  }
}

class TransformSink {
  constructor(state) {
    this.state = state;
  }

  start() {
    return this.state.started;
  }

  write(chunk) {
    const { state } = this;
    if (!state.backpressure) return performTransform(state, chunk);
    return then(state.change.promise, () => {
      if (state.writable.status === "erroring") throw state.writable.error;
      return performTransform(state, chunk);
    });
  }

  close() {
    const { state } = this;
    if (state.finish !== undefined) return state.finish.promise;
    const finish = (state.finish = new Deferred());
    const { readable } = state;
    upon(
      lastCall(state, "flush", state),
      () => {
        if (readable.status === "errored") {
          finish.reject(readable.error);
          return;
        }
        closeController(readable.controller);
        finish.resolve(undefined);
      },
      (error) => {
        errorController(readable.controller, error);
        finish.reject(error);
      },
    );
    return finish.promise;
  }

  abort(reason) {
    const { state } = this;
    if (state.finish !== undefined) return state.finish.promise;
    const finish = (state.finish = new Deferred());
    const { readable } = state;
    upon(
      lastCall(state, "cancel", reason),
      () => {
        if (readable.status === "errored") {
          finish.reject(readable.error);
          return;
        }
        errorController(readable.controller, reason);
        finish.resolve(undefined);
      },
      (error) => {
        errorController(readable.controller, error);
        finish.reject(error);
      },
    );
    return finish.promise;
  }
}

class TransformSource {
  constructor(state) {
    this.state = state;
  }

  start() {
    return this.state.started;
  }

  pull() {
    setBackpressure(this.state, false);
    return this.state.change.promise;
  }

  cancel(reason) {
    const { state } = this;
    if (state.finish !== undefined) return state.finish.promise;
    const finish = (state.finish = new Deferred());
    const { writable } = state;
    upon(
      lastCall(state, "cancel", reason),
      () => {
        if (writable.status === "errored") {
          finish.reject(writable.error);
          return;
        }
        errorWritable(writable.controller, reason);
        unblockWrite(state);
        finish.resolve(undefined);
      },
      (error) => {
        errorWritable(writable.controller, error);
        unblockWrite(state);
        finish.reject(error);
      },
    );
    return finish.promise;
  }
}

const TransformerMembers = dictionary("Transformer", {
  cancel: [callback],
  expectedLength: [unsignedLongLongEnforced], // Cloudflare's own, see UnderlyingSource
  flush: [callback],
  readableType: [any],
  start: [callback],
  transform: [callback],
  writableType: [any],
});

/** What a Worker passed to `new TransformStream`. */
class UserTransformer {
  constructor(transformer) {
    const members = TransformerMembers(transformer);
    if (members.readableType !== undefined) throw new RangeError("readableType is reserved: leave it out");
    if (members.writableType !== undefined) throw new RangeError("writableType is reserved: leave it out");
    this.object = transformer;
    this.cancelMethod = members.cancel;
    this.expectedLength = members.expectedLength;
    this.flushMethod = members.flush;
    this.startMethod = members.start;
    this.transformMethod = members.transform;
  }

  start(state) {
    return this.startMethod === undefined ? undefined : apply(this.startMethod, this.object, [state.object]);
  }

  transform(chunk, state) {
    if (this.transformMethod === undefined) {
      enqueueTransformed(state, chunk);
      return undefined;
    }
    return promiseOf(apply(this.transformMethod, this.object, [chunk, state.object]));
  }

  flush(state) {
    return this.flushMethod === undefined ? undefined : promiseOf(apply(this.flushMethod, this.object, [state.object]));
  }

  cancel(reason) {
    return this.cancelMethod === undefined ? undefined : promiseOf(apply(this.cancelMethod, this.object, [reason]));
  }
}
bare(TransformState, TransformSink, TransformSource, UserTransformer);

function connect(state, writableStrategy, readableStrategy) {
  const readableMark = extractHighWaterMark(readableStrategy, 0);
  const readableSize = extractSize(readableStrategy);
  const writableMark = extractHighWaterMark(writableStrategy, 1);
  state.writable = createWritable(new TransformSink(state), writableMark, extractSize(writableStrategy));
  state.readable = createReadable(new TransformSource(state), readableMark, readableSize);
}

const NO_STRATEGY = readStrategy(undefined);

/** The record of a transform stream over an internal transformer. */
export function createTransform(transformer, writableStrategy = NO_STRATEGY, readableStrategy = NO_STRATEGY) {
  const state = new TransformState(transformer, undefined);
  connect(state, writableStrategy, readableStrategy);
  return state;
}

// ---- Public classes -------------------------------------------------------------------------------

let controllerStateOf;
let transformStateOf;

export class TransformStreamDefaultController {
  #state;

  constructor() {
    illegalConstructor(arguments[0]);
    this.#state = arguments[1];
  }

  get desiredSize() {
    return desiredSize(controllerStateOf(this).readable.controller);
  }

  enqueue(chunk = undefined) {
    enqueueTransformed(controllerStateOf(this), chunk);
  }

  error(reason = undefined) {
    errorBothSides(controllerStateOf(this), reason);
  }

  terminate() {
    const state = controllerStateOf(this);
    closeController(state.readable.controller);
    errorWritableSide(state, new TypeError("the TransformStream was terminated"));
  }

  static {
    controllerStateOf = (object) => {
      if (!isObject(object) || !(#state in object)) throw wrongType(undefined, "this", "TransformStreamDefaultController");
      return object.#state;
    };
  }
}

export class TransformStream {
  #state;

  /** Internally: `(internal, { readable, writable })`, two records. */
  constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
    if (transformer === internal) {
      this.#state = writableStrategy;
      return;
    }
    if (transformer !== undefined) object(transformer, "Failed to construct 'TransformStream'", "parameter 1");
    const writableOptions = readStrategy(writableStrategy);
    const readableOptions = readStrategy(readableStrategy);
    const user = new UserTransformer(transformer);
    const started = new Deferred();
    const state = (this.#state = new TransformState(user, started.promise));
    connect(state, writableOptions, readableOptions);
    state.readable.length = user.expectedLength;
    started.resolve(user.start(state));
  }

  get readable() {
    return readableObject(transformStateOf(this).readable);
  }

  get writable() {
    return writableObject(transformStateOf(this).writable);
  }

  static {
    transformStateOf = (object) => {
      if (!isObject(object) || !(#state in object)) throw wrongType(undefined, "this", "TransformStream");
      return object.#state;
    };
  }
}
interface_(TransformStreamDefaultController);
interface_(TransformStream);
