// fetch() and Fetcher, the far side of a binding: both make a Request as the standard says and hand its parts to the host.
import { host, lazy } from "internal:host";
import { Request, partsOf, signalToObey } from "internal:request";
import { payloadOf } from "internal:body";
import { received } from "internal:response";
import { illegalConstructor, interface_, internal, requiredArguments } from "internal:webidl";

const abort = lazy("abort");
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

let targetOf;

export class Fetcher {
  #target;

  constructor(token, target) {
    illegalConstructor(token);
    this.#target = target;
  }

  fetch(input, init = undefined) {
    return send(this, arguments.length, input, init);
  }

  connect() {
    void this.#target;
    throw new Error("connect() is not emulated yet.");
  }

  static {
    targetOf = (fetcher) => fetcher.#target;
  }
}
interface_(Fetcher);

/** A Fetcher over a native target. */
export const fetcherOf = (target) => new Fetcher(internal, target);
