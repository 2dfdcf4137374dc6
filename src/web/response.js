// Response, as the Fetch standard says, as far as Workers have it. `received(parts, url)` wraps an answer from
// the host to a request for this URL,
// `responseParts(value)` is how the host's answer is made.
import { host } from "internal:host";
import { Headers, fill, headersFrom, listOf } from "internal:headers";
import { bodyMixin, cloneBody, emptyOr, extract } from "internal:body";
import { isObject, interface_, requiredArguments } from "internal:webidl";

const { headerList } = host;
const CONSTRUCT = "Failed to construct 'Response'";
const NULL_BODY = [101, 204, 205, 304];
const REDIRECT = [301, 302, 303, 307, 308];
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

const RECEIVED = Symbol("received");
let stateOf;

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
});

export class Response {
  #state = new ResponseState();

  constructor(body = undefined, init = undefined) {
    if (body === RECEIVED) return;
    const state = this.#state;
    const extracted = body === undefined || body === null ? undefined : extract(body);
    initialise(state, init);
    if (extracted !== undefined) setBody(state, extracted);
  }

  static error() {
    const response = new Response(RECEIVED);
    const state = response.#state;
    state.type = "error";
    state.status = 0;
    state.list = headerList();
    state.guard = "immutable";
    return response;
  }

  static redirect(url, status = 302) {
    requiredArguments(arguments.length, 1, "Failed to execute 'redirect' on 'Response'");
    const href = host.urlHref(`${url}`);
    if (href === undefined) throw new TypeError(`Unable to parse URL: ${url}`);
    status = status & 0xffff;
    if (!REDIRECT.includes(status)) throw new RangeError(`${status} is not a valid redirect status code.`);
    const response = new Response(null, { status, headers: [["location", href]] });
    response.#state.guard = "immutable";
    response.#state.headers = undefined;
    return response;
  }

  static json(data, init = undefined) {
    requiredArguments(arguments.length, 1, "Failed to execute 'json' on 'Response'");
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError("Value is not JSON serializable.");
    const response = new Response(RECEIVED);
    initialise(response.#state, init);
    setBody(response.#state, { body: extract(text).body, type: "application/json" });
    return response;
  }

  get status() { return this.#state.status; }
  get statusText() { return this.#state.statusText; }
  get ok() { return this.#state.status >= 200 && this.#state.status <= 299; }
  get type() { return this.#state.type; }
  get url() { return this.#state.url.split("#", 1)[0]; }
  get redirected() { return this.#state.redirected; }
  get webSocket() { return void this.#state ?? null; }
  get cf() { return this.#state.cf; }

  get headers() {
    const state = this.#state;
    return (state.headers ??= headersFrom(state.list, state.guard));
  }

  clone() {
    const state = this.#state;
    const copy = new Response(RECEIVED);
    const body = cloneBody(state.body);
    const list = headerList();
    list.extend(state.list);
    const { status, statusText, type, url, redirected, guard, cf } = state;
    Object.assign(copy.#state, { status, statusText, type, url, redirected, guard, cf, list, body });
    return copy;
  }

  static {
    stateOf = (value) => (#state in value ? value.#state : undefined);
    bodyMixin(Response, (response) => response.#state);
  }
}
interface_(Response, { lengths: { redirect: 1, json: 1 } });

function initialise(state, init) {
  if (init === undefined || init === null) {
    state.list = headerList();
    return;
  }
  if (!isObject(init)) throw new TypeError(`${CONSTRUCT}: parameter 2 is not of type 'ResponseInit'.`);
  const { cf, encodeBody, headers, status, statusText } = init;
  if (status !== undefined) state.status = statusOf(status);
  if (statusText !== undefined) state.statusText = reasonOf(statusText);
  if (cf !== undefined) state.cf = cf;
  if (encodeBody !== undefined) state.encodeBody = encodingOf(encodeBody);
  const object = new Headers();
  if (headers !== undefined) fill(object, headers);
  state.headers = object;
  state.list = listOf(object);
}

function statusOf(value) {
  const status = Number(value) & 0xffff;
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
  if (NULL_BODY.includes(state.status)) {
    throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
  }
  state.body = body;
  if (type !== null && !state.list.has("content-type")) state.list.append("content-type", type);
}

/** A response from the host's `[status, statusText, headers, payload, url, redirected]`. */
export function received(parts, url) {
  const response = new Response(RECEIVED);
  const state = stateOf(response);
  state.status = parts[0];
  if (parts[1] !== "") state.statusText = parts[1];
  state.list = parts[2];
  state.guard = "immutable";
  state.body = emptyOr(parts[3]);
  state.url = parts[4] === "" ? url : parts[4];
  if (parts[5]) state.redirected = true;
  return response;
}

/** The state of a response: { status, statusText, list, body, type }; undefined for anything else. */
export const responseParts = (value) => (isObject(value) ? stateOf(value) : undefined);
