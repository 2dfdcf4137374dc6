// node:string_decoder: bytes to text piece by piece, characters never torn.
import { Buffer } from "node:buffer";
import { normalizeEncoding } from "node:internal/encodings";
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_THIS, ERR_UNKNOWN_ENCODING } from "node:internal/errors";

/** Bytes at the end of `bytes` that begin a UTF-8 character but do not finish it. */
function openUtf8(bytes) {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    if (byte >= 0xf5 || needed <= back) return 0;
    return validStart(bytes.subarray(bytes.length - back)) ? back : 0;
  }
  return 0;
}

/** Could these bytes, all after the first being continuations, become a character? */
function validStart([first, second]) {
  if (second === undefined) return true;
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second < 0xa0;
  if (first === 0xf0) return second >= 0x90;
  if (first === 0xf4) return second < 0x90;
  return true;
}

function openUtf16(bytes) {
  const odd = bytes.length % 2;
  const last = bytes.length - odd - 1;
  const high = last > 0 && bytes[last] >= 0xd8 && bytes[last] <= 0xdb;
  return odd + (high ? 2 : 0);
}

const OPEN = { utf8: openUtf8, utf16le: openUtf16, base64: (bytes) => bytes.length % 3, base64url: (bytes) => bytes.length % 3 };
const kState = Symbol("kState");

export function StringDecoder(encoding = undefined) {
  const known = encoding === undefined || encoding === null ? "utf8" : normalizeEncoding(encoding);
  if (known === undefined) throw new ERR_UNKNOWN_ENCODING(encoding);
  this.encoding = known;
  this[kState] = { open: Buffer.alloc(0), missing: 0 };
}

const stateOf = (decoder) => {
  const state = decoder?.[kState];
  if (state === undefined) throw new ERR_INVALID_THIS("StringDecoder");
  return state;
};

/** How many bytes the torn character lacks. */
function missingOf(encoding, open) {
  if (open.length === 0) return 0;
  if (encoding === "utf8") return (open[0] >= 0xf0 ? 4 : open[0] >= 0xe0 ? 3 : 2) - open.length;
  if (encoding === "utf16le") return open.length % 2 === 1 ? 1 : 2;
  return 3 - open.length;
}

StringDecoder.prototype.write = function write(input) {
  if (typeof input === "string") return input;
  if (!ArrayBuffer.isView(input)) throw new ERR_INVALID_ARG_TYPE("buf", ["Buffer", "TypedArray", "DataView"], input);
  const state = stateOf(this);
  let bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  if (state.open.length > 0) bytes = Buffer.concat([state.open, bytes]);
  const open = OPEN[this.encoding]?.(bytes) ?? 0;
  state.open = Buffer.from(bytes.subarray(bytes.length - open));
  return bytes.toString(this.encoding, 0, bytes.length - open);
};

StringDecoder.prototype.end = function end(input = undefined) {
  const text = input === undefined ? "" : this.write(input);
  const state = stateOf(this);
  const rest = state.open;
  state.open = Buffer.alloc(0);
  if (rest.length === 0) return text;
  if (this.encoding === "utf8") return `${text}\ufffd`;
  return text + rest.toString(this.encoding);
};

StringDecoder.prototype.text = function text(input, offset) {
  const state = stateOf(this);
  state.open = Buffer.alloc(0);
  return this.write(input.slice(offset));
};

Object.defineProperties(StringDecoder.prototype, {
  lastChar: {
    get() { return Buffer.concat([stateOf(this).open, Buffer.alloc(4)]).subarray(0, 4); }, enumerable: true, configurable: true,
  },
  lastNeed: { get() { return missingOf(this.encoding, stateOf(this).open); }, enumerable: true, configurable: true },
  lastTotal: {
    get() {
      const { open } = stateOf(this);
      return open.length + missingOf(this.encoding, open);
    },
    enumerable: true,
    configurable: true,
  },
});

export default { StringDecoder };
