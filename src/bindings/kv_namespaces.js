// The KV namespace binding: arguments are read here, in workerd's way; what is stored, and how much of it may be, is
// the host's affair. Names, types and error texts are those that Workers get from Cloudflare.
import { host, lazy } from "internal:host";
import { extract, payloadOf } from "internal:body";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { bytesOf, isBufferSource, isSharedArrayBuffer } from "internal:webidl_types";

const streams = lazy("streams");
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { isFinite } = Number;
const { trunc } = Math;
const { parse, stringify } = JSON;
const nothing = () => {};

// ---- arguments

const wrongParameter = (method, number, type) =>
  new TypeError(`Failed to execute '${method}' on 'KvNamespace': parameter ${number} is not of type '${type}'.`);

/** The parameters of a method that must be present, by their types. */
function required(method, args, ...types) {
  if (args.length < types.length) throw wrongParameter(method, args.length + 1, types[args.length]);
}

function dictionary(value, method, number, type) {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrongParameter(method, number, type);
  return value;
}

// An `int` of workerd's: no wrapping, and what is no number is zero.
function int(value) {
  const number = +value;
  if (!isFinite(number)) return 0;
  if (number > 2147483647 || number < -2147483648) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return trunc(number);
}

const optionalInt = (value) => (value === undefined ? undefined : int(value));

function keyName(value, method) {
  const key = `${value}`;
  if (key === "") throw new TypeError("Key name cannot be empty.");
  if (key === "." || key === "..") throw new TypeError(`"${key}" is not allowed as a key name.`);
  if (!key.isWellFormed()) throw new Error(`KV ${method} failed: 400 Could not URL-decode key name`);
  return key;
}

// ---- reading

const FORMS = { __proto__: null, text: 0, json: 0, arrayBuffer: 1, stream: 2 };
const MIN_CACHE_TTL = 30;

function readOptions(options) {
  if (options === undefined || options === null) return { type: undefined, ttl: undefined };
  if (!isObject(options)) return { type: `${options}`, ttl: undefined };
  const { type, cacheTtl } = options;
  return { type: type === undefined ? undefined : `${type}`, ttl: optionalInt(cacheTtl) };
}

// Nothing is cached here, but what Cloudflare refuses is refused.
function checkCacheTtl(ttl, method) {
  if (ttl === undefined || ttl >= MIN_CACHE_TTL) return;
  throw new Error(`KV ${method} failed: 400 Invalid cache_ttl of ${ttl}. Cache TTL must be at least ${MIN_CACHE_TTL}.`);
}

function converted(value, type) {
  if (type === "text") return value;
  if (type === "json") return parse(value);
  if (type === "arrayBuffer") return value.buffer;
  if (type !== "stream") {
    throw new TypeError('Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".');
  }
  const pull = () => host.bodyPull(value);
  return streams().createNativeReadable({ pull, cancel: () => host.bodyCancel(value), handle: value });
}

const metadataOf = (json) => (json === null ? null : parse(json));

// The entry, `[value, metadata]` if that is wanted, or null; and the type that was asked for.
async function read(handle, name, options, withMetadata) {
  const key = keyName(name, "GET");
  const { type = "text", ttl } = readOptions(options);
  checkCacheTtl(ttl, "GET");
  return { found: await handle.get(key, FORMS[type] ?? 0, withMetadata), type };
}

async function getOne(handle, name, options) {
  const { found, type } = await read(handle, name, options, false);
  return found === null ? null : converted(found, type);
}

async function getOneWithMetadata(handle, name, options) {
  const { found, type } = await read(handle, name, options, true);
  if (found === null) return { value: null, metadata: null, cacheStatus: null };
  return { value: converted(found[0], type), metadata: metadataOf(found[1]), cacheStatus: null };
}

const bulkError = (message) => new Error(`KV GET_BULK failed: 400 ${message}`);

function bulkValue(text, type) {
  if (type === "text") return text;
  try {
    return parse(text);
  } catch {
    throw bulkError("At least one of the requested keys corresponds to a non-json value");
  }
}

// workerd leaves out the keys that look like an array's index.
const isIndex = (key) => /^(0|[1-9][0-9]{0,9})$/.test(key) && +key < 4294967295;

async function getMany(handle, names, options, withMetadata) {
  const keys = names.map((name) => `${name}`);
  const { type = "text", ttl } = readOptions(options);
  if (type !== "text" && type !== "json") throw bulkError(`"${type}" is not a valid type. Use "json" or "text"`);
  checkCacheTtl(ttl, "GET_BULK");
  const found = await handle.getMany(keys);
  const map = new Map();
  for (let i = 0; i < keys.length; i++) {
    if (isIndex(keys[i])) continue;
    const entry = found[i];
    const value = entry === null ? null : bulkValue(entry[0], type);
    map.set(keys[i], entry !== null && withMetadata ? { value, metadata: metadataOf(entry[1]) } : value);
  }
  return map;
}

// ---- writing

function valueOf(value) {
  if (typeof value === "string") return { payload: value, done: undefined };
  if (!isObject(value)) return { payload: `${value}`, done: undefined };
  if (isBufferSource(value) || isSharedArrayBuffer(value)) {
    return { payload: isView(value) ? bytesOf(value) : new Uint8Array(value), done: undefined };
  }
  if (streams().isReadableStream(value)) return streamed(value);
  throw new TypeError("KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.");
}

function streamed(stream) {
  if (streams().isLocked(stream)) throw new TypeError("The ReadableStream has been locked to a reader.");
  if (streams().isDisturbed(stream)) throw new TypeError("This ReadableStream is disturbed.");
  return payloadOf(extract(stream).body);
}

function metadataText(metadata) {
  if (metadata === undefined || metadata === null) return undefined;
  const json = stringify(metadata);
  if (json === undefined) throw new Error("KV PUT failed: 500 Internal Server Error");
  return json;
}

class KvNamespace {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  get(name, options = undefined) {
    const handle = this.#handle;
    required("get", arguments, "string or Array");
    return isArray(name) ? getMany(handle, name, options, false) : getOne(handle, name, options);
  }

  getWithMetadata(name, options = undefined) {
    const handle = this.#handle;
    required("getWithMetadata", arguments, "string or Array");
    return isArray(name) ? getMany(handle, name, options, true) : getOneWithMetadata(handle, name, options);
  }

  async put(name, value, options = undefined) {
    required("put", arguments, "string", "string, ArrayBuffer, ArrayBufferView or ReadableStream");
    const key = keyName(name, "PUT");
    const { expiration, expirationTtl, metadata } = dictionary(options, "put", 3, "PutOptions");
    const rest = [optionalInt(expiration), optionalInt(expirationTtl), metadataText(metadata)];
    const { payload, done } = valueOf(value);
    const stored = this.#handle.put(key, payload, rest);
    if (done !== undefined) {
      stored.catch(nothing);
      await done;
    }
    await stored;
  }

  async delete(name) {
    required("delete", arguments, "string");
    await this.#handle.delete(keyName(name, "DELETE"));
  }

  async list(options = undefined) {
    const { limit, prefix, cursor } = dictionary(options, "list", 1, "ListOptions");
    const count = optionalInt(limit) ?? 0;
    const text = (value) => (value === undefined || value === null ? undefined : `${value}`);
    return parse(await this.#handle.list(text(prefix) ?? "", count > 0 ? count : undefined, text(cursor)));
  }
}
interface_(KvNamespace);

export const make = (handle) => new KvNamespace(internal, handle);
