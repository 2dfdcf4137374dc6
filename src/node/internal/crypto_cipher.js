// Cipheriv and Decipheriv: AES in the modes that BoringSSL has.
import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import { host } from "internal:host";
import { natives } from "node:internal/natives";
import { bytesOf, secretBytes } from "node:internal/crypto_keys";
import {
  ERR_CRYPTO_INVALID_AUTH_TAG, ERR_CRYPTO_INVALID_IV, ERR_CRYPTO_INVALID_KEYLEN, ERR_CRYPTO_INVALID_STATE, ERR_CRYPTO_UNKNOWN_CIPHER, ERR_INVALID_ARG_TYPE,
} from "node:internal/errors";
import { validateInteger, validateObject, validateString } from "node:internal/validators";

const BLOCK = 16;
const NIDS = { "128-cbc": 419, "192-cbc": 423, "256-cbc": 427, "128-ctr": 904, "192-ctr": 905, "256-ctr": 906, "128-ecb": 418, "192-ecb": 422, "256-ecb": 426, "128-gcm": 895, "192-gcm": 898, "256-gcm": 901, "128-ofb": 420, "192-ofb": 424, "256-ofb": 428 };
const CIPHERS = Object.fromEntries(Object.keys(NIDS).map((name) => [`aes-${name}`, describe(name)]));
const ALIASES = { aes128: "aes-128-cbc", aes192: "aes-192-cbc", aes256: "aes-256-cbc", "id-aes128-gcm": "aes-128-gcm", "id-aes192-gcm": "aes-192-gcm", "id-aes256-gcm": "aes-256-gcm" };

function describe(name) {
  const [size, mode] = name.split("-");
  const ivLength = { ecb: 0, gcm: 12 }[mode] ?? BLOCK;
  return { name: `aes-${name}`, mode, keyLength: size / 8, ivLength, nid: NIDS[name], blockSize: mode === "cbc" || mode === "ecb" ? BLOCK : 1 };
}

const find = (name) => CIPHERS[ALIASES[name.toLowerCase()] ?? name.toLowerCase()];
export const getCiphers = () => Object.keys(CIPHERS);

export function getCipherInfo(nameOrNid, options = undefined) {
  if (typeof nameOrNid !== "string" && typeof nameOrNid !== "number") throw new ERR_INVALID_ARG_TYPE("nameOrNid", ["string", "number"], nameOrNid);
  const cipher = typeof nameOrNid === "string" ? find(nameOrNid) : Object.values(CIPHERS).find(({ nid }) => nid === nameOrNid);
  if (options !== undefined) validateObject(options, "options");
  if (cipher === undefined) return undefined;
  const { keyLength = cipher.keyLength, ivLength = cipher.ivLength } = options ?? {};
  if (keyLength !== cipher.keyLength || (ivLength !== cipher.ivLength && !(cipher.mode === "gcm" && ivLength > 0))) return undefined;
  const { name, mode, nid, blockSize } = cipher;
  return { mode, name, nid, ...(blockSize > 1 ? { blockSize } : {}), ...(ivLength > 0 ? { ivLength } : {}), keyLength };
}

const kState = Symbol("kState");

function begin(stream, algorithm, key, iv, options, encrypts) {
  validateString(algorithm, "cipher");
  const cipher = find(algorithm);
  const secret = secretBytes(key, "key", options?.encoding);
  if (iv !== null) bytesOf(iv, "iv");
  if (cipher === undefined) throw new ERR_CRYPTO_UNKNOWN_CIPHER();
  const start = iv === null ? Buffer.alloc(0) : bytesOf(iv, "iv");
  if (secret.length !== cipher.keyLength) throw new ERR_CRYPTO_INVALID_KEYLEN();
  if (cipher.mode === "gcm" ? start.length === 0 : start.length !== cipher.ivLength) throw new ERR_CRYPTO_INVALID_IV();
  const tagLength = options?.authTagLength ?? BLOCK;
  validateInteger(tagLength, "options.authTagLength", 0, 2147483647);
  if (cipher.mode === "gcm" && (tagLength > BLOCK || (tagLength < 12 && tagLength !== 4 && tagLength !== 8))) throw new ERR_CRYPTO_INVALID_AUTH_TAG(`Invalid authentication tag length: ${tagLength}`);
  const native = natives.aes(cipher.mode, encrypts, secret, start);
  stream[kState] = { cipher, encrypts, native, tagLength, pads: true, rest: Buffer.alloc(0), begun: false, done: false };
  Reflect.apply(Transform, stream, [options]);
}

export function Cipheriv(cipher, key, iv, options = undefined) {
  if (!new.target) return new Cipheriv(cipher, key, iv, options);
  begin(this, cipher, key, iv, options, true);
}

export function Decipheriv(cipher, key, iv, options = undefined) {
  if (!new.target) return new Decipheriv(cipher, key, iv, options);
  begin(this, cipher, key, iv, options, false);
}

const isBlocks = (state) => state.cipher.blockSize > 1;

/** What can be made of the bytes now; of blocks the last one stays, where its padding may be in it. */
function more(state, bytes) {
  if (!state.begun) state.native.text();
  state.begun = true;
  if (!isBlocks(state)) return state.native.run(bytes);
  const all = Buffer.concat([state.rest, bytes]);
  const keeps = !state.encrypts && state.pads && all.length % BLOCK === 0 ? BLOCK : 0;
  const end = Math.max(0, all.length - (all.length % BLOCK) - keeps);
  state.rest = all.subarray(end);
  return state.native.run(all.subarray(0, end));
}

const failure = (code, message) => Object.assign(new Error(message), { code });

function padded({ rest }) {
  const count = BLOCK - rest.length;
  return Buffer.concat([rest, Buffer.alloc(count, count)]);
}

function unpadded(block) {
  const count = block.at(-1);
  if (!(count >= 1 && count <= BLOCK) || block.subarray(BLOCK - count).some((byte) => byte !== count)) throw failure("ERR_OSSL_BAD_DECRYPT", "bad decrypt");
  return block.subarray(0, BLOCK - count);
}

function lastBlock(state) {
  const { encrypts, pads, rest, native } = state;
  if (encrypts && pads) return native.run(padded(state));
  if (rest.length === 0 && !pads) return rest;
  if (rest.length !== BLOCK) throw failure("ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", "wrong final block length");
  return unpadded(native.run(rest));
}

function finish(state) {
  if (state.done) throw new ERR_CRYPTO_INVALID_STATE("final");
  state.done = true;
  if (isBlocks(state)) return lastBlock(state);
  if (state.cipher.mode !== "gcm") return Buffer.alloc(0);
  if (!state.begun) state.native.text();
  const tag = Buffer.from(state.native.tag());
  if (state.encrypts) state.tag = tag.subarray(0, state.tagLength);
  else if (state.tag === undefined || !host.cryptoEqual(tag.subarray(0, state.tag.length), state.tag)) throw new Error("Unsupported state or unable to authenticate data");
  return Buffer.alloc(0);
}

const output = (bytes, encoding) => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined || encoding === null || encoding === "buffer" ? buffer : buffer.toString(encoding);
};

const shared = {
  update(data, inputEncoding = undefined, outputEncoding = undefined) {
    if (typeof data !== "string" && !ArrayBuffer.isView(data)) throw new ERR_INVALID_ARG_TYPE("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    if (this[kState].done) throw new ERR_CRYPTO_INVALID_STATE("update");
    return output(more(this[kState], bytesOf(data, "data", inputEncoding)), outputEncoding);
  },
  final(encoding = undefined) { return output(finish(this[kState]), encoding); },
  setAutoPadding(pads = true) {
    if (this[kState].done) throw new ERR_CRYPTO_INVALID_STATE("setAutoPadding");
    this[kState].pads = Boolean(pads);
    return this;
  },
  setAAD(data, options = undefined) {
    const state = this[kState];
    if (state.cipher.mode !== "gcm" || state.begun || state.done) throw new ERR_CRYPTO_INVALID_STATE("setAAD");
    state.native.additional(bytesOf(data, "buffer", options?.encoding));
    return this;
  },
  _transform(chunk, encoding, callback) {
    try {
      this.push(this.update(chunk, encoding));
    } catch (error) {
      return callback(error);
    }
    return callback();
  },
  _flush(callback) {
    try {
      this.push(this.final());
    } catch (error) {
      return callback(error);
    }
    return callback();
  },
};

for (const Class of [Cipheriv, Decipheriv]) {
  Object.setPrototypeOf(Class.prototype, Transform.prototype);
  Object.setPrototypeOf(Class, Transform);
  Object.assign(Class.prototype, shared);
}

Cipheriv.prototype.getAuthTag = function getAuthTag() {
  const { tag } = this[kState];
  if (tag === undefined) throw new ERR_CRYPTO_INVALID_STATE("getAuthTag");
  return tag;
};

Decipheriv.prototype.setAuthTag = function setAuthTag(tag, encoding = undefined) {
  const state = this[kState];
  if (state.cipher.mode !== "gcm" || state.tag !== undefined || state.done) throw new ERR_CRYPTO_INVALID_STATE("setAuthTag");
  const bytes = Buffer.from(bytesOf(tag, "buffer", encoding));
  if (bytes.length > BLOCK || (bytes.length < 12 && bytes.length !== 4 && bytes.length !== 8)) throw new ERR_CRYPTO_INVALID_AUTH_TAG(`Invalid authentication tag length: ${bytes.length}`);
  state.tag = bytes;
  return this;
};

export const createCipheriv = (cipher, key, iv, options = undefined) => new Cipheriv(cipher, key, iv, options);
export const createDecipheriv = (cipher, key, iv, options = undefined) => new Decipheriv(cipher, key, iv, options);
