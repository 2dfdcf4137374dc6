// The WebSockets that a Durable Object has accepted with `ctx.acceptWebSocket()`: their messages are calls of its methods.
// Differs: an object stays in memory while its WebSockets are open; issue 6 brings hibernation.
import { host } from "internal:host";
import { WebSocketRequestResponsePair } from "internal:auto_response";
import { receiveWith } from "internal:websocket";

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

/** The sockets of one object; `call(handler)` has `handler(instance)` run when the object may be entered. */
export class ObjectSockets {
  #open = new Map();
  #answer = undefined;
  #timeout = undefined;
  #call;

  constructor(call) {
    this.#call = call;
  }

  accept(socket, tags) {
    const list = tagsOf(tags);
    if (this.#open.size >= MAX_SOCKETS) throw new Error(`only ${MAX_SOCKETS} websockets can be accepted on a single Durable Object instance`);
    const state = { tags: list, answered: null };
    receiveWith(socket, {
      message: (data) => this.#message(socket, state, data),
      close: (code, reason, wasClean) => this.#over(socket, "webSocketClose", [code, reason, wasClean]),
      error: (error) => this.#over(socket, "webSocketError", [error]),
    });
    this.#open.set(socket, state);
  }

  #message(socket, state, data) {
    const answer = this.#answer;
    if (answer !== undefined && data === answer.request) {
      state.answered = new Date();
      socket.send(answer.response);
      return;
    }
    this.#deliver("webSocketMessage", [socket, data]);
  }

  #over(socket, name, args) {
    // It is among `getWebSockets()` no more when its handler runs.
    this.#open.delete(socket);
    this.#deliver(name, [socket, ...args]);
  }

  #deliver(name, args) {
    this.#call(async (instance) => {
      try {
        await instance[name]?.(...args);
      } catch (error) {
        host.reportError(error);
      }
    });
  }

  list(tag) {
    const found = [];
    for (const [socket, { tags }] of this.#open) if (tag === undefined || tags.includes(`${tag}`)) found.push(socket);
    return found;
  }

  stateOf(socket) {
    const state = this.#open.get(socket);
    if (state === undefined) throw new Error("only hibernatable websockets can have tags");
    return state;
  }

  tags(socket) { return [...this.stateOf(socket).tags]; }
  answered(socket) { return this.#open.get(socket)?.answered ?? null; }
  get answer() { return this.#answer ?? null; }

  set answer(pair) {
    if (pair !== undefined && !(pair instanceof WebSocketRequestResponsePair)) {
      throw new TypeError("Failed to execute 'setWebSocketAutoResponse' on 'DurableObjectState': parameter 1 is not of type 'WebSocketRequestResponsePair'.");
    }
    this.#answer = pair;
  }

  get timeout() { return this.#timeout ?? null; }

  set timeout(millis) {
    if (millis !== undefined && !(millis >= 0 && millis <= MAX_TIMEOUT)) throw new Error(`Event timeout should not exceed ${MAX_TIMEOUT} ms.`);
    this.#timeout = millis;
  }
}
