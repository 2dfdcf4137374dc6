// node:net: addresses, and sockets over connect().
import { EventEmitter } from "node:events";
import { ERR_INVALID_ARG_VALUE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateInt32 } from "node:internal/validators";
import { BlockList, SocketAddress, isIP, isIPv4, isIPv6 } from "node:internal/net_addresses";
import { Socket, connect, normalizeArguments } from "node:internal/net_socket";

// A connection tries every address of a name in turn, so there is nothing to select.
let attemptTimeout = 250;
export const getDefaultAutoSelectFamily = () => false;
export function setDefaultAutoSelectFamily(value) {
  if (value) throw new ERR_INVALID_ARG_VALUE("val", value);
}
export const getDefaultAutoSelectFamilyAttemptTimeout = () => attemptTimeout;
export function setDefaultAutoSelectFamilyAttemptTimeout(value) {
  validateInt32(value, "value", 1);
  attemptTimeout = Math.max(value, 10);
}

export const Stream = Socket;
export const createConnection = connect;
export const _normalizeArgs = normalizeArguments;

export class Server extends EventEmitter {
  constructor() {
    super();
    throw new ERR_METHOD_NOT_IMPLEMENTED("net.Server");
  }
}
export const createServer = () => new Server();

export { BlockList, connect, isIP, isIPv4, isIPv6, Socket, SocketAddress };
export default {
  BlockList, connect, createConnection, createServer, getDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, isIP, isIPv4, isIPv6,
  Server, setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout, Socket, SocketAddress, Stream, _normalizeArgs,
};
