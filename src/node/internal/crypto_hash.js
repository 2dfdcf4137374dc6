// Hash and Hmac of node:crypto, which are streams too.
import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import { natives } from "node:internal/natives";
import { bytesOf, secretBytes } from "node:internal/crypto_keys";
import { ERR_CRYPTO_HASH_FINALIZED, ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { validateString, validateUint32 } from "node:internal/validators";

const kState = Symbol("kState");
const ALIASES = { "sha-1": "sha1", "sha-224": "sha224", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512", "sha512/256": "sha512-256", "rsa-sha1": "sha1", "rsa-sha224": "sha224", "rsa-sha256": "sha256", "rsa-sha384": "sha384", "rsa-sha512": "sha512", "rsa-md5": "md5", ssl3md5: "md5", "ssl3-md5": "md5", "ssl3-sha1": "sha1" };

/** The one name of a hash function. */
export const hashName = (name) => {
  const lower = name.toLowerCase();
  return ALIASES[lower] ?? lower;
};

export const hashNames = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256", "RSA-MD5", "RSA-SHA1", "RSA-SHA224", "RSA-SHA256", "RSA-SHA384", "RSA-SHA512"];

function made(hasher) {
  if (hasher === undefined || hasher === null) throw new Error("Digest method not supported");
  return hasher;
}

const outputOf = (bytes, encoding) => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding);
};

function transform(chunk, encoding, callback) {
  let error = null;
  try {
    this[kState].hasher.update(bytesOf(chunk, "data", encoding));
  } catch (thrown) {
    error = thrown;
  }
  callback(error);
}

export function Hash(algorithm, options = undefined) {
  if (!new.target) return new Hash(algorithm, options);
  const isCopy = algorithm !== null && typeof algorithm === "object" && typeof algorithm.update === "function";
  if (!isCopy) validateString(algorithm, "algorithm");
  const length = options !== null && typeof options === "object" ? options.outputLength : undefined;
  if (length !== undefined) validateUint32(length, "options.outputLength");
  const hasher = isCopy ? algorithm : made(natives.hasher(hashName(algorithm)));
  if (length !== undefined && length !== hasher.copy().digest().length) throw new Error("Unsupported state or unable to set the output length");
  this[kState] = { hasher, length, finalized: false };
  Reflect.apply(Transform, this, [options]);
  return this;
}
Object.setPrototypeOf(Hash.prototype, Transform.prototype);
Object.setPrototypeOf(Hash, Transform);

Object.assign(Hash.prototype, {
  copy(options = undefined) {
    const state = this[kState];
    if (state.finalized) throw new ERR_CRYPTO_HASH_FINALIZED();
    return new Hash(state.hasher.copy(), options ?? { outputLength: state.length });
  },
  update(data, encoding = undefined) {
    if (this[kState].finalized) throw new ERR_CRYPTO_HASH_FINALIZED();
    if (typeof data !== "string" && !ArrayBuffer.isView(data)) throw new ERR_INVALID_ARG_TYPE("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    this[kState].hasher.update(bytesOf(data, "data", encoding));
    return this;
  },
  digest(encoding = undefined) {
    const state = this[kState];
    if (state.finalized) throw new ERR_CRYPTO_HASH_FINALIZED();
    // What was piped through may still be asked for.
    if (state.flushed !== undefined) return outputOf(state.flushed, encoding);
    state.finalized = true;
    const bytes = state.hasher.digest();
    return outputOf(state.length === undefined ? bytes : bytes.subarray(0, state.length), encoding === undefined ? undefined : `${encoding}`);
  },
  _transform: transform,
  _flush(callback) {
    const bytes = this.digest();
    Object.assign(this[kState], { flushed: bytes, finalized: false });
    this.push(bytes);
    callback();
  },
});

export function Hmac(algorithm, key, options = undefined) {
  if (!new.target) return new Hmac(algorithm, key, options);
  validateString(algorithm, "hmac");
  const secret = secretBytes(key, "key", options?.encoding);
  const hasher = natives.hmac(hashName(algorithm), secret);
  if (hasher === undefined || hasher === null) throw new Error("Digest method not supported");
  this[kState] = { hasher, finalized: false };
  Reflect.apply(Transform, this, [options]);
  return this;
}
Object.setPrototypeOf(Hmac.prototype, Transform.prototype);
Object.setPrototypeOf(Hmac, Transform);

Object.assign(Hmac.prototype, {
  update: Hash.prototype.update,
  digest(encoding = undefined) {
    const state = this[kState];
    // A second digest is empty, as it always was.
    const bytes = state.finalized ? new Uint8Array(0) : state.hasher.digest();
    state.finalized = true;
    return outputOf(bytes, encoding === undefined ? undefined : `${encoding}`);
  },
  _transform: transform,
  _flush(callback) {
    this.push(this.digest());
    callback();
  },
});

export const createHash = (algorithm, options = undefined) => new Hash(algorithm, options);
export const createHmac = (algorithm, key, options = undefined) => new Hmac(algorithm, key, options);

export function hash(algorithm, data, options = "hex") {
  validateString(algorithm, "algorithm");
  if (typeof data !== "string" && !ArrayBuffer.isView(data)) throw new ERR_INVALID_ARG_TYPE("input", ["string", "Buffer", "TypedArray", "DataView"], data);
  const encoding = options !== null && typeof options === "object" ? options.outputEncoding ?? "hex" : options;
  validateString(encoding, "outputEncoding");
  return createHash(algorithm).update(data).digest(encoding);
}
