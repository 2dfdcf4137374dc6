// Messages of node:http: what comes in (of a server: requests, of a client: answers) and what goes out.
import { Buffer } from "node:buffer";
import { Readable, Writable } from "node:stream";
import { ERR_HTTP_HEADERS_SENT, ERR_HTTP_INVALID_HEADER_VALUE, ERR_HTTP_INVALID_STATUS_CODE, ERR_INVALID_CHAR, ERR_INVALID_HTTP_TOKEN } from "node:internal/errors";
import { validateString } from "node:internal/validators";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_TEXT = /[^\t\x20-\x7e\x80-\xff]/;

export function validateHeaderName(name, label = "Header name") {
  if (typeof name !== "string" || !TOKEN.test(name)) throw new ERR_INVALID_HTTP_TOKEN(label, name);
}

export function validateHeaderValue(name, value) {
  if (value === undefined) throw new ERR_HTTP_INVALID_HEADER_VALUE(value, name);
  if (NOT_TEXT.test(`${value}`)) throw new ERR_INVALID_CHAR("header content", name);
}

/** Takes in headers and the body of a Request or Response of the platform. */
export class IncomingMessage extends Readable {
  #reader;

  constructor(message, about = {}) {
    super();
    Object.assign(this, { httpVersion: "1.1", httpVersionMajor: 1, httpVersionMinor: 1, complete: false, aborted: false, trailers: {}, rawTrailers: [], headers: {}, rawHeaders: [], ...about });
    this.socket = this.connection = { encrypted: false, remoteAddress: "127.0.0.1", destroy() {}, setTimeout() {} };
    if (message === undefined || message === null) return;
    this.#reader = message.body?.getReader();
    for (const [name, value] of message.headers) {
      this.rawHeaders.push(name, value);
      if (name === "set-cookie") (this.headers[name] ??= []).push(value);
      else this.headers[name] = value;
    }
  }

  get headersDistinct() { return Object.fromEntries(Object.entries(this.headers).map(([name, value]) => [name, [value].flat()])); }

  _read() {
    if (this.#reader === undefined) return void this.#end();
    this.#reader.read().then(({ value, done }) => (done ? this.#end() : this.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))), (error) => this.destroy(error));
  }

  #end() {
    this.complete = true;
    this.push(null);
  }

  _destroy(error, callback) {
    this.#reader?.cancel(error).catch(() => {});
    callback(error);
  }

  setTimeout() { return this; }
}

/** Headers, then a body: `send(headers, body)` is called once when the first of the body or the end is known. */
export class OutgoingMessage extends Writable {
  #headers = new Map();
  #controller;
  headersSent = false;
  sendDate = true;

  constructor(options = undefined) {
    super(options);
  }

  get finished() { return this.writableEnded; }
  setHeader(name, value) {
    if (this.headersSent) throw new ERR_HTTP_HEADERS_SENT("set");
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one);
    this.#headers.set(name.toLowerCase(), { name, value });
    return this;
  }

  setHeaders(headers) {
    for (const [name, value] of headers) this.setHeader(name, value);
    return this;
  }

  appendHeader(name, value) {
    const present = this.getHeader(name);
    return this.setHeader(name, present === undefined ? value : [present, value].flat());
  }

  getHeader(name) {
    validateString(name, "name");
    return this.#headers.get(name.toLowerCase())?.value;
  }

  hasHeader(name) {
    validateString(name, "name");
    return this.#headers.has(name.toLowerCase());
  }

  removeHeader(name) {
    if (this.headersSent) throw new ERR_HTTP_HEADERS_SENT("remove");
    validateString(name, "name");
    this.#headers.delete(name.toLowerCase());
  }

  getHeaderNames() { return [...this.#headers.keys()]; }
  getRawHeaderNames() { return [...this.#headers.values()].map(({ name }) => name); }
  getHeaders() { return Object.assign(Object.create(null), Object.fromEntries([...this.#headers].map(([name, { value }]) => [name, value]))); }
  flushHeaders() { this.begin(true); }
  setTimeout() { return this; }

  /** The platform's Headers of what was set. */
  get fields() {
    const fields = new Headers();
    for (const { name, value } of this.#headers.values()) for (const one of [value].flat()) fields.append(name, `${one}`);
    return fields;
  }

  begin(hasBody) {
    if (this.headersSent) return;
    this.headersSent = true;
    const body = hasBody ? new ReadableStream({ type: "bytes", start: (controller) => { this.#controller = controller; }, cancel: () => this.destroy() }) : null;
    this.send(this.fields, body);
  }

  _write(chunk, encoding, callback) {
    this.begin(true);
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    if (bytes.length > 0) this.#controller?.enqueue(new Uint8Array(bytes));
    callback();
  }

  _final(callback) {
    this.begin(false);
    this.#controller?.close();
    callback();
  }

  _destroy(error, callback) {
    if (error) {
      try { this.#controller?.error(error); } catch { /* It has ended. */ }
    }
    callback(error);
  }
}

export class ServerResponse extends OutgoingMessage {
  statusCode = 200;
  statusMessage = undefined;
  #respond;

  constructor(request, respond = undefined) {
    super();
    this.req = request;
    this.#respond = respond;
  }

  writeHead(status, reason = undefined, headers = undefined) {
    if (this.headersSent) throw new ERR_HTTP_HEADERS_SENT("write");
    if (!Number.isInteger(status) || status < 100 || status > 999) throw new ERR_HTTP_INVALID_STATUS_CODE(status);
    this.statusCode = status;
    const given = typeof reason === "string" ? headers : reason;
    if (typeof reason === "string") this.statusMessage = reason;
    if (Array.isArray(given)) {
      const pairs = Array.isArray(given[0]) ? given : given.flatMap((one, at) => (at % 2 === 0 ? [[one, given[at + 1]]] : []));
      for (const [name, value] of pairs) this.appendHeader(name, value);
    } else {
      for (const [name, value] of Object.entries(given ?? {})) if (value !== undefined) this.setHeader(name, value);
    }
    return this;
  }

  writeContinue() {}
  writeProcessing() {}
  writeEarlyHints() {}

  send(headers, body) {
    const empty = [101, 204, 205, 304].includes(this.statusCode) || this.req?.method === "HEAD";
    this.#respond?.(new Response(empty ? null : body, { status: this.statusCode, statusText: this.statusMessage ?? "", headers }));
  }
}
