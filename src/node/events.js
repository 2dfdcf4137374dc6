// node:events: EventEmitter and what goes with it.
import { lazy } from "internal:host";
import { inspect } from "node:internal/inspect";
import { AbortError, ERR_INVALID_ARG_TYPE, ERR_INVALID_THIS, ERR_UNHANDLED_ERROR } from "node:internal/errors";
import { validateAbortSignal, validateBoolean, validateFunction, validateInteger, validateNumber, validateObject, validateString } from "node:internal/validators";

const hooks = lazy("node:async_hooks");
const process_ = lazy("node:internal/process");
const targets = lazy("event");

export const captureRejectionSymbol = Symbol.for("nodejs.rejection");
export const errorMonitor = Symbol("events.errorMonitor");
const kCapture = Symbol("kCapture");
const kRejection = captureRejectionSymbol;
const { apply } = Reflect;

/** Callable without `new`, as Node.js's is: much code does `EventEmitter.call(this)`. */
export function EventEmitter(options = undefined) {
  EventEmitter.init.call(this, options);
}

let defaultMaxListeners = 10;

EventEmitter.prototype._events = undefined;
EventEmitter.prototype._eventsCount = 0;
EventEmitter.prototype._maxListeners = undefined;
Object.defineProperty(EventEmitter.prototype, kCapture, { value: false, writable: true, enumerable: false });

EventEmitter.init = function (options) {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = { __proto__: null };
    this._eventsCount = 0;
  }
  this._maxListeners ||= undefined;
  if (options?.captureRejections) {
    validateBoolean(options.captureRejections, "options.captureRejections");
    this[kCapture] = true;
  } else {
    this[kCapture] = EventEmitter.prototype[kCapture];
  }
};

function maxListenersOf(emitter) {
  return emitter._maxListeners === undefined ? defaultMaxListeners : emitter._maxListeners;
}

function checkListener(listener) {
  validateFunction(listener, "listener");
}

function unhandled(args) {
  const error = args[0];
  if (error instanceof Error) return error;
  let text;
  try { text = inspect(error); } catch { text = error; }
  const wrapped = new ERR_UNHANDLED_ERROR(text);
  wrapped.context = error;
  return wrapped;
}

function follow(emitter, promise, type, args) {
  if (!emitter[kCapture]) return;
  try {
    const { then } = promise;
    if (typeof then !== "function") return;
    then.call(promise, undefined, (error) => process_().process.nextTick(onRejected, emitter, error, type, args));
  } catch (error) {
    emitter.emit("error", error);
  }
}

function onRejected(emitter, error, type, args) {
  if (typeof emitter[kRejection] === "function") return void emitter[kRejection](error, type, ...args);
  // A handler of "error" that rejects must not be called again for it.
  const before = emitter[kCapture];
  try {
    emitter[kCapture] = false;
    emitter.emit("error", error);
  } finally {
    emitter[kCapture] = before;
  }
}

function add(emitter, type, listener, prepend) {
  checkListener(listener);
  let events = emitter._events;
  if (events === undefined) {
    events = emitter._events = { __proto__: null };
    emitter._eventsCount = 0;
  } else if (events.newListener !== undefined) {
    emitter.emit("newListener", type, listener.listener ?? listener);
    events = emitter._events;
  }
  let existing = events[type];
  if (existing === undefined) {
    events[type] = listener;
    ++emitter._eventsCount;
    return emitter;
  }
  if (typeof existing === "function") existing = events[type] = prepend ? [listener, existing] : [existing, listener];
  else if (prepend) existing.unshift(listener);
  else existing.push(listener);
  const most = maxListenersOf(emitter);
  if (most > 0 && existing.length > most && !existing.warned) {
    existing.warned = true;
    const text = `Possible EventEmitter memory leak detected. ${existing.length} ${String(type)} listeners added to ${inspect(emitter, { depth: -1 })}. MaxListeners is ${most}. Use emitter.setMaxListeners() to increase limit`;
    const warning = Object.assign(new Error(text), { name: "MaxListenersExceededWarning", emitter, type, count: existing.length });
    process_().process.emitWarning(warning);
  }
  return emitter;
}

function onceWrapper() {
  if (this.fired) return undefined;
  this.target.removeListener(this.type, this.wrapFn);
  this.fired = true;
  return apply(this.listener, this.target, arguments);
}

function wrapOnce(target, type, listener) {
  const state = { fired: false, wrapFn: undefined, target, type, listener };
  const wrapped = onceWrapper.bind(state);
  wrapped.listener = listener;
  state.wrapFn = wrapped;
  return wrapped;
}

function listenersOf(emitter, type, unwrap) {
  const found = emitter._events?.[type];
  if (found === undefined) return [];
  const all = typeof found === "function" ? [found] : found.slice();
  return unwrap ? all.map((one) => one.listener ?? one) : all;
}

const methods = {
  setMaxListeners(n) {
    validateNumber(n, "setMaxListeners", 0);
    this._maxListeners = n;
    return this;
  },
  getMaxListeners() { return maxListenersOf(this); },
  emit(type, ...args) {
    const events = this._events;
    if (type === "error") {
      if (events?.[errorMonitor] !== undefined) this.emit(errorMonitor, ...args);
      if (events?.error === undefined) throw unhandled(args);
    }
    const handler = events?.[type];
    if (handler === undefined) return false;
    if (typeof handler === "function") {
      const result = apply(handler, this, args);
      if (result !== undefined && result !== null) follow(this, result, type, args);
      return true;
    }
    for (const one of handler.slice()) {
      const result = apply(one, this, args);
      if (result !== undefined && result !== null) follow(this, result, type, args);
    }
    return true;
  },
  addListener(type, listener) { return add(this, type, listener, false); },
  prependListener(type, listener) { return add(this, type, listener, true); },
  once(type, listener) {
    checkListener(listener);
    this.on(type, wrapOnce(this, type, listener));
    return this;
  },
  prependOnceListener(type, listener) {
    checkListener(listener);
    this.prependListener(type, wrapOnce(this, type, listener));
    return this;
  },
  removeListener(type, listener) {
    checkListener(listener);
    const events = this._events;
    const list = events?.[type];
    if (list === undefined) return this;
    if (list === listener || list.listener === listener) {
      this._eventsCount -= 1;
      if (this._eventsCount === 0) this._events = { __proto__: null };
      else delete events[type];
      if (events.removeListener) this.emit("removeListener", type, list.listener ?? listener);
    } else if (typeof list !== "function") {
      const at = list.findLastIndex((one) => one === listener || one.listener === listener);
      if (at < 0) return this;
      // A new array: one that is being emitted stays as it was.
      list.splice(at, 1);
      if (list.length === 1) events[type] = list[0];
      if (events.removeListener !== undefined) this.emit("removeListener", type, listener);
    }
    return this;
  },
  removeAllListeners(type) {
    const events = this._events;
    if (events === undefined) return this;
    if (events.removeListener === undefined) {
      if (arguments.length === 0) {
        this._events = { __proto__: null };
        this._eventsCount = 0;
      } else if (events[type] !== undefined) {
        if (--this._eventsCount === 0) this._events = { __proto__: null };
        else delete events[type];
      }
      return this;
    }
    if (arguments.length === 0) {
      for (const key of Reflect.ownKeys(events)) {
        if (key !== "removeListener") this.removeAllListeners(key);
      }
      this.removeAllListeners("removeListener");
      this._events = { __proto__: null };
      this._eventsCount = 0;
      return this;
    }
    for (const listener of listenersOf(this, type, false).reverse()) this.removeListener(type, listener);
    return this;
  },
  listeners(type) { return listenersOf(this, type, true); },
  rawListeners(type) { return listenersOf(this, type, false); },
  listenerCount(type, listener = undefined) {
    const all = listenersOf(this, type, false);
    return listener === undefined || listener === null ? all.length : all.filter((one) => one === listener || one.listener === listener).length;
  },
  eventNames() { return this._eventsCount > 0 ? Reflect.ownKeys(this._events) : []; },
};
methods.on = methods.addListener;
methods.off = methods.removeListener;
Object.assign(EventEmitter.prototype, methods);

// ---- helpers

const isEmitter = (value) => typeof value?.on === "function";
const isTarget = (value) => typeof value?.addEventListener === "function";

const wrongEmitter = (value) => new ERR_INVALID_ARG_TYPE("emitter", "EventEmitter", value);

function listen(emitter, name, listener, flags = undefined) {
  if (isEmitter(emitter)) {
    if (flags?.once) emitter.once(name, listener);
    else emitter.on(name, listener);
  } else if (isTarget(emitter)) {
    emitter.addEventListener(name, listener, flags);
  } else {
    throw wrongEmitter(emitter);
  }
}

function unlisten(emitter, name, listener) {
  if (typeof emitter.removeListener === "function") emitter.removeListener(name, listener);
  else if (typeof emitter.removeEventListener === "function") emitter.removeEventListener(name, listener);
  else throw wrongEmitter(emitter);
}

export function once(emitter, name, options = {}) {
  return onceAsync(emitter, name, options);
}

async function onceAsync(emitter, name, options) {
  validateObject(options, "options");
  const { signal } = options;
  validateAbortSignal(signal, "options.signal");
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  return new Promise((resolve, reject) => {
    const onError = (error) => {
      unlisten(emitter, name, onEvent);
      if (signal !== undefined) signal.removeEventListener("abort", onAbort);
      reject(error);
    };
    const onEvent = (...args) => {
      if (typeof emitter.removeListener === "function") emitter.removeListener("error", onError);
      if (signal !== undefined) signal.removeEventListener("abort", onAbort);
      resolve(args);
    };
    const onAbort = () => {
      unlisten(emitter, name, onEvent);
      unlisten(emitter, "error", onError);
      reject(new AbortError(undefined, { cause: signal?.reason }));
    };
    listen(emitter, name, onEvent, { once: true });
    if (name !== "error" && typeof emitter.once === "function") emitter.once("error", onError);
    if (signal !== undefined) signal.addEventListener("abort", onAbort, { once: true });
  });
}

const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

export function on(emitter, event, options = {}) {
  validateObject(options, "options");
  const { signal } = options;
  validateAbortSignal(signal, "options.signal");
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  const high = options.highWaterMark ?? options.highWatermark ?? Number.MAX_SAFE_INTEGER;
  const low = options.lowWaterMark ?? options.lowWatermark ?? 1;
  validateInteger(high, "options.highWaterMark", 1);
  validateInteger(low, "options.lowWaterMark", 1);
  const events = [];
  const waiting = [];
  const stops = [];
  let paused = false;
  let error = null;
  let finished = false;

  const listenTo = (name, listener) => {
    listen(emitter, name, listener);
    stops.push(() => unlisten(emitter, name, listener));
  };
  const onEvent = (...args) => {
    if (waiting.length > 0) return void waiting.shift().resolve({ value: args, done: false });
    events.push(args);
    if (!paused && events.length > high) {
      paused = true;
      emitter.pause?.();
    }
  };
  const onError = (thrown) => {
    if (waiting.length > 0) waiting.shift().reject(thrown);
    else error = thrown;
    close();
  };
  const onAbort = () => onError(new AbortError(undefined, { cause: signal.reason }));
  function close() {
    if (finished) return Promise.resolve({ value: undefined, done: true });
    finished = true;
    for (const stop of stops) stop();
    signal?.removeEventListener("abort", onAbort);
    for (const one of waiting) one.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }
  const iterator = Object.setPrototypeOf({
    next() {
      if (events.length > 0) {
        const value = events.shift();
        if (paused && events.length < low) {
          emitter.resume?.();
          paused = false;
        }
        return Promise.resolve({ value, done: false });
      }
      if (error !== null) {
        const rejected = Promise.reject(error);
        error = null;
        return rejected;
      }
      if (finished) return close();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() { return close(); },
    throw(thrown) {
      if (!(thrown instanceof Error)) throw new ERR_INVALID_ARG_TYPE("EventEmitter.AsyncIterator", "Error", thrown);
      onError(thrown);
    },
    [Symbol.asyncIterator]() { return this; },
  }, AsyncIteratorPrototype);

  listenTo(event, onEvent);
  if (event !== "error" && isEmitter(emitter)) listenTo("error", onError);
  for (const name of options.close ?? []) listenTo(name, close);
  signal?.addEventListener("abort", onAbort, { once: true });
  return iterator;
}

export function getEventListeners(emitter, type) {
  if (typeof emitter?.listeners === "function") return emitter.listeners(type);
  if (isTarget(emitter)) return targets().listenersOf(emitter, type);
  throw new ERR_INVALID_ARG_TYPE("emitter", ["EventEmitter", "EventTarget"], emitter);
}

const targetLimits = new WeakMap();

export function getMaxListeners(emitter) {
  if (typeof emitter?.getMaxListeners === "function") return maxListenersOf(emitter);
  if (isTarget(emitter)) return targetLimits.get(emitter) ?? defaultMaxListeners;
  throw new ERR_INVALID_ARG_TYPE("emitter", ["EventEmitter", "EventTarget"], emitter);
}

export function setMaxListeners(n = defaultMaxListeners, ...emitters) {
  validateNumber(n, "setMaxListeners", 0);
  if (emitters.length === 0) defaultMaxListeners = n;
  for (const emitter of emitters) {
    if (typeof emitter?.setMaxListeners === "function") emitter.setMaxListeners(n);
    else if (isTarget(emitter)) targetLimits.set(emitter, n);
    else throw new ERR_INVALID_ARG_TYPE("eventTargets", ["EventEmitter", "EventTarget"], emitter);
  }
}

export function listenerCount(emitter, type) {
  if (typeof emitter?.listenerCount === "function") return emitter.listenerCount(type);
  return methods.listenerCount.call(emitter, type);
}

export function addAbortListener(signal, listener) {
  if (signal === undefined) throw new ERR_INVALID_ARG_TYPE("signal", "AbortSignal", signal);
  validateAbortSignal(signal, "signal");
  validateFunction(listener, "listener");
  let remove;
  if (signal.aborted) {
    queueMicrotask(() => listener());
  } else {
    signal.addEventListener("abort", listener, { once: true });
    remove = () => signal.removeEventListener("abort", listener);
  }
  return { __proto__: null, [Symbol.dispose]() { remove?.(); } };
}

let asyncResourceClass;

function makeAsyncResourceClass() {
  const { AsyncResource } = hooks();
  return class EventEmitterAsyncResource extends EventEmitter {
    #asyncResource;

    constructor(options = undefined) {
      let name;
      if (typeof options === "string") {
        name = options;
        options = undefined;
      } else {
        if (new.target === EventEmitterAsyncResource) validateString(options?.name, "options.name");
        name = options?.name || new.target.name;
      }
      super(options);
      this.#asyncResource = Object.assign(new AsyncResource(name, options), { eventEmitter: this });
    }

    static #of(emitter) {
      if (!(#asyncResource in emitter)) throw new ERR_INVALID_THIS("EventEmitterAsyncResource");
      return emitter.#asyncResource;
    }

    emit(event, ...args) {
      return EventEmitterAsyncResource.#of(this).runInAsyncScope(super.emit, this, event, ...args);
    }

    emitDestroy() { EventEmitterAsyncResource.#of(this).emitDestroy(); }
    get asyncId() { return EventEmitterAsyncResource.#of(this).asyncId(); }
    get triggerAsyncId() { return EventEmitterAsyncResource.#of(this).triggerAsyncId(); }
    get asyncResource() { return EventEmitterAsyncResource.#of(this); }
  };
}

export const usingDomains = false;

Object.assign(EventEmitter, {
  addAbortListener, on, once, getEventListeners, getMaxListeners, EventEmitter, usingDomains, captureRejectionSymbol,
  errorMonitor, setMaxListeners, listenerCount,
});
Object.defineProperties(EventEmitter, {
  captureRejections: {
    get() { return EventEmitter.prototype[kCapture]; },
    set(value) {
      validateBoolean(value, "EventEmitter.captureRejections");
      EventEmitter.prototype[kCapture] = value;
    },
    enumerable: true,
    configurable: true,
  },
  defaultMaxListeners: {
    get() { return defaultMaxListeners; },
    set(value) {
      validateNumber(value, "defaultMaxListeners", 0);
      defaultMaxListeners = value;
    },
    enumerable: true,
  },
  EventEmitterAsyncResource: { get() { return (asyncResourceClass ??= makeAsyncResourceClass()); }, enumerable: true, configurable: true },
});

export const captureRejections = false;
export { defaultMaxListeners };
/** Made when it is first subclassed or constructed, for it needs asynchronous contexts. */
export const EventEmitterAsyncResource = new Proxy(function EventEmitterAsyncResource() {}, {
  construct: (_, args, target) => Reflect.construct(EventEmitter.EventEmitterAsyncResource, args, target === EventEmitterAsyncResource ? EventEmitter.EventEmitterAsyncResource : target),
  get: (_, key) => EventEmitter.EventEmitterAsyncResource[key],
});
export default EventEmitter;
