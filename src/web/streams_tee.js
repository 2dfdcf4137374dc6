// Teeing (streams standard, "ReadableStreamTee"): one reader feeds two branches. A default tee hands both
// the same chunk (or a clone, as bodies want it); a byte tee copies, and reads into a branch's own view
// where that branch has a BYOB reader.

import { lazy } from "internal:host";
import { Deferred, bare, microtask, then } from "internal:streams_promise";
import { acquireReader, cancelReadable, errorController, readChunk, releaseReader } from "internal:streams_readable";
import { closeController, createReadable, enqueueChunk } from "internal:streams_default";
import { ByteControllerState, byobRequestOf, closeByteController, createByteReadable, enqueueBytes, pullInto, respond, respondWithNewView } from "internal:streams_byte";
import { copyOf } from "internal:buffers";

const cloning = lazy("clone");

/** One branch: the source of its stream, and what the tee must know of it. */
class Branch {
  constructor(tee) {
    this.tee = tee;
    this.controller = undefined; // set once both streams are made
    this.cancelled = false;
    this.reason = undefined;
    this.readAgain = false;
  }

  start() {}

  pull() {
    this.tee.pull(this);
  }

  cancel(reason) {
    this.cancelled = true;
    this.reason = reason;
    return this.tee.cancelled();
  }
}

/** What both tees share: two branches, one reader, cancelling once both branches are. */
class Tee {
  constructor(stream) {
    this.stream = stream;
    this.reader = acquireReader(stream);
    this.reading = false;
    this.cancelPromise = new Deferred();
    this.first = new Branch(this);
    this.second = new Branch(this);
    this.next = undefined; // as a read request
  }

  watch(reader) {
    then(reader.closed.promise, undefined, (error) => {
      if (reader !== this.reader) return;
      this.fail(error);
      this.settle();
    });
  }

  /** Unless both branches were cancelled, nobody waits for the source's own cancelling. */
  settle() {
    if (!this.first.cancelled || !this.second.cancelled) this.cancelPromise.resolve(undefined);
  }

  fail(error) {
    errorController(this.first.controller, error);
    errorController(this.second.controller, error);
  }

  /** A chunk could not be copied. */
  giveUp(error) {
    this.fail(error);
    this.cancelPromise.resolve(cancelReadable(this.stream, error));
  }

  /** By the standard the first branch's cancel() waits for the second's, for ever if need be; in production it does not. */
  cancelled() {
    const { first, second } = this;
    if (!first.cancelled || !second.cancelled) {
      microtask(() => this.settle());
      return this.cancelPromise.promise;
    }
    const cancelling = cancelReadable(this.stream, [first.reason, second.reason]);
    this.cancelPromise.resolve(cancelling);
    return cancelling;
  }

  error() {
    this.reading = false;
  }
}

class DefaultTee extends Tee {
  constructor(stream, clones) {
    super(stream);
    this.clones = clones;
    this.readAgain = false;
  }

  pull() {
    if (this.reading) {
      this.readAgain = true;
      return;
    }
    this.reading = true;
    readChunk(this.reader, this);
  }

  chunk(value) {
    microtask(() => this.share(value));
  }

  share(value) {
    const { first, second } = this;
    this.readAgain = false;
    let copy = value;
    if (this.clones && !second.cancelled) {
      try {
        copy = cloning().cloneValue(value);
      } catch (error) {
        this.giveUp(error);
        return;
      }
    }
    if (!first.cancelled) enqueueChunk(first.controller, value);
    if (!second.cancelled) enqueueChunk(second.controller, copy);
    this.reading = false;
    if (this.readAgain) this.pull();
  }

  close() {
    const { first, second } = this;
    this.reading = false;
    if (!first.cancelled) closeController(first.controller);
    if (!second.cancelled) closeController(second.controller);
    this.settle();
  }
}

class ByteTee extends Tee {
  pull(branch) {
    if (this.reading) {
      branch.readAgain = true;
      return;
    }
    this.reading = true;
    const request = byobRequestOf(branch.controller);
    if (request === undefined) this.pullDefault(branch);
    else this.pullByob(request.view, branch);
  }

  /** Reads through a reader of the wanted kind. */
  useReader(byob) {
    if (this.reader.byob === byob) return;
    releaseReader(this.reader);
    this.reader = acquireReader(this.stream, byob);
    this.watch(this.reader);
  }

  pullDefault(branch) {
    this.useReader(false);
    this.reader.lendsBuffers = branch.controller.stream.reader?.lendsBuffers ?? false;
    readChunk(this.reader, this);
  }

  pullByob(view, branch) {
    this.useReader(true);
    const { stream } = this;
    stream.disturbed = true;
    const request = new ByobTeeRead(this, branch);
    if (stream.status === "errored") request.error(stream.error);
    else pullInto(stream.controller, view, 1, request);
  }

  chunk(value) {
    microtask(() => {
      const { first, second } = this;
      first.readAgain = second.readAgain = false;
      let copy = value;
      if (!first.cancelled && !second.cancelled) {
        copy = this.copy(value);
        if (copy === undefined) return;
      }
      if (!first.cancelled) enqueueBytes(first.controller, value);
      if (!second.cancelled) enqueueBytes(second.controller, copy);
      this.goOn();
    });
  }

  copy(view) {
    try {
      return copyOf(view);
    } catch (error) {
      this.giveUp(error);
      return undefined;
    }
  }

  goOn() {
    this.reading = false;
    if (this.first.readAgain) this.pull(this.first);
    else if (this.second.readAgain) this.pull(this.second);
  }

  close() {
    const { first, second } = this;
    this.reading = false;
    if (!first.cancelled) closeByteController(first.controller);
    if (!second.cancelled) closeByteController(second.controller);
    if (first.controller.firstPullInto !== undefined) respond(first.controller, 0);
    if (second.controller.firstPullInto !== undefined) respond(second.controller, 0);
    this.settle();
  }
}

/** The read request of a byte tee that reads into one branch's view. */
class ByobTeeRead {
  constructor(tee, branch) {
    this.tee = tee;
    this.branch = branch;
    this.other = branch === tee.first ? tee.second : tee.first;
    this.next = undefined;
  }

  chunk(view) {
    microtask(() => {
      const { tee, branch, other } = this;
      tee.first.readAgain = tee.second.readAgain = false;
      if (other.cancelled) {
        if (!branch.cancelled) respondWithNewView(branch.controller, view);
      } else {
        const copy = tee.copy(view);
        if (copy === undefined) return;
        if (!branch.cancelled) respondWithNewView(branch.controller, view);
        enqueueBytes(other.controller, copy);
      }
      tee.goOn();
    });
  }

  close(view) {
    const { tee, branch, other } = this;
    tee.reading = false;
    if (!branch.cancelled) closeByteController(branch.controller);
    if (!other.cancelled) closeByteController(other.controller);
    if (view !== undefined) {
      if (!branch.cancelled) respondWithNewView(branch.controller, view);
      if (!other.cancelled && other.controller.firstPullInto !== undefined) respond(other.controller, 0);
    }
    tee.settle();
  }

  error() {
    this.tee.reading = false;
  }
}
bare(Branch, Tee, ByobTeeRead);

/** Two records that see all of one; `clones`: the second branch gets copies, as `Response.clone()` wants it. */
export function tee(stream, clones) {
  const bytes = stream.controller instanceof ByteControllerState;
  const both = bytes ? new ByteTee(stream) : new DefaultTee(stream, clones);
  const create = bytes ? createByteReadable : createReadable;
  const branches = [create(both.first), create(both.second)];
  both.first.controller = branches[0].controller;
  both.second.controller = branches[1].controller;
  both.watch(both.reader);
  return branches;
}
