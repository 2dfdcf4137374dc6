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

/** The value that delete() and has() look for too, since there is one. */
function secondOf(value) {
  return value === undefined || !host.flag("urlsearchparams_delete_has_value_arg") ? undefined : text(value);
}

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
    if (typeof key === "symbol") continue; // Cloudflare skips symbols, the standard refuses them
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
    value = secondOf(value);
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
    value = secondOf(value);
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

// A URL's state as the native side makes it: [href, then where each part begins in it]. A part ends where the next one
// begins; each has its sign with it: ":" before password and port, "@" before host after credentials, "?", "#".
const HREF = 0;
const COLON = 1;
const USERNAME = 2;
const PASSWORD = 3;
const HOST = 4;
const PORT = 5;
const PATH = 6;
const QUERY = 7;
const FRAGMENT = 8;

const TUPLE_ORIGINS = ["http:", "https:", "ws:", "wss:", "ftp:"];

export class URL {
  #parts;
  #params = null;

  constructor(url, base = undefined) {
    need(arguments.length, 1, "Failed to construct 'URL'");
    const parts = urlParse(url, base);
    if (parts === undefined) throw new TypeError("Invalid URL string.");
    this.#parts = parts;
  }

  static canParse(url, base = undefined) {
    need(arguments.length, 1, "Failed to execute 'canParse' on 'URL'");
    return urlParse(url, base) !== undefined;
  }

  static parse(url, base = undefined) {
    need(arguments.length, 1, "Failed to execute 'parse' on 'URL'");
    const parts = urlParse(url, base);
    return parts === undefined ? null : new URL(parts[HREF]);
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
    return this.#parts[HREF];
  }

  set href(value) {
    this.#parts;
    const parts = urlParse(value);
    if (parts === undefined) {
      throw new TypeError(
        "Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.",
      );
    }
    this.#parts = parts;
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
    const parts = this.#parts;
    return parts[HREF].slice(0, parts[COLON] + 1);
  }

  set protocol(value) {
    this.#set("protocol", value);
  }

  get username() {
    const parts = this.#parts;
    return parts[HREF].slice(parts[USERNAME], parts[PASSWORD]);
  }

  set username(value) {
    this.#set("username", value);
  }

  get password() {
    const parts = this.#parts;
    return parts[HREF].slice(parts[PASSWORD] + 1, parts[HOST] - 1);
  }

  set password(value) {
    this.#set("password", value);
  }

  get host() {
    const parts = this.#parts;
    return parts[HREF].slice(parts[HOST], parts[PATH]);
  }

  set host(value) {
    this.#set("host", value);
  }

  get hostname() {
    const parts = this.#parts;
    return parts[HREF].slice(parts[HOST], parts[PORT]);
  }

  set hostname(value) {
    this.#set("hostname", value);
  }

  get port() {
    const parts = this.#parts;
    return parts[HREF].slice(parts[PORT] + 1, parts[PATH]);
  }

  set port(value) {
    this.#set("port", value);
  }

  get pathname() {
    const parts = this.#parts;
    return parts[HREF].slice(parts[PATH], parts[QUERY]);
  }

  set pathname(value) {
    this.#set("pathname", value);
  }

  get search() {
    const parts = this.#parts;
    return signed(parts[HREF].slice(parts[QUERY], parts[FRAGMENT]));
  }

  set search(value) {
    this.#set("search", value);
    this.#refill();
  }

  get searchParams() {
    return (this.#params ??= paramsOf(this, this.search.slice(1)));
  }

  get hash() {
    const parts = this.#parts;
    return signed(parts[HREF].slice(parts[FRAGMENT]));
  }

  set hash(value) {
    this.#set("hash", value);
  }

  toJSON() {
    return this.#parts[HREF];
  }

  toString() {
    return this.#parts[HREF];
  }

  #set(part, value) {
    const parts = urlSet(this.#parts[HREF], part, value);
    if (parts !== undefined) this.#parts = parts;
  }

  #refill() {
    if (this.#params !== null) refill(this.#params, this.search.slice(1));
  }

  static {
    setQuery = (url, query) => {
      const parts = url.#parts;
      const href = parts[HREF];
      const begin = href.slice(0, parts[QUERY]) + (query === "" ? "" : `?${query}`);
      parts[HREF] = begin + href.slice(parts[FRAGMENT]);
      parts[FRAGMENT] = begin.length;
    };
  }
}
interface_(URL);

// A lone "?" or "#" is in the href and not in the part.
const signed = (part) => (part.length > 1 ? part : "");
