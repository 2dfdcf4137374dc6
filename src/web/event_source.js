// EventSource (HTML standard) over fetch(), or over any stream of bytes with EventSource.from(). As in workerd, an answer
// that is no event stream ends it, an end of the stream is reconnected after `retry` (1 s to 10 s), and a `fetcher` may
// be given.

import { host, lazy } from "internal:host";
import { AbortController } from "internal:abort";
import { TextDecoder } from "internal:encoding";
import { Event, EventTarget, dispatch, handlerAttribute } from "internal:event";
import { ErrorEvent, MessageEvent } from "internal:event_kinds";
import { DOMException } from "internal:exception";
import { ReadableStreamDefaultReader } from "internal:streams_readable";
import { isDisturbed, isLocked, isReadableStream } from "internal:streams";
import { startTimer } from "internal:timers";
import { DOMString, any, boolean, interface_, internal, isObject, requiredArguments, wrongType } from "internal:webidl";
import { dictionary } from "internal:webidl_types";
import { bytesOf } from "internal:buffers";

const fetches = lazy("fetch");
const [CONNECTING, OPEN, CLOSED] = [0, 1, 2];

/** Milliseconds before a lost connection is tried again. */
const RETRY = 2000;
const RETRY_LEAST = 1000;
const RETRY_MOST = 10000;

const ONLY_IN_REQUESTS = "An EventSource can only be created within the context of a worker request.";

/** Lines of an event stream to messages. */
class Parser {
  #decoder = new TextDecoder();
  #rest = "";
  #afterReturn = false;
  #data = undefined;
  #type = "";

  constructor(source) {
    this.source = source;
    this.id = source.lastId;
  }

  push(bytes) {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    // A line may end in CR LF, of which LF comes in the next piece.
    if (this.#afterReturn && text[0] === "\n") text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|[\r\n]/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const start = line[colon + 1] === " " ? colon + 2 : colon + 1;
    this.#field(field, colon < 0 ? "" : line.slice(start));
  }

  #field(field, value) {
    if (field === "data") this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.source.retry = Number(value);
  }

  #dispatch() {
    const data = this.#data;
    const type = this.#type || "message";
    this.#data = undefined;
    this.#type = "";
    this.source.lastId = this.id;
    // As in workerd, a message of nothing is none.
    if (data !== undefined && data !== "") this.source.message(type, data, this.id);
  }
}

/** What an EventSource does; the object itself is only its face. */
class Connection {
  constructor(face, url, fetcher) {
    this.face = face;
    this.url = url;
    this.fetcher = fetcher;
    this.state = CONNECTING;
    this.lastId = "";
    this.retry = RETRY;
    this.controller = undefined;
    this.reader = undefined;
    this.wasEmpty = false;
  }

  async connect() {
    if (this.state === CLOSED) return;
    this.controller = new AbortController();
    try {
      const response = await this.#fetch();
      if (this.state === CLOSED) return;
      const wrong = refusal(response);
      if (wrong !== undefined) return void this.fail(new DOMException(wrong, "AbortError"));
      if (response.redirected) this.url = response.url;
      const { body } = response;
      if (body !== null) return void (await this.read(body));
      this.#empty();
    } catch (error) {
      this.fail(error);
    }
  }

  #fetch() {
    const headers = { accept: "text/event-stream", "cache-control": "no-cache" };
    if (this.lastId !== "") headers["last-event-id"] = this.lastId;
    const init = { headers, signal: this.controller.signal };
    return this.fetcher === undefined ? fetches().fetch(this.url, init) : this.fetcher.fetch(this.url, init);
  }

  // A server that answers nothing once may do better; twice it will not.
  #empty() {
    if (this.wasEmpty) return this.fail(new Error("The server provided no content."));
    this.wasEmpty = true;
    return this.lost(new Error("The server provided no content. Will try reconnecting."));
  }

  /** Reads a connection's answer to its end. */
  async read(body) {
    this.open();
    try {
      await this.pump(body);
    } catch {
      // The connection broke: the same as its end.
    }
    this.lost(new Error("The server disconnected."));
  }

  /** Reads a stream that somebody gave. */
  async readOnce(stream) {
    this.open();
    try {
      await this.pump(stream);
      this.fail(new Error("The server disconnected."));
    } catch (error) {
      this.fail(error);
    }
  }

  open() {
    if (this.state === CLOSED) return;
    this.state = OPEN;
    dispatch(this.face, new Event("open"));
  }

  async pump(stream) {
    const parser = new Parser(this);
    this.reader = new ReadableStreamDefaultReader(stream);
    for (let step; !(step = await this.reader.read()).done; ) {
      if (this.state === CLOSED) return;
      const bytes = bytesOf(step.value);
      if (bytes === undefined) throw new TypeError("EventSource takes a stream of bytes.");
      parser.push(bytes);
    }
  }

  message(type, data, lastEventId) {
    if (this.state === CLOSED) return;
    const origin = this.url === undefined ? "" : new URL(this.url).origin;
    const event = new MessageEvent(type, { data, lastEventId, origin });
    dispatch(this.face, event);
    ownHandler(this.face, event);
  }

  /** It is over. */
  fail(error) {
    if (this.state === CLOSED) return;
    this.state = CLOSED;
    this.controller?.abort(error);
    this.#report(error);
  }

  /** It goes on later. */
  lost(error) {
    if (this.state === CLOSED) return;
    this.state = CONNECTING;
    this.#report(error);
    if (this.state !== CLOSED) startTimer(() => void this.connect(), Math.min(Math.max(this.retry, RETRY_LEAST), RETRY_MOST));
  }

  #report(error) {
    const message = isObject(error) ? `${error.message}` : "";
    dispatch(this.face, new ErrorEvent("error", { error, message }));
  }

  close() {
    if (this.state === CLOSED) return;
    this.state = CLOSED;
    this.controller?.abort();
    this.reader?.cancel().catch(() => {});
  }
}

// workerd calls `on<type>` of any type.
function ownHandler(face, event) {
  const name = `on${event.type}`;
  if (Object.hasOwn(face, name) && typeof face[name] === "function") face[name](event);
}

function refusal(response) {
  if (!response.ok) return `The response status code was ${response.status}.`;
  const type = response.headers.get("content-type");
  if (type === null) return "No content type header was present in the response.";
  const essence = type.split(";", 1)[0].trim().toLowerCase();
  return essence === "text/event-stream" ? undefined : `The content type '${type}' is invalid.`;
}

const Init = dictionary("EventSourceInit", { fetcher: [any, undefined], withCredentials: [boolean, false] });
const CONSTRUCT = "Failed to construct 'EventSource'";

function initOf(value) {
  const { fetcher, withCredentials } = Init(value, CONSTRUCT, "parameter 2");
  if (withCredentials) {
    throw new DOMException("The init.withCredentials option is not supported. It must be false or undefined.", "NotSupportedError");
  }
  if (fetcher !== undefined && typeof fetcher?.fetch !== "function") throw wrongType(CONSTRUCT, "member 'fetcher'", "Fetcher");
  return fetcher;
}

function refuseAtStartup() {
  if (host.isStartup()) throw new DOMException(ONLY_IN_REQUESTS, "NotSupportedError");
}

export class EventSource extends EventTarget {
  #connection;

  constructor(url, eventSourceInitDict = undefined) {
    super();
    if (url === internal) {
      this.#connection = new Connection(this, undefined, undefined);
      return;
    }
    requiredArguments(arguments.length, 1, CONSTRUCT);
    const text = DOMString(url, CONSTRUCT, "parameter 1");
    const fetcher = initOf(eventSourceInitDict);
    refuseAtStartup();
    const href = host.urlHref(text);
    if (href === undefined) throw new DOMException(`Cannot open an EventSource to '${text}'. The URL is invalid.`, "SyntaxError");
    this.#connection = new Connection(this, href, fetcher);
    void this.#connection.connect();
  }

  static from(stream) {
    if (!isReadableStream(stream)) throw wrongType("Failed to execute 'from' on 'EventSource'", "parameter 1", "ReadableStream");
    refuseAtStartup();
    if (isLocked(stream)) throw new TypeError("This ReadableStream is locked.");
    if (isDisturbed(stream)) throw new TypeError("This ReadableStream has already been read from.");
    const source = new EventSource(internal);
    const connection = source.#connection;
    connection.state = OPEN;
    void Promise.resolve().then(() => connection.readOnce(stream));
    return source;
  }

  get url() { return this.#connection.url ?? ""; }
  get withCredentials() { return this.#connection === undefined; }
  get readyState() { return this.#connection.state; }

  close() {
    this.#connection.close();
  }

  [Symbol.dispose]() {
    this.#connection.close();
  }
}
interface_(EventSource, { constants: { CONNECTING, OPEN, CLOSED } });
for (const type of ["open", "message", "error"]) handlerAttribute(EventSource.prototype, type);
