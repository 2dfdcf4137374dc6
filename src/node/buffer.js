// node:buffer: Buffer, a Uint8Array with texts, numbers and searches. Texts go through natives.
import { lazy } from "internal:host";
import { inspect } from "node:internal/inspect";
import { natives } from "node:internal/natives";
import {
  ERR_BUFFER_OUT_OF_BOUNDS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_BUFFER_SIZE, ERR_INVALID_STATE,
  ERR_OUT_OF_RANGE, ERR_UNKNOWN_ENCODING, ERR_MISSING_ARGS,
} from "node:internal/errors";
import { validateArray, validateBuffer, validateInteger, validateNumber, validateString } from "node:internal/validators";
import { defineNumberMethods } from "node:internal/buffer_numbers";
import { normalizeEncoding } from "node:internal/encodings";

const { bufferBytes, bufferText, bufferCompare, bufferIndexOf, bufferIsUtf8, bufferIsAscii } = natives;
const blobs = lazy("blob");
const customInspect = Symbol.for("nodejs.util.inspect.custom");

export const kMaxLength = 2147483647;
export const kStringMaxLength = 536870888;
export const constants = { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength };
export let INSPECT_MAX_BYTES = 50;

const encodingOf = (encoding) => {
  const known = encoding === undefined || encoding === "" ? "utf8" : encoding === null ? undefined : normalizeEncoding(encoding);
  if (known === undefined) throw new ERR_UNKNOWN_ENCODING(encoding);
  return known;
};

// ---- texts

function encode(text, encoding) {
  if (encoding !== "utf16le") return bufferBytes(text, encoding);
  const bytes = new Uint8Array(text.length * 2);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes[at * 2] = unit;
    bytes[at * 2 + 1] = unit >> 8;
  }
  return bytes;
}

function decode(bytes, encoding) {
  if (encoding !== "utf16le") return bufferText(bytes, encoding);
  let text = "";
  const units = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    units.push(bytes[at] | (bytes[at + 1] << 8));
    if (units.length === 4096) text += String.fromCharCode(...units.splice(0));
  }
  return text + String.fromCharCode(...units);
}

// ---- construction

/** The class behind `Buffer`, which is callable without `new`. */
class FastBuffer extends Uint8Array {}

export function Buffer(value, encodingOrOffset = undefined, length = undefined) {
  if (typeof value === "number") {
    if (typeof encodingOrOffset === "string") throw new ERR_INVALID_ARG_TYPE("string", "string", value);
    return Buffer.alloc(value);
  }
  return Buffer.from(value, encodingOrOffset, length);
}

FastBuffer.prototype.constructor = Buffer;
Buffer.prototype = FastBuffer.prototype;
Object.defineProperty(Buffer, Symbol.species, { get() { return FastBuffer; }, configurable: true, enumerable: false });
Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.poolSize = 8192;

/** The same bytes as a Buffer. */
const adopt = (bytes) => new FastBuffer(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const isArrayBufferLike = (value) => value instanceof ArrayBuffer || (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer) ||
  (typeof value === "object" && value !== null && ["[object ArrayBuffer]", "[object SharedArrayBuffer]"].includes(Object.prototype.toString.call(value)));

function checkSize(size) {
  validateNumber(size, "size", 0, kMaxLength);
}

Buffer.from = function from(value, encodingOrOffset = undefined, length = undefined) {
  if (typeof value === "string") return fromString(value, encodingOrOffset);
  if (typeof value === "object" && value !== null) {
    if (isArrayBufferLike(value)) return fromArrayBuffer(value, encodingOrOffset, length);
    const primitive = value.valueOf?.();
    if (primitive !== undefined && primitive !== null && primitive !== value && (typeof primitive === "string" || typeof primitive === "object")) {
      return from(primitive, encodingOrOffset, length);
    }
    const made = fromObject(value);
    if (made !== undefined) return made;
    if (typeof value[Symbol.toPrimitive] === "function") {
      const text = value[Symbol.toPrimitive]("string");
      if (typeof text === "string") return fromString(text, encodingOrOffset);
    }
  }
  throw new ERR_INVALID_ARG_TYPE("first argument", ["string", "Buffer", "ArrayBuffer", "Array", "Array-like Object"], value);
};

function fromString(text, encoding) {
  const known = typeof encoding !== "string" || encoding.length === 0 ? "utf8" : encodingOf(encoding);
  return adopt(encode(text, known));
}

function fromArrayBuffer(buffer, byteOffset, length) {
  let offset = byteOffset;
  if (offset === undefined) offset = 0;
  else if (Number.isNaN((offset = +offset))) offset = 0;
  const most = buffer.byteLength - offset;
  if (most < 0) throw new ERR_BUFFER_OUT_OF_BOUNDS("offset");
  if (length === undefined) return new FastBuffer(buffer, offset, most);
  const wanted = +length > 0 ? +length : 0;
  if (wanted > most) throw new ERR_BUFFER_OUT_OF_BOUNDS("length");
  return new FastBuffer(buffer, offset, wanted);
}

function fromObject(value) {
  if (value.length !== undefined || isArrayBufferLike(value.buffer)) {
    return typeof value.length === "number" ? fromArrayLike(value) : new FastBuffer();
  }
  if (value.type === "Buffer" && Array.isArray(value.data)) return fromArrayLike(value.data);
  return undefined;
}

function fromArrayLike(value) {
  if (value.length <= 0) return new FastBuffer();
  if (value.length > kMaxLength) throw new RangeError("Invalid array length");
  const made = new FastBuffer(value.length);
  if (ArrayBuffer.isView(value)) {
    // Of numbers that are no bytes the lowest eight bits stay.
    made.set(value);
    return made;
  }
  for (let at = 0; at < made.length; at++) made[at] = value[at];
  return made;
}

Buffer.copyBytesFrom = function copyBytesFrom(view, offset = undefined, length = undefined) {
  if (!ArrayBuffer.isView(view) || view instanceof DataView) throw new ERR_INVALID_ARG_TYPE("view", ["TypedArray"], view);
  if (view.length === 0) return new FastBuffer();
  let part = view;
  if (offset !== undefined || length !== undefined) {
    let start = 0;
    if (offset !== undefined) {
      validateInteger(offset, "offset", 0);
      if (offset >= view.length) return new FastBuffer();
      start = offset;
    }
    let end = view.length;
    if (length !== undefined) {
      validateInteger(length, "length", 0);
      end = start + length;
    }
    part = view.slice(start, end);
  }
  return fromArrayLike(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
};

Buffer.of = function of(...items) {
  const made = new FastBuffer(items.length);
  for (let at = 0; at < items.length; at++) made[at] = items[at];
  return made;
};

Buffer.alloc = function alloc(size, fill = undefined, encoding = undefined) {
  checkSize(size);
  const made = new FastBuffer(size);
  if (fill !== undefined && fill !== 0 && size > 0) {
    if (encoding !== undefined && typeof encoding !== "string" && typeof fill === "string") throw new ERR_INVALID_ARG_TYPE("encoding", "string", encoding);
    made.fill(fill, encoding);
  }
  return made;
};

Buffer.allocUnsafe = function allocUnsafe(size) {
  checkSize(size);
  return new FastBuffer(size);
};

Buffer.allocUnsafeSlow = function allocUnsafeSlow(size) {
  checkSize(size);
  return new FastBuffer(size);
};

export function SlowBuffer(length) {
  checkSize(length);
  return Buffer.allocUnsafeSlow(length);
}
Object.setPrototypeOf(SlowBuffer.prototype, Uint8Array.prototype);
Object.setPrototypeOf(SlowBuffer, Uint8Array);

Buffer.isBuffer = function isBuffer(value) { return value instanceof Buffer; };
Buffer.isEncoding = function isEncoding(encoding) {
  return typeof encoding === "string" && encoding.length !== 0 && normalizeEncoding(encoding) !== undefined;
};

const isUint8Array = (value) => value instanceof Uint8Array || Object.prototype.toString.call(value) === "[object Uint8Array]";

Buffer.compare = function compare(one, other) {
  if (!isUint8Array(one)) throw new ERR_INVALID_ARG_TYPE("buf1", ["Buffer", "Uint8Array"], one);
  if (!isUint8Array(other)) throw new ERR_INVALID_ARG_TYPE("buf2", ["Buffer", "Uint8Array"], other);
  return one === other ? 0 : bufferCompare(one, other);
};

Buffer.concat = function concat(list, totalLength = undefined) {
  validateArray(list, "list");
  if (list.length === 0) return new FastBuffer();
  list.forEach((one, at) => {
    if (!isUint8Array(one)) throw new ERR_INVALID_ARG_TYPE(`list[${at}]`, ["Buffer", "Uint8Array"], one);
  });
  let total = totalLength;
  if (total === undefined) total = list.reduce((sum, one) => sum + one.length, 0);
  else validateInteger(total, "length", 0, kMaxLength);
  const made = new FastBuffer(total);
  let at = 0;
  for (const one of list) {
    if (at + one.length > total) {
      made.set(one.subarray(0, total - at), at);
      break;
    }
    made.set(one, at);
    at += one.length;
  }
  return made;
};

function base64Length(text) {
  let length = text.length;
  if (length > 0 && text.charCodeAt(length - 1) === 61) length--;
  if (length > 1 && text.charCodeAt(length - 1) === 61) length--;
  return (length * 3) >>> 2;
}

Buffer.byteLength = byteLength;
function byteLength(value, encoding = undefined) {
  if (typeof value !== "string") {
    if (ArrayBuffer.isView(value) || isArrayBufferLike(value)) return value.byteLength;
    throw new ERR_INVALID_ARG_TYPE("string", ["string", "Buffer", "ArrayBuffer"], value);
  }
  if (value.length === 0) return 0;
  switch (encoding ? normalizeEncoding(encoding) : "utf8") {
    case "utf16le": return value.length * 2;
    case "latin1": case "ascii": return value.length;
    case "hex": return value.length >>> 1;
    case "base64": case "base64url": return base64Length(value);
    default: return bufferBytes(value, "utf8").length;
  }
}

// ---- methods

const { prototype } = Buffer;
const define = (methods) => {
  for (const name of Reflect.ownKeys(methods)) define_(name, methods[name]);
};
const define_ = (name, value) => Object.defineProperty(prototype, name, { value, writable: true, enumerable: true, configurable: true });

for (const [name, key] of [["parent", "buffer"], ["offset", "byteOffset"]]) {
  Object.defineProperty(prototype, name, { get() { return this instanceof Buffer ? this[key] : undefined; }, enumerable: true, configurable: true });
}

/** -1 -> length - 1, "1" -> 1, NaN -> 0. */
function relativeIndex(value, length) {
  const index = Math.trunc(value) || 0;
  if (index >= 0) return Math.min(index, length);
  return Math.max(length + index, 0);
}

define({
  copy(target, targetStart = 0, sourceStart = 0, sourceEnd = this.length) {
    return copyBytes(this, target, targetStart, sourceStart, sourceEnd);
  },
  toString(encoding = undefined, start = 0, end = this.length) {
    if (arguments.length === 0) return decode(this, "utf8");
    const length = this.length;
    const from = start <= 0 ? 0 : start >= length ? length : Math.trunc(start) || 0;
    const to = end > length || end === undefined ? length : Math.trunc(end) || 0;
    const known = encodingOf(encoding);
    return to <= from ? "" : decode(this.subarray(from, to), known);
  },
  equals(other) {
    if (!isUint8Array(other)) throw new ERR_INVALID_ARG_TYPE("otherBuffer", ["Buffer", "Uint8Array"], other);
    if (this === other) return true;
    return this.byteLength === other.byteLength && bufferCompare(this, other) === 0;
  },
  [customInspect](depth, options) {
    const most = INSPECT_MAX_BYTES;
    const shown = Math.min(most, this.length);
    const rest = this.length - most;
    let text = decode(this.subarray(0, shown), "hex").replace(/(.{2})/g, "$1 ").trim();
    if (rest > 0) text += ` ... ${rest} more byte${rest > 1 ? "s" : ""}`;
    if (options) {
      const extras = Object.entries(this).filter(([key]) => !/^\d+$/.test(key));
      for (const [key, value] of extras) text += `${text === "" ? "" : ", "}${key}: ${inspect(value, { ...options, breakLength: Infinity, compact: true })}`;
    }
    return `<${this.constructor?.name ?? "Buffer"}${text === "" ? "" : ` ${text}`}>`;
  },
  compare(target, targetStart = undefined, targetEnd = undefined, sourceStart = undefined, sourceEnd = undefined) {
    if (!isUint8Array(target)) throw new ERR_INVALID_ARG_TYPE("target", ["Buffer", "Uint8Array"], target);
    if (arguments.length === 1) return bufferCompare(this, target);
    const limit = (value, name, fallback, max) => {
      if (value === undefined) return fallback;
      validateInteger(value, name, 0, max);
      return value;
    };
    const from = limit(targetStart, "targetStart", 0, Number.MAX_SAFE_INTEGER);
    const to = limit(targetEnd, "targetEnd", target.length, target.length);
    const ownFrom = limit(sourceStart, "sourceStart", 0, Number.MAX_SAFE_INTEGER);
    const ownTo = limit(sourceEnd, "sourceEnd", this.length, this.length);
    if (ownFrom >= ownTo) return from >= to ? 0 : -1;
    if (from >= to) return 1;
    return bufferCompare(this.subarray(ownFrom, ownTo), target.subarray(from, to));
  },
  indexOf(value, byteOffset = undefined, encoding = undefined) { return search(this, value, byteOffset, encoding, true); },
  lastIndexOf(value, byteOffset = undefined, encoding = undefined) { return search(this, value, byteOffset, encoding, false); },
  includes(value, byteOffset = undefined, encoding = undefined) { return this.indexOf(value, byteOffset, encoding) !== -1; },
  fill(value, offset = undefined, end = undefined, encoding = undefined) { return fill(this, value, offset, end, encoding); },
  write(text, offset = undefined, length = undefined, encoding = undefined) {
    if (offset === undefined) return writeText(this, text, 0, this.length, "utf8");
    let from = offset;
    let count = length;
    let name = encoding;
    if (length === undefined && typeof offset === "string") {
      name = offset;
      count = this.length;
      from = 0;
    } else {
      validateInteger(from, "offset", 0, this.length);
      const room = this.length - from;
      if (count === undefined) {
        count = room;
      } else if (typeof count === "string") {
        name = count;
        count = room;
      } else {
        validateInteger(count, "length", 0, this.length);
        count = Math.min(count, room);
      }
    }
    return writeText(this, text, from, count, name ? encodingOf(name) : "utf8");
  },
  toJSON() { return { type: "Buffer", data: Array.from(this) }; },
  subarray(start = undefined, end = undefined) {
    const from = relativeIndex(start ?? 0, this.length);
    const to = end === undefined ? this.length : relativeIndex(end, this.length);
    return new FastBuffer(this.buffer, this.byteOffset + from, Math.max(to - from, 0));
  },
  slice(start, end) { return this.subarray(start, end); },
  swap16() { return swap(this, 2); },
  swap32() { return swap(this, 4); },
  swap64() { return swap(this, 8); },
});
prototype.toLocaleString = prototype.toString;
prototype.inspect = prototype[customInspect];
Object.defineProperty(prototype, "inspect", { enumerable: false });
Object.defineProperty(prototype, customInspect, { enumerable: false });
defineNumberMethods(define);

function writeText(target, text, offset, length, encoding) {
  validateString(text, "argument");
  const room = Math.min(length, target.length - offset);
  let bytes = encode(text, encoding);
  if (bytes.length > room) bytes = fitting(bytes, room, encoding);
  target.set(bytes, offset);
  return bytes.length;
}

/** As many bytes as there is room for, no character torn. */
function fitting(bytes, room, encoding) {
  let end = room;
  if (encoding === "utf8") while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  if (encoding === "utf16le") end -= end % 2;
  return bytes.subarray(0, end);
}

for (const [prefix, encoding] of Object.entries({ ascii: "ascii", base64: "base64", base64url: "base64url", hex: "hex", latin1: "latin1", ucs2: "utf16le", utf8: "utf8", utf16le: "utf16le" })) {
  define({
    [`${prefix}Slice`](start = 0, end = this.length) { return this.toString(encoding, start, end); },
    [`${prefix}Write`](text, offset = 0, length = this.length - offset) {
      validateString(text, "argument");
      if (offset < 0 || offset > this.length) throw new ERR_BUFFER_OUT_OF_BOUNDS("offset");
      if (length < 0 || length > this.length - offset) throw new ERR_BUFFER_OUT_OF_BOUNDS("length");
      return writeText(this, text, offset, length, encoding);
    },
  });
}

function copyBytes(source, target, targetStart, sourceStart, sourceEnd) {
  if (!ArrayBuffer.isView(target)) throw new ERR_INVALID_ARG_TYPE("target", ["Buffer", "Uint8Array"], target);
  const whole = (value, fallback) => (value === undefined ? fallback : Math.trunc(+value) || 0);
  const at = whole(targetStart, 0);
  if (at < 0) throw new ERR_OUT_OF_RANGE("targetStart", ">= 0", at);
  const from = whole(sourceStart, 0);
  if (from < 0) throw new ERR_OUT_OF_RANGE("sourceStart", ">= 0", from);
  const to = whole(sourceEnd, source.length);
  if (to < 0) throw new ERR_OUT_OF_RANGE("sourceEnd", ">= 0", to);
  if (at >= target.byteLength || from >= to || from >= source.length) return 0;
  const count = Math.min(to - from, target.byteLength - at, source.length - from);
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(source.subarray(from, from + count), at);
  return count;
}

function search(bytes, value, byteOffset, encoding, forward) {
  validateBuffer(bytes);
  let name = encoding;
  let offset = byteOffset;
  if (typeof offset === "string") {
    name = offset;
    offset = undefined;
  } else if (offset > 0x7fffffff) {
    offset = 0x7fffffff;
  } else if (offset < -0x80000000) {
    offset = -0x80000000;
  }
  offset = +offset;
  if (Number.isNaN(offset)) offset = forward ? 0 : bytes.length;
  offset = Math.trunc(offset);
  const length = bytes.length;
  let needle;
  let step = 1;
  if (typeof value === "number") {
    needle = new Uint8Array([value]);
  } else if (typeof value === "string") {
    const known = encodingOf(name);
    needle = encode(value, known);
    if (known === "utf16le") step = 2;
  } else if (isUint8Array(value)) {
    needle = value;
    if (name !== undefined && normalizeEncoding(name) === "utf16le") step = 2;
  } else {
    throw new ERR_INVALID_ARG_TYPE("value", ["number", "string", "Buffer", "Uint8Array"], value);
  }
  let start = offset < 0 ? length + offset : offset;
  if (start < 0) {
    if (!forward) return -1;
    start = 0;
  }
  if (start > length) {
    if (forward) return needle.length === 0 && typeof value !== "number" ? length : -1;
    start = length;
  }
  if (needle.length === 0) return start;
  if (length === 0 || needle.length > length) return -1;
  if (step === 2 && (length < 2 || needle.length < 2)) return -1;
  return bufferIndexOf(bytes, needle, start, forward, step);
}

function fill(target, value, offset, end, encoding) {
  let from = offset;
  let to = end;
  let name = encoding;
  let content = value;
  if (typeof content === "string") {
    if (from === undefined || typeof from === "string") {
      name = from;
      from = undefined;
      to = target.length;
    } else if (typeof to === "string") {
      name = to;
      to = target.length;
    }
    if (name !== undefined) {
      validateString(name, "encoding");
      encodingOf(name);
    }
    if (content.length === 0) content = 0;
    else {
      const known = encodingOf(name);
      const bytes = encode(content, known);
      if (bytes.length === 0) throw new ERR_INVALID_ARG_VALUE("value", value);
      content = bytes.length === 1 ? bytes[0] : bytes;
    }
  } else if (typeof content === "boolean") {
    content = +content;
  } else if (typeof content === "number") {
    content &= 255;
  }
  if (from === undefined) {
    from = 0;
    to = target.length;
  } else {
    validateNumber(from, "offset", 0);
    if (to === undefined) to = target.length;
    else validateNumber(to, "end", 0, target.length);
    if (from >= to) return target;
  }
  if (!ArrayBuffer.isView(content)) {
    Uint8Array.prototype.fill.call(target, content, from, to);
    return target;
  }
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length === 0) throw new ERR_INVALID_ARG_VALUE("value", value);
  if (to <= from) return target;
  target.set(bytes.subarray(0, to - from), from);
  for (let done = bytes.length; from + done < to; done *= 2) {
    target.copyWithin(from + done, from, Math.min(from + done, to - done));
  }
  return target;
}

function swap(bytes, width) {
  if (bytes.length % width !== 0) throw new ERR_INVALID_BUFFER_SIZE(`${width * 8}-bits`);
  for (let at = 0; at < bytes.length; at += width) {
    for (let one = at, other = at + width - 1; one < other; one++, other--) [bytes[one], bytes[other]] = [bytes[other], bytes[one]];
  }
  return bytes;
}

// ---- the module's functions

const bytesOf = (input) => {
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (isArrayBufferLike(input)) return new Uint8Array(input);
  throw new ERR_INVALID_ARG_TYPE("input", ["ArrayBuffer", "Buffer", "TypedArray"], input);
};

function checkDetached(bytes) {
  if (bytes.buffer.detached) throw new ERR_INVALID_STATE("Cannot validate on a detached buffer");
}

export function isAscii(input) {
  const bytes = bytesOf(input);
  checkDetached(bytes);
  return bufferIsAscii(bytes);
}

export function isUtf8(input) {
  const bytes = bytesOf(input);
  checkDetached(bytes);
  return bufferIsUtf8(bytes);
}

export function transcode(source, fromEncoding, toEncoding) {
  if (!isUint8Array(source)) throw new ERR_INVALID_ARG_TYPE("source", ["Buffer", "Uint8Array"], source);
  const known = (encoding) => {
    const found = normalizeEncoding(encoding);
    return found === "base64" || found === "base64url" || found === "hex" ? undefined : found;
  };
  const [from, to] = [known(fromEncoding), known(toEncoding)];
  if (from === undefined || to === undefined) throw new ERR_INVALID_ARG_VALUE("toEncoding", toEncoding, "is not supported");
  if (source.length === 0) return new FastBuffer();
  if ((from === "utf16le" && source.length % 2 !== 0) || (from === "utf8" && to === "utf16le" && !bufferIsUtf8(source))) {
    throw new Error("Unable to transcode buffer");
  }
  const text = decode(source, from === "ascii" ? "latin1" : from);
  if (to === "latin1" || to === "ascii") {
    const most = to === "ascii" ? 0x7f : 0xff;
    return Buffer.from(Array.from(text, (c) => (c.codePointAt(0) > most ? 0x3f : c.codePointAt(0))));
  }
  return adopt(encode(text, to));
}

export function resolveObjectURL() {
  return undefined;
}

export const atob = (input) => {
  if (input === undefined) throw new ERR_MISSING_ARGS("input");
  return globalThis.atob(input);
};
export const btoa = (input) => {
  if (input === undefined) throw new ERR_MISSING_ARGS("input");
  return globalThis.btoa(input);
};
export const { Blob, File } = blobs();

const buffer = {
  Buffer, SlowBuffer, transcode, isUtf8, isAscii, kMaxLength, kStringMaxLength, constants, btoa, atob, Blob, File, resolveObjectURL,
};
Object.defineProperty(buffer, "INSPECT_MAX_BYTES", {
  get() { return INSPECT_MAX_BYTES; },
  set(value) {
    validateNumber(value, "INSPECT_MAX_BYTES", 0);
    INSPECT_MAX_BYTES = value;
  },
  enumerable: true,
  configurable: true,
});
export default buffer;
