// fetch() and Fetcher, the far side of a binding: both make a Request as the standard says and hand its parts to the host.
import { host, lazy } from "internal:host";
import { Request, partsOf, signalToObey } from "internal:request";
import { payloadOf } from "internal:body";
import { received } from "internal:response";
import { illegalConstructor, interface_, internal, isObject, requiredArguments } from "internal:webidl";

const abort = lazy("abort");
const rpc = lazy("rpc");
const nothing = () => {};

// The only async function of a fetch: QuickJS pays for each.
async function send(fetcher, count, input, init) {
  if (count < 1) requiredArguments(count, 1, `Failed to execute 'fetch' on '${fetcher ? "Fetcher" : "ServiceWorkerGlobalScope"}'`);
  const target = fetcher === null ? null : targetOf(fetcher);
  const given = init === undefined ? partsOf(input) : undefined;
  const state = given ?? partsOf(new Request(input, init));
  const signal = signalToObey(state);
  if (signal !== undefined && signal.aborted) throw signal.reason;
  const { payload, done } = payloadOf(state.body);
  done?.catch(nothing);
  const cf = state.cf === undefined || typeof state.cf === "string" ? state.cf : JSON.stringify(state.cf);
  const cancel = signal === undefined ? null : host.cancelHandle();
  const plain = state.redirect === "manual" && cf === undefined && cancel === null;
  const rest = plain ? null : [state.redirect, cf, cancel];
  const answer = host.fetch(target, state.method, state.url, state.list, payload, rest);
  return received(signal === undefined ? await answer : await abortable(answer, signal, cancel), state.url);
}

// The answer or the signal, whichever comes first; the loser is told.
function abortable(answer, signal, cancel) {
  return new Promise((resolve, reject) => {
    const stop = (reason) => {
      host.cancel(cancel);
      reject(reason);
    };
    abort().addAbortAlgorithm(signal, stop);
    answer.then(resolve, reject);
  });
}

export function fetch(input, init = undefined) {
  return send(null, arguments.length, input, init);
}

/** Puts a target into any object, which its own class cannot do for a function. */
class Inlay {
  constructor(holder) {
    return holder;
  }
}

export let targetOf;
export let isFetcher;

class Target extends Inlay {
  #target;

  constructor(holder, target) {
    super(holder);
    this.#target = target;
  }

  static {
    targetOf = (fetcher) => fetcher.#target;
    isFetcher = (value) => isObject(value) && #target in value;
  }
}

export class Fetcher {
  constructor(token, target, holder = undefined) {
    illegalConstructor(token);
    return new Target(holder ?? this, target);
  }

  fetch(input, init = undefined) {
    return send(this, arguments.length, input, init);
  }

  connect() {
    targetOf(this);
    throw new Error("connect() is not emulated yet.");
  }
}
interface_(Fetcher);

const ordinary = Object.prototype;

/** The end of the prototypes of fetchers and stubs: any other name is a method or a property of the far side. */
export const wildcard = new Proxy(Object.create(ordinary), {
  get(_, key, receiver) {
    // Nothing may look like a promise for having every name.
    if (typeof key === "symbol" || key === "then" || key in ordinary) return Reflect.get(ordinary, key, receiver);
    return rpc().propertyOf(receiver, key);
  },
});
Object.setPrototypeOf(Fetcher.prototype, wildcard);

/** A Fetcher over a native target; `holder` is the function that is to be one. */
export const fetcherOf = (target, holder = undefined) => new Fetcher(internal, target, holder);
