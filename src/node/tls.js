// node:tls: sockets that speak TLS, over connect(); the platform makes the handshake and checks the server's certificate.
import { Buffer } from "node:buffer";
import { ERR_METHOD_NOT_IMPLEMENTED, ERR_OUT_OF_RANGE } from "node:internal/errors";
import { checkServerIdentity } from "node:internal/tls_names";
import { SecureContext, TLSSocket, connect, createSecureContext } from "node:internal/tls_socket";

TLSSocket.ownCheck = checkServerIdentity;

export const CLIENT_RENEG_LIMIT = 3;
export const CLIENT_RENEG_WINDOW = 600;
export const DEFAULT_CIPHERS = "";
export const DEFAULT_ECDH_CURVE = "auto";
export const DEFAULT_MAX_VERSION = "TLSv1.3";
export const DEFAULT_MIN_VERSION = "TLSv1.2";
export const rootCertificates = [];

/** Names of protocols as they go over the wire: each after its length. */
function wireOf(protocols) {
  const names = protocols.map((protocol) => Buffer.from(protocol));
  const at = names.findIndex((name) => name.length > 255);
  if (at >= 0) throw new ERR_OUT_OF_RANGE(`The byte length of the protocol at index ${at} exceeds the maximum length.`, "<= 255", names[at].length, true);
  return Buffer.concat(names.flatMap((name) => [Buffer.from([name.length]), name]));
}

export function convertALPNProtocols(protocols, out) {
  if (Array.isArray(protocols)) out.ALPNProtocols = wireOf(protocols);
  else if (ArrayBuffer.isView(protocols)) out.ALPNProtocols = Buffer.from(new Uint8Array(protocols.buffer, protocols.byteOffset, protocols.byteLength));
}

const missing = (name) => ({ [name]: function () { throw new ERR_METHOD_NOT_IMPLEMENTED(`tls.${name}`); } })[name];
export const [createServer, Server, createSecurePair, getCiphers] = ["createServer", "Server", "createSecurePair", "getCiphers"].map(missing);

export { checkServerIdentity, connect, createSecureContext, SecureContext, TLSSocket };
export default {
  CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION, checkServerIdentity, connect,
  convertALPNProtocols, createSecureContext, createSecurePair, createServer, getCiphers, rootCertificates, SecureContext, Server, TLSSocket,
};
