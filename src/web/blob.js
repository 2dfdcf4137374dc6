// Blob and File, as the File API says. A blob is a list of byte chunks that nobody writes to after its construction, so
// that slices and copies share them. For other modules: `isBlob`, `isFile`, `chunksOf(blob) -> [Uint8Array]` (never to be
// written to), `blobFrom(chunks, type)`, `join(chunks, length) -> Uint8Array` (always a fresh one).
import { lazy } from "internal:host";
import { fromUtf8, utf8 } from "internal:encoding";
import { DOMString, USVString, interface_, internal, isObject, requiredArguments, sequence } from "internal:webidl";
import { bytesOf, dictionary, enumeration, integer, isBufferSource, longLongClamped } from "internal:webidl_types";

const streams = lazy("streams");
const { apply } = Reflect;
const { set, slice, subarray } = Uint8Array.prototype;
const { now } = Date;
const { min, max } = Math;

/** Cloudflare's limit, in bytes. */
const LARGEST = 128 * 1024 * 1024;

/** Bytes a stream of a blob hands out at once. */
const PIECE = 64 * 1024;

export function join(chunks, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    apply(set, bytes, [chunk, at]);
    at += chunk.length;
  }
  return bytes;
}

const lengthOf = (chunks) => chunks.reduce((length, chunk) => length + chunk.length, 0);

// ---- construction

const outsideType = /[^\x20-\x7e]/;
const typeOf = (type) => (outsideType.test(type) ? "" : type.toLowerCase());

/** Buffers are read after all parts are converted: a part that is an object may resize them, as on Cloudflare. */
const part = (value) => (isBlob(value) || isBufferSource(value) ? value : USVString(value));
const parts = sequence(part);
const members = { endings: [enumeration("EndingType", ["transparent", "native"]), "transparent"], type: [DOMString, ""] };
const blobOptions = dictionary("BlobPropertyBag", members);

const toLineFeeds = (text) => text.replace(/\r\n?/g, "\n");

function chunksFrom(values, endings) {
  const chunks = [];
  for (const value of values) {
    if (typeof value === "string") chunks.push(utf8(endings === "native" ? toLineFeeds(value) : value));
    else if (isBlob(value)) chunks.push(...chunksOf(value));
    else chunks.push(apply(slice, bytesOf(value), []));
  }
  return chunks;
}

// The chunks between two places, as views of the same memory.
function cut(chunks, from, to) {
  const kept = [];
  let start = 0;
  for (const chunk of chunks) {
    const end = start + chunk.length;
    if (end > from && start < to) kept.push(apply(subarray, chunk, [max(from - start, 0), min(to, end) - start]));
    start = end;
  }
  return kept;
}

export let isBlob;
export let chunksOf;
export let isFile;

export class Blob {
  #chunks;
  #size;
  #type;

  constructor(blobParts = undefined, options = undefined) {
    if (blobParts === internal) {
      this.#chunks = options.chunks;
      this.#type = options.type;
    } else {
      const prefix = `Failed to construct '${new.target === Blob ? "Blob" : "File"}'`;
      const values = blobParts === undefined ? [] : parts(blobParts, prefix, "constructor parameter 1");
      const { endings, type } = blobOptions(options, prefix, "options");
      this.#chunks = chunksFrom(values, endings);
      this.#type = typeOf(type);
    }
    this.#size = lengthOf(this.#chunks);
    if (this.#size > LARGEST) throw new RangeError(`Blob size ${this.#size} exceeds limit ${LARGEST}`);
    if (this.#chunks.length > 1 && this.#size <= PIECE) this.#chunks = [join(this.#chunks, this.#size)];
  }

  get size() {
    return this.#size;
  }

  get type() {
    return this.#type;
  }

  slice(start = undefined, end = undefined, contentType = "") {
    const size = this.#size;
    const place = (value, absent) => {
      if (value === undefined) return absent;
      const at = longLongClamped(value, "Failed to execute 'slice' on 'Blob'");
      return at < 0 ? max(size + at, 0) : min(at, size);
    };
    const from = place(start, 0);
    const to = max(place(end, size), from);
    return new Blob(internal, { chunks: cut(this.#chunks, from, to), type: typeOf(DOMString(contentType)) });
  }

  stream() {
    return streamOf(this.#chunks);
  }

  async text() {
    return fromUtf8(this.#bytes());
  }

  async arrayBuffer() {
    return join(this.#chunks, this.#size).buffer;
  }

  async bytes() {
    return join(this.#chunks, this.#size);
  }

  #bytes() {
    return this.#chunks.length === 1 ? this.#chunks[0] : join(this.#chunks, this.#size);
  }

  static {
    isBlob = (value) => isObject(value) && #chunks in value;
    chunksOf = (blob) => blob.#chunks;
  }
}
interface_(Blob, { clone: (blob) => new Blob(internal, { chunks: chunksOf(blob), type: blob.type }) });

/** A blob of chunks that nobody will write to; its type is taken as it is. */
export const blobFrom = (chunks, type = "") => new Blob(internal, { chunks, type });

// Each piece is a copy: a reader owns what it reads.
function streamOf(chunks) {
  let index = 0;
  let at = 0;
  const pull = (hint) => {
    while (index < chunks.length && at >= chunks[index].length) {
      index++;
      at = 0;
    }
    if (index === chunks.length) return null;
    const piece = apply(slice, chunks[index], [at, at + (hint || PIECE)]);
    at += piece.length;
    return piece;
  };
  return streams().createNativeReadable({ pull, cancel() {} });
}

// ---- File

const longLong = integer("long long", 64, true);
const fileOptions = dictionary("FilePropertyBag", { lastModified: [longLong] });

export class File extends Blob {
  #name;
  #lastModified;

  constructor(fileBits, fileName, options = undefined) {
    if (fileBits === internal) {
      super(internal, options);
      this.#name = fileName;
      this.#lastModified = options.lastModified ?? now();
      return;
    }
    const prefix = "Failed to construct 'File'";
    requiredArguments(arguments.length, 2, prefix);
    if (fileBits === undefined) parts(fileBits, prefix, "constructor parameter 1");
    super(fileBits, options);
    this.#name = USVString(fileName, prefix, "constructor parameter 2");
    this.#lastModified = fileOptions(options, prefix, "options").lastModified ?? now();
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }

  static {
    isFile = (value) => isObject(value) && #name in value;
  }
}
// Workers cannot clone files.
interface_(File);

/** A file of chunks that nobody will write to; without `lastModified` it is of now. */
export const fileFrom = (chunks, name, { type = "", lastModified = undefined } = {}) =>
  new File(internal, name, { chunks, type, lastModified });
