// Sockets of node:net over connect(). A socket's `_handle` is the Handle below, from connect() until the socket is destroyed.
import { lazy } from "internal:host";
import { Buffer } from "node:buffer";
import { Duplex, addAbortSignal } from "node:stream";
import { AbortError, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_IP_ADDRESS, ERR_MISSING_ARGS, ERR_OPTION_NOT_IMPLEMENTED, ERR_OUT_OF_RANGE, ERR_SOCKET_CLOSED, ERR_SOCKET_CLOSED_BEFORE_CONNECTION, ERR_SOCKET_CONNECTING } from "node:internal/errors";
import { process } from "node:internal/process";
import { clearTimeout, setImmediate, setTimeout } from "node:internal/timers";
import { validateAbortSignal, validateFunction, validateInt32, validateNumber, validatePort, validateString } from "node:internal/validators";
import { isIP } from "node:internal/net_addresses";

const sockets = lazy("sockets");
const noop = () => {};

/** What a socket holds of the platform's. */
export class Handle {
  constructor(socket, options) {
    this.socket = socket;
    this.options = options;
    this.reading = false;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.reader = socket.readable.getReader();
    this.writer = socket.writable.getWriter();
    this.writer.closed.catch(noop);
  }

  /** The same connection, encrypted. */
  secure(name) {
    this.taken = true;
    this.reader.releaseLock();
    this.writer.releaseLock();
    return new Handle(this.socket.startTls(name === undefined ? undefined : { expectedServerHostname: name }), this.options);
  }

  close() {
    if (!this.taken) this.socket.close().catch(noop);
  }
}

function checkModes(options) {
  for (const name of ["objectMode", "readableObjectMode", "writableObjectMode"]) {
    if (options[name]) throw new ERR_INVALID_ARG_VALUE(`options.${name}`, options[name], "is not supported");
  }
}

export function Socket(given = undefined) {
  if (!(this instanceof Socket)) return new Socket(given);
  const options = typeof given === "number" ? { fd: given } : { ...given };
  checkModes(options);
  if (options.keepAliveInitialDelay !== undefined) validateNumber(options.keepAliveInitialDelay, "options.keepAliveInitialDelay");
  if (options.fd !== undefined) throw new ERR_OPTION_NOT_IMPLEMENTED("options.fd");
  if (options.signal !== undefined) validateAbortSignal(options.signal, "options.signal");
  const { signal, handle, onread, ...rest } = options;
  const streams = { ...rest, allowHalfOpen: !!options.allowHalfOpen, emitClose: false, autoDestroy: true, decodeStrings: true, read: undefined, write: undefined, readable: true, writable: true };
  Reflect.apply(Duplex, this, [streams]);
  Object.assign(this, { connecting: false, timeout: undefined, server: null, _server: null, _hadError: false, _host: null, _parent: null });
  this._handle = null;
  this._bytes = [0, 0];
  this._peer = undefined;
  this._idle = undefined;
  this._onread = undefined;
  if (onread !== null && typeof onread === "object" && (onread.buffer instanceof Uint8Array || typeof onread.buffer === "function") && typeof onread.callback === "function") this._onread = onread;
  this.on("end", atEnd);
  if (signal !== undefined) addAbortSignal(signal, this);
  return this;
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype);
Object.setPrototypeOf(Socket, Duplex);

/** After the other side's end nothing can be written, unless half-open sockets are allowed. */
function atEnd() {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

function writeAfterEnd(chunk, encoding, callback) {
  const done = typeof encoding === "function" ? encoding : callback;
  const error = Object.assign(new Error("This socket has been ended by the other party"), { code: "EPIPE" });
  if (typeof done === "function") process.nextTick(done, error);
  this.destroy(error);
  return false;
}

// ---- Connecting -----------------------------------------------------------------------------------

/** `(options, callback)`, `(path, callback)` or `(port, host, callback)`, as `[options, callback]`. */
export function normalizeArguments(given) {
  const [first, second] = given;
  const last = given.at(-1);
  const callback = typeof last === "function" ? last : null;
  if (first !== null && typeof first === "object") return [first, callback];
  if (typeof first === "string" && !(Number(first) >= 0)) return [{ path: first }, callback];
  if (given.length === 0 || typeof first === "function") return [{}, callback];
  return [typeof second === "string" ? { port: first, host: second } : { port: first }, callback];
}

function target(options) {
  if (options.port === undefined && options.path == null) throw new ERR_MISSING_ARGS(["options", "port", "path"]);
  if (options.path != null) {
    validateString(options.path, "options.path");
    throw new ERR_INVALID_ARG_VALUE("path", options.path, "is not supported");
  }
  const { localAddress, localPort, host = "localhost" } = options;
  if (localAddress && !isIP(localAddress)) throw new ERR_INVALID_IP_ADDRESS(localAddress);
  if (localPort) validateNumber(localPort, "options.localPort");
  if (typeof options.port !== "number" && typeof options.port !== "string") throw new ERR_INVALID_ARG_TYPE("options.port", ["number", "string"], options.port);
  const port = validatePort(options.port) | 0;
  if (options.lookup != null) validateFunction(options.lookup, "options.lookup");
  return { host: `${host}` || "localhost", port, lookup: options.lookup ?? undefined, family: options.family ?? 0, hints: options.hints ?? 0 };
}

Object.assign(Socket.prototype, {
  connect(...given) {
    const [options, callback] = Array.isArray(given[0]) && given.length === 1 ? normalizeArguments(given[0]) : normalizeArguments(given);
    if (this.connecting) throw new ERR_SOCKET_CONNECTING();
    if (this.aborted) throw new AbortError();
    const { timeout } = options;
    if (options.onread !== undefined && this._onread === undefined && typeof options.onread?.callback === "function") this._onread = options.onread;
    const place = target(options);
    if (this.destroyed) this._undestroyed();
    this._handle?.close();
    this._handle = null;
    this.connecting = true;
    this.write = Socket.prototype.write;
    if (callback !== null) this.once("connect", callback);
    if (timeout !== undefined) this.setTimeout(timeout);
    this._idleReset();
    if (place.lookup !== undefined && isIP(place.host) === 0) this._lookup(place);
    else this._open(place.host, place);
    return this;
  },

  _undestroyed() {
    for (const state of [this._readableState, this._writableState]) {
      Object.assign(state, { destroyed: false, closed: false, closeEmitted: false, errored: null, errorEmitted: false, ended: false, endEmitted: false, finished: false, ending: false, finalCalled: false, prefinished: false, reading: false });
    }
  },

  _lookup({ lookup, ...place }) {
    const { host, family, hints } = place;
    lookup(host, { family, hints, all: false }, (error, found, kind) => {
      const address = Array.isArray(found) ? found[0]?.address : found;
      this.emit("lookup", error, address, kind, host);
      if (!this.connecting) return;
      if (error) return void process.nextTick(() => this.destroy(error));
      if (isIP(address) === 0) return void process.nextTick(() => this.destroy(new ERR_INVALID_IP_ADDRESS(address)));
      this._open(address, place);
    });
  },

  /** How the connection begins; one that is plain can be encrypted later. */
  _transport() { return "starttls"; },

  _open(host, place) {
    if (!this.connecting || this.destroyed) return;
    this._host = place.host;
    const family = isIP(host) || 4;
    this.emit("connectionAttempt", host, place.port, family);
    try {
      const address = { hostname: family === 6 ? `[${host}]` : host, port: place.port };
      const socket = sockets().connect(address, { allowHalfOpen: true, secureTransport: this._transport(host) });
      this._begin(new Handle(socket, { host, port: place.port, addressType: family }));
    } catch (error) {
      process.nextTick(() => this.destroy(error));
    }
  },

  _begin(handle) { this._attach(handle); },

  /** Goes on with a handle, once it is connected. */
  _attach(handle) {
    this._handle = handle;
    const { host, port, addressType } = handle.options;
    handle.socket.opened.then(() => {
      if (this._handle === handle) this._opened();
    }, (error) => {
      if (this._handle !== handle) return;
      this.emit("connectionAttemptFailed", host, port, addressType, error);
      this.destroy(error);
    });
  },

  _opened() {
    const { host, port, addressType } = this._handle.options;
    this._peer = { address: host, port, family: addressType === 6 ? "IPv6" : "IPv4" };
    this.connecting = false;
    this._idleReset();
    this.emit("connect");
    this.emit("ready");
    if (!this.destroyed && !this.isPaused()) this.read(0);
  },
});

// ---- Reading and writing --------------------------------------------------------------------------

Object.assign(Socket.prototype, {
  _read() {
    if (this.connecting || this._handle === null) this.once("connect", () => this._read());
    else if (!this._handle.reading) this._readOn(this._handle);
  },

  async _readOn(handle) {
    handle.reading = true;
    try {
      for (let more = true; more && this._handle === handle; ) {
        const { value, done } = await handle.reader.read();
        if (this._handle !== handle || handle.taken) return;
        if (done) return void this._ended();
        handle.bytesRead += value.byteLength;
        this._idleReset();
        more = this._onread === undefined ? this.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength)) : this._deliver(value);
      }
    } catch (error) {
      if (this._handle === handle && !handle.taken) this.destroy(error);
    } finally {
      handle.reading = false;
    }
  },

  _ended() {
    if (this._readableState.length === 0 && this._onread !== undefined) this.resume();
    this.push(null);
    this.read(0);
  },

  /** Into the buffer that the user brought. */
  _deliver(bytes) {
    const { buffer, callback } = this._onread;
    for (let at = 0; at < bytes.byteLength; ) {
      const into = typeof buffer === "function" ? buffer() : buffer;
      const part = bytes.subarray(at, at + into.byteLength);
      into.set(part);
      at += part.byteLength;
      if (Reflect.apply(callback, this, [part.byteLength, into]) === false) this.pause();
    }
    return !this.isPaused();
  },

  _write(chunk, encoding, callback) {
    if (this.connecting) {
      const early = () => callback(new ERR_SOCKET_CLOSED_BEFORE_CONNECTION());
      this.once("connect", () => {
        this.off("close", early);
        this._write(chunk, encoding, callback);
      });
      this.once("close", early);
      return;
    }
    const handle = this._handle;
    if (handle === null) return void callback(new ERR_SOCKET_CLOSED());
    this._idleReset();
    handle.bytesWritten += chunk.byteLength;
    handle.writer.write(chunk).then(() => {
      this._idleReset();
      callback();
    }, callback);
  },

  _writev(chunks, callback) {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", callback);
  },

  _final(callback) {
    if (this.connecting) return void this.once("connect", () => this._final(callback));
    if (this._handle === null) return void callback();
    this._handle.writer.close().then(() => callback(), (error) => callback(this.destroyed ? undefined : error));
  },

  _destroy(error, callback) {
    this.connecting = false;
    clearTimeout(this._idle);
    const handle = this._handle;
    if (handle !== null) this._bytes = [handle.bytesRead, handle.bytesWritten];
    this._handle = null;
    handle?.close();
    callback(error);
    this._hadError = Boolean(error);
    setImmediate(() => this.emit("close", Boolean(error)));
  },

  destroySoon() {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", this.destroy);
  },

  resetAndDestroy() {
    if (this.connecting) this.once("connect", () => this.destroy());
    else if (this._handle === null) this.destroy(new ERR_SOCKET_CLOSED());
    else this.destroy();
    return this;
  },
});

// ---- Time and the rest ----------------------------------------------------------------------------

const LONGEST = 2 ** 31 - 1;

Object.assign(Socket.prototype, {
  setTimeout(msecs, callback = undefined) {
    if (this.destroyed) return this;
    validateNumber(msecs, "msecs");
    if (msecs < 0 || !Number.isFinite(msecs)) throw new ERR_OUT_OF_RANGE("msecs", "a non-negative finite number", msecs);
    if (callback !== undefined) validateFunction(callback, "callback");
    this.timeout = Math.min(msecs, LONGEST);
    clearTimeout(this._idle);
    this._idle = undefined;
    if (callback !== undefined) this[msecs === 0 ? "removeListener" : "once"]("timeout", callback);
    if (msecs > 0) this._idle = setTimeout(() => this._onTimeout(), this.timeout);
    return this;
  },

  _onTimeout() { this.emit("timeout"); },
  _idleReset() { this._idle?.refresh(); },
  _unrefTimer() { this._idleReset(); },
  setNoDelay() { return this; },
  setKeepAlive() { return this; },
  ref() { return this; },
  unref() { return this; },
  getTypeOfService() { return 0; },
  setTypeOfService(value) {
    validateInt32(value, "tos", 0, 255);
    return this;
  },

  address() { return this._peer === undefined ? {} : { address: "0.0.0.0", port: 0, family: this._peer.family }; },

  end(...given) {
    Reflect.apply(Duplex.prototype.end, this, given);
    return this;
  },

  pause() {
    return Reflect.apply(Duplex.prototype.pause, this, []);
  },

  resume() {
    const resumed = Reflect.apply(Duplex.prototype.resume, this, []);
    if (this._onread !== undefined && !this.connecting && this._handle !== null) this._read();
    return resumed;
  },

  read(count) {
    return Reflect.apply(Duplex.prototype.read, this, [count]);
  },
});

const getters = {
  pending() { return this._handle === null || this.connecting; },
  _connecting() { return this.connecting; },
  readyState() {
    if (this.connecting) return "opening";
    if (this.readable && this.writable) return this._handle === null && !this._peer ? "closed" : "open";
    return this.readable ? "readOnly" : this.writable ? "writeOnly" : "closed";
  },
  bufferSize() { return this._handle === null ? undefined : this.writableLength; },
  bytesRead() { return this._handle === null ? this._bytes[0] : this._handle.bytesRead; },
  bytesWritten() { return (this._handle === null ? this._bytes[1] : this._handle.bytesWritten) + (this._handle === null || !this.connecting ? 0 : this.writableLength); },
  _bytesDispatched() { return this._handle === null ? this._bytes[1] : this._handle.bytesWritten; },
  remoteAddress() { return this._handle === null ? undefined : this._peer?.address; },
  remotePort() { return this._handle === null ? undefined : this._peer?.port; },
  remoteFamily() { return this._handle === null ? undefined : this._peer?.family; },
  localAddress() { return this._peer === undefined ? undefined : "0.0.0.0"; },
  localPort() { return this._peer === undefined ? undefined : 0; },
  localFamily() { return this._peer?.family; },
  autoSelectFamilyAttemptedAddresses() { return this._peer === undefined ? [] : [`${this._peer.address}:${this._peer.port}`]; },
};
for (const [name, get] of Object.entries(getters)) Object.defineProperty(Socket.prototype, name, { get, enumerable: true, configurable: true });

export function connect(...given) {
  const [options, callback] = normalizeArguments(given);
  const socket = new Socket(options);
  return socket.connect(...(callback === null ? [options] : [options, callback]));
}
