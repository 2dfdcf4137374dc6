// URL and URLSearchParams, as the URL standard says. A URL is kept as its serialised text: one native call makes it,
// the getters find their part in it when they are asked. URLSearchParams is a flat list [name, value, name, value ...].
import { host } from "internal:host";
import { interface_, isObject, iterable, requiredArguments, sequence, sequenceFrom } from "internal:webidl";

const { urlParse, urlSet, urlQueryPairs, urlQueryText } = host;
const { ownKeys, getOwnPropertyDescriptor } = Reflect;

const need = (count, needed, prefix) => {
  if (count < needed) requiredArguments(count, needed, prefix);
};

// ---- shared between the two classes: a URL and its searchParams follow each other

let paramsOf; // (url, query) -> URLSearchParams tied to that URL
let refill; // (params, query): the URL's query was set
let setQuery; // (url, text): the params were changed

// ---- URLSearchParams

const text = (value) => (typeof value === "string" ? value : `${value}`).toWellFormed();
const pairOfText = sequence(text);

function listFrom(init) {
  if (!isObject(init)) {
    const query = text(init);
    return urlQueryPairs(query[0] === "?" ? query.slice(1) : query);
  }
  const iterator = init[Symbol.iterator];
  if (iterator === undefined || iterator === null) return listFromRecord(init);
  if (typeof iterator !== "function") {
    throw new TypeError("Failed to construct 'URLSearchParams': the value of Symbol.iterator is not a function.");
  }
  const list = [];
  for (const pair of sequenceFrom(pairOfText, init, iterator, "Failed to construct 'URLSearchParams'", "each pair")) {
    if (pair.length !== 2) throw new TypeError("Invalid URL search params sequence.");
    list.push(pair[0], pair[1]);
  }
  return list;
}

function listFromRecord(init) {
  // Two keys may become one when lone surrogates are replaced: the last value wins, in the place of the first.
  const record = new Map();
  for (const key of ownKeys(init)) {
    if (getOwnPropertyDescriptor(init, key)?.enumerable) record.set(text(key), text(init[key]));
  }
  const list = [];
  for (const [name, value] of record) list.push(name, value);
  return list;
}

export class URLSearchParams {
  #list;
  #url = null;

  constructor(init = "") {
    this.#list = init === "" ? [] : listFrom(init);
  }

  get size() {
    return this.#list.length / 2;
  }

  append(name, value) {
    const list = this.#list;
    need(arguments.length, 2, "Failed to execute 'append' on 'URLSearchParams'");
    list.push(text(name), text(value));
    this.#changed();
  }

  delete(name, value = undefined) {
    const list = this.#list;
    need(arguments.length, 1, "Failed to execute 'delete' on 'URLSearchParams'");
    name = text(name);
    if (value !== undefined) value = text(value);
    this.#list = list.filter((_, at) => {
      at -= at % 2;
      return list[at] !== name || (value !== undefined && list[at + 1] !== value);
    });
    this.#changed();
  }

  get(name) {
    const list = this.#list;
    need(arguments.length, 1, "Failed to execute 'get' on 'URLSearchParams'");
    name = text(name);
    for (let at = 0; at < list.length; at += 2) if (list[at] === name) return list[at + 1];
    return null;
  }

  getAll(name) {
    const list = this.#list;
    need(arguments.length, 1, "Failed to execute 'getAll' on 'URLSearchParams'");
    name = text(name);
    return list.filter((_, at) => at % 2 === 1 && list[at - 1] === name);
  }

  has(name, value = undefined) {
    const list = this.#list;
    need(arguments.length, 1, "Failed to execute 'has' on 'URLSearchParams'");
    name = text(name);
    if (value !== undefined) value = text(value);
    for (let at = 0; at < list.length; at += 2) {
      if (list[at] === name && (value === undefined || list[at + 1] === value)) return true;
    }
    return false;
  }

  set(name, value) {
    const list = this.#list;
    need(arguments.length, 2, "Failed to execute 'set' on 'URLSearchParams'");
    name = text(name);
    value = text(value);
    const kept = [];
    let found = false;
    for (let at = 0; at < list.length; at += 2) {
      if (list[at] !== name) kept.push(list[at], list[at + 1]);
      else if (!found) {
        found = true;
        kept.push(name, value);
      }
    }
    if (!found) kept.push(name, value);
    this.#list = kept;
    this.#changed();
  }

  sort() {
    const list = this.#list;
    const order = [];
    for (let at = 0; at < list.length; at += 2) order.push(at);
    // Strings compare by 16-bit units, as the standard wants; Array's sort is stable.
    order.sort((a, b) => (list[a] < list[b] ? -1 : list[a] > list[b] ? 1 : 0));
    this.#list = order.flatMap((at) => [list[at], list[at + 1]]);
    this.#changed();
  }

  toString() {
    return urlQueryText(this.#list);
  }

  #changed() {
    if (this.#url !== null) setQuery(this.#url, urlQueryText(this.#list));
  }

  static {
    paramsOf = (url, query) => {
      const params = new URLSearchParams();
      params.#list = urlQueryPairs(query);
      params.#url = url;
      return params;
    };
    refill = (params, query) => {
      params.#list = urlQueryPairs(query);
    };
    const pairAt = (params, index) => {
      const list = params.#list;
      const at = index * 2;
      return index >= 0 && at < list.length ? [list[at], list[at + 1]] : undefined;
    };
    iterable(URLSearchParams, pairAt, "URLSearchParams");
  }
}
interface_(URLSearchParams);

// ---- URL

// Where the parts of a serialised URL stand. Delimiters inside parts are percent-encoded by then, so that the first of
// each kind ends its part: `scheme:` `//` `user:password@` `host` `:port` `path` `?query` `#fragment`.
function layout(href) {
  const scheme = href.indexOf(":");
  const hash = orEnd(href.indexOf("#", scheme), href.length);
  const query = orEnd(href.indexOf("?", scheme), hash);
  const at = { scheme, user: scheme + 1, password: scheme + 1, host: scheme + 1, port: scheme + 1, path: scheme + 1, query, hash };
  if (href.startsWith("//", scheme + 1)) authority(href, at);
  else if (href.startsWith("/.//", scheme + 1)) at.path += 2; // "/." only keeps a path from looking like a host
  return at;
}

const orEnd = (index, end) => (index < 0 || index > end ? end : index);

function authority(href, at) {
  at.user = at.scheme + 3;
  at.path = orEnd(href.indexOf("/", at.user), at.query);
  const sign = href.indexOf("@", at.user);
  if (sign >= 0 && sign < at.path) {
    at.password = orEnd(href.indexOf(":", at.user), sign);
    at.host = sign + 1;
  } else {
    at.password = at.host = at.user;
  }
  const colon = href[at.host] === "[" ? href.indexOf("]:", at.host) + 1 || -1 : href.indexOf(":", at.host);
  at.port = orEnd(colon, at.path);
}

const TUPLE_ORIGINS = ["http:", "https:", "ws:", "wss:", "ftp:"];

export class URL {
  #href;
  #layout = null;
  #params = null;

  constructor(url, base = undefined) {
    need(arguments.length, 1, "Failed to construct 'URL'");
    const href = urlParse(url, base);
    if (href === undefined) throw new TypeError("Invalid URL string.");
    this.#href = href;
  }

  static canParse(url, base = undefined) {
    need(arguments.length, 1, "Failed to execute 'canParse' on 'URL'");
    return urlParse(url, base) !== undefined;
  }

  static parse(url, base = undefined) {
    need(arguments.length, 1, "Failed to execute 'parse' on 'URL'");
    const href = urlParse(url, base);
    return href === undefined ? null : new URL(href);
  }

  static createObjectURL(object) {
    need(arguments.length, 1, "Failed to execute 'createObjectURL' on 'URL'");
    throw new Error("URL.createObjectURL() is not implemented");
  }

  static revokeObjectURL(url) {
    need(arguments.length, 1, "Failed to execute 'revokeObjectURL' on 'URL'");
    throw new Error("URL.revokeObjectURL() is not implemented");
  }

  get href() {
    return this.#href;
  }

  set href(value) {
    const old = this.#href;
    const href = urlParse(value);
    if (href === undefined) {
      throw new TypeError(
        "Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.",
      );
    }
    if (href !== old) this.#replace(href);
    this.#refill();
  }

  get origin() {
    const { protocol } = this;
    if (TUPLE_ORIGINS.includes(protocol)) return `${protocol}//${this.host}`;
    if (protocol !== "blob:") return "null";
    const inner = URL.parse(this.pathname);
    return inner !== null && (inner.protocol === "http:" || inner.protocol === "https:") ? inner.origin : "null";
  }

  get protocol() {
    return this.#href.slice(0, this.#at().scheme + 1);
  }

  set protocol(value) {
    this.#set("protocol", value);
  }

  get username() {
    const at = this.#at();
    return this.#href.slice(at.user, at.password);
  }

  set username(value) {
    this.#set("username", value);
  }

  get password() {
    const at = this.#at();
    return this.#href.slice(at.password + 1, at.host - 1);
  }

  set password(value) {
    this.#set("password", value);
  }

  get host() {
    const at = this.#at();
    return this.#href.slice(at.host, at.port === at.host ? at.host : hostEnd(this.#href, at));
  }

  set host(value) {
    this.#set("host", value);
  }

  get hostname() {
    const at = this.#at();
    return this.#href.slice(at.host, at.port);
  }

  set hostname(value) {
    this.#set("hostname", value);
  }

  get port() {
    const at = this.#at();
    return this.#href.slice(at.port + 1, hostEnd(this.#href, at));
  }

  set port(value) {
    this.#set("port", value);
  }

  get pathname() {
    const at = this.#at();
    return this.#href.slice(at.path, at.query);
  }

  set pathname(value) {
    this.#set("pathname", value);
  }

  get search() {
    const at = this.#at();
    return at.hash - at.query > 1 ? this.#href.slice(at.query, at.hash) : "";
  }

  set search(value) {
    this.#set("search", value);
    this.#refill();
  }

  get searchParams() {
    return (this.#params ??= paramsOf(this, this.search.slice(1)));
  }

  get hash() {
    const { hash } = this.#at();
    return this.#href.length - hash > 1 ? this.#href.slice(hash) : "";
  }

  set hash(value) {
    this.#set("hash", value);
  }

  toJSON() {
    return this.#href;
  }

  toString() {
    return this.#href;
  }

  #at() {
    return (this.#layout ??= layout(this.#href));
  }

  #replace(href) {
    this.#href = href;
    this.#layout = null;
  }

  #set(part, value) {
    const href = urlSet(this.#href, part, value);
    if (href !== undefined) this.#replace(href);
  }

  #refill() {
    if (this.#params !== null) refill(this.#params, this.search.slice(1));
  }

  static {
    setQuery = (url, query) => {
      const href = url.#href;
      const at = url.#at();
      url.#replace(href.slice(0, at.query) + (query === "" ? "" : `?${query}`) + href.slice(at.hash));
    };
  }
}
interface_(URL);

// The end of "host:port": where the path begins, less the "/." of a URL without a host.
const hostEnd = (href, at) => (at.user === at.scheme + 1 ? at.port : at.path);
