// node:inspector: there is no debugger to talk to.
import { EventEmitter } from "node:events";
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";

const names = [
  "debug", "error", "info", "log", "warn", "dir", "dirxml", "table", "trace", "group", "groupCollapsed", "groupEnd", "clear", "count",
  "countReset", "assert", "profile", "profileEnd", "time", "timeEnd", "timeLog", "timeStamp",
];
export const console = Object.fromEntries(names.map((name) => [name, () => undefined]));

export class Session extends EventEmitter {
  constructor() {
    super();
    throw new ERR_METHOD_NOT_IMPLEMENTED("Session");
  }

  connect() {}
  connectToMainThread() {}
  disconnect() {}
  post() {}
}

export const close = () => undefined;
export const open = () => ({ __proto__: null, [Symbol.dispose]: async () => undefined });
export const url = () => undefined;
export const waitForDebugger = () => undefined;
const refusing = (...methods) => Object.fromEntries(methods.map((name) => [name, () => { throw new ERR_METHOD_NOT_IMPLEMENTED(`Network.${name}`); }]));
export const Network = refusing("requestWillBeSent", "responseReceived", "loadingFinished", "loadingFailed", "dataSent", "dataReceived", "webSocketCreated", "webSocketClosed", "webSocketHandshakeResponseReceived");

export default { close, console, open, url, waitForDebugger, Session, Network };
