// node:diagnostics_channel.
import { host, lazy } from "internal:host";
import { ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateFunction } from "node:internal/validators";

const reporter = lazy("event");
const channels = new Map();
const { apply } = Reflect;
const { stringify } = JSON;

// For tail Workers.
function jsonOf(message) {
  try {
    return stringify(message) ?? "null";
  } catch {
    return "null";
  }
}

const report = (error) => process.nextTick(() => {
  if (!process.emit("uncaughtException", error)) reporter().reportException(error);
});

export class Channel {
  #subscribers = [];
  #stores = new Map();

  constructor(name) { this.name = name; }

  hasSubscribers() { return this.#subscribers.length > 0 || this.#stores.size > 0; }

  subscribe(subscription) {
    validateFunction(subscription, "subscription");
    this.#subscribers = [...this.#subscribers, subscription];
  }

  unsubscribe(subscription) {
    const at = this.#subscribers.indexOf(subscription);
    if (at < 0) return false;
    this.#subscribers = this.#subscribers.toSpliced(at, 1);
    return true;
  }

  bindStore(store, transform = undefined) {
    this.#stores.set(store, transform);
  }

  unbindStore(store) {
    return this.#stores.delete(store);
  }

  publish(message) {
    if (host.taped()) host.tapePublished(`${String(this.name)}`, jsonOf(message));
    for (const subscription of this.#subscribers) {
      try {
        subscription(message, this.name);
      } catch (error) {
        report(error);
      }
    }
  }

  runStores(message, fn, thisArg = undefined, ...args) {
    let run = () => {
      this.publish(message);
      return apply(fn, thisArg, args);
    };
    for (const [store, transform] of this.#stores) {
      const next = run;
      run = () => {
        let context = message;
        try {
          if (transform !== undefined) context = transform(message);
        } catch (error) {
          report(error);
          return next();
        }
        return store.run(context, next);
      };
    }
    return run();
  }
}

export function channel(name) {
  if (typeof name !== "string" && typeof name !== "symbol") throw new ERR_INVALID_ARG_TYPE("channel", ["string", "symbol"], name);
  if (!channels.has(name)) channels.set(name, new Channel(name));
  return channels.get(name);
}

export const hasSubscribers = (name) => channels.get(name)?.hasSubscribers() ?? false;
export const subscribe = (name, subscription) => channel(name).subscribe(subscription);
export const unsubscribe = (name, subscription) => channel(name).unsubscribe(subscription);

const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"];

export class TracingChannel {
  constructor(nameOrChannels) {
    for (const event of EVENTS) {
      const found = typeof nameOrChannels === "string" ? channel(`tracing:${nameOrChannels}:${event}`) : nameOrChannels?.[event];
      if (!(found instanceof Channel)) {
        if (typeof nameOrChannels !== "object" || nameOrChannels === null) throw new ERR_INVALID_ARG_TYPE("nameOrChannels", ["string", "object", "Channel"], nameOrChannels);
        throw new ERR_INVALID_ARG_TYPE(`nameOrChannels.${event}`, "Channel", found);
      }
      Object.defineProperty(this, event, { value: found, enumerable: true });
    }
  }

  hasSubscribers() { return EVENTS.some((event) => this[event].hasSubscribers()); }

  subscribe(subscriptions) {
    for (const event of EVENTS) if (subscriptions[event]) this[event].subscribe(subscriptions[event]);
  }

  unsubscribe(subscriptions) {
    let done = true;
    for (const event of EVENTS) if (subscriptions[event] && !this[event].unsubscribe(subscriptions[event])) done = false;
    return done;
  }

  traceSync(fn, message = {}, thisArg = undefined, ...args) {
    return this.start.runStores(message, () => {
      try {
        message.result = apply(fn, thisArg, args);
        return message.result;
      } catch (error) {
        message.error = error;
        this.error.publish(message);
        throw error;
      } finally {
        this.end.publish(message);
      }
    });
  }

  tracePromise(fn, message = {}, thisArg = undefined, ...args) {
    const settled = (key, publishError) => (value) => {
      message[key] = value;
      if (publishError) this.error.publish(message);
      this.asyncStart.publish(message);
      this.asyncEnd.publish(message);
      if (publishError) throw value;
      return value;
    };
    return this.start.runStores(message, () => {
      try {
        return Promise.resolve(apply(fn, thisArg, args)).then(settled("result", false), settled("error", true));
      } catch (error) {
        message.error = error;
        this.error.publish(message);
        throw error;
      } finally {
        this.end.publish(message);
      }
    });
  }

  traceCallback(fn, position = -1, message = {}, thisArg = undefined, ...args) {
    const { asyncStart, asyncEnd, error: failed } = this;
    const callback = args.at(position);
    validateFunction(callback, "callback");
    args.splice(position, 1, function (error, result) {
      if (error) {
        message.error = error;
        failed.publish(message);
      } else {
        message.result = result;
      }
      return asyncStart.runStores(message, () => {
        try {
          return apply(callback, this, arguments);
        } finally {
          asyncEnd.publish(message);
        }
      });
    });
    return this.start.runStores(message, () => {
      try {
        return apply(fn, thisArg, args);
      } catch (error) {
        message.error = error;
        failed.publish(message);
        throw error;
      } finally {
        this.end.publish(message);
      }
    });
  }
}

export const tracingChannel = (nameOrChannels) => new TracingChannel(nameOrChannels);
export default { channel, hasSubscribers, subscribe, tracingChannel, unsubscribe, Channel, TracingChannel };
