// sign and verify, at once and piece by piece; RSA's encryption.
import { Buffer } from "node:buffer";
import { Writable } from "node:stream";
import { host } from "internal:host";
import { natives } from "node:internal/natives";
import { integer, read, sequence, unsigned } from "node:internal/crypto_der";
import { KeyObject, bytesOf, pairOf } from "node:internal/crypto_keys";
import { keyFrom, webDetails } from "node:internal/crypto_formats";
import { hashName } from "node:internal/crypto_hash";
import { constants } from "node:internal/crypto_constants";
import { ERR_CRYPTO_INVALID_DIGEST, ERR_CRYPTO_SIGN_KEY_REQUIRED, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateFunction, validateInteger, validateString } from "node:internal/validators";

const HASHES = { md5: ["MD5", 16], sha1: ["SHA-1", 20], sha256: ["SHA-256", 32], sha384: ["SHA-384", 48], sha512: ["SHA-512", 64] };

function hashOf(algorithm) {
  const name = hashName(algorithm);
  if (!Object.hasOwn(HASHES, name)) throw new ERR_CRYPTO_INVALID_DIGEST(algorithm);
  return HASHES[name];
}

/** Bytes of a coordinate. */
const WIDTHS = { "P-256": 32, "P-384": 48, "P-521": 66 };

function toDer(signature) {
  const half = signature.length / 2;
  return sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
}

/** Undefined for what is no signature of this curve. */
function fromDer(signature, width) {
  try {
    const numbers = read(signature).map(unsigned);
    if (numbers.length !== 2 || numbers.some(({ length }) => length > width)) return undefined;
    return Buffer.concat(numbers.flatMap((number) => [Buffer.alloc(width - number.length), number]));
  } catch {
    return undefined;
  }
}

function optionsOf(key) {
  const { padding, saltLength, dsaEncoding = "der" } = key instanceof KeyObject || typeof key !== "object" ? {} : key ?? {};
  if (padding !== undefined) validateInteger(padding, "options.padding");
  if (saltLength !== undefined) validateInteger(saltLength, "options.saltLength");
  if (!["der", "ieee-p1363"].includes(dsaEncoding)) throw new ERR_INVALID_ARG_VALUE("options.dsaEncoding", dsaEncoding);
  return { padding, saltLength, dsaEncoding };
}

const isPss = (pair, { padding }) => pair.kind === "RSA" && (padding === undefined ? pair.isPss : padding === constants.RSA_PKCS1_PSS_PADDING);
const longest = (pair, size) => Math.ceil((webDetails(pair.handle).modulusLength - 1) / 8) - size - 2;

function signed(pair, algorithm, data, options) {
  if (pair.kind === "Ed25519") return Buffer.from(host.cryptoSign(pair.handle, {}, data));
  const [hash, size] = hashOf(algorithm ?? "sha256");
  const plan = { hash };
  if (isPss(pair, options)) plan.salt = { [constants.RSA_PSS_SALTLEN_DIGEST]: size, [constants.RSA_PSS_SALTLEN_MAX_SIGN]: longest(pair, size) }[options.saltLength ?? -2] ?? options.saltLength;
  const made = host.cryptoSign(pair.handle, plan, data);
  if (made === undefined) throw new Error("The key cannot sign with this hash");
  const signature = Buffer.from(made);
  return Object.hasOwn(WIDTHS, pair.kind) && options.dsaEncoding === "der" ? toDer(signature) : signature;
}

function verified(pair, algorithm, data, signature, options) {
  if (pair.kind === "Ed25519") return host.cryptoVerify(pair.handle, {}, signature, data);
  const [hash, size] = hashOf(algorithm ?? "sha256");
  if (isPss(pair, options)) {
    // The salt's length is found in the signature, unless it is told.
    const [most, told] = [longest(pair, size), options.saltLength ?? -2];
    const lengths = told === -2 ? [size, most, ...Array(Math.max(0, most)).keys()] : [told === -1 ? size : told];
    return lengths.some((salt) => host.cryptoVerify(pair.handle, { hash, salt }, signature, data));
  }
  const width = WIDTHS[pair.kind];
  const given = width !== undefined && options.dsaEncoding === "der" ? fromDer(signature, width) : signature;
  return given !== undefined && host.cryptoVerify(pair.handle, { hash }, given, data);
}

const pairFor = (key, type) => {
  if (key === undefined || key === null) throw new ERR_CRYPTO_SIGN_KEY_REQUIRED();
  return pairOf(keyFrom(key, type));
};

/** Tells a callback, where there is one. */
function told(callback, work) {
  if (callback === undefined) return work();
  validateFunction(callback, "callback");
  let results;
  try {
    results = [null, work()];
  } catch (error) {
    results = [error];
  }
  process.nextTick(callback, ...results);
  return undefined;
}

const dataOf = (data, name = "data") => {
  if (!ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer)) throw new ERR_INVALID_ARG_TYPE(name, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"], data);
  return bytesOf(data, name);
};

export function sign(algorithm, data, key, callback = undefined) {
  if (algorithm !== null && algorithm !== undefined) validateString(algorithm, "algorithm");
  const [bytes, options] = [dataOf(data), optionsOf(key)];
  return told(callback, () => signed(pairFor(key, "private"), algorithm, bytes, options));
}

export function verify(algorithm, data, key, signature, callback = undefined) {
  if (algorithm !== null && algorithm !== undefined) validateString(algorithm, "algorithm");
  const [bytes, given, options] = [dataOf(data), dataOf(signature, "signature"), optionsOf(key)];
  return told(callback, () => verified(pairFor(key, "public"), algorithm, bytes, given, options));
}

const kState = Symbol("kState");

function begin(stream, algorithm, options) {
  validateString(algorithm, "algorithm");
  hashOf(algorithm);
  stream[kState] = { algorithm, chunks: [] };
  Reflect.apply(Writable, stream, [options]);
}

export function Sign(algorithm, options = undefined) {
  if (!new.target) return new Sign(algorithm, options);
  begin(this, algorithm, options);
}

export function Verify(algorithm, options = undefined) {
  if (!new.target) return new Verify(algorithm, options);
  begin(this, algorithm, options);
}

for (const Class of [Sign, Verify]) {
  Object.setPrototypeOf(Class.prototype, Writable.prototype);
  Object.setPrototypeOf(Class, Writable);
  Object.assign(Class.prototype, {
    update(data, encoding = undefined) {
      this[kState].chunks.push(Buffer.from(bytesOf(data, "data", encoding)));
      return this;
    },
    _write(chunk, encoding, callback) {
      this.update(chunk, encoding);
      callback();
    },
  });
}

Sign.prototype.sign = function (key, encoding = undefined) {
  const { algorithm, chunks } = this[kState];
  const signature = signed(pairFor(key, "private"), algorithm, Buffer.concat(chunks), optionsOf(key));
  return encoding === undefined || encoding === "buffer" ? signature : signature.toString(encoding);
};

Verify.prototype.verify = function (key, signature, encoding = undefined) {
  const { algorithm, chunks } = this[kState];
  return verified(pairFor(key, "public"), algorithm, Buffer.concat(chunks), bytesOf(signature, "signature", encoding), optionsOf(key));
};

export const createSign = (algorithm, options = undefined) => new Sign(algorithm, options);
export const createVerify = (algorithm, options = undefined) => new Verify(algorithm, options);

// ---- RSA's encryption

const failed = () => Object.assign(new Error("RSA: the data does not fit the key or its padding"), { code: "ERR_OSSL_RSA_PADDING" });

function power(pair, data, isPrivate) {
  const [n, e, d] = host.keyParts(pair.handle).map((part) => Buffer.from(part));
  const made = natives.modPow(data, isPrivate ? d : e, n);
  if (made === undefined || made === null || data.length > n.length) throw failed();
  return Buffer.from(made);
}

/** PKCS #1's block: a type, bytes that fill it, a zero, the data. */
function filled(data, width, type) {
  const count = width - data.length - 3;
  if (count < 8) throw failed();
  const filling = type === 1 ? Buffer.alloc(count, 0xff) : crypto.getRandomValues(Buffer.alloc(count)).map((byte) => byte || 1);
  return Buffer.concat([Buffer.from([0, type]), filling, Buffer.from([0]), data]);
}

function unfilled(block, type) {
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== type || end < 10) throw failed();
  return block.subarray(end + 1);
}

const widthOf = (pair) => Math.ceil(webDetails(pair.handle).modulusLength / 8);

/** `usual` is the padding where none is named; `isPrivate` whose exponent is used; `encrypts` the direction. */
function cipher(type, usual, encrypts) {
  return (key, buffer) => {
    const isSettings = key !== null && typeof key === "object" && !(key instanceof KeyObject) && !ArrayBuffer.isView(key);
    const { padding = usual, oaepHash = "sha1", oaepLabel, encoding } = isSettings ? key : {};
    if (oaepLabel !== undefined && padding !== constants.RSA_PKCS1_OAEP_PADDING) throw new ERR_INVALID_ARG_VALUE("key.oaepLabel", oaepLabel, "needs OAEP padding");
    const pair = pairFor(key, type);
    if (pair.kind !== "RSA") throw failed();
    const data = bytesOf(buffer, "buffer", encoding);
    const isPrivate = type === "private";
    if (padding === constants.RSA_PKCS1_OAEP_PADDING) {
      const made = host.rsaCipher(pair.handle, { encrypt: encrypts, hash: hashOf(oaepHash)[0], label: oaepLabel === undefined ? undefined : bytesOf(oaepLabel, "key.oaepLabel") }, data);
      if (made === undefined) throw failed();
      return Buffer.from(made);
    }
    // With the private exponent it is a signature's padding, and undone with the public one.
    const kind = isPrivate === encrypts ? 1 : 2;
    if (padding === constants.RSA_NO_PADDING) return power(pair, data, isPrivate);
    if (padding !== constants.RSA_PKCS1_PADDING) throw new ERR_INVALID_ARG_VALUE("key.padding", padding);
    return encrypts ? power(pair, filled(data, widthOf(pair), kind), isPrivate) : unfilled(power(pair, data, isPrivate), kind);
  };
}

const { RSA_PKCS1_OAEP_PADDING, RSA_PKCS1_PADDING } = constants;
export const publicEncrypt = cipher("public", RSA_PKCS1_OAEP_PADDING, true);
export const privateDecrypt = cipher("private", RSA_PKCS1_OAEP_PADDING, false);
export const privateEncrypt = cipher("private", RSA_PKCS1_PADDING, true);
export const publicDecrypt = cipher("public", RSA_PKCS1_PADDING, false);
