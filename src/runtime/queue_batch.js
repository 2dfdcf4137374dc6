// What `queue()` is given: a batch of messages that remembers what becomes of each.
import { host } from "internal:host";
import { fromUtf8 } from "internal:encoding";
import { unpack } from "internal:serial";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const { isInteger } = Number;

function bodyOf(type, bytes) {
  if (type === "json") return JSON.parse(fromUtf8(bytes));
  if (type === "text") return fromUtf8(bytes);
  if (type === "v8") return unpack(host.parcelFrom(bytes));
  return bytes.buffer;
}

const warn = (text) => host.consoleWrite("warn", text);

function delayOf(options) {
  const delay = options?.delaySeconds;
  if (delay === undefined || delay === null) return undefined;
  if (!isInteger(+delay) || +delay < 0) throw new TypeError("delaySeconds must be a non-negative integer.");
  return +delay;
}

class Message {
  #facts;
  #body;
  #batch;

  constructor(token, facts, bytes, batch) {
    illegalConstructor(token);
    this.#facts = facts;
    this.#body = bodyOf(facts.type, bytes);
    this.#batch = batch;
  }

  get id() { return this.#facts.id; }
  get timestamp() { return new Date(this.#facts.timestamp); }
  get body() { return this.#body; }
  get attempts() { return this.#facts.attempts; }

  retry(options = undefined) {
    const { id } = this.#facts;
    const { acked, retried, all } = this.#batch;
    if (all === "ack") warn(`Received a call to retry() on message ${id} after ackAll() was already called. Calling retry() on a message after calling ackAll() has no effect.`);
    else if (acked.has(id)) warn(`Received a call to retry() on message ${id} after ack() was already called. Calling retry() on a message after calling ack() has no effect.`);
    else retried.set(id, delayOf(options));
  }

  ack() {
    const { id } = this.#facts;
    const { acked, retried, all } = this.#batch;
    if (all === "ack") return;
    if (all === "retry") warn(`Received a call to ack() on message ${id} after retryAll() was already called. Calling ack() on a message after calling retryAll() has no effect.`);
    else if (retried.has(id)) warn(`Received a call to ack() on message ${id} after retry() was already called. Calling ack() on a message after calling retry() has no effect.`);
    else acked.add(id);
  }
}
interface_(Message, { name: "QueueMessage" });

class MessageBatch {
  #facts;
  #messages;
  #batch;

  constructor(token, facts, messages, batch) {
    illegalConstructor(token);
    this.#facts = facts;
    this.#messages = messages;
    this.#batch = batch;
  }

  get queue() { return this.#facts.queue; }
  get messages() { return this.#messages; }
  get metadata() { return this.#facts.metadata; }

  retryAll(options = undefined) {
    const batch = this.#batch;
    if (batch.all === "ack") return warn("Received a call to retryAll() after ackAll() was already called. Calling retryAll() after calling ackAll() has no effect.");
    batch.delay = delayOf(options);
    batch.all = "retry";
  }

  ackAll() {
    const batch = this.#batch;
    if (batch.all === "retry") return warn("Received a call to ackAll() after retryAll() was already called. Calling ackAll() after calling retryAll() has no effect.");
    batch.all = "ack";
  }
}
interface_(MessageBatch);

/** The batch of the host's `facts`; the bodies are in `bytes`, one after the other. */
export function open(facts, bytes) {
  const batch = { all: undefined, delay: undefined, acked: new Set(), retried: new Map() };
  let at = 0;
  const messages = facts.messages.map((one) => new Message(internal, one, bytes.slice(at, (at += one.size)), batch));
  const told = () => ({
    ackAll: batch.all === "ack",
    retryBatch: { retry: batch.all === "retry", delaySeconds: batch.delay },
    explicitAcks: [...batch.acked],
    retryMessages: [...batch.retried].map(([msgId, delaySeconds]) => ({ msgId, delaySeconds })),
  });
  return { given: new MessageBatch(internal, facts, messages, batch), told };
}
