// Keys of node:crypto: secrets as they are; other keys through Web Crypto's natives.
import { Buffer } from "node:buffer";
import { host, lazy } from "internal:host";
import { isKey, makeKey, slotsOf } from "internal:crypto_key";
import { ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE, ERR_ILLEGAL_CONSTRUCTOR, ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { validateInteger, validateObject, validateOneOf } from "node:internal/validators";

const token = Symbol("KeyObject");
const formats = lazy("node:internal/crypto_formats");

/** Bytes of a string or of anything that holds bytes. */
export function bytesOf(value, name, encoding = "utf8", more = []) {
  if (typeof value === "string") return Buffer.from(value, encoding === "buffer" ? "utf8" : encoding ?? "utf8");
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  throw new ERR_INVALID_ARG_TYPE(name, ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView", ...more], value);
}

let secretOf;
/** `{ handle, kind }` of a public or private key: Web Crypto's handle, and its kind (RSA, or a curve) with `isPss`. */
export let pairOf;

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
    pairOf = (key) => key.#secret;
  }

  static from(key) {
    if (!isKey(key)) throw new ERR_INVALID_ARG_TYPE("key", "CryptoKey", key);
    const { handle, type, algorithm } = slotsOf(key);
    if (type === "secret") return new SecretKeyObject(token, type, Buffer.from(host.keyRaw(handle)));
    const kind = algorithm.namedCurve?.replace("NODE-ED25519", "Ed25519") ?? (/^RS/.test(algorithm.name) ? "RSA" : algorithm.name);
    return makePairKey(type, { handle, kind });
  }

  get type() { return this.#type; }
  get [Symbol.toStringTag]() { return "KeyObject"; }

  equals(other) {
    if (!(other instanceof KeyObject)) throw new ERR_INVALID_ARG_TYPE("otherKeyObject", "KeyObject", other);
    if (this.#type !== other.#type) return false;
    if (this.#type === "secret") return Buffer.compare(this.#secret, other.#secret) === 0;
    return Buffer.compare(host.keyDer(this.#secret.handle), host.keyDer(other.#secret.handle)) === 0;
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

const WEB = { RSA: "RSASSA-PKCS1-v1_5" };

class AsymmetricKeyObject extends KeyObject {
  get asymmetricKeyType() {
    const { kind, isPss } = pairOf(this);
    if (kind === "RSA") return isPss ? "rsa-pss" : "rsa";
    return kind.startsWith("P-") ? "ec" : kind.toLowerCase();
  }

  get asymmetricKeyDetails() { return formats().details(pairOf(this)); }
  export(options = undefined) { return formats().exported(this.type, pairOf(this), options); }

  toCryptoKey(algorithm, extractable, usages) {
    const { handle, kind } = pairOf(this);
    const given = typeof algorithm === "string" ? { name: algorithm } : algorithm;
    const details = kind === "RSA" ? { ...formats().webDetails(handle), hash: (given.hash?.name ?? given.hash)?.toUpperCase() } : kind.startsWith("P-") ? { namedCurve: kind } : {};
    return makeKey(handle, this.type, { name: given.name ?? WEB[kind] ?? kind, ...details }, extractable, [...usages]);
  }
}
export class PublicKeyObject extends AsymmetricKeyObject {}
export class PrivateKeyObject extends AsymmetricKeyObject {}

export const makePairKey = (type, pair) => new (type === "public" ? PublicKeyObject : PrivateKeyObject)(token, type, pair);

export function createSecretKey(key, encoding = undefined) {
  return new SecretKeyObject(token, "secret", Buffer.from(bytesOf(key, "key", encoding)));
}

/** The bytes of a secret: a KeyObject's, or what is bytes already. */
export function secretBytes(key, name = "key", encoding = undefined) {
  if (key instanceof KeyObject) {
    if (key.type !== "secret") throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(key.type, "secret");
    return secretOf(key);
  }
  if (isKey(key)) return secretBytes(KeyObject.from(key));
  return bytesOf(key, name, encoding, ["KeyObject", "CryptoKey"]);
}

export function generateKeySync(type, options) {
  validateOneOf(type, "type", ["hmac", "aes"]);
  validateObject(options, "options");
  if (type === "aes") validateOneOf(options.length, "options.length", [128, 192, 256]);
  else validateInteger(options.length, "options.length", 8, 2147483647);
  return createSecretKey(Buffer.from(crypto.getRandomValues(new Uint8Array(Math.floor(options.length / 8)))));
}
