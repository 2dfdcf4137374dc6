// Sockets of node:tls: sockets of node:net that speak TLS from the start, or from when they take a plain one over.
import { host } from "internal:host";
import { Duplex } from "node:stream";
import { ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED, ERR_OPTION_NOT_IMPLEMENTED, ERR_TLS_INVALID_CONTEXT } from "node:internal/errors";
import { Socket, normalizeArguments } from "node:internal/net_socket";
import { process } from "node:internal/process";
import { validateFunction, validateInt32, validateNumber, validateObject, validateString, validateUint32 } from "node:internal/validators";
import { isIP } from "node:internal/net_addresses";

export class SecureContext {
  constructor(options = {}) {
    this.context = options;
  }
}

export function createSecureContext(options = {}) {
  validateObject(options, "options");
  return new SecureContext(options);
}

/** Options that cannot be obeyed, since the platform makes the handshake. */
const REFUSED = ["enableTrace", "isServer", "server", "requestCert", "requestOCSP"];
const REFUSED_IF_GIVEN = ["ALPNProtocols", "SNICallback", "pskCallback"];

/** `own` is Node.js's own check, which the handshake makes anyway. */
export function checkOptions(options, own) {
  for (const name of REFUSED) if (options[name]) throw new ERR_OPTION_NOT_IMPLEMENTED(`options.${name}`);
  for (const name of REFUSED_IF_GIVEN) if (options[name] !== undefined) throw new ERR_OPTION_NOT_IMPLEMENTED(`options.${name}`);
  if (options.rejectUnauthorized === false) throw new ERR_OPTION_NOT_IMPLEMENTED("options.rejectUnauthorized");
  if (options.secureContext && !(options.secureContext instanceof SecureContext)) throw new ERR_TLS_INVALID_CONTEXT("context");
  if (options.minDHSize !== undefined) {
    validateNumber(options.minDHSize, "options.minDHSize", 1);
    throw new ERR_OPTION_NOT_IMPLEMENTED("options.minDHSize");
  }
  const check = options.checkServerIdentity;
  if (check === undefined) return;
  validateFunction(check, "options.checkServerIdentity");
  if (check !== own && host.flag("throw_on_not_implemented_tls_options")) throw new ERR_OPTION_NOT_IMPLEMENTED("options.checkServerIdentity");
}

export function TLSSocket(socket, given = undefined) {
  if (!(this instanceof TLSSocket)) return new TLSSocket(socket, given);
  const options = { ...given };
  checkOptions(options, TLSSocket.ownCheck);
  const { allowHalfOpen, signal, onread, highWaterMark } = options;
  Reflect.apply(Socket, this, [{ allowHalfOpen: socket?.allowHalfOpen ?? allowHalfOpen, signal, onread, highWaterMark }]);
  Object.assign(this, { encrypted: true, authorized: false, authorizationError: null, secureConnecting: true, alpnProtocol: null, ssl: null });
  this._tlsOptions = options;
  this.servername = options.servername ?? null;
  this.on("connect", secured);
  if (socket !== undefined && socket !== null) this._wrap(socket);
  return this;
}
Object.setPrototypeOf(TLSSocket.prototype, Socket.prototype);
Object.setPrototypeOf(TLSSocket, Socket);

function secured() {
  this.secureConnecting = false;
  this.authorized = true;
  this.alpnProtocol = false;
  process.nextTick(() => {
    if (this.destroyed) return;
    this.emit("secureConnect");
    this.emit("secure");
  });
}

Object.assign(TLSSocket.prototype, {
  /** The platform asks for the host's own certificate; for another name the handshake is a step of its own. */
  _transport(address) { return !this.servername || this.servername === address ? "on" : "starttls"; },

  _begin(handle) {
    this._attach(handle.socket.secureTransport === "on" ? handle : handle.secure(this.servername));
  },

  /** Takes a plain socket over, once it is connected. */
  _wrap(socket) {
    if (!(socket instanceof Socket)) {
      const kind = socket instanceof Duplex ? "net.Socket" : "stream.Duplex";
      throw new ERR_INVALID_ARG_TYPE("socket", kind, socket);
    }
    this._parent = socket;
    this.connecting = true;
    socket.on("close", () => this.destroy());
    socket.on("error", (error) => this.destroy(error));
    this.on("close", () => socket.destroy());
    if (socket.connecting) socket.once("connect", () => this._upgrade(socket));
    else process.nextTick(() => this._upgrade(socket));
  },

  _upgrade(socket) {
    const handle = socket._handle;
    if (this.destroyed || handle === null) return void this.destroy();
    try {
      const name = this.servername || undefined;
      this._host = socket._host;
      const secure = handle.secure(name);
      socket.removeAllListeners("end");
      this._attach(secure);
    } catch (error) {
      this.destroy(error);
    }
  },

  disableRenegotiation() {},
  enableTrace() {},
  setMaxSendFragment(size) {
    validateInt32(size, "size");
    return true;
  },
  setServername(name) {
    validateString(name, "name");
    this.servername = name;
  },
  setSession() {},
  setKeyCert() { throw new ERR_METHOD_NOT_IMPLEMENTED("TLSSocket.setKeyCert"); },
  renegotiate(options, callback = undefined) {
    validateObject(options, "options");
    if (callback !== undefined) validateFunction(callback, "callback");
    if (callback !== undefined) process.nextTick(callback, null);
    return true;
  },
  exportKeyingMaterial(length, label) {
    validateUint32(length, "length", true);
    validateString(label, "label");
    throw new ERR_METHOD_NOT_IMPLEMENTED("TLSSocket.exportKeyingMaterial");
  },
  getCipher() { return undefined; },
  getEphemeralKeyInfo() { return {}; },
  getFinished() { return undefined; },
  getPeerFinished() { return undefined; },
  getProtocol() { return "TLSv1.3"; },
  getSession() { return undefined; },
  getSharedSigalgs() { return []; },
  getTLSTicket() { return undefined; },
  isSessionReused() { return false; },
});
for (const name of ["getPeerCertificate", "getCertificate", "getPeerX509Certificate", "getX509Certificate"]) {
  TLSSocket.prototype[name] = { [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`TLSSocket.${name}`); } }[name];
}

/** `(options, callback)` or `(port, host, options, callback)`. */
function argumentsOf(given) {
  const [options, callback] = normalizeArguments(given);
  const more = given.slice(1).find((one) => one !== null && typeof one === "object");
  return [{ ...options, ...more }, callback];
}

export function connect(...given) {
  const [options, callback] = argumentsOf(given);
  const name = options.servername || (options.host && isIP(options.host) === 0 ? options.host : undefined);
  const socket = new TLSSocket(options.socket, { ...options, servername: name });
  if (callback !== null) socket.once("secureConnect", callback);
  if (options.timeout) socket.setTimeout(options.timeout);
  return options.socket ? socket : socket.connect(options);
}
