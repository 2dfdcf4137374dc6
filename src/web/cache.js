// The Cache API, as Workers have it: `caches.default` and `caches.open()`; put() obeys Cache-Control, Expires and Vary,
// match() answers conditional and range requests.

import { host } from "internal:host";
import { Request, partsOf } from "internal:request";
import { received, responseParts } from "internal:response";
import { illegalConstructor, interface_, internal, wrongType } from "internal:webidl";

// Seconds that Cloudflare keeps what does not say for how long.
const USUAL = { 200: 7200, 206: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180 };

const keyOf = ({ url }) => url.replace(/#.*$/s, "");
const coerced = (input) => (partsOf(input) === undefined ? new Request(input) : input);

function directives(text) {
  const found = new Map();
  for (const [, name, value] of (text ?? "").matchAll(/([\w-]+)(?:\s*=\s*"?([^",]*)"?)?/g)) found.set(name.toLowerCase(), value);
  return found;
}

/** For how many seconds a response may be kept. */
function lifetime(response) {
  const { headers, status } = response;
  const said = directives(headers.get("cache-control"));
  if (["no-store", "no-cache"].some((name) => said.has(name))) return 0;
  if (said.has("private") && said.get("private") === undefined) return 0;
  if (headers.has("set-cookie") && !/set-cookie/i.test(said.get("private") ?? "")) return 0;
  const seconds = said.get("s-maxage") ?? said.get("max-age");
  if (seconds !== undefined) return Number.parseInt(seconds, 10) || 0;
  const expires = headers.get("expires");
  if (expires !== null) return (Date.parse(expires) - host.now()) / 1000 || 0;
  return USUAL[status] ?? 0;
}

const namesIn = (vary) => (vary ?? "").toLowerCase().split(",").map((name) => name.trim()).filter((name) => name !== "");
const variantOf = (request, names) => JSON.stringify(names.map((name) => [name, request.headers.get(name)]));
const suits = (request) => ([vary]) => JSON.parse(vary).every(([name, value]) => request.headers.get(name) === value);

// ---- what of a kept answer a request wants

const weak = (tag) => tag.trim().replace(/^W\//, "");

function isUnchanged(request, headers) {
  const tags = request.headers.get("if-none-match");
  const etag = headers.get("etag");
  if (tags !== null) return etag !== null && (tags.trim() === "*" || tags.split(",").some((tag) => weak(tag) === weak(etag)));
  const since = Date.parse(request.headers.get("if-modified-since") ?? "");
  return Date.parse(headers.get("last-modified") ?? "") <= since;
}

/** [first, last] of the one range that is wanted; null for one beyond the end, undefined for all. */
function rangeOf(request, length) {
  const found = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range")?.replace(/\s/g, "") ?? "");
  if (found === null || (found[1] === "" && found[2] === "")) return undefined;
  const first = found[1] === "" ? Math.max(0, length - Number(found[2])) : Number(found[1]);
  const last = found[1] === "" || found[2] === "" ? length - 1 : Math.min(Number(found[2]), length - 1);
  return first > last ? null : [first, last];
}

function answer(request, [, status, statusText, pairs, body]) {
  const list = host.headerList();
  for (const [name, value] of JSON.parse(pairs)) list.append(name, value);
  list.set("cf-cache-status", "HIT");
  const give = (code, text, bytes) => {
    if (bytes !== null) list.set("content-length", `${bytes.length}`);
    return received([code, text, list, bytes ?? undefined], partsOf(new Request(request.url)), undefined);
  };
  if (isUnchanged(request, list)) return give(304, "Not Modified", null);
  const range = status === 200 ? rangeOf(request, body.length) : undefined;
  if (range === undefined) return give(status, statusText, body);
  list.set("content-range", `bytes ${range === null ? "*" : range.join("-")}/${body.length}`);
  if (range === null) return give(416, "Range Not Satisfiable", new Uint8Array());
  return give(206, "Partial Content", body.slice(range[0], range[1] + 1));
}

// ---- Cache

const unimplemented = (method) => {
  throw new TypeError(`Failed to execute '${method}' on 'Cache': the method is not implemented.`);
};

export class Cache {
  #name;

  constructor(token, name) {
    illegalConstructor(token);
    this.#name = name;
  }

  async match(cacheName, options = undefined) {
    const name = this.#name;
    const request = coerced(cacheName);
    if (request.method !== "GET" && !options?.ignoreMethod) return undefined;
    const kept = await host.cacheMatch(name, keyOf(request), host.now());
    const found = kept.find(suits(request));
    return found === undefined ? undefined : answer(request, found);
  }

  async put(cacheName, response) {
    const name = this.#name;
    const request = coerced(cacheName);
    const state = responseParts(response);
    if (state === undefined) throw wrongType("Failed to execute 'put' on 'Cache'", "parameter 2", "Response");
    refuse(request, response);
    const { status, statusText } = response;
    const seconds = status === 304 ? 0 : lifetime(response);
    const kept = [variantOf(request, namesIn(response.headers.get("vary"))), status, statusText, JSON.stringify([...response.headers])];
    const body = await response.bytes();
    const now = host.now();
    if (seconds > 0) await host.cachePut(name, keyOf(request), [...kept, body, now, now + seconds * 1000]);
  }

  async delete(cacheName, options = undefined) {
    const name = this.#name;
    const request = coerced(cacheName);
    if (request.method !== "GET" && !options?.ignoreMethod) return false;
    return host.cacheDelete(name, keyOf(request), host.now());
  }

  async add() { unimplemented("add"); }
  async addAll() { unimplemented("addAll"); }
}
interface_(Cache, { lengths: { match: 1, delete: 1 } });

function refuse(request, response) {
  if (response.type === "error") throw new TypeError("Cache is unable to store an error response");
  if (request.method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
  if (response.webSocket !== null) throw new TypeError("Cannot cache WebSocket upgrade response.");
  if (response.status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
  if (response.headers.get("vary")?.includes("*")) throw new TypeError("Cannot cache response with 'Vary: *' header.");
}

export class CacheStorage {
  #default = undefined;

  constructor(token) {
    illegalConstructor(token);
  }

  get default() {
    if (!host.cacheHasDefault()) {
      throw new Error("caches.default is disabled for user Workers of an untrusted dispatch namespace; caches.open() gives this Worker its own.");
    }
    return (this.#default ??= new Cache(internal, ""));
  }

  async open(cacheName) {
    void this.#default;
    if (arguments.length === 0) throw wrongType("Failed to execute 'open' on 'CacheStorage'", "parameter 1", "string");
    return new Cache(internal, `named ${cacheName}`);
  }
}
interface_(CacheStorage);

export const caches = new CacheStorage(internal);
