// Event and EventTarget (DOM standard). There is no tree here: an event's path is its target alone. The global scope is
// an EventTarget too. Other kinds of events are in `event_kinds.js` and `service_events.js`.
//
// Where workerd departs from the standard, so does this: what a listener throws comes out of dispatchEvent() and later listeners
// do not run; a listener that returns true cancels the event; there is no capturing; `target` and `currentTarget` are undefined
// before the dispatch and stay after it.

import { host, lazy } from "internal:host";
import { DOMString, boolean, interface_, isObject, object, requiredArguments, wrongType } from "internal:webidl";
import { dictionary } from "internal:webidl_types";

const kinds = lazy("event_kinds");
const exceptions = lazy("exception");
const { apply, defineProperty } = Reflect;
const NONE = 0;
const AT_TARGET = 2;

export const eventInitMembers = { bubbles: [boolean, false], cancelable: [boolean, false], composed: [boolean, false] };
const EventInit = dictionary("EventInit", eventInitMembers);

let stateOf;
let isEvent;

export class Event {
  #state;

  constructor(type, eventInitDict = undefined) {
    const prefix = "Failed to construct 'Event'";
    requiredArguments(arguments.length, 1, prefix);
    const name = DOMString(type, prefix, "constructor parameter 1");
    const { bubbles, cancelable, composed } = EventInit(eventInitDict, prefix, "constructor parameter 2");
    this.#state = {
      type: name, bubbles, cancelable, composed,
      target: undefined, phase: NONE,
      stopped: false, stoppedNow: false, canceled: false, passive: false, dispatching: false, trusted: false,
    };
  }

  get type() { return this.#state.type; }
  get target() { return this.#state.target; }
  get srcElement() { return this.#state.target; }
  get currentTarget() { return this.#state.target; }
  get eventPhase() { return this.#state.phase; }
  get bubbles() { return this.#state.bubbles; }
  get cancelable() { return this.#state.cancelable; }
  get composed() { return this.#state.composed; }
  get defaultPrevented() { return this.#state.canceled; }
  get isTrusted() { return this.#state.trusted; }
  // Workers do not stamp events.
  get timeStamp() { return this.#state && 0; }
  get cancelBubble() { return this.#state.stopped; }
  set cancelBubble(value) { if (value) this.#state.stopped = true; }
  get returnValue() { return !this.#state.canceled; }

  composedPath() {
    const { dispatching, target } = this.#state;
    return dispatching ? [target] : [];
  }

  stopPropagation() { this.#state.stopped = true; }

  stopImmediatePropagation() {
    this.#state.stopped = true;
    this.#state.stoppedNow = true;
  }

  preventDefault() { cancel(this.#state); }

  static {
    stateOf = (event) => event.#state;
    isEvent = (value) => isObject(value) && #state in value;
  }
}

interface_(Event, { constants: { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 } });

function cancel(state) {
  if (state.cancelable && !state.passive) state.canceled = true;
}

// ---- AbortSignal is defined on top of EventTarget, so it lends itself to `{ signal }` once it is loaded.

let signals = { isSignal: () => false };
/** `abort.js` calls this with `{ isSignal, isAborted, addAbortAlgorithm }`. */
export const useSignals = (hooks) => { signals = hooks; };

function abortSignal(value, prefix, what) {
  if (!signals.isSignal(value)) throw wrongType(prefix, what, "AbortSignal");
  return value;
}

const listenerMembers = { capture: [boolean, false], once: [boolean, false], passive: [boolean, false], signal: [abortSignal] };
const ListenerOptions = dictionary("AddEventListenerOptions", listenerMembers);

function refuseCapture(method, options, capture) {
  const name = isObject(options) ? "options.capture" : "useCapture";
  if (capture) throw new TypeError(`${method}(): ${name} must be false.`);
}

const listenerOptions = (options) =>
  isObject(options) ? ListenerOptions(options, ADD, "parameter 3") : { capture: !!options, once: false, passive: false };

function listenerOf(callback) {
  if (callback === null || callback === undefined || typeof callback === "function") return callback ?? null;
  if (typeof callback !== "object") throw wrongType(ADD, "parameter 2", "function or HandlerObject");
  if (typeof callback.handleEvent !== "function") {
    throw new TypeError("Incorrect type for the 'handleEvent' field on 'HandlerObject': the provided value is not of type 'function'.");
  }
  return callback;
}

const ADD = "Failed to execute 'addEventListener' on 'EventTarget'";
const REMOVE = "Failed to execute 'removeEventListener' on 'EventTarget'";
const DISPATCH = "Failed to execute 'dispatchEvent' on 'EventTarget'";

// ---- EventTarget

/** A target's listeners, in order, the handlers of its `on...` attributes by type, and who hears of a new listener. */
const newStore = () => ({ listeners: [], handlers: undefined, heard: undefined });
const globalStore = newStore();
let storeOf;

export class EventTarget {
  #store = newStore();

  addEventListener(type, callback, options = undefined) {
    const store = storeOf(this);
    requiredArguments(arguments.length, 2, ADD);
    const name = DOMString(type, ADD, "parameter 1");
    const listener = listenerOf(callback);
    const given = listenerOptions(options);
    if (listener === null) return;
    refuseCapture("addEventListener", options, given.capture);
    addListener(store, { type: name, callback: listener, removed: false, ...given });
    store.heard?.(this);
  }

  removeEventListener(type, callback, options = undefined) {
    const store = storeOf(this);
    requiredArguments(arguments.length, 2, REMOVE);
    const name = DOMString(type, REMOVE, "parameter 1");
    if (callback !== null && callback !== undefined) object(callback, REMOVE, "parameter 2");
    refuseCapture("removeEventListener", options, isObject(options) ? options.capture : options);
    const found = store.listeners.find((l) => l.callback === callback && l.type === name);
    if (found !== undefined) removeListener(store, found);
  }

  dispatchEvent(event) {
    storeOf(this);
    requiredArguments(arguments.length, 1, DISPATCH);
    if (!isEvent(event)) throw wrongType(DISPATCH, "parameter 1", "Event");
    const state = stateOf(event);
    if (state.dispatching) throw new (exceptions().DOMException)("The event is already being dispatched.", "InvalidStateError");
    state.trusted = false;
    return send(this ?? globalThis, event);
  }

  static {
    storeOf = (target) => (target === undefined || target === null || target === globalThis ? globalStore : target.#store);
  }
}

interface_(EventTarget, { lengths: { addEventListener: 2, removeEventListener: 2 } });

function addListener(store, listener) {
  const { type, callback, signal } = listener;
  if (signal !== undefined && signals.isAborted(signal)) return;
  if (store.listeners.some((l) => l.callback === callback && l.type === type)) return;
  store.listeners.push(listener);
  if (signal !== undefined) signals.addAbortAlgorithm(signal, () => removeListener(store, listener));
}

function removeListener(store, listener) {
  listener.removed = true;
  const place = store.listeners.indexOf(listener);
  if (place >= 0) store.listeners.splice(place, 1);
}

/** Are there listeners for events of this type? */
export const hasListeners = (target, type) => storeOf(target).listeners.some((l) => l.type === type);

/** Has `heard(target)` called whenever the target gets a listener. */
export const hearListeners = (target, heard) => void (storeOf(target).heard = heard);
/** The callbacks that listen for events of this type. */
export const listenersOf = (target, type) => storeOf(target).listeners.filter((l) => l.type === type).map((l) => l.callback);

/** Dispatches an event of our own making (`isTrusted`); true unless it was cancelled. */
export function dispatch(target, event) {
  stateOf(event).trusted = true;
  return send(target, event);
}

function send(target, event) {
  const state = stateOf(event);
  state.dispatching = true;
  state.target = target;
  state.phase = AT_TARGET;
  try {
    if (!state.stopped) invoke(storeOf(target), event, state);
  } finally {
    state.phase = NONE;
    state.dispatching = state.stopped = state.stoppedNow = state.passive = false;
  }
  return !state.canceled;
}

function invoke(store, event, state) {
  for (const listener of store.listeners.filter((l) => l.type === state.type)) {
    if (listener.removed) continue;
    if (listener.once) removeListener(store, listener);
    state.passive = listener.passive;
    if (call(listener.callback, state.target, event) === true) cancel(state);
    state.passive = false;
    if (state.stoppedNow) return;
  }
}

function call(callback, target, event) {
  if (typeof callback === "function") return apply(callback, target, [event]);
  const { handleEvent } = callback;
  if (typeof handleEvent !== "function") throw new TypeError("handleEvent of the event listener is not a function.");
  return apply(handleEvent, callback, [event]);
}

// ---- event handler attributes

/** What an `on<type>` attribute holds; for the attributes that do more than that. */
export const readHandler = (target, type) => storeOf(target).handlers?.get(type)?.handler ?? null;
export function writeHandler(target, type, value) {
  const store = storeOf(target);
  setHandler(store, type, isObject(value) ? value : null);
  store.heard?.(target);
}

/** Defines `on<type>` on an interface's prototype. */
export function handlerAttribute(prototype, type) {
  const name = `on${type}`;
  const accessor = {
    get [name]() { return readHandler(this, type); },
    set [name](value) { writeHandler(this, type, value); },
  };
  defineProperty(prototype, name, { ...Reflect.getOwnPropertyDescriptor(accessor, name), enumerable: true });
}

function setHandler(store, type, handler) {
  store.handlers ??= new Map();
  const present = store.handlers.get(type);
  if (handler === null) {
    if (present !== undefined) removeListener(store, present.listener);
    store.handlers.delete(type);
  } else if (present !== undefined) {
    present.handler = handler;
  } else {
    const entry = { handler, listener: undefined };
    const callback = function (event) {
      if (typeof entry.handler === "function" && apply(entry.handler, this, [event]) === false) event.preventDefault();
    };
    entry.listener = { type, callback, once: false, passive: false, removed: false };
    store.handlers.set(type, entry);
    store.listeners.push(entry.listener);
  }
}

// ---- what nobody caught

/** "Report the exception": an `error` event on the global scope, and the log unless a listener cancels it. */
export function reportException(error) {
  let silent = false;
  try {
    if (hasListeners(globalThis, "error")) silent = !dispatch(globalThis, kinds().errorEventOf(error));
  } catch (another) {
    host.reportError(another);
  }
  if (!silent) host.reportError(error);
}

/** Rejections that were told of, for `rejectionhandled` once someone handles them after all. */
const told = new WeakSet();

/** A rejection that nobody handled: `unhandledrejection` on the global scope, and the log unless a listener cancels it. */
export function reportRejection(promise, reason) {
  let silent = false;
  told.add(promise);
  try {
    if (hasListeners(globalThis, "unhandledrejection")) silent = !dispatch(globalThis, kinds().rejectionEvent("unhandledrejection", promise, reason));
  } catch (another) {
    host.reportError(another);
  }
  if (!silent) host.reportError(reason);
}

/** A rejection got its first handler late. */
export function reportHandled(promise) {
  if (!told.delete(promise) || !hasListeners(globalThis, "rejectionhandled")) return;
  try {
    dispatch(globalThis, kinds().rejectionEvent("rejectionhandled", promise));
  } catch (error) {
    host.reportError(error);
  }
}

// ---- the global scope's own methods; without a receiver they mean the global scope too

export const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;
