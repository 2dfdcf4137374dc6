// Keys of node:crypto: secrets as they are; other keys through Web Crypto's natives.
import { Buffer } from "node:buffer";
import { ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE, ERR_ILLEGAL_CONSTRUCTOR, ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateInteger, validateObject, validateOneOf } from "node:internal/validators";

const token = Symbol("KeyObject");

/** Bytes of a string or of anything that holds bytes. */
export function bytesOf(value, name, encoding = "utf8", more = []) {
  if (typeof value === "string") return Buffer.from(value, encoding === "buffer" ? "utf8" : encoding ?? "utf8");
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  throw new ERR_INVALID_ARG_TYPE(name, ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView", ...more], value);
}

let secretOf;

export class KeyObject {
  #type;
  #secret;

  constructor(given, type, secret) {
    if (given !== token) throw new ERR_ILLEGAL_CONSTRUCTOR();
    this.#type = type;
    this.#secret = secret;
  }

  static {
    secretOf = (key) => key.#secret;
  }

  static from(key) {
    if (!(key instanceof CryptoKey)) throw new ERR_INVALID_ARG_TYPE("key", "CryptoKey", key);
    throw new ERR_METHOD_NOT_IMPLEMENTED("KeyObject.from");
  }

  get type() { return this.#type; }
  get [Symbol.toStringTag]() { return "KeyObject"; }

  equals(other) {
    if (!(other instanceof KeyObject)) throw new ERR_INVALID_ARG_TYPE("otherKeyObject", "KeyObject", other);
    return this.#type === other.#type && Buffer.compare(this.#secret, other.#secret) === 0;
  }
}

export class SecretKeyObject extends KeyObject {
  get symmetricKeySize() { return secretOf(this).length; }

  export(options = undefined) {
    if (options !== undefined) {
      validateObject(options, "options");
      validateOneOf(options.format, "options.format", [undefined, "buffer", "jwk"]);
    }
    const secret = secretOf(this);
    return options?.format === "jwk" ? { kty: "oct", k: secret.toString("base64url") } : Buffer.from(secret);
  }
}
Object.defineProperty(SecretKeyObject, "name", { value: "SecretKeyObject" });

export function createSecretKey(key, encoding = undefined) {
  return new SecretKeyObject(token, "secret", Buffer.from(bytesOf(key, "key", encoding)));
}

/** The bytes of a secret: a KeyObject's, or what is bytes already. */
export function secretBytes(key, name = "key", encoding = undefined) {
  if (key instanceof KeyObject) {
    if (key.type !== "secret") throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(key.type, "secret");
    return secretOf(key);
  }
  if (key instanceof CryptoKey) throw new ERR_METHOD_NOT_IMPLEMENTED("CryptoKey as a secret");
  return bytesOf(key, name, encoding, ["KeyObject", "CryptoKey"]);
}

export function generateKeySync(type, options) {
  validateOneOf(type, "type", ["hmac", "aes"]);
  validateObject(options, "options");
  if (type === "aes") validateOneOf(options.length, "options.length", [128, 192, 256]);
  else validateInteger(options.length, "options.length", 8, 2147483647);
  return createSecretKey(Buffer.from(crypto.getRandomValues(new Uint8Array(Math.floor(options.length / 8)))));
}
