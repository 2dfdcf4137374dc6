// AbortController and AbortSignal (DOM standard), and what fetch, streams and the runtime need of them: abort algorithms
// (`addAbortAlgorithm`) and signals that the host aborts (`createSignal`, `signalAbort`).

import { host, lazy } from "internal:host";
import { DOMException } from "internal:exception";
import { Event, EventTarget, dispatch, handlerAttribute, hearListeners, useSignals } from "internal:event";
import { illegalConstructor, interface_, internal, isObject, requiredArguments, sequence } from "internal:webidl";
import { instance, unsignedLongLongEnforced } from "internal:webidl_types";

const timers = lazy("timers");

export const abortError = (message = "The operation was aborted") => new DOMException(message, "AbortError");

let stateOf;
let isSignal;

export class AbortSignal extends EventTarget {
  // `sources` is set on the results of any(). Those that follow this signal are `dependents`, held weakly; `kept` are
  // the ones among them that somebody listens to.
  #state = { aborted: false, reason: undefined, algorithms: new Set(), sources: undefined, dependents: undefined, kept: undefined };

  constructor(token) {
    illegalConstructor(token);
    super();
  }

  static abort(reason = abortError()) {
    const signal = createSignal();
    markAborted(stateOf(signal), reason);
    return signal;
  }

  static timeout(milliseconds) {
    const prefix = "Failed to execute 'timeout' on 'AbortSignal'";
    requiredArguments(arguments.length, 1, prefix);
    const delay = unsignedLongLongEnforced(milliseconds, prefix, "parameter 1");
    const signal = createSignal();
    const expire = () => signalAbort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    timers().startTimer(expire, delay);
    return signal;
  }

  static any(signals) {
    const prefix = "Failed to execute 'any' on 'AbortSignal'";
    requiredArguments(arguments.length, 1, prefix);
    return followingSignal(signalList(signals, prefix, "parameter 1"));
  }

  get aborted() { return this.#state.aborted; }
  get reason() { return this.#state.reason; }

  throwIfAborted() {
    if (this.#state.aborted) throw this.#state.reason;
  }

  static {
    stateOf = (signal) => signal.#state;
    isSignal = (value) => isObject(value) && #state in value;
  }
}

handlerAttribute(AbortSignal.prototype, "abort");
interface_(AbortSignal, { lengths: { constructor: 0 } });

export { isSignal };
/** WebIDL converter for a signal. */
export const signalOf = instance("AbortSignal", isSignal);
const signalList = sequence(signalOf);

/** A signal without a controller, for signalAbort(). */
export const createSignal = () => new AbortSignal(internal);

/** The state of a signal without its user-visible getters. */
export const isAborted = (signal) => stateOf(signal).aborted;
export const abortReason = (signal) => stateOf(signal).reason;

/** Has `algorithm(reason)` called once when the signal aborts, before its listeners; nothing if it already has. */
export function addAbortAlgorithm(signal, algorithm) {
  const state = stateOf(signal);
  if (state.aborted) return;
  state.algorithms.add(algorithm);
  if (state.sources !== undefined) keep(signal);
}

/** A signal that somebody listens to lives as long as one that it follows. */
function keep(signal) {
  for (const source of stateOf(signal).sources) (stateOf(source).kept ??= new Set()).add(signal);
}

export const removeAbortAlgorithm = (signal, algorithm) => stateOf(signal).algorithms.delete(algorithm);

useSignals({ isSignal, isAborted, addAbortAlgorithm });

function markAborted(state, reason) {
  state.aborted = true;
  state.reason = reason;
}

/** Aborts a signal, and those that follow it. */
export function signalAbort(signal, reason = abortError()) {
  const state = stateOf(signal);
  if (state.aborted) return;
  markAborted(state, reason);
  const woken = [signal];
  for (const reference of state.dependents ?? []) {
    const dependent = reference.deref();
    if (dependent === undefined || isAborted(dependent)) continue;
    markAborted(stateOf(dependent), reason);
    woken.push(dependent);
  }
  state.dependents = state.kept = undefined;
  runAll(woken, runAbortSteps);
}

function runAbortSteps(signal) {
  const state = stateOf(signal);
  const algorithms = [...state.algorithms];
  state.algorithms.clear();
  for (const source of state.sources ?? []) stateOf(source).kept?.delete(signal);
  runAll(algorithms, (algorithm) => algorithm(state.reason));
  dispatch(signal, new Event("abort"));
}

/** Runs `step` on every item even if one throws; the first exception goes on to whoever aborted. */
function runAll(items, step) {
  let failure;
  for (const item of items) {
    try {
      step(item);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

/** AbortSignal.any(): a signal that aborts with the first of `signals`. */
export function followingSignal(signals) {
  const result = createSignal();
  const state = stateOf(result);
  const aborted = signals.find(isAborted);
  state.sources = new Set();
  if (aborted !== undefined) {
    markAborted(state, abortReason(aborted));
    return result;
  }
  for (const signal of signals) {
    for (const source of stateOf(signal).sources ?? [signal]) {
      if (state.sources.has(source)) continue;
      state.sources.add(source);
      addDependent(stateOf(source), result);
    }
  }
  hearListeners(result, keep);
  return result;
}

/** Results that nobody holds any more leave when the list has doubled. */
function addDependent(state, result) {
  const dependents = (state.dependents ??= []);
  if (dependents.length >= SWEEP && Number.isInteger(Math.log2(dependents.length))) {
    state.dependents = dependents.filter((reference) => reference.deref() !== undefined);
  }
  state.dependents.push(new host.builtin.WeakRef(result));
}

const SWEEP = 64;

export class AbortController {
  #signal = createSignal();

  get signal() { return this.#signal; }
  abort(reason = undefined) { signalAbort(this.#signal, reason); }
}

interface_(AbortController);
