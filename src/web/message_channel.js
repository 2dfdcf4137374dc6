// MessageChannel and MessagePort (HTML standard), between two ends in the same isolate. As in workerd a message arrives in a
// microtask, both ends hear of close() at once, and nothing can be transferred.

import { host } from "internal:host";
import { cloneValue } from "internal:clone";
import { Event, EventTarget, dispatch, handlerAttribute, hasListeners, readHandler, reportException, writeHandler } from "internal:event";
import { MessageEvent } from "internal:event_kinds";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const { queueMicrotask } = host.builtin;

let entangle;

/** Messages kept for a port that nobody listens to; the oldest ones go first. */
const WAITING = 1000;

export class MessagePort extends EventTarget {
  #other;
  #closed = false;
  #waiting = [];

  constructor(token) {
    illegalConstructor(token);
    super();
  }

  postMessage(message, options = undefined) {
    const list = Array.isArray(options) ? options : (options?.transfer ?? []);
    if (list.length > 0) throw new Error("Transfer list is not supported");
    const data = cloneValue(message);
    const receiver = this.#other;
    if (!this.#closed) queueMicrotask(() => receiver.#receive(data));
  }

  start() {
    for (const data of this.#waiting.splice(0)) queueMicrotask(() => this.#receive(data));
  }

  close() {
    if (this.#closed) return;
    for (const port of [this.#other, this]) {
      port.#closed = true;
      dispatch(port, new Event("close"));
    }
  }

  get onmessage() { return readHandler(this, "message"); }

  set onmessage(value) {
    writeHandler(this, "message", value);
    this.start();
  }

  #receive(data) {
    if (this.#closed) return;
    if (!hasListeners(this, "message")) {
      this.#waiting.push(data);
      if (this.#waiting.length > WAITING) this.#waiting.shift();
      return;
    }
    try {
      dispatch(this, new MessageEvent("message", { data, source: this }));
    } catch (error) {
      reportException(error);
    }
  }

  static {
    entangle = (a, b) => {
      a.#other = b;
      b.#other = a;
    };
  }
}

handlerAttribute(MessagePort.prototype, "close");
interface_(MessagePort, { lengths: { constructor: 0, postMessage: 1 } });

export class MessageChannel {
  #ports = [new MessagePort(internal), new MessagePort(internal)];

  constructor() {
    entangle(...this.#ports);
  }

  get port1() { return this.#ports[0]; }
  get port2() { return this.#ports[1]; }
}

interface_(MessageChannel);
