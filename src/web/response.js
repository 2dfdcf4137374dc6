// Response, as the Fetch standard says, as far as Workers have it. `received(...)` wraps an answer from the host,
// `responseParts(value)` is how the host's answer is made.
import { host, lazy } from "internal:host";
import { Headers, fill, headersFrom, listOf } from "internal:headers";
import { breakable, cloneBody, emptyOr, extract, hold, illegalThis, isEmpty } from "internal:body";
import { isObject, interface_, wrongType } from "internal:webidl";

const sockets = lazy("websocket");
const { headerList } = host;
const INIT = "InitializerDict";
const REDIRECT = [301, 302, 303, 307, 308];
const REASON = /^[^\x00-\x1f]*$/;

const hasNoBody = (status) => status === 204 || status === 304 || status === 205 || status === 101;

const RECEIVED = Symbol("received");
let stateIn;

class ResponseState {}
// Defaults on the prototype: most responses set few of them.
Object.assign(ResponseState.prototype, {
  status: 200,
  statusText: "",
  type: "default",
  url: "",
  redirected: false,
  list: undefined,
  headers: undefined,
  guard: "response",
  body: null,
  cf: undefined,
  encodeBody: "automatic",
  /** The WebSocket of a handshake's answer, and the handle that it is made of when somebody asks. */
  webSocket: undefined,
  socket: undefined,
});

const stateOf = (response) => stateIn(response) ?? refuse();

function refuse() {
  throw illegalThis();
}

export class Response {
  #state = new ResponseState();

  constructor(body = undefined, init = undefined) {
    if (body === RECEIVED) return;
    const state = this.#state;
    const extracted = body === undefined || body === null ? undefined : extract(body);
    initialise(state, init, "Failed to construct 'Response'", "constructor parameter 2");
    if (extracted !== undefined) setBody(state, extracted);
  }

  static error() {
    const response = new Response(RECEIVED);
    const state = response.#state;
    state.type = "error";
    state.status = 0;
    state.list = headerList();
    return response;
  }

  static redirect(url, status = 302) {
    if (arguments.length === 0) throw wrongType("Failed to execute 'redirect' on 'Response'", "parameter 1", "string");
    const href = host.urlHref(`${url}`);
    if (href === undefined) throw new TypeError(`Unable to parse URL: ${url}`);
    const code = int32(status);
    if (!REDIRECT.includes(code)) {
      throw new RangeError(`${code} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.`);
    }
    const response = new Response(RECEIVED);
    const state = response.#state;
    state.status = code;
    state.list = headerList();
    state.list.set("location", href);
    state.guard = "immutable";
    return response;
  }

  static json(data, init = undefined) {
    const prefix = "Failed to execute 'json' on 'Response'";
    if (arguments.length === 0) throw wrongType(prefix, "parameter 1", "Value");
    const text = `${JSON.stringify(data)}`;
    const response = new Response(RECEIVED);
    initialise(response.#state, init, prefix, "parameter 2");
    setBody(response.#state, { body: extract(text).body, type: "application/json" });
    return response;
  }

  clone() {
    const state = stateOf(this);
    if (hasSocket(state)) throw new TypeError("Cannot clone a response to a WebSocket handshake.");
    const body = cloneBody(state.body);
    const response = new Response(RECEIVED);
    const list = headerList();
    list.extend(state.list);
    const { status, statusText, type, url, redirected, guard } = state;
    const cf = copyOf(state.cf);
    Object.assign(response.#state, { status, statusText, type, url, redirected, guard, cf, list, body });
    return response;
  }

  get status() { return stateOf(this).status; }
  get statusText() { return stateOf(this).statusText; }

  get headers() {
    const state = stateOf(this);
    return (state.headers ??= headersFrom(state.list, state.guard));
  }

  get ok() {
    const { status } = stateOf(this);
    return status >= 200 && status <= 299;
  }

  get redirected() { return stateOf(this).redirected; }
  get url() { return stateOf(this).url; }
  get webSocket() { return socketIn(stateOf(this)); }
  get cf() { return stateOf(this).cf; }
  get type() { return stateOf(this).type; }

  static {
    stateIn = (value) => (isObject(value) && #state in value ? value.#state : undefined);
  }
}
hold(Response, stateIn);
interface_(Response, { lengths: { redirect: 1, json: 1 } });

const hasSocket = (state) => state.webSocket !== undefined || state.socket !== undefined;

function socketIn(state) {
  if (!hasSocket(state)) return null;
  return (state.webSocket ??= sockets().socketOf(state.socket));
}

const wrongMember = (member, type) =>
  new TypeError(`Incorrect type for the '${member}' field on '${INIT}': the provided value is not of type '${type}'.`);

// Members are read in workerd's order.
function initialise(state, init, prefix, what) {
  if (init === undefined || init === null) {
    state.list = headerList();
    return;
  }
  if (!isObject(init)) throw wrongType(prefix, what, `${INIT} or Response`);
  const { status, statusText, headers, cf, webSocket, encodeBody } = init;
  if (webSocket !== undefined && webSocket !== null) state.webSocket = sockets().requireSocket(webSocket);
  if (status !== undefined) state.status = statusOf(status, state.webSocket);
  else if (state.webSocket !== undefined) throw new RangeError(WITH_SOCKET);
  if (statusText !== undefined) state.statusText = reasonOf(statusText);
  setHeaders(state, headers);
  if (cf !== undefined) {
    if (!isObject(cf)) throw wrongMember("cf", "Object");
    state.cf = copyOf(cf);
  }
  if (encodeBody !== undefined) state.encodeBody = encodingOf(encodeBody);
}

const copyOf = (cf) => (cf === undefined ? undefined : JSON.parse(JSON.stringify(cf) ?? "{}"));

function setHeaders(state, init) {
  if (init === undefined) {
    state.list = headerList();
    return;
  }
  if (!isObject(init)) throw wrongMember("headers", "Headers or Sequence or object");
  const headers = new Headers();
  fill(headers, init);
  state.headers = headers;
  state.list = listOf(headers);
}

function int32(value) {
  const number = Math.trunc(+value);
  if (!Number.isFinite(number)) return 0;
  if (number !== (number | 0)) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return number;
}

const WITH_SOCKET = "Responses with a WebSocket must have status code 101.";

function statusOf(value, webSocket) {
  const status = int32(value);
  if (webSocket !== undefined) {
    if (status === 101) return status;
    throw new RangeError(WITH_SOCKET);
  }
  if (status < 200 || status > 599) {
    throw new RangeError("Responses may only be constructed with status codes in the range 200 to 599, inclusive.");
  }
  return status;
}

function reasonOf(value) {
  const text = `${value}`;
  if (!REASON.test(text)) throw new TypeError("Invalid statusText");
  return text;
}

function encodingOf(value) {
  const text = `${value}`;
  if (text !== "automatic" && text !== "manual") throw new TypeError(`encodeBody: unexpected value: ${text}`);
  return text;
}

function setBody(state, { body, type }) {
  if (hasNoBody(state.status)) {
    if (isEmpty(body)) return;
    throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
  }
  state.body = body;
  if (type !== null && !state.list.has("content-type")) state.list.append("content-type", type);
}

/** A response from the host's `[status, statusText, headers, payload, url | undefined]` to a request; `signal` breaks it off. */
export function received(parts, request, signal) {
  const response = new Response(RECEIVED);
  const state = stateIn(response);
  state.status = parts[0];
  state.statusText = parts[1];
  state.list = parts[2];
  state.guard = "immutable";
  if (request.raw) state.encodeBody = "manual";
  if (parts[0] === 101) {
    state.socket = parts[3];
  } else if (request.method !== "HEAD" && !hasNoBody(parts[0])) {
    const payload = parts[3] ?? "";
    state.body = signal === undefined ? emptyOr(payload) : breakable(payload, signal);
  }
  const url = parts[4];
  if (url === undefined) state.url = withoutFragment(request.url);
  else {
    state.url = url;
    state.redirected = url !== "";
  }
  return response;
}

function withoutFragment(url) {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}

/** Gives the WebSocket of a response away: { handle, until } as `couple` says; undefined where there is none. */
export function takeSocket(state) {
  if (state.webSocket !== undefined) return sockets().couple(state.webSocket);
  return state.socket === undefined ? undefined : { handle: state.socket, until: undefined };
}

/** The state of a response: { status, statusText, list, body, type }; undefined for anything else. */
export const responseParts = (value) => stateIn(value);
