// node:tls: checks of options and of names; sockets cannot connect yet.
import { Socket } from "node:net";
import { ERR_METHOD_NOT_IMPLEMENTED, ERR_OPTION_NOT_IMPLEMENTED, ERR_TLS_CERT_ALTNAME_INVALID } from "node:internal/errors";
import { validateFunction } from "node:internal/validators";

export const CLIENT_RENEG_LIMIT = 3;
export const CLIENT_RENEG_WINDOW = 600;
export const DEFAULT_CIPHERS = "";
export const DEFAULT_ECDH_CURVE = "auto";
export const DEFAULT_MAX_VERSION = "TLSv1.3";
export const DEFAULT_MIN_VERSION = "TLSv1.2";
export const rootCertificates = [];
export const getCiphers = () => [];

function checkOptions(options) {
  const verify = options?.checkServerIdentity;
  if (verify === undefined) return;
  validateFunction(verify, "options.checkServerIdentity");
  if (verify !== checkServerIdentity) throw new ERR_OPTION_NOT_IMPLEMENTED("options.checkServerIdentity");
}

export function TLSSocket(socket, options = {}) {
  if (!new.target) return new TLSSocket(socket, options);
  checkOptions(options);
  Reflect.apply(Socket, this, [options]);
  this.encrypted = true;
  return this;
}
Object.setPrototypeOf(TLSSocket.prototype, Socket.prototype);
Object.setPrototypeOf(TLSSocket, Socket);

export function connect(...args) {
  checkOptions(args.find((one) => one !== null && typeof one === "object"));
  throw new ERR_METHOD_NOT_IMPLEMENTED("tls.connect");
}

/** Does a name of a certificate, perhaps with a star for its first label, mean this host? */
function matches(pattern, host) {
  const [own, wanted] = [pattern.toLowerCase().split("."), host.toLowerCase().replace(/\.$/, "").split(".")];
  if (own.length !== wanted.length) return false;
  return own.every((label, at) => (label === "*" && at === 0 && own.length > 2) || label === wanted[at]);
}

export function checkServerIdentity(hostname, cert) {
  const names = (cert.subjectaltname ?? "").split(", ").filter((name) => name.startsWith("DNS:")).map((name) => name.slice(4));
  if (names.length === 0 && cert.subject?.CN !== undefined) names.push(...[cert.subject.CN].flat());
  if (names.some((name) => matches(name, `${hostname}`))) return undefined;
  return new ERR_TLS_CERT_ALTNAME_INVALID(`Host: ${hostname}. is not in the cert's altnames: ${cert.subjectaltname ?? names.join(", ")}`, hostname, cert);
}

const missing = (name) => ({ [name]: function () { throw new ERR_METHOD_NOT_IMPLEMENTED(`tls.${name}`); } })[name];
export const [createServer, Server, createSecurePair, convertALPNProtocols] = ["createServer", "Server", "createSecurePair", "convertALPNProtocols"].map(missing);

export class SecureContext {
  constructor(options = {}) { this.context = options; }
}
export const createSecureContext = (options = undefined) => new SecureContext(options);

export default {
  CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION, checkServerIdentity, connect,
  convertALPNProtocols, createSecureContext, createSecurePair, createServer, getCiphers, rootCertificates, SecureContext, Server, TLSSocket,
};
