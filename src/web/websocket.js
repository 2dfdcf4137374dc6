// WebSocket and WebSocketPair, as Workers have them: an end of a pair, or of what fetch() and `new WebSocket()` connected,
// is silent until it is accepted; one that was not accepted may be given away in a Response.
//
// socketOf(handle) wraps what the host received; couple(socket) gives an end away: { handle, until }, where `until` is a
// promise for the time that the pair's other end, in this event, is in use.

import { host, lazy } from "internal:host";
import { Event, EventTarget, dispatch, handlerAttribute, reportException } from "internal:event";
import { CloseEvent, ErrorEvent, MessageEvent } from "internal:event_kinds";
import { DOMException } from "internal:exception";
import { USVString, interface_, internal, isObject, sequenceFrom, wrongType } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const blobs = lazy("blob");
const clones = lazy("clone");
const encoding = lazy("encoding");
const fetches = lazy("fetch");
const serials = lazy("serial");

const MAX_ATTACHMENT = 16_384;

// What a WebSocket may be, in its own words. Before it is connected; before accept() or a Response; in use; given away or done.
const CONNECTING = 0;
const WAITING = 1;
const ACCEPTED = 2;
const RELEASED = 3;

let stateOf;
let isSocket;

class SocketState {
  constructor(phase, handle, url) {
    this.phase = phase;
    this.handle = handle;
    this.url = url;
    this.protocol = "";
    this.extensions = "";
    this.binaryType = host.flag("websocket_standard_binary_type") ? "blob" : "arraybuffer";
    this.halfOpen = !host.flag("web_socket_auto_reply_to_close");
    this.closedIn = false;
    this.closedOut = false;
    /** No more can be sent: the other side is gone. */
    this.aborted = false;
    this.failed = false;
    this.attachment = undefined;
    /**
     * Gets what is received, in place of listeners: `message(data)`, `close(code, reason, wasClean)`, `error(error)`; and
     * `attached(parcel)` what is to be found again.
     */
    this.sink = undefined;
    /** The end that this one is connected with, where that is in this isolate. */
    this.peer = undefined;
    /** Settles when nothing more will be received. */
    this.reading = undefined;
  }
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const refused = (text, name) => new DOMException(text, name);
const syntaxError = (text) => refused(`WebSocket Constructor: ${text}`, "SyntaxError");

function urlToConnect(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw syntaxError("The url is invalid.");
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") throw syntaxError("The url scheme must be ws or wss.");
  if (url.href.includes("#")) throw syntaxError("The url fragment must be empty.");
  url.username = url.password = "";
  return url.href.replace(/^ws/, "http");
}

function protocolsOf(value) {
  const method = isObject(value) ? value[Symbol.iterator] : undefined;
  const list = method === undefined ? [`${value}`] : sequenceFrom(USVString, value, method);
  for (const protocol of list) if (!TOKEN.test(protocol)) throw syntaxError("The protocol header token is invalid.");
  if (new Set(list).size < list.length) throw syntaxError("The protocols header cannot have repeating values.");
  return list;
}

export class WebSocket extends EventTarget {
  #state;

  constructor(url, protocols = undefined) {
    super();
    if (url === internal) {
      this.#state = new SocketState(WAITING, protocols, null);
      return;
    }
    if (arguments.length === 0) throw wrongType("Failed to construct 'WebSocket'", "constructor parameter 1", "string");
    const text = USVString(url);
    const target = urlToConnect(text);
    const list = protocols === undefined ? [] : protocolsOf(protocols);
    this.#state = new SocketState(CONNECTING, undefined, text);
    connect(this, target, list);
  }

  accept(options = undefined) {
    const state = stateOf(this);
    if (state.phase === CONNECTING) throw new TypeError("Websockets obtained from the 'new WebSocket()' constructor cannot call accept");
    if (state.phase === RELEASED) throw new TypeError("Can't accept() WebSocket that was already used in a response.");
    if (state.phase === ACCEPTED) return;
    const halfOpen = options?.allowHalfOpen;
    if (halfOpen !== undefined) state.halfOpen = !!halfOpen;
    begin(this);
  }

  send(message) {
    const state = stateOf(this);
    const data = dataOf(message, arguments.length);
    if (state.closedOut) throw new TypeError("Can't call WebSocket send() after close().");
    if (state.aborted || state.phase === RELEASED) return;
    if (state.phase === CONNECTING) throw refused("WebSocket is still in CONNECTING state.", "InvalidStateError");
    requireAccepted(state);
    if (!host.socketSend(state.handle, data)) state.aborted = true;
  }

  close(code = undefined, reason = undefined) {
    const state = stateOf(this);
    const number = code === undefined ? undefined : codeOf(code);
    const text = reason === undefined ? undefined : reasonOf(reason);
    if (text !== undefined && number === undefined) {
      throw refused("If you specify a WebSocket close reason, you must also specify a code.", "InvalidAccessError");
    }
    if (state.phase === CONNECTING) {
      state.phase = RELEASED;
      state.closedOut = true;
      return;
    }
    if (state.closedOut || state.aborted || state.phase === RELEASED) return;
    requireAccepted(state);
    sendClose(state, number, text);
  }

  serializeAttachment(attachment) {
    const state = stateOf(this);
    const parcel = serials().pack(attachment);
    const size = host.parcelSize(parcel);
    if (size > MAX_ATTACHMENT) throw new Error(`A WebSocket 'attachment' cannot be larger than ${MAX_ATTACHMENT} bytes. 'attachment' was ${size} bytes.`);
    state.attachment = { value: clones().structuredClone(attachment) };
    state.sink?.attached(parcel);
  }

  deserializeAttachment() {
    const { attachment } = stateOf(this);
    return attachment === undefined ? null : clones().structuredClone(attachment.value);
  }

  get readyState() {
    const { closedIn, closedOut, failed, phase } = stateOf(this);
    if ((closedIn && closedOut) || failed) return 3;
    if (closedIn || closedOut) return 2;
    return phase === CONNECTING ? 0 : 1;
  }

  get url() { return stateOf(this).url; }
  get protocol() { return stateOf(this).protocol; }
  get extensions() { return stateOf(this).extensions; }
  get binaryType() { return stateOf(this).binaryType; }

  set binaryType(value) {
    const type = `${value}`;
    const state = stateOf(this);
    if (type === "blob" || type === "arraybuffer") state.binaryType = type;
  }

  static {
    stateOf = (socket) => socket.#state;
    isSocket = (value) => isObject(value) && #state in value;
  }
}

for (const type of ["open", "message", "close", "error"]) handlerAttribute(WebSocket.prototype, type);
const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const constants = {};
for (const name of Object.keys(STATES)) constants[name] = constants[`READY_STATE_${name}`] = STATES[name];
interface_(WebSocket, { constants });

export { isSocket };

// ---- sending

function dataOf(message, count) {
  if (count === 0) throw wrongType("Failed to execute 'send' on 'WebSocket'", "parameter 1", "ArrayBuffer or ArrayBufferView or string");
  if (isBufferSource(message)) return bytesOf(message);
  if (isObject(message) && message[Symbol.toStringTag] === "Blob" && blobs().isBlob(message)) {
    return blobs().join(blobs().chunksOf(message), message.size);
  }
  return USVString(message);
}

function requireAccepted({ phase }) {
  if (phase === ACCEPTED) return;
  throw new TypeError("You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages.");
}

function codeOf(value) {
  const code = Math.trunc(+value) || 0;
  if (code >= 1000 && code < 5000 && ![1004, 1005, 1006, 1015].includes(code)) return code;
  throw refused(`Invalid WebSocket close code: ${code}.`, "InvalidAccessError");
}

function reasonOf(value) {
  const text = USVString(value);
  if (!host.flag("websocket_close_reason_byte_limit") || encoding().utf8(text).length <= 123) return text;
  throw refused("WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.", "SyntaxError");
}

function sendClose(state, code, reason = "") {
  state.closedOut = true;
  if (!host.socketClose(state.handle, code, reason)) state.aborted = true;
}

// ---- receiving

/** Accepts a socket for a Durable Object: `keep(handle)` answers its new handle and the sink that gets what is received. */
export function holdWith(socket, keep) {
  if (!isSocket(socket)) throw new TypeError("Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter 1 is not of type 'WebSocket'.");
  const state = stateOf(socket);
  if (state.phase === ACCEPTED && state.sink !== undefined) throw new TypeError("Tried to call `acceptWebSocket()` on an existing hibernatable WebSocket");
  if (state.phase === ACCEPTED) throw new TypeError("Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`");
  if (state.phase === RELEASED) throw new TypeError("Can't accept() WebSocket that was already used in a response.");
  if (state.phase === CONNECTING || state.url !== null) throw new TypeError("Websockets obtained from the 'new WebSocket()' constructor cannot call accept");
  const { handle, sink } = keep(state.handle);
  Object.assign(state, { handle, sink, phase: ACCEPTED });
  if (state.attachment !== undefined) sink.attached(serials().pack(state.attachment.value));
}

/** A socket that was held while its object was away. */
export function heldSocket({ handle, sink, attachment, closedOut }) {
  const socket = socketOf(handle);
  const state = stateOf(socket);
  Object.assign(state, { sink, closedOut, phase: ACCEPTED });
  if (attachment !== undefined) state.attachment = { value: serials().unpack(host.parcelFrom(attachment)) };
  return socket;
}

/** What a held socket received, as of `socketReceive`; answers what the sink does. */
export function deliver(socket, received) {
  const state = stateOf(socket);
  if (received === null) return lost(socket, state);
  if (Array.isArray(received)) return closed(socket, state, received);
  if (typeof received === "string" || received instanceof ArrayBuffer) return tellMessage(socket, state, received);
  return broken(socket, state, new Error(received.message));
}

function begin(socket) {
  const state = stateOf(socket);
  state.phase = ACCEPTED;
  state.reading = read(socket, state);
}

async function read(socket, state) {
  for (;;) {
    const received = await host.socketReceive(state.handle);
    deliver(socket, received);
    if (typeof received !== "string" && !(received instanceof ArrayBuffer)) return;
  }
}

function tell(socket, event) {
  try {
    dispatch(socket, event);
  } catch (error) {
    reportException(error);
  }
}

const closeEvent = (code, reason, wasClean) => new CloseEvent("close", { code, reason, wasClean });

function tellMessage(socket, state, received) {
  if (state.sink !== undefined) return state.sink.message(received);
  const isBlob = typeof received !== "string" && state.binaryType === "blob";
  tell(socket, new MessageEvent("message", { data: isBlob ? new Blob([received]) : received }));
}

function closed(socket, state, [code, reason]) {
  state.closedIn = true;
  if (!state.closedOut && !state.halfOpen) sendClose(state, code, reason);
  if (state.sink !== undefined) return state.sink.close(code ?? 1005, reason, true);
  tell(socket, closeEvent(code ?? 1005, reason, true));
}

function lost(socket, state) {
  state.closedIn = state.aborted = true;
  if (state.sink !== undefined) return state.sink.close(1006, "WebSocket disconnected without sending Close frame.", false);
  tell(socket, closeEvent(1006, "WebSocket disconnected without sending Close frame.", false));
}

function broken(socket, state, error) {
  state.failed = state.closedIn = state.aborted = true;
  if (state.sink !== undefined) {
    host.socketDrop(state.handle);
    return state.sink.error(error);
  }
  tell(socket, new ErrorEvent("error", { message: `Uncaught ${error}`, error }));
  tell(socket, closeEvent(1006, "", false));
  host.socketDrop(state.handle);
}

// ---- new WebSocket()

async function connect(socket, url, protocols) {
  const state = stateOf(socket);
  try {
    const headers = { Upgrade: "websocket" };
    if (protocols.length > 0) headers["Sec-WebSocket-Protocol"] = protocols.join(", ");
    const response = await fetches().fetch(url, { headers, redirect: "manual" });
    const { webSocket } = response;
    if (webSocket === null) {
      const expected = "expected server to reply with HTTP status code 101 (switching protocols)";
      throw new TypeError(`Failed to establish the WebSocket connection: ${expected}, but received ${response.status} instead.`);
    }
    const { handle } = stateOf(webSocket);
    if (state.phase === RELEASED) {
      host.socketDrop(handle);
      throw new Error("Called close before connection was established.");
    }
    const chosen = response.headers.get("sec-websocket-protocol");
    if (chosen !== null && !protocols.includes(chosen)) throw new TypeError("The server chose a protocol that was not asked for.");
    state.protocol = chosen ?? "";
    state.handle = handle;
    begin(socket);
    tell(socket, new Event("open"));
  } catch (error) {
    state.failed = state.closedIn = true;
    state.phase = RELEASED;
    tell(socket, new ErrorEvent("error", { message: `Uncaught ${error}`, error }));
    tell(socket, closeEvent(1006, "Failed to establish websocket connection", false));
  }
}

// ---- pairs, and ends that come and go with responses

export const socketOf = (handle) => new WebSocket(internal, handle);

export class WebSocketPair {
  constructor() {
    const [first, second] = host.socketPair().map(socketOf);
    stateOf(first).peer = second;
    stateOf(second).peer = first;
    for (const [key, value] of [["0", first], ["1", second]]) {
      Reflect.defineProperty(this, key, { value, writable: false, enumerable: true, configurable: true });
    }
  }

  *[Symbol.iterator]() {
    yield this[0];
    yield this[1];
  }
}
interface_(WebSocketPair);

/** What a Response says when it is made with `webSocket`. */
export function requireSocket(value) {
  if (!isSocket(value)) throw new TypeError("Incorrect type for the 'webSocket' field on 'InitializerDict': the provided value is not of type 'WebSocket'.");
  return value;
}

export function couple(socket) {
  const state = stateOf(socket);
  if (state.phase === CONNECTING || state.url !== null) {
    throw new TypeError("Can't return WebSocket in a Response if it was created with `new WebSocket()`");
  }
  if (state.phase === RELEASED) throw new TypeError("Can't return WebSocket that was already used in a response.");
  if (state.phase === ACCEPTED) throw new TypeError("Can't return WebSocket in a Response after calling accept().");
  state.phase = RELEASED;
  const { handle, peer } = state;
  const isHeld = peer === undefined || stateOf(peer).sink !== undefined;
  return { handle, until: isHeld ? undefined : inUse(host.socketEnd(handle), peer) };
}

async function inUse(ended, peer) {
  await ended;
  await stateOf(peer).reading;
}
