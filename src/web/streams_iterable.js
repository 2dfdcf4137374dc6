// ReadableStream.from() and a stream's async iterator (streams standard, "ReadableStreamFromIterable";
// WebIDL, "asynchronous iterator objects").

import { bare, invoke, promiseOf, rejected, resolveWith, resolved, then } from "internal:streams_promise";
import { isObject, wrongType } from "internal:webidl";
import { ReadPromise, cancelReadable, readChunk, releaseReader } from "internal:streams_readable";
import { closeController, createReadable, enqueueChunk } from "internal:streams_default";

const { apply } = Reflect;
const { defineProperty, getPrototypeOf, setPrototypeOf } = Object;
const { asyncIterator, iterator } = Symbol;

const isNullish = (value) => value === undefined || value === null;

function methodOf(object, key) {
  const method = object[key];
  if (isNullish(method)) return undefined;
  if (typeof method !== "function") throw new TypeError(`${String(key)} is not a function`);
  return method;
}

/** An async iterator over a sync one: values are awaited, as `for await` does. */
class AwaitedIterator {
  constructor(inner) {
    this.inner = inner;
    this.nextMethod = inner.next;
  }

  next() {
    const { done, value } = requireResult(apply(this.nextMethod, this.inner, []));
    return then(this.settle(value, done), (awaited) => ({ value: awaited, done }));
  }

  settle(value, done) {
    return then(promiseOf(value), undefined, (error) => {
      if (!done) this.closeQuietly();
      throw error;
    });
  }

  closeQuietly() {
    try {
      const method = methodOf(this.inner, "return");
      if (method !== undefined) apply(method, this.inner, []);
    } catch {
      // the value's own rejection is what counts
    }
  }

  return(reason) {
    const method = methodOf(this.inner, "return");
    if (method === undefined) return resolved({ value: reason, done: true });
    const { done, value } = requireResult(apply(method, this.inner, [reason]));
    return then(promiseOf(value), (awaited) => ({ value: awaited, done }));
  }
}
bare(AwaitedIterator);

function requireResult(result) {
  if (!isObject(result)) throw new TypeError("an iterator's result must be an object");
  return result;
}

function openIterator(iterable) {
  if (isNullish(iterable)) throw new TypeError("ReadableStream.from needs an iterable");
  let method = methodOf(iterable, asyncIterator);
  const sync = method === undefined;
  if (sync) method = methodOf(iterable, iterator);
  if (method === undefined) throw new TypeError("ReadableStream.from needs an iterable or an async iterable");
  const opened = apply(method, iterable, []);
  if (!isObject(opened)) throw new TypeError("an iterator must be an object");
  return sync ? new AwaitedIterator(opened) : opened;
}

/** The source of a stream made by `from()`. */
class IterableSource {
  constructor(opened) {
    this.iterator = opened;
    this.nextMethod = opened.next;
  }

  start() {}

  pull(controller) {
    return then(invoke(this.nextMethod, this.iterator, []), (result) => {
      if (requireResult(result).done) closeController(controller);
      else enqueueChunk(controller, result.value);
    });
  }

  cancel(reason) {
    let method;
    try {
      method = methodOf(this.iterator, "return");
    } catch (error) {
      return rejected(error);
    }
    if (method === undefined) return undefined;
    return then(invoke(method, this.iterator, [reason]), (result) => {
      requireResult(result);
    });
  }
}
bare(IterableSource);

/** A record that reads from an iterable. */
export const fromIterable = (iterable) => createReadable(new IterableSource(openIterator(iterable)), 0);

// ---- Async iterator of a stream -------------------------------------------------------------------

/** A read whose stream's end lets go of the reader. */
class IteratorRead extends ReadPromise {
  constructor(reader) {
    super();
    this.reader = reader;
  }

  close() {
    releaseReader(this.reader);
    resolveWith(this, { value: undefined, done: true });
  }

  error(reason) {
    releaseReader(this.reader);
    this.reject(reason);
  }
}

class Iteration {
  constructor(reader, preventCancel) {
    this.reader = reader;
    this.preventCancel = preventCancel;
    this.ongoing = undefined;
    this.finished = false;
  }

  /** Runs `steps` after the call before it; returns the call's promise. */
  queue(steps) {
    const { ongoing } = this;
    this.ongoing = ongoing === undefined ? steps() : then(ongoing, steps, steps);
    return this.ongoing;
  }

  next() {
    return this.queue(() => {
      if (this.finished) return resolved({ value: undefined, done: true });
      const read = new IteratorRead(this.reader);
      const answer = then(
        read.promise,
        (result) => {
          this.ongoing = undefined;
          if (result.done) this.finished = true;
          return result;
        },
        (error) => {
          this.ongoing = undefined;
          this.finished = true;
          throw error;
        },
      );
      readChunk(this.reader, read);
      return answer;
    });
  }

  return(value) {
    const answer = this.queue(() => {
      if (this.finished) return resolved(undefined);
      this.finished = true;
      const { reader } = this;
      const { stream } = reader;
      if (stream === undefined) return resolved(undefined);
      const cancelling = this.preventCancel ? resolved(undefined) : cancelReadable(stream, value);
      releaseReader(reader);
      return cancelling;
    });
    return then(answer, () => ({ value, done: true }));
  }
}
bare(Iteration);

class ReadableStreamAsyncIterator {
  #iteration;

  constructor(iteration) {
    this.#iteration = iteration;
  }

  next() {
    if (!isObject(this) || !(#iteration in this)) return rejected(wrongType(undefined, "this", "ReadableStream AsyncIterator"));
    return this.#iteration.next();
  }

  return(value) {
    if (!isObject(this) || !(#iteration in this)) return rejected(wrongType(undefined, "this", "ReadableStream AsyncIterator"));
    return this.#iteration.return(value);
  }
}
const { prototype } = ReadableStreamAsyncIterator;
delete prototype.constructor;
for (const key of ["next", "return"]) defineProperty(prototype, key, { enumerable: true });
defineProperty(prototype, Symbol.toStringTag, { value: "ReadableStream AsyncIterator", configurable: true });
setPrototypeOf(prototype, getPrototypeOf(getPrototypeOf(async function* () {}).prototype));

export const iterate = (reader, preventCancel) => new ReadableStreamAsyncIterator(new Iteration(reader, preventCancel));
