// R2 buckets: `env.BUCKET.put(...)`, `get(...)`.
import { host, lazy } from "internal:host";
import { Headers } from "internal:headers";
import { extract, payloadOf } from "internal:body";
import { Response } from "internal:response";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const streams = lazy("streams");
const { stringify, parse } = JSON;
const { isArray } = Array;
const { defineProperty } = Object;
const missing = (method, number, type) =>
  new TypeError(`Failed to execute '${method}' on 'R2Bucket': parameter ${number} is not of type '${type}'.`);

// ---- metadata

const HTTP = [
  ["contentType", "content-type"], ["contentLanguage", "content-language"], ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"], ["cacheControl", "cache-control"], ["cacheExpiry", "expires"],
];

function httpOf(given) {
  const http = {};
  for (const [name, header] of HTTP) {
    const value = given instanceof Headers ? given.get(header) : given?.[name];
    if (value === undefined || value === null) continue;
    http[name] = name === "cacheExpiry" ? new Date(value).getTime() : `${value}`;
  }
  return http;
}

function metaOf({ httpMetadata, customMetadata, storageClass, ssecKey }) {
  const custom = {};
  for (const key of Object.keys(customMetadata ?? {})) custom[key] = `${customMetadata[key]}`;
  return { http: httpOf(httpMetadata), custom, storageClass: storageClass === undefined ? "Standard" : `${storageClass}`, ssec: keyOf(ssecKey) };
}

const hex = (bytes) => bytes.toHex();

// Of the client's own key only its MD5 is kept: what is stored here is on the user's machine.
function keyOf(key) {
  if (key === undefined || key === null) return null;
  const bytes = typeof key === "string" ? fromHex(key) : new Uint8Array(key);
  if (bytes?.length !== 32) throw new Error("SSE-C Key must be 32 bytes in length");
  return host.digestOf("MD5", bytes).toBase64();
}

function fromHex(text) {
  try {
    return Uint8Array.fromHex(text);
  } catch {
    return undefined;
  }
}

// ---- conditions and ranges

function etag(text, field) {
  if (text === undefined || text === null) return undefined;
  if (typeof text !== "string") throw new TypeError(`Incorrect type for the '${field}' field on 'Conditional': the provided value is not of type 'string'.`);
  if (text.startsWith('"') && text.endsWith('"')) throw new TypeError(`Conditional ETag should not be wrapped in quotes (${text}).`);
  return [text];
}

function etagsOf(headers, name) {
  return headers.get(name)?.split(",").map((item) => {
    const tag = item.trim();
    const [, inner] = /^(?:W\/)?"(.*)"$/.exec(tag) ?? [];
    if (inner === undefined && tag !== "*") throw new Error(`Invalid ETag in ${name} header`);
    return inner ?? tag;
  });
}

const timeOf = (value) => (value === undefined || value === null ? undefined : new Date(value).getTime());

function conditions(given) {
  if (given === undefined || given === null) return undefined;
  if (given instanceof Headers) {
    const since = given.get("if-modified-since");
    const until = given.get("if-unmodified-since");
    return {
      etagMatches: etagsOf(given, "if-match"), etagDoesNotMatch: etagsOf(given, "if-none-match"),
      uploadedAfter: since === null ? undefined : timeOf(since) + 999, uploadedBefore: until === null ? undefined : timeOf(until) + 1000,
    };
  }
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter } = given;
  return { etagMatches: etag(etagMatches, "etagMatches"), etagDoesNotMatch: etag(etagDoesNotMatch, "etagDoesNotMatch"), uploadedBefore: timeOf(uploadedBefore), uploadedAfter: timeOf(uploadedAfter) };
}

function rangeOf(given) {
  if (given === undefined || given === null) return {};
  if (given instanceof Headers) {
    const match = /^bytes=(\d*)-(\d*)$/.exec(given.get("range")?.trim() ?? "");
    if (match === null || (match[1] === "" && match[2] === "")) return {};
    if (match[1] === "") return { suffix: +match[2] };
    return { offset: +match[1], length: match[2] === "" ? undefined : +match[2] - +match[1] + 1 };
  }
  const { offset, length, suffix } = given;
  if (offset < 0) throw new RangeError(`Invalid range. Starting offset (${offset}) must be greater than or equal to 0.`);
  if (length < 0) throw new RangeError(`Invalid range. Length (${length}) must be greater than or equal to 0.`);
  if (suffix < 0) throw new RangeError(`Invalid suffix. Suffix (${suffix}) must be greater than or equal to 0.`);
  if (suffix !== undefined && offset !== undefined) throw new TypeError("Suffix is incompatible with offset.");
  if (suffix !== undefined && length !== undefined) throw new TypeError("Suffix is incompatible with length.");
  return { offset, length, suffix };
}

// ---- objects

class Checksums {
  constructor(token, digests) {
    illegalConstructor(token);
    for (const name of Object.keys(digests)) {
      defineProperty(this, name, { value: Uint8Array.fromHex(digests[name]).buffer, enumerable: true });
    }
  }

  toJSON() {
    const json = {};
    for (const name of Object.keys(this)) json[name] = hex(new Uint8Array(this[name]));
    return json;
  }
}
interface_(Checksums);

class HeadResult {
  constructor(token, json, range = undefined) {
    illegalConstructor(token);
    const { key, version, size, etag, checksums, uploaded, meta } = parse(json);
    const httpMetadata = { ...meta.http };
    if (httpMetadata.cacheExpiry !== undefined) httpMetadata.cacheExpiry = new Date(httpMetadata.cacheExpiry);
    const members = {
      ssecKeyMd5: meta.ssec ?? undefined, storageClass: meta.storageClass, range, customMetadata: meta.custom, httpMetadata,
      uploaded: new Date(uploaded), checksums: new Checksums(internal, checksums), httpEtag: `"${etag}"`, etag, size, version, key,
    };
    for (const name of Object.keys(members)) defineProperty(this, name, { value: members[name], enumerable: true });
  }

  writeHttpMetadata(headers) {
    for (const [name, header] of HTTP) {
      const value = this.httpMetadata[name];
      if (value !== undefined) headers.set(header, value instanceof Date ? value.toUTCString() : value);
    }
  }
}
interface_(HeadResult);

class GetResult extends HeadResult {
  #response;

  constructor(token, json, payload, range) {
    super(token, json, range);
    const pull = () => host.bodyPull(payload);
    const stream = streams().createNativeReadable({ pull, cancel: () => host.bodyCancel(payload), handle: payload });
    const { contentType } = this.httpMetadata;
    this.#response = new Response(stream, contentType === undefined ? undefined : { headers: { "content-type": contentType } });
  }

  get body() { return this.#response.body; }
  get bodyUsed() { return this.#response.bodyUsed; }
  arrayBuffer() { return this.#response.arrayBuffer(); }
  blob() { return this.#response.blob(); }
  bytes() { return this.#response.bytes(); }
  json() { return this.#response.json(); }
  text() { return this.#response.text(); }
}
interface_(GetResult);

const objectOf = (json, wholeRange = false) => {
  if (json === null || json === undefined) return null;
  const { size } = parse(json);
  return new HeadResult(internal, json, wholeRange ? { offset: 0, length: size } : undefined);
};

// ---- values

const TYPES = "ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob";

function bodyFor(value, method, number) {
  if (value === null) return { payload: "", done: undefined };
  if (typeof value === "string") return { payload: value.toWellFormed(), done: undefined };
  if (isObject(value) && isBufferSource(value)) return { payload: bytesOf(value), done: undefined };
  const tag = isObject(value) ? value[Symbol.toStringTag] : undefined;
  if (tag === "Blob" || tag === "File") return payloadOf(extract(value).body);
  if (tag !== "ReadableStream" || !streams().isReadableStream(value)) throw missing(method, number, TYPES);
  const { body } = extract(value);
  const length = streams().fixedLengthOf(value);
  const sent = payloadOf(body);
  const known = length ?? (typeof sent.payload === "object" && !isBufferSource(sent.payload) ? host.bodyLength(sent.payload) : 0);
  if (known === null || known === undefined) {
    host.bodyCancel(sent.payload);
    sent.done?.catch(() => {});
    throw new TypeError("Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)");
  }
  return sent;
}

async function stored(promise, done) {
  if (done !== undefined) {
    promise.catch(() => {});
    await done;
  }
  return promise;
}

const HASHES = { md5: [32, "MD5"], sha1: [40, "SHA-1"], sha256: [64, "SHA-256"], sha384: [96, "SHA-384"], sha512: [128, "SHA-512"] };

function hashOf(options) {
  let found;
  for (const name of Object.keys(HASHES)) {
    const value = options[name];
    if (value === undefined || value === null) continue;
    if (found !== undefined) throw new TypeError("You cannot specify multiple hashing algorithms.");
    const [digits, label] = HASHES[name];
    const text = typeof value === "string" ? value.toLowerCase() : hex(bytesOf(value));
    if (typeof value !== "string" && text.length !== digits) throw new TypeError(`${label} is ${digits / 2} bytes, not ${text.length / 2}`);
    if (text.length !== digits) throw new TypeError(`${label} is ${digits} hex characters, not ${text.length}`);
    if (!/^[0-9a-f]*$/.test(text)) throw new TypeError(`Provided ${label} wasn't a valid hex string`);
    found = [name, text];
  }
  return found ?? null;
}

// ---- uploads

class R2MultipartUpload {
  #handle;

  constructor(token, handle, key, uploadId) {
    illegalConstructor(token);
    this.#handle = handle;
    defineProperty(this, "uploadId", { value: uploadId, enumerable: true });
    defineProperty(this, "key", { value: key, enumerable: true });
  }

  async uploadPart(partNumber, value) {
    const number = Math.trunc(Number(partNumber));
    if (!(number >= 1 && number <= 10_000)) {
      throw new TypeError(`Part number must be between 1 and 10000 (inclusive). Actual value was: ${number}`);
    }
    const { payload, done } = bodyFor(value, "uploadPart", 2);
    return { partNumber: number, etag: await stored(this.#handle.uploadPart([this.key, this.uploadId], number, payload), done) };
  }

  async abort() { await this.#handle.abort([this.key, this.uploadId]); }

  async complete(parts) {
    const list = [...parts].map(({ partNumber, etag }) => [Math.trunc(Number(partNumber)), `${etag}`]);
    return objectOf(await this.#handle.complete([this.key, this.uploadId], stringify(list)));
  }
}
interface_(R2MultipartUpload);

// ---- buckets

/** Leaves of a listed object's metadata what was asked for. */
function includedOf(include) {
  const names = include === undefined || include === null ? [] : [...include].map(String);
  for (const name of names) {
    if (name !== "httpMetadata" && name !== "customMetadata") throw new RangeError(`Unsupported include value ${name}`);
  }
  const [http, custom] = [names.includes("httpMetadata"), names.includes("customMetadata")];
  return ({ meta, ...object }) => ({ ...object, meta: { ...meta, http: http ? meta.http : {}, custom: custom ? meta.custom : {} } });
}

class R2Bucket {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  async head(key) {
    if (arguments.length === 0) throw missing("head", 1, "string");
    return objectOf(await this.#handle.head(`${key}`), true);
  }

  async get(key, options = undefined) {
    if (arguments.length === 0) throw missing("get", 1, "string");
    const { onlyIf, range, ssecKey } = options ?? {};
    const wanted = { ...rangeOf(range), onlyIf: conditions(onlyIf), ssec: keyOf(ssecKey) };
    const found = await this.#handle.get(`${key}`, stringify(wanted));
    if (found === null) return null;
    if (found.length === 1) return objectOf(found[0]);
    const [json, payload, offset, length] = found;
    return new GetResult(internal, json, payload, { offset, length });
  }

  async put(key, value, options = undefined) {
    if (arguments.length === 0) throw missing("put", 1, "string");
    if (arguments.length === 1) throw missing("put", 2, TYPES);
    const given = options ?? {};
    const wanted = { onlyIf: conditions(given.onlyIf), meta: metaOf(given), hash: hashOf(given) };
    const { payload, done } = bodyFor(value ?? null, "put", 2);
    return objectOf(await stored(this.#handle.put(`${key}`, payload, stringify(wanted)), done));
  }

  async delete(keys) {
    if (arguments.length === 0) throw missing("delete", 1, "string or Array");
    await this.#handle.delete(isArray(keys) ? keys.map((key) => `${key}`) : [`${keys}`]);
  }

  async list(options = undefined) {
    const { limit, prefix, cursor, delimiter, startAfter, include } = options ?? {};
    const text = (value) => (value === undefined || value === null ? undefined : `${value}`);
    const wanted = {
      limit: limit === undefined ? undefined : Math.trunc(limit), prefix: text(prefix), cursor: text(cursor), delimiter: text(delimiter), startAfter: text(startAfter),
    };
    const included = includedOf(include);
    const { objects, truncated, cursor: next, delimitedPrefixes } = parse(await this.#handle.list(stringify(wanted)));
    const page = { objects: objects.map((object) => objectOf(stringify(included(object)))), truncated };
    if (truncated) page.cursor = next;
    page.delimitedPrefixes = delimitedPrefixes;
    return page;
  }

  async createMultipartUpload(key, options = undefined) {
    if (arguments.length === 0) throw missing("createMultipartUpload", 1, "string");
    return new R2MultipartUpload(internal, this.#handle, `${key}`, await this.#handle.createUpload(`${key}`, stringify(metaOf(options ?? {}))));
  }

  resumeMultipartUpload(key, uploadId) {
    return new R2MultipartUpload(internal, this.#handle, `${key}`, `${uploadId}`);
  }
}
interface_(R2Bucket);

export const make = (handle) => new R2Bucket(internal, handle);
