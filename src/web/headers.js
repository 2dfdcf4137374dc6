// Headers, as the Fetch standard says, over a native `HeaderList` (headers.rs). The list is the state: it may be
// shared with the request path, which never sees this object.
import { host } from "internal:host";
import { interface_, isObject, iterable, requiredArguments, sequenceFrom, sequence } from "internal:webidl";

const { headerList } = host;
const { ownKeys, getOwnPropertyDescriptor } = Reflect;

const need = (count, needed, method) => {
  if (count < needed) requiredArguments(count, needed, `Failed to execute '${method}' on 'Headers'`);
};

const UNWRAPPED = Symbol("headers from a list");
let wrap;
let listIn;
let nativeIterator;

export class Headers {
  #list;
  #immutable = false;
  #flat = null;
  #version = -1;

  constructor(init = undefined) {
    if (init === UNWRAPPED) return;
    this.#list = headerList();
    if (init !== undefined) fill(this, init);
  }

  append(name, value) {
    const list = this.#list;
    need(arguments.length, 2, "append");
    this.#changeable();
    list.append(name, value);
  }

  delete(name) {
    const list = this.#list;
    need(arguments.length, 1, "delete");
    this.#changeable();
    list.delete(name);
  }

  get(name) {
    const list = this.#list;
    need(arguments.length, 1, "get");
    return list.get(name) ?? null;
  }

  // Cloudflare's own, older than getSetCookie.
  getAll(name) {
    const list = this.#list;
    need(arguments.length, 1, "getAll");
    if (`${name}`.toLowerCase() !== "set-cookie") {
      throw new TypeError('getAll() can only be used with the header name "Set-Cookie".');
    }
    return list.all("set-cookie");
  }

  getSetCookie() {
    return this.#list.all("set-cookie");
  }

  has(name) {
    const list = this.#list;
    need(arguments.length, 1, "has");
    return list.has(name);
  }

  set(name, value) {
    const list = this.#list;
    need(arguments.length, 2, "set");
    this.#changeable();
    list.set(name, value);
  }

  #changeable() {
    if (this.#immutable) throw new TypeError("Can't modify immutable headers.");
  }

  // The sorted copy is made again after a change, whoever made it: iteration is live.
  #at(index) {
    const version = this.#list.version();
    if (version !== this.#version) {
      this.#flat = this.#list.entries();
      this.#version = version;
    }
    const flat = this.#flat;
    const at = index * 2;
    return at < flat.length ? [flat[at], flat[at + 1]] : undefined;
  }

  static {
    wrap = (list, immutable) => {
      const headers = new Headers(UNWRAPPED);
      headers.#list = list;
      headers.#immutable = immutable;
      return headers;
    };
    listIn = (value) => (isObject(value) && #list in value ? value.#list : undefined);
    iterable(Headers, (headers, index) => (index < 0 ? void headers.#list : headers.#at(index)), "Headers");
  }
}
if (!host.flag("http_headers_getsetcookie")) delete Headers.prototype.getSetCookie;
interface_(Headers, { clone: (headers) => new Headers(headers) });
nativeIterator = Headers.prototype[Symbol.iterator];

/** Wraps a native list without a copy. `guard` is a guard of the standard; Workers refuse changes to "immutable" only. */
export const headersFrom = (list, guard = "none") => wrap(list, guard === "immutable");

/** The native list of a Headers object; undefined for anything else. */
export const listOf = (value) => listIn(value);

const any = (value) => value;
const pairs = sequence(any);

/** Appends what a HeadersInit holds: another Headers, a sequence of pairs or a record. */
export function fill(headers, init) {
  const list = listIn(headers);
  if (!isObject(init)) {
    throw new TypeError(
      "Failed to construct 'Headers': constructor parameter 1 is not of type 'Headers or Sequence or object'.",
    );
  }
  const iterator = init[Symbol.iterator];
  const other = listIn(init);
  if (other !== undefined && iterator === nativeIterator) list.extend(other);
  else if (iterator === undefined || iterator === null) fillFromRecord(list, init);
  else if (typeof iterator === "function") fillFromPairs(list, init, iterator);
  else throw new TypeError("Failed to construct 'Headers': the value of Symbol.iterator is not a function.");
}

function fillFromPairs(list, init, iterator) {
  for (const pair of sequenceFrom(pairs, init, iterator, "Failed to construct 'Headers'")) {
    if (pair.length !== 2) {
      throw new TypeError(
        "To initialize a Headers object from a sequence, each inner sequence must have exactly two elements.",
      );
    }
    list.append(pair[0], pair[1]);
  }
}

function fillFromRecord(list, init) {
  if (list.appendRecord(init)) return;
  const flat = [];
  for (const key of ownKeys(init)) {
    if (!getOwnPropertyDescriptor(init, key)?.enumerable) continue;
    if (typeof key === "symbol") continue; // Cloudflare skips symbols, the standard refuses them
    flat.push(key, toText(init[key]));
  }
  for (let i = 0; i < flat.length; i += 2) list.append(flat[i], flat[i + 1]);
}

// The whole record is converted before any of it is appended.
function toText(value) {
  if (typeof value === "string") return value;
  if (typeof value === "symbol") throw new TypeError("Failed to construct 'Headers': a header value is a symbol.");
  return `${value}`;
}
