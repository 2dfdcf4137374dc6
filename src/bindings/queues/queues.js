// A queue, as its producers see it.
import { host } from "internal:host";
import { pack } from "internal:serial";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { bytesOf } from "internal:webidl_types";

const { isView } = ArrayBuffer;
const { stringify } = JSON;
const nameOf = (value) => (value === null ? "null" : isObject(value) ? value.constructor?.name ?? "Object" : typeof value);

function content(type, value) {
  switch (type) {
    case "json": {
      const json = stringify(value);
      if (json === undefined) throw new TypeError("Message body cannot be serialized to JSON.");
      return json;
    }
    case "text":
      if (typeof value !== "string") throw new TypeError(`Content Type "text" requires a value of type string, but received: ${nameOf(value)}`);
      return value;
    case "bytes":
      if (!isView(value)) throw new TypeError(`Content Type "bytes" requires a value of type ArrayBufferView, but received: ${nameOf(value)}`);
      return bytesOf(value);
    case "v8":
      return pack(value);
    default:
      throw new TypeError(`Unsupported queue message content type: ${type}`);
  }
}

function delayOf(value) {
  if (value === undefined || value === null) return undefined;
  const delay = +value;
  if (!Number.isInteger(delay) || delay < 0 || delay > 0xffffffff) throw new TypeError("delaySeconds must be a non-negative integer.");
  return delay;
}

function item(value, options, otherwise) {
  if (value === undefined) throw new TypeError("Message body cannot be undefined");
  const type = options?.contentType ?? (host.flag("queues_json_messages") ? "json" : "v8");
  return [`${type}`, content(`${type}`, value), delayOf(options?.delaySeconds ?? otherwise)];
}

class WorkerQueue {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  async send(body, options = undefined) {
    if (arguments.length === 0) throw new TypeError("Message body cannot be undefined");
    await this.#handle.send("send", [item(body, options, undefined)]);
  }

  async sendBatch(messages, options = undefined) {
    const items = [];
    for (const message of messages) items.push(item(message.body, message, options?.delaySeconds));
    if (items.length === 0) throw new TypeError("sendBatch() requires at least one message");
    await this.#handle.send("sendBatch", items);
  }
}
interface_(WorkerQueue);

export const make = (handle) => new WorkerQueue(internal, handle);
