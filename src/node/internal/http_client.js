// Clients of node:http and node:https, over fetch(); those that ask for another protocol, over a socket.
import { EventEmitter } from "node:events";
import { asksForUpgrade, upgrade } from "node:internal/http_upgrade";
import { IncomingMessage, OutgoingMessage } from "node:internal/http_messages";
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_HTTP_TOKEN, ERR_INVALID_PROTOCOL, ERR_UNESCAPED_CHARACTERS } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateFunction, validateString } from "node:internal/validators";
import { urlToHttpOptions } from "node:url";

export class Agent extends EventEmitter {
  constructor(options = {}) {
    super();
    Object.assign(this, { options: { path: null, ...options }, requests: {}, sockets: {}, freeSockets: {}, keepAliveMsecs: options.keepAliveMsecs ?? 1000, keepAlive: options.keepAlive ?? false, maxSockets: options.maxSockets ?? Infinity, maxFreeSockets: options.maxFreeSockets ?? 256, maxTotalSockets: options.maxTotalSockets ?? Infinity, scheduling: options.scheduling ?? "lifo", defaultPort: 80, protocol: "http:" });
  }

  createConnection() {}
  getName(options = {}) { return `${options.host || "localhost"}:${options.port ?? ""}:${options.localAddress ?? ""}`; }
  destroy() {}
}

function settings(input, options) {
  if (typeof input === "string") return { ...urlToHttpOptions(new URL(input)), ...options };
  if (input instanceof URL) return { ...urlToHttpOptions(input), ...options };
  return { ...input };
}

const checkHost = (host, name) => {
  if (host !== null && host !== undefined && typeof host !== "string") throw new ERR_INVALID_ARG_TYPE(`options.${name}`, ["string", "undefined", "null"], host);
  return host;
};

/** A path must not lead to another host. */
function checkPath(path) {
  if (/[^\u0021-\u00ff]/.test(path)) throw new ERR_UNESCAPED_CHARACTERS("Request path");
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || /^[\\/]{2}/.test(path) || path.startsWith("/\\")) throw new ERR_INVALID_ARG_VALUE("options.path", path, "must be a path of the host");
}

export class ClientRequest extends OutgoingMessage {
  #abort = new AbortController();
  #timer;
  #given;

  constructor(input, options = undefined, callback = undefined, protocol = "http:") {
    super({ autoDestroy: false }); // it ends with its answer
    const given = settings(input, typeof options === "function" ? undefined : options);
    const listener = typeof options === "function" ? options : callback;
    this.#given = given;
    this.protocol = given.protocol || protocol;
    if (this.protocol !== protocol) throw new ERR_INVALID_PROTOCOL(this.protocol, protocol);
    const method = given.method ?? "GET";
    validateString(method, "options.method");
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw new ERR_INVALID_HTTP_TOKEN("Method", method);
    this.method = method.toUpperCase();
    this.path = given.path || "/";
    checkPath(this.path);
    this.host = checkHost(given.hostname, "hostname") || checkHost(given.host, "host") || "localhost";
    this.port = given.port ?? given.defaultPort;
    this.agent = given.agent;
    this.aborted = false;
    for (const [name, value] of Object.entries(given.headers ?? {})) if (value !== undefined) this.setHeader(name, value);
    if (given.auth && !this.hasHeader("authorization")) this.setHeader("Authorization", `Basic ${btoa(given.auth)}`);
    if (given.timeout) this.setTimeout(given.timeout);
    if (listener) {
      validateFunction(listener, "callback");
      this.once("response", listener);
    }
    given.signal?.addEventListener("abort", () => this.destroy(given.signal.reason), { once: true });
  }

  get url() {
    const host = this.host.includes(":") && !this.host.startsWith("[") ? `[${this.host}]` : this.host;
    const path = this.path.startsWith("/") ? this.path : `/${this.path}`;
    return `${this.protocol}//${host}${this.port ? `:${this.port}` : ""}${path}`;
  }

  send(headers, body) {
    try {
      checkPath(this.path); // it may have been changed since
    } catch (error) {
      return void this.destroy(error);
    }
    if (asksForUpgrade(this)) {
      this.once("upgrade", () => clearTimeout(this.#timer));
      return void upgrade(this, this.#given, this.protocol === "https:");
    }
    headers.delete("host");
    headers.delete("connection");
    headers.delete("transfer-encoding");
    const bare = this.method === "GET" || this.method === "HEAD";
    fetch(this.url, { method: this.method, headers, body: bare ? undefined : body, redirect: "manual", signal: this.#abort.signal }).then((response) => {
      clearTimeout(this.#timer);
      const message = new IncomingMessage(response, { statusCode: response.status, statusMessage: response.statusText, req: this, url: "" });
      this.res = message;
      message.once("close", () => this.destroy());
      if (!this.emit("response", message)) message.resume();
    }, (error) => {
      clearTimeout(this.#timer);
      if (!this.destroyed) this.destroy(error);
    });
  }

  setTimeout(delay, callback = undefined) {
    if (callback) this.once("timeout", callback);
    clearTimeout(this.#timer);
    if (delay > 0) this.#timer = setTimeout(() => this.emit("timeout"), delay);
    return this;
  }

  abort() {
    this.aborted = true;
    process.nextTick(() => this.emit("abort"));
    this.destroy();
  }

  _destroy(error, callback) {
    clearTimeout(this.#timer);
    if (this.res === undefined) this.#abort.abort();
    super._destroy(error, callback);
  }

  setNoDelay() {}
  setSocketKeepAlive() {}
}
