// Request, as the Fetch standard says, as far as Workers have it. `incoming(...)` wraps what the host received without
// copying; `partsOf(request)` is how fetch() sees one.
import { host, lazy } from "internal:host";
import { Headers, fill, headersFrom, listOf } from "internal:headers";
import { bodyMixin, cloneBody, emptyOr, extract, isUnusable } from "internal:body";
import { isObject, interface_, requiredArguments } from "internal:webidl";

const abort = lazy("abort");
const { urlHref, headerList } = host;
const CONSTRUCT = "Failed to construct 'Request'";

const NORMALISED = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REDIRECTS = ["follow", "error", "manual"];

function methodOf(value) {
  const method = `${value}`;
  const upper = method.toUpperCase();
  if (!TOKEN.test(method) || FORBIDDEN.includes(upper)) throw new TypeError(`Invalid HTTP method string: ${method}`);
  return NORMALISED.includes(upper) ? upper : method;
}

function redirectOf(value) {
  const redirect = `${value}`;
  if (!REDIRECTS.includes(redirect)) {
    throw new TypeError(`Invalid redirect value, must be one of "follow" or "manual" ("error" won't be implemented since it does not make sense at the edge; use "manual" and check the response status code).`);
  }
  return redirect;
}

function urlOf(input) {
  const text = typeof input === "string" ? input : `${input}`;
  const href = urlHref(text);
  if (href === undefined) throw new TypeError(`Invalid URL: ${text}`);
  const authority = href.indexOf("//") < 0 ? "" : href.slice(href.indexOf("//") + 2).split(/[/?#]/, 1)[0];
  if (authority.includes("@")) throw new TypeError(`${CONSTRUCT}: the URL includes credentials: ${text}`);
  return href;
}

const INCOMING = Symbol("incoming");
let stateOf;

class RequestState {}
// Defaults on the prototype: a request that is only passed on sets few of them.
Object.assign(RequestState.prototype, {
  method: "GET",
  url: "",
  list: undefined,
  headers: undefined,
  guard: "request",
  body: null,
  redirect: "follow",
  /** undefined: not asked for yet; the host's aborts reach it once it is. */
  signal: undefined,
  /** The signal of the request this one was made from. */
  follows: undefined,
  fromHost: false,
  /** Why the host would abort a signal that nobody has asked for. */
  gone: undefined,
  cf: undefined,
  cache: undefined,
});

export class Request {
  #state = new RequestState();

  constructor(input, init = undefined) {
    const state = this.#state;
    if (input === INCOMING) return;
    requiredArguments(arguments.length, 1, CONSTRUCT);
    const from = isObject(input) ? stateOf(input) : undefined;
    if (from === undefined) state.url = urlOf(input);
    else inherit(state, from);
    if (init === undefined || init === null) init = {};
    else if (!isObject(init)) throw new TypeError(`${CONSTRUCT}: parameter 2 is not of type 'RequestInit'.`);
    initialise(state, init, from);
  }

  get method() { return this.#state.method; }
  get url() { return this.#state.url; }
  get redirect() { return this.#state.redirect; }
  get cf() { return this.#cf(); }
  get integrity() { return void this.#state ?? ""; }
  get keepalive() { return void this.#state ?? false; }
  get cache() { return this.#state.cache; }

  get headers() {
    const state = this.#state;
    return (state.headers ??= headersFrom(state.list, state.guard));
  }

  get signal() {
    return signalOf(this.#state);
  }

  clone() {
    const state = this.#state;
    const copy = new Request(INCOMING);
    const body = cloneBody(state.body);
    inherit(copy.#state, state);
    copy.#state.list = copyList(state.list);
    copy.#state.body = body;
    return copy;
  }

  #cf() {
    const state = this.#state;
    if (typeof state.cf === "string") state.cf = JSON.parse(state.cf);
    return state.cf;
  }

  static {
    stateOf = (value) => (#state in value ? value.#state : undefined);
    bodyMixin(Request, (request) => request.#state);
  }
}
interface_(Request);

function inherit(state, from) {
  state.method = from.method;
  state.url = from.url;
  state.redirect = from.redirect;
  state.follows = from;
  state.cf = from.cf;
  state.cache = from.cache;
}

function copyList(list) {
  const copy = headerList();
  copy.extend(list);
  return copy;
}

// Members are read in the order of the standard's dictionary.
function initialise(state, init, from) {
  const { body, cache, cf, headers, method, redirect, signal } = init;
  if (method !== undefined) state.method = methodOf(method);
  if (redirect !== undefined) state.redirect = redirectOf(redirect);
  if (cache !== undefined) state.cache = `${cache}`;
  if (cf !== undefined) state.cf = cf;
  if (signal !== undefined) setSignal(state, signal);
  if (headers === undefined) state.list = from === undefined ? headerList() : copyList(from.list);
  else setHeaders(state, headers);
  setBody(state, body ?? null, from);
}

function setSignal(state, signal) {
  state.follows = undefined;
  if (signal === null) return;
  if (!abort().isSignal(signal)) throw new TypeError(`${CONSTRUCT}: member signal is not of type 'AbortSignal'.`);
  state.signal = signal;
}

function setHeaders(state, init) {
  const headers = new Headers();
  fill(headers, init);
  state.headers = headers;
  state.list = listOf(headers);
}

function setBody(state, value, from) {
  const inherited = value === null && from !== undefined ? from.body : null;
  if ((value !== null || inherited !== null) && (state.method === "GET" || state.method === "HEAD")) {
    throw new TypeError("Request with a GET or HEAD method cannot have a body.");
  }
  if (value !== null) {
    const { body, type } = extract(value);
    state.body = body;
    if (type !== null && !state.list.has("content-type")) state.list.append("content-type", type);
  } else if (inherited !== null) {
    if (isUnusable(inherited)) {
      throw new TypeError("Cannot reconstruct a Request with a used body.");
    }
    state.body = moved(inherited);
  }
}

// The new request takes the body over; the old one counts as used.
function moved(body) {
  const taken = emptyOr(body.payload === undefined ? "" : body.payload);
  taken.payload = body.payload;
  taken.stream = body.stream;
  body.stream = undefined;
  body.payload = "";
  body.used = true;
  return taken;
}

/** The signal of a request; made when first asked for. */
function signalOf(state) {
  if (state.signal === undefined) {
    const { createSignal, signalAbort, followingSignal } = abort();
    if (state.fromHost) {
      state.signal = createSignal();
      if (state.gone !== undefined) signalAbort(state.signal, state.gone);
    } else if (state.follows !== undefined && hasSignal(state.follows)) {
      state.signal = followingSignal([signalOf(state.follows)]);
    } else {
      state.signal = createSignal();
    }
  }
  return state.signal;
}

const hasSignal = (state) =>
  state.fromHost || state.signal !== undefined || (state.follows !== undefined && hasSignal(state.follows));

/** The signal that fetch() must obey, if any: none is made where nobody could abort it. */
export const signalToObey = (state) => (hasSignal(state) && !onlyHost(state) ? signalOf(state) : undefined);

// A request from the host whose signal nobody looked at: the host ends what hangs on it by itself.
const onlyHost = (state) =>
  state.signal === undefined && (state.fromHost || (state.follows !== undefined && onlyHost(state.follows)));

/** The state of a request: { method, url, list, body, redirect, cf }; undefined for anything else. */
export const partsOf = (value) => (isObject(value) ? stateOf(value) : undefined);

/** A request that the host received. */
export function incoming(method, url, list, payload, cf) {
  const request = new Request(INCOMING);
  const state = stateOf(request);
  state.method = method;
  state.url = url;
  state.list = list;
  state.guard = "immutable";
  if (payload !== null) state.body = emptyOr(payload);
  state.fromHost = true;
  // Passed on as it is, an answer's redirect is for the client to follow.
  state.redirect = "manual";
  if (cf !== undefined) state.cf = cf;
  return request;
}

/** The caller of an incoming request went away. */
export function abortIncoming(request) {
  const state = stateOf(request);
  const reason = abort().abortError("The client disconnected.");
  if (state.signal !== undefined) abort().signalAbort(state.signal, reason);
  else state.gone = reason;
}
