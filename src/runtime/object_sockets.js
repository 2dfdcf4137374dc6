// The WebSockets that a Durable Object has accepted with `ctx.acceptWebSocket()`: their messages are calls of its methods.
// The host keeps them while the object is away, each under a number; here they are made anew when they are asked for.
import { host } from "internal:host";
import { WebSocketRequestResponsePair } from "internal:auto_response";
import { deliver, heldSocket, holdWith } from "internal:websocket";

const MAX_SOCKETS = 32_768;
const MAX_TAGS = 10;
const MAX_TAG = 256;
const MAX_TIMEOUT = 604_800_000;

function tagsOf(value) {
  const tags = [...new Set(Array.from(value ?? [], (tag) => `${tag}`))];
  if (tags.length > MAX_TAGS) throw new Error(`a Hibernatable WebSocket cannot have more than ${MAX_TAGS} tags`);
  for (const tag of tags) {
    if (tag.length > MAX_TAG) throw new Error(`"${tag}" is longer than the max tag length (${MAX_TAG} characters).`);
  }
  return tags;
}

/** The sockets of one object; `instance()` is the object. */
export class ObjectSockets {
  #held = host.objectSockets();
  #open = new Map();
  #numbers = new WeakMap();
  #instance;

  constructor(instance) {
    this.#instance = instance;
  }

  accept(socket, tags) {
    const list = tagsOf(tags);
    if (this.#held.list(undefined).length >= MAX_SOCKETS) throw new Error(`only ${MAX_SOCKETS} websockets can be accepted on a single Durable Object instance`);
    holdWith(socket, (old) => {
      const [number, handle] = this.#held.accept(old, list);
      this.#know(number, socket);
      return { handle, sink: this.#sink(number) };
    });
  }

  #know(number, socket) {
    this.#open.set(number, socket);
    this.#numbers.set(socket, number);
    return socket;
  }

  #sink(number) {
    const call = (name, args) => this.#instance()[name]?.(this.#open.get(number), ...args);
    const over = async (name, args) => {
      try {
        await call(name, args);
      } finally {
        this.#open.delete(number);
        this.#held.forget(number);
      }
    };
    return {
      attached: (parcel) => this.#held.attach(number, parcel),
      message: (data) => call("webSocketMessage", [data]),
      close: (...args) => over("webSocketClose", args),
      error: (error) => over("webSocketError", [error]),
    };
  }

  #socketOf(number) {
    const known = this.#open.get(number);
    if (known !== undefined) return known;
    const [handle, attachment, closedOut] = this.#held.open(number);
    return this.#know(number, heldSocket({ handle, sink: this.#sink(number), attachment, closedOut }));
  }

  /** Something was received: what the object does about it. */
  async receive(number) {
    const socket = this.#socketOf(number);
    const received = this.#held.take(number);
    if (received !== undefined) await deliver(socket, received);
  }

  list(tag) { return this.#held.list(tag === undefined ? undefined : `${tag}`).map((number) => this.#socketOf(number)); }

  tags(socket) {
    const number = this.#numbers.get(socket);
    if (number === undefined) throw new Error("only hibernatable websockets can have tags");
    return this.#held.tags(number);
  }

  answered(socket) {
    const number = this.#numbers.get(socket);
    const moment = number === undefined ? undefined : this.#held.answered(number);
    return moment === undefined ? null : new Date(moment);
  }

  get answer() {
    const pair = this.#held.answer();
    return pair === undefined ? null : new WebSocketRequestResponsePair(...pair);
  }

  set answer(pair) {
    if (pair !== undefined && !(pair instanceof WebSocketRequestResponsePair)) {
      throw new TypeError("Failed to execute 'setWebSocketAutoResponse' on 'DurableObjectState': parameter 1 is not of type 'WebSocketRequestResponsePair'.");
    }
    this.#held.setAnswer(pair?.request, pair?.response);
  }

  get timeout() { return this.#held.timeout() ?? null; }

  set timeout(millis) {
    if (millis !== undefined && !(millis >= 0 && millis <= MAX_TIMEOUT)) throw new Error(`Event timeout should not exceed ${MAX_TIMEOUT} ms.`);
    this.#held.setTimeout(millis);
  }
}
