// fetch() and Fetcher, the far side of a binding: both make a Request as the standard says and hand its parts to the host.
import { host, lazy } from "internal:host";
import { Request, cfOf, partsOf, signalToObey, usedBody } from "internal:request";
import { discard, illegalThis, isUnusable, payloadOf } from "internal:body";
import { received } from "internal:response";
import { illegalConstructor, interface_, internal, isObject, wrongType } from "internal:webidl";

const abort = lazy("abort");
const rpc = lazy("rpc");
const sockets = lazy("sockets");

const refused = Promise.reject.bind(Promise);

// No async function: QuickJS pays for each.
function send(fetcher, count, input, init) {
  try {
    return begin(fetcher, count, input, init);
  } catch (error) {
    return refused(error);
  }
}

function begin(fetcher, count, input, init) {
  if (count < 1) throw wrongType(`Failed to execute 'fetch' on '${fetcher ? "Fetcher" : "ServiceWorkerGlobalScope"}'`, "parameter 1", "Request or string");
  const given = init === undefined ? partsOf(input) : undefined;
  const state = given ?? partsOf(new Request(input, init));
  const target = destination(fetcher ?? state.fetcher);
  const signal = signalToObey(state);
  const { body } = state;
  if (body !== null && isUnusable(body)) throw usedBody();
  if (signal !== undefined) return sendUntil(signal, target, state);
  const follows = state.redirect === "follow";
  const how = state.cf === undefined && !state.raw ? follows : [cfOf(state), null, follows, state.raw];
  const convert = (parts) => received(parts, state, undefined);
  if (body === null) return host.fetch(target, state.method, state.url, listOf(state), null, how, convert);
  const lost = newLoss();
  const { payload, done } = payloadOf(body, lost);
  const answer = host.fetch(target, state.method, state.url, listOf(state), payload, how, convert);
  return done === undefined ? answer : uploading(answer, done, lost);
}

/** Makes, once, the error that the stream of a body hears when nobody reads on. */
function newLoss(otherwise = undefined) {
  let error;
  return () => (error ??= otherwise?.() ?? new Error("Network connection lost."));
}

// Where the stream of a request's body fails, that is what fetch() tells.
async function uploading(answer, done, lost) {
  let failed;
  done.catch((error) => (failed = { error }));
  try {
    return await answer;
  } catch (error) {
    throw failed === undefined || failed.error === lost() ? error : failed.error;
  }
}

// The answer or the signal, whichever comes first; the loser is told. After the answer the signal breaks its body off.
function sendUntil(signal, target, state) {
  const { abortReason, addAbortAlgorithm, isAborted } = abort();
  const cancel = host.cancelHandle();
  if (isAborted(signal)) {
    if (state.body !== null) discard(state.body, abortReason(signal));
    throw abortReason(signal);
  }
  const lost = newLoss(() => (isAborted(signal) ? abortReason(signal) : undefined));
  const { payload, done } = payloadOf(state.body, lost);
  const how = [cfOf(state), cancel, state.redirect === "follow", state.raw];
  const convert = (parts) => received(parts, state, signal);
  const sent = host.fetch(target, state.method, state.url, listOf(state), payload, how, convert);
  const answer = done === undefined ? sent : uploading(sent, done, lost);
  return new Promise((resolve, reject) => {
    addAbortAlgorithm(signal, (reason) => {
      host.cancel(cancel);
      reject(reason);
    });
    answer.then(resolve, reject);
  });
}

// What `cache` means for caches on the way.
function listOf({ list, cache, cf, cfObject }) {
  if (cache === undefined) return list;
  const ttl = cf === undefined ? undefined : (cfObject ?? JSON.parse(cf)).cacheTtl;
  if (cache === "no-store" && ttl !== undefined && ttl !== -1) {
    throw new TypeError(`CacheTtl: ${ttl}, is not compatible with cache: no-store header.`);
  }
  const changed = host.headerList();
  changed.extend(list);
  if (!changed.has("cache-control")) changed.set("cache-control", "no-cache");
  if (!changed.has("pragma")) changed.set("pragma", "no-cache");
  return changed;
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

// null: the outside.
function destination(fetcher) {
  if (fetcher === null) return null;
  if (!isFetcher(fetcher)) throw illegalThis();
  return targetOf(fetcher);
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

  connect(address, options = undefined) {
    return sockets().connectThrough(targetOf(this), address, options);
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
