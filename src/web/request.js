// Request, as the Fetch standard says, as far as Workers have it. `incoming(...)` wraps what the host received without
// copying; `partsOf(request)` is how fetch() sees one.
import { host, lazy } from "internal:host";
import { Headers, fill, headersFrom, listOf } from "internal:headers";
import { cloneBody, emptyOr, extract, hold, illegalThis, isUnusable, movedOut } from "internal:body";
import { isObject, interface_, wrongType } from "internal:webidl";

const abort = lazy("abort");
const { urlHref, headerList } = host;
const CONSTRUCT = "Failed to construct 'Request'";
const INIT = "RequestInitializerDict";

// The methods that workerd knows; it refuses all others.
const METHODS = new Set(
  `GET HEAD POST PUT DELETE PATCH PURGE OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK ACL REPORT
  MKACTIVITY CHECKOUT MERGE MSEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE QUERY BAN`.split(/\s+/),
);

// Methods in lower case: at first only the standard's.
const standardOrAll = (upper) => /^(?:DELETE|GET|HEAD|OPTIONS|POST|PUT)$/.test(upper) || host.flag("upper_case_all_http_methods");

function methodOf(value) {
  const method = `${value}`;
  const upper = method.toUpperCase();
  if (!METHODS.has(upper) || (method !== upper && !standardOrAll(upper))) throw new TypeError(`Invalid HTTP method string: ${method}`);
  return upper;
}

function redirectOf(value) {
  const redirect = `${value}`;
  if (redirect !== "follow" && redirect !== "manual") {
    throw new TypeError(`Invalid redirect value, must be one of "follow" or "manual" ("error" won't be implemented since it does not make sense at the edge; use "manual" and check the response status code).`);
  }
  return redirect;
}

function cacheOf(value) {
  if (!host.flag("cache_option_enabled")) {
    throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
  }
  const cache = `${value}`;
  if (cache !== "no-store" && !(cache === "no-cache" && host.flag("cache_no_cache_enabled"))) throw new TypeError(`Unsupported cache mode: ${cache}`);
  return cache;
}

function urlOf(input) {
  const text = typeof input === "string" ? input : `${input}`;
  const href = urlHref(text);
  if (href === undefined) throw new TypeError(`Invalid URL: ${text}`);
  return href;
}

const INCOMING = Symbol("incoming");
let stateIn;

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
  /** The state of the request whose signal this one shares. */
  follows: undefined,
  fromHost: false,
  /** Why the host would abort a signal that nobody has asked for. */
  gone: undefined,
  /** JSON, and the object that it becomes when somebody looks at it. */
  cf: undefined,
  cfObject: undefined,
  cache: undefined,
  fetcher: null,
  /** The answer's body is read as it was sent: compressed. */
  raw: false,
});

const stateOf = (request) => stateIn(request) ?? refuse();

function refuse() {
  throw illegalThis();
}

export class Request {
  #state = new RequestState();

  constructor(input, init = undefined) {
    const state = this.#state;
    if (input === INCOMING) return;
    if (arguments.length === 0) throw wrongType(CONSTRUCT, "constructor parameter 1", "Request or string");
    const from = stateIn(input);
    if (from === undefined) state.url = urlOf(input);
    else inherit(state, from);
    if (init === undefined || init === null) init = {};
    else if (!isObject(init)) throw wrongType(CONSTRUCT, "constructor parameter 2", `${INIT} or Request`);
    initialise(state, init, from);
  }

  clone() {
    const state = stateOf(this);
    const body = cloneBody(state.body);
    const request = new Request(INCOMING);
    const copy = request.#state;
    inherit(copy, state);
    copy.guard = state.guard;
    copy.list = copyList(state.list);
    copy.body = body;
    return request;
  }

  get method() { return stateOf(this).method; }
  get url() { return stateOf(this).url; }

  get headers() {
    const state = stateOf(this);
    return (state.headers ??= headersFrom(state.list, state.guard));
  }

  get redirect() { return stateOf(this).redirect; }
  get fetcher() { return stateOf(this).fetcher; }
  get signal() { return signalOf(stateOf(this)); }

  get cf() {
    const state = stateOf(this);
    if (state.cf === undefined) return undefined;
    return (state.cfObject ??= JSON.parse(state.cf, state.fromHost ? frozen : undefined));
  }

  get integrity() { return stateOf(this) && ""; }
  get keepalive() { return !stateOf(this); }
  get cache() { return stateOf(this).cache; }

  static {
    stateIn = (value) => (isObject(value) && #state in value ? value.#state : undefined);
  }
}
hold(Request, stateIn);
const clone = Request.prototype.clone;
// A body is not copied but teed; on Cloudflare too structuredClone() takes requests.
interface_(Request, { clone: (request) => Reflect.apply(clone, request, []) });

function inherit(state, from) {
  state.method = from.method;
  state.url = from.url;
  state.redirect = from.redirect;
  if (from.signal === undefined) state.follows = from;
  else state.signal = from.signal;
  state.cf = cfOf(from);
  state.cache = from.cache;
  state.fetcher = from.fetcher;
  state.raw = from.raw;
}

const frozen = (key, value) => Object.freeze(value);

/** The `cf` of a request as JSON. */
export const cfOf = ({ cf, cfObject }) => (cfObject === undefined ? cf : JSON.stringify(cfObject));

const isFetcher = (value) => isObject(value) && value[Symbol.toStringTag] === "Fetcher";

function copyList(list) {
  const copy = headerList();
  copy.extend(list);
  return copy;
}

// Members are read in workerd's order.
function initialise(state, init, from) {
  const { method, headers, body, redirect, fetcher, cf, cache, integrity, signal, encodeResponseBody } = init;
  if (method !== undefined) state.method = methodOf(method);
  if (redirect !== undefined) state.redirect = redirectOf(redirect);
  if (fetcher !== undefined) state.fetcher = fetcher === null || isFetcher(fetcher) ? fetcher : refuseMember("fetcher", "Fetcher");
  if (cf !== undefined) state.cf = isObject(cf) ? (JSON.stringify(cf) ?? "{}") : refuseMember("cf", "Object");
  if (cache !== undefined) state.cache = cacheOf(cache);
  if (integrity !== undefined && integrity !== "") {
    throw new TypeError("Subrequest integrity checking is not implemented. The integrity option must be either undefined or an empty string.");
  }
  if (signal !== undefined) setSignal(state, signal);
  if (encodeResponseBody !== undefined) state.raw = isManual(encodeResponseBody);
  if (headers === undefined) state.list = from === undefined ? headerList() : copyList(from.list);
  else setHeaders(state, headers);
  setBody(state, body, from);
}

function isManual(value) {
  const text = `${value}`;
  if (text !== "automatic" && text !== "manual") throw new TypeError(`encodeResponseBody: unexpected value: ${text}`);
  return text === "manual";
}

function refuseMember(member, type) {
  throw new TypeError(`Incorrect type for the '${member}' field on '${INIT}': the provided value is not of type '${type}'.`);
}

function setSignal(state, signal) {
  state.follows = state.signal = undefined;
  if (signal === null) return;
  if (!abort().isSignal(signal)) refuseMember("signal", "AbortSignal");
  state.signal = signal;
}

function setHeaders(state, init) {
  if (!isObject(init)) refuseMember("headers", "Headers or Sequence or object");
  const headers = new Headers();
  fill(headers, init);
  state.headers = headers;
  state.list = listOf(headers);
}

// null is no body; undefined is the other request's.
function setBody(state, value, from) {
  const inherited = value === undefined && from !== undefined ? from.body : null;
  const given = value !== undefined && value !== null;
  if ((given || inherited !== null) && (state.method === "GET" || state.method === "HEAD")) {
    throw new TypeError("Request with a GET or HEAD method cannot have a body.");
  }
  if (given) {
    const { body, type } = extract(value);
    state.body = body;
    if (type !== null && !state.list.has("content-type")) state.list.append("content-type", type);
  } else if (inherited !== null) {
    if (isUnusable(inherited)) throw usedBody();
    state.body = movedOut(inherited);
  }
}

/** The TypeError for sending a request a second time. */
export const usedBody = () => new TypeError("Cannot reconstruct a Request with a used body.");

/** The signals of incoming requests: fetch() does not obey them, the host ends what hangs on its requests by itself. */
let hostSignals;

/** The signal of a request; made when first asked for. */
function signalOf(state) {
  if (state.signal === undefined) {
    state.signal = state.follows === undefined ? abort().createSignal() : signalOf(state.follows);
    if (state.fromHost) (hostSignals ??= new WeakSet()).add(state.signal);
    if (state.gone !== undefined) abort().signalAbort(state.signal, state.gone);
  }
  return state.signal;
}

/** The signal that fetch() must obey, if any: none is made where nobody could abort it. */
export function signalToObey(state) {
  while (state.signal === undefined && state.follows !== undefined) state = state.follows;
  const { signal } = state;
  return signal === undefined || hostSignals?.has(signal) ? undefined : signal;
}

/** The state of a request: { method, url, list, body, redirect, cf, cache, fetcher }; undefined for anything else. */
export const partsOf = (value) => stateIn(value);

/** A request that the host received. */
export function incoming(method, url, list, payload, cf) {
  const request = new Request(INCOMING);
  const state = stateIn(request);
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

/** What a signal and a stream hear when the client of an incoming request goes away. */
export const disconnected = () => abort().abortError("The client has disconnected");

/** The caller of an incoming request went away. */
export function abortIncoming(request) {
  const state = stateIn(request);
  const reason = disconnected();
  if (state.signal !== undefined) abort().signalAbort(state.signal, reason);
  else state.gone = reason;
}
