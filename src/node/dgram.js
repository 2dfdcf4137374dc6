// node:dgram: sockets that can be made and do nothing.
import { EventEmitter } from "node:events";
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateAbortSignal, validateFunction, validateNumber, validateObject, validateString } from "node:internal/validators";

const nothing = ["addMembership", "addSourceSpecificMembership", "disconnect", "dropMembership", "dropSourceSpecificMembership", "setBroadcast", "setMulticastInterface", "setMulticastLoopback", "setMulticastTTL", "setRecvBufferSize", "setSendBufferSize", "setTTL"];
const refused = ["bind", "connect", "send", "sendto"];

export class Socket extends EventEmitter {
  constructor(type, listener = undefined) {
    super();
    let options = type;
    if (typeof options === "string") options = { type };
    else validateObject(options, "options");
    validateString(options.type, "options.type");
    if (options.lookup !== undefined) validateFunction(options.lookup, "options.lookup");
    validateAbortSignal(options.signal, "options.signal");
    for (const name of ["recvBufferSize", "sendBufferSize"]) if (options[name] !== undefined) validateNumber(options[name], `options.${name}`);
    if (listener !== undefined) {
      validateFunction(listener, "listener");
      this.on("message", listener);
    }
    this.type = options.type;
  }

  address() { return {}; }
  remoteAddress() { return {}; }
  close(callback = undefined) {
    if (typeof callback === "function") this.on("close", callback);
    queueMicrotask(() => this.emit("close"));
    return this;
  }
  getRecvBufferSize() { return 0; }
  getSendBufferSize() { return 0; }
  getSendQueueSize() { return 0; }
  getSendQueueCount() { return 0; }
  ref() { return this; }
  unref() { return this; }
  async [Symbol.asyncDispose]() { this.close(); }
}
for (const name of nothing) Socket.prototype[name] = { [name]() {} }[name];
for (const name of refused) Socket.prototype[name] = { [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`Socket.${name}`); } }[name];

export const createSocket = (type, listener = undefined) => new Socket(type, listener);
export const _createSocketHandle = () => { throw new ERR_METHOD_NOT_IMPLEMENTED("_createSocketHandle"); };
export default { Socket, createSocket, _createSocketHandle };
