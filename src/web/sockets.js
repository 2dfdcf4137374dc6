// connect() and Socket, as Workers have them: a connection by TCP whose sides are byte streams.
//
// A record of SocketState is the source of the readable side and the sink of the writable one. Both are there at once
// and wait for the connection, whose handle `ready` brings.

import { host } from "internal:host";
import { Deferred, READY, handled, rejected, then } from "internal:streams_promise";
import { DOMString, boolean, illegalConstructor, interface_, internal, isObject, wrongType } from "internal:webidl";
import { dictionary } from "internal:webidl_types";
import { createNativeReadable } from "internal:streams";
import { acquireReader, cancelReadable, closeReadable, stateOf as readableState } from "internal:streams_readable";
import { acquireWriter, closeForPipe, closeWritable, createWritable, errorWritable, releaseWriter, writableObject, writeChunk } from "internal:streams_writable";
import { byteLengthOf, bytesOf, copyOf } from "internal:buffers";
import { utf8 } from "internal:encoding";

const { parse } = URL;

// ---- Addresses and options ------------------------------------------------------------------------

const ACCEPTED = /^[-._[\]:A-Za-z0-9]{1,255}$/;

function addressOf(value) {
  const text = isObject(value) ? `${DOMString(value.hostname)}:${portOf(value.port)}` : DOMString(value);
  const address = isObject(value) ? { host: `${value.hostname}`, port: portOf(value.port), text } : parsed(text);
  if (!ACCEPTED.test(text)) throw new TypeError("Specified address is empty string, contains unsupported characters or is too long.");
  return address;
}

function portOf(value) {
  const port = Number(value);
  if (!(port >= 0 && port <= 65535)) throw new TypeError(`Value out of range. Must be between 0 and 65535 (inclusive): ${value}`);
  return Math.trunc(port);
}

function parsed(text) {
  const url = parse(`fake://${text}`);
  if (url === null) throw new TypeError("Specified address could not be parsed.");
  if (url.hostname === "") throw new TypeError("Specified address is missing hostname.");
  if (url.port === "") throw new TypeError("Specified address is missing port.");
  return { host: url.hostname, port: Number(url.port), text };
}

function kindOf(value) {
  const kind = value === undefined ? "off" : DOMString(value);
  if (kind !== "off" && kind !== "on" && kind !== "starttls") {
    throw new TypeError(`Unsupported value in secureTransport socket option: ${kind}`);
  }
  return kind;
}

function markOf(value) {
  if (value === undefined) return undefined;
  const mark = Number(value);
  if (!(mark >= 0)) throw new TypeError("highWaterMark must not be negative.");
  return mark;
}

const Options = dictionary("SocketOptions", { secureTransport: [kindOf], allowHalfOpen: [boolean, false], highWaterMark: [markOf] });
const TlsOptions = dictionary("TlsOptions", { expectedServerHostname: [DOMString] });

// ---- A connection ---------------------------------------------------------------------------------

class SocketState {
  constructor(address, options) {
    this.address = address;
    this.options = options;
    this.kind = options.secureTransport ?? "off";
    this.opened = new Deferred();
    this.closed = new Deferred();
    handled(this.opened.promise);
    handled(this.closed.promise);
    this.handle = undefined;
    this.ready = undefined; // a promise of the handle
    this.closing = undefined; // the promise of close()
    this.upgraded = false;
    this.ended = false; // the other side has sent all
    this.finished = false; // this side has
    this.readable = createNativeReadable(new Reading(this));
    const mark = options.highWaterMark;
    this.writable = createWritable(new Writing(this), mark ?? 1, mark === undefined ? undefined : sizeInBytes);
  }

  /** Takes the handle that a promise brings. */
  wait(connecting, explain) {
    this.ready = then(connecting, (handle) => {
      this.handle = handle;
      this.opened.resolve({ remoteAddress: this.address.text, localAddress: undefined });
      return handle;
    }, (error) => {
      const explained = explain(error);
      this.fail(explained);
      throw explained;
    });
    handled(this.ready);
  }

  /** The connection came to nothing. */
  fail(error) {
    this.closed.reject(error);
    this.opened.reject(error);
    handled(cancelReadable(readableState(this.readable), undefined));
    errorWritable(this.writable.controller, error);
  }

  /** The connection broke. */
  lose(error) {
    this.closed.reject(error);
    this.release();
    return rejected(error);
  }

  release() {
    if (this.handle !== undefined) host.tcpDrop(this.handle);
  }

  /** One direction is done. */
  settle() {
    if (!this.ended || !this.finished || this.upgraded) return;
    this.closed.resolve(undefined);
    this.release();
  }

  atEnd() {
    this.ended = true;
    if (this.options.allowHalfOpen || this.upgraded) return this.settle();
    const { writable } = this;
    const done = writable.status === "writable" && !writable.closing ? closeWritable(writable) : READY;
    then(done, () => this.closed.resolve(undefined), (error) => this.closed.reject(error));
    return undefined;
  }
}

class Reading {
  constructor(socket) {
    this.socket = socket;
  }

  pull() {
    const { socket } = this;
    if (socket.closing !== undefined) return rejected(closingReadable());
    return socket.handle === undefined ? then(socket.ready, () => this.read()) : this.read();
  }

  read() {
    const { socket } = this;
    return then(host.tcpRead(socket.handle), (bytes) => this.received(bytes), (error) => this.failed(error));
  }

  received(bytes) {
    if (bytes === null) this.socket.atEnd();
    return bytes;
  }

  failed(error) {
    const { socket } = this;
    return socket.closing === undefined ? socket.lose(error) : null;
  }

  cancel() {
    this.socket.ended = true;
    this.socket.settle();
  }
}

class Writing {
  constructor(socket) {
    this.socket = socket;
  }

  start() {}

  write(chunk) {
    const { socket } = this;
    const bytes = typeof chunk === "string" ? utf8(chunk) : bytesOf(chunk);
    if (bytes === undefined) return rejected(new TypeError("This WritableStream only supports writing byte types."));
    if (byteLengthOf(bytes) === 0) return READY;
    if (socket.handle !== undefined) return this.send(bytes);
    const copy = copyOf(bytes);
    return then(socket.ready, () => this.send(copy));
  }

  send(bytes) {
    return then(host.tcpWrite(this.socket.handle, bytes), undefined, (error) => this.socket.lose(error));
  }

  close() {
    const { socket } = this;
    if (socket.upgraded) return READY;
    return then(socket.ready, (handle) => then(host.tcpShutdown(handle), () => this.finished()));
  }

  finished() {
    this.socket.finished = true;
    this.socket.settle();
  }

  abort(reason) {
    const { socket } = this;
    socket.finished = true;
    socket.settle();
    // As in production: what was aborted is gone for the reader too.
    socket.release();
    return READY;
  }
}

const closingReadable = () => new TypeError("This ReadableStream belongs to an object that is closing.");

function sizeInBytes(chunk) {
  if (typeof chunk === "string") return chunk.length;
  const bytes = bytesOf(chunk);
  return bytes === undefined ? 0 : byteLengthOf(bytes);
}

// ---- Socket ---------------------------------------------------------------------------------------

let stateOf;

export class Socket {
  #state;

  constructor(token, state) {
    illegalConstructor(token);
    this.#state = state;
  }

  static {
    stateOf = (socket) => socket.#state;
  }

  get readable() {
    return this.#state.readable;
  }

  get writable() {
    return writableObject(this.#state.writable);
  }

  get closed() {
    return this.#state.closed.promise;
  }

  get opened() {
    return this.#state.opened.promise;
  }

  get upgraded() {
    return this.#state.upgraded;
  }

  get secureTransport() {
    return this.#state.kind;
  }

  close() {
    const state = stateOf(this);
    return (state.closing ??= close(state));
  }

  startTls(options = undefined) {
    const state = stateOf(this);
    if (state.kind === "on") throw new TypeError("Cannot startTls on a TLS socket.");
    if (state.closing !== undefined) throw new TypeError("The connection was closed before startTls could be started.");
    if (state.kind !== "starttls") {
      throw new TypeError("The `secureTransport` socket option must be set to 'starttls' for startTls to be used.");
    }
    if (state.upgraded) throw new TypeError("startTls has already been called on this socket, or the socket was transferred over RPC.");
    return startTls(state, TlsOptions(options).expectedServerHostname ?? state.address.host);
  }
}
interface_(Socket);

/** Sends what waits, then lets go of both directions. */
function close(state) {
  const { closed, writable } = state;
  const flushed = then(state.opened.promise, () => closeForPipe(writable));
  const done = then(flushed, () => {
    const stream = readableState(state.readable);
    if (stream.status === "readable") handled(cancelReadable(stream, undefined));
    state.release();
    closed.resolve(undefined);
  });
  return then(done, undefined, (error) => {
    state.release();
    closed.reject(error);
  });
}

/** The streams of the plain socket end; those of the answer go on, encrypted. */
function startTls(state, name) {
  const { address, options } = state;
  const secured = new SocketState(address, { ...options, secureTransport: "on" });
  const reading = readableState(state.readable);
  const writer = acquireWriter(state.writable);
  acquireReader(reading);
  const flushed = new Deferred();
  writeChunk(writer, new Uint8Array(0), flushed);
  handled(flushed.promise);
  const plain = then(state.ready, () => flushed.promise);
  state.upgraded = true;
  secured.wait(then(plain, () => {
    const { handle } = state;
    closeReadable(reading);
    releaseWriter(writer);
    handled(closeWritable(state.writable));
    state.closed.resolve(undefined);
    return host.tcpSecure(handle, name);
  }), (error) => error);
  return new Socket(internal, secured);
}

const FETCH = ". It looks like you might be trying to connect to a HTTP-based service — consider using fetch instead";
const REFUSED = "proxy request failed, cannot connect to the specified address";

/** Connects through `target`, or to the outside (null). */
export function connectThrough(target, value, given) {
  const options = Options(given);
  const address = addressOf(value);
  const state = new SocketState(address, options);
  const { host: name, port } = address;
  const connecting = host.tcpConnect(target, name, port, state.kind === "on", (handle) => handle);
  const hint = port === 80 || port === 443 ? FETCH : "";
  state.wait(connecting, () => new Error(REFUSED + hint));
  return new Socket(internal, state);
}

export function connect(address, options = undefined) {
  if (arguments.length === 0) throw wrongType("Failed to execute 'connect'", "parameter 1", "string");
  return connectThrough(null, address, options);
}
