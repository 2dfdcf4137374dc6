// Servers of node:http: a port is a name by which `cloudflare:node` hands requests to a server.
import { EventEmitter } from "node:events";
import { IncomingMessage, ServerResponse } from "node:internal/http_messages";
import { ERR_INVALID_ARG_VALUE, ERR_SERVER_ALREADY_LISTEN, ERR_SERVER_NOT_RUNNING } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateObject, validatePort } from "node:internal/validators";

const listening = new Map();
let nextPort = 49152;

export class Server extends EventEmitter {
  #port;
  timeout = 0;
  keepAliveTimeout = 5000;
  headersTimeout = 60000;
  requestTimeout = 300000;
  maxHeadersCount = null;

  constructor(options = undefined, listener = options) {
    super();
    if (options !== undefined && options !== null && typeof options !== "function") validateObject(options, "options");
    if (typeof listener === "function") this.on("request", listener);
  }

  get listening() { return this.#port !== undefined; }

  listen(...args) {
    if (this.listening) throw new ERR_SERVER_ALREADY_LISTEN();
    const callback = args.findLast((one) => typeof one === "function");
    const given = args[0] !== null && typeof args[0] === "object" ? args[0].port : args[0];
    let port = given === undefined || given === null || typeof given === "function" ? 0 : validatePort(given, "options.port");
    if (port === 0) {
      while (listening.has(nextPort)) nextPort++;
      port = nextPort++;
    }
    if (listening.has(port)) throw new ERR_INVALID_ARG_VALUE("port", port, "is used by another server");
    this.#port = port;
    listening.set(port, this);
    if (callback) this.once("listening", callback);
    process.nextTick(() => this.emit("listening"));
    return this;
  }

  address() { return this.listening ? { port: this.#port, family: "IPv4", address: "127.0.0.1" } : null; }

  close(callback = undefined) {
    if (!this.listening) {
      if (callback) process.nextTick(callback, new ERR_SERVER_NOT_RUNNING());
      return this;
    }
    listening.delete(this.#port);
    this.#port = undefined;
    if (callback) this.once("close", callback);
    process.nextTick(() => this.emit("close"));
    return this;
  }

  closeAllConnections() {}
  closeIdleConnections() {}
  setTimeout() { return this; }
  ref() { return this; }
  unref() { return this; }
  async [Symbol.asyncDispose]() { this.close(); }
}

export const createServer = (options = undefined, listener = undefined) => new Server(options, listener ?? options);

/** Has the server at a port answer a request of the platform. */
export async function handleAsNodeRequest(desired, request, env = undefined, ctx = undefined) {
  const port = typeof desired === "number" ? desired : desired?.port ?? desired?.address?.()?.port;
  const server = listening.get(port);
  if (server === undefined) throw Object.assign(new Error(`Http server with port ${port} not found. This is likely a bug with your code. You should check if server.listen() was called with the same port (${port})`), { code: "ERR_INVALID_ARG_VALUE" });
  const { pathname, search, host } = new URL(request.url);
  const { promise, resolve, reject } = Promise.withResolvers();
  const incoming = new IncomingMessage(request, { method: request.method, url: pathname + search, cloudflare: { cf: request.cf, env, ctx } });
  incoming.headers.host ??= host;
  const response = new ServerResponse(incoming, resolve);
  incoming.on("error", reject);
  server.emit("request", incoming, response);
  return promise;
}

/** A handler for a Worker's default export. */
export function httpServerHandler(desired, handlers = {}) {
  if (desired instanceof Server && !desired.listening) desired.listen(0);
  const port = desired instanceof Server ? desired.address().port : desired?.port;
  validatePort(port, "port");
  return { ...handlers, fetch: (request, env, ctx) => handleAsNodeRequest(port, request, env, ctx) };
}
