// Secrets that two agree on: ECDH, X25519, Diffie-Hellman.
import { Buffer } from "node:buffer";
import { host } from "internal:host";
import { natives } from "node:internal/natives";
import { bytesOf, pairOf } from "node:internal/crypto_keys";
import { octets, oid, sequence } from "node:internal/crypto_der";
import { CURVE_BY_NAME, keyFrom } from "node:internal/crypto_formats";
import {
  ERR_CRYPTO_ECDH_INVALID_FORMAT, ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY, ERR_CRYPTO_INCOMPATIBLE_KEY, ERR_CRYPTO_UNKNOWN_DH_GROUP, ERR_INVALID_ARG_TYPE,
} from "node:internal/errors";
import { generatePrimeSync } from "node:internal/crypto_random";
import { validateInt32, validateObject, validateString } from "node:internal/validators";

const told = (bytes, encoding) => (encoding === undefined || encoding === "buffer" ? Buffer.from(bytes) : Buffer.from(bytes).toString(encoding));

const CURVES = { "P-256": "2a8648ce3d030107", "P-384": "2b81040022", "P-521": "2b81040023" };

function kindOf(name) {
  validateString(name, "curve");
  const kind = CURVE_BY_NAME[name];
  if (kind === undefined) throw Object.assign(new TypeError("Invalid EC curve name"), { code: "ERR_CRYPTO_INVALID_CURVE" });
  return kind;
}

/** A point as told; `format` is uncompressed, compressed or hybrid. */
function pointOf(raw, format = "uncompressed") {
  const [point, parity] = [Buffer.from(raw), raw.at(-1) & 1];
  if (format === "uncompressed" || format === 4) return point;
  if (format === "compressed" || format === 2) return Buffer.concat([Buffer.from([2 + parity]), point.subarray(1, (point.length + 1) / 2)]);
  if (format !== "hybrid" && format !== 6) throw new ERR_CRYPTO_ECDH_INVALID_FORMAT(format);
  point[0] = 6 + parity;
  return point;
}

function publicOf(kind, bytes) {
  const point = Buffer.from(bytes);
  if (point[0] === 6 || point[0] === 7) point[0] = 4;
  const handle = host.keyFromBytes(kind, "raw", point);
  if (handle === undefined) throw new ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY();
  return handle;
}

export class ECDHClass {
  #kind;
  #handle;

  constructor(curve) { this.#kind = kindOf(curve); }

  generateKeys(encoding = undefined, format = undefined) {
    this.#handle = host.keyGenerate(this.#kind);
    return this.getPublicKey(encoding, format);
  }

  #key() {
    if (this.#handle === undefined) throw new Error("Failed to get ECDH key: there is none yet");
    return this.#handle;
  }

  getPublicKey(encoding = undefined, format = undefined) { return told(pointOf(host.keyRaw(host.keyPublic(this.#key())), format), encoding); }
  getPrivateKey(encoding = undefined) { return told(host.keyParts(this.#key())[2] ?? [], encoding); }

  setPrivateKey(key, encoding = undefined) {
    const secret = sequence(Buffer.from([2, 1, 1]), octets(bytesOf(key, "key", encoding)));
    const algorithm = sequence(oid("2a8648ce3d0201"), oid(CURVES[this.#kind]));
    const handle = host.keyFromBytes(this.#kind, "pkcs8", sequence(Buffer.from([2, 1, 0]), algorithm, octets(secret)));
    if (handle === undefined) throw new Error("Private key is not valid for specified curve");
    this.#handle = handle;
  }

  setPublicKey(key, encoding = undefined) { this.#handle = publicOf(this.#kind, bytesOf(key, "key", encoding)); }

  computeSecret(other, inputEncoding = undefined, outputEncoding = undefined) {
    const shared = host.cryptoAgree(this.#key(), publicOf(this.#kind, bytesOf(other, "otherPublicKey", inputEncoding)));
    if (shared === undefined) throw new ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY();
    return told(shared, outputEncoding);
  }
}

/** Callable without `new`. */
const callable = (Class, name) => {
  Object.defineProperty(Class, "name", { value: name });
  return new Proxy(Class, { apply: (_, receiver, args) => new Class(...args) });
};

export const ECDH = callable(ECDHClass, "ECDH");
ECDHClass.convertKey = (key, curve, inputEncoding = undefined, outputEncoding = undefined, format = undefined) => {
  const kind = kindOf(curve);
  return told(pointOf(host.keyRaw(publicOf(kind, bytesOf(key, "key", inputEncoding))), format), outputEncoding);
};
export const createECDH = (curve) => new ECDHClass(curve);

export function diffieHellman(options) {
  validateObject(options, "options");
  const [secret, open] = [pairOf(keyFrom(options.privateKey, "private")), pairOf(keyFrom(options.publicKey, "public"))];
  if (secret.kind !== open.kind) throw new ERR_CRYPTO_INCOMPATIBLE_KEY("key types for Diffie-Hellman", `${secret.kind} and ${open.kind}`);
  const shared = host.cryptoAgree(secret.handle, open.handle);
  if (shared === undefined) throw new Error("diffieHellman failed");
  return Buffer.from(shared);
}

// ---- Diffie-Hellman with numbers

const number = (bytes) => (bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`));

function bytesIn(value, width = 1) {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(Math.max(2 * width, hex.length + (hex.length % 2)), "0"), "hex");
}

/** Machin: pi times two to the power of `places`. */
function pi(places) {
  const guard = 64n;
  const unit = 1n << (places + guard);
  const arctan = (inverse) => {
    let [power, sum, sign] = [unit / inverse, 0n, 1n];
    for (let odd = 1n; power > 0n; odd += 2n, power /= inverse * inverse, sign = -sign) sum += sign * (power / odd);
    return sum;
  };
  return (4n * (4n * arctan(5n) - arctan(239n))) >> guard;
}

/** RFC 2409 and 3526: bits, and what is added to pi. */
const GROUPS = { modp1: [768n, 149686n], modp2: [1024n, 129093n], modp5: [1536n, 741804n], modp14: [2048n, 124476n], modp15: [3072n, 1690314n], modp16: [4096n, 240904n], modp17: [6144n, 929484n], modp18: [8192n, 4743158n] };
const primes = new Map();

function primeOf(name) {
  const group = Object.hasOwn(GROUPS, name) ? GROUPS[name] : undefined;
  if (group === undefined) throw new ERR_CRYPTO_UNKNOWN_DH_GROUP();
  if (!primes.has(name)) {
    const [bits, added] = group;
    primes.set(name, bytesIn((1n << bits) - (1n << (bits - 64n)) - 1n + ((pi(bits - 130n) + added) << 64n)));
  }
  return primes.get(name);
}

const power = (base, exponent, modulus) => {
  const made = natives.modPow(base, exponent, modulus);
  if (made === undefined || made === null) throw new Error("Diffie-Hellman: the modulus is even or too large");
  return Buffer.from(made);
};

/** Bytes of a generator, as of the longest prime. */
const MOST_GENERATOR = 1250;

export class DiffieHellmanGroupClass {
  #prime;
  #generator;
  #secret;
  #open;

  constructor(name, generator = Buffer.from([2])) {
    this.#prime = typeof name === "string" ? primeOf(name) : name;
    this.#generator = generator;
  }

  /** What is wrong with prime or generator; nothing is looked for. */
  get verifyError() { return 0; }

  generateKeys(encoding = undefined) {
    const top = number(this.#prime) - 2n;
    this.#secret ??= bytesIn((number(crypto.getRandomValues(Buffer.alloc(this.#prime.length))) % top) + 1n);
    this.#open = power(this.#generator, this.#secret, this.#prime);
    return this.getPublicKey(encoding);
  }

  computeSecret(other, inputEncoding = undefined, outputEncoding = undefined) {
    const open = bytesOf(other, "otherPublicKey", inputEncoding);
    if (number(open) <= 1n) throw new RangeError("Supplied key is too small");
    if (number(open) >= number(this.#prime) - 1n) throw new RangeError("Supplied key is too large");
    if (this.#secret === undefined) throw new Error("No private key - did you forget to generate one?");
    return told(power(open, this.#secret, this.#prime), outputEncoding);
  }

  getPrime(encoding = undefined) { return told(this.#prime, encoding); }
  getGenerator(encoding = undefined) { return told(this.#generator, encoding); }

  getPublicKey(encoding = undefined) {
    if (this.#open === undefined) throw new Error("No public key - did you forget to generate one?");
    return told(this.#open, encoding);
  }

  getPrivateKey(encoding = undefined) {
    if (this.#secret === undefined) throw new Error("No private key - did you forget to generate one?");
    return told(this.#secret, encoding);
  }

  keep(which, bytes) {
    if (which === "secret") this.#secret = Buffer.from(bytes);
    else this.#open = Buffer.from(bytes);
    return this;
  }
}

export class DiffieHellmanClass extends DiffieHellmanGroupClass {
  constructor(sizeOrKey, keyEncoding, generator = undefined, generatorEncoding = undefined) {
    if (typeof sizeOrKey !== "number" && typeof sizeOrKey !== "string" && !ArrayBuffer.isView(sizeOrKey) && !(sizeOrKey instanceof ArrayBuffer)) {
      throw new ERR_INVALID_ARG_TYPE("sizeOrKey", ["number", "string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], sizeOrKey);
    }
    const isEncoding = typeof keyEncoding === "string" || keyEncoding === undefined || keyEncoding === null;
    const [encoding, base, baseEncoding] = isEncoding ? [keyEncoding, generator, generatorEncoding] : [undefined, keyEncoding, generator];
    if (typeof sizeOrKey === "number") validateInt32(sizeOrKey, "sizeOrKey");
    if (typeof sizeOrKey === "number" && (sizeOrKey < 2 || sizeOrKey > 10000)) throw new RangeError("Invalid DH prime size");
    const prime = typeof sizeOrKey === "number" ? Buffer.from(generatePrimeSync(sizeOrKey)) : Buffer.from(bytesOf(sizeOrKey, "sizeOrKey", encoding ?? undefined));
    const start = typeof base === "number" ? bytesIn(BigInt(base)) : base === undefined || base === null ? Buffer.from([2]) : Buffer.from(bytesOf(base, "generator", baseEncoding));
    if (start.length > MOST_GENERATOR) throw new RangeError("DH generator is too large");
    if (number(start) < 2n) throw new RangeError("Invalid DH generator");
    super(prime, start);
  }

  setPublicKey(key, encoding = undefined) { this.keep("open", bytesOf(key, "key", encoding)); }
  setPrivateKey(key, encoding = undefined) { this.keep("secret", bytesOf(key, "key", encoding)); }
}

export const DiffieHellman = callable(DiffieHellmanClass, "DiffieHellman");
export const DiffieHellmanGroup = callable(DiffieHellmanGroupClass, "DiffieHellmanGroup");
export const createDiffieHellman = (...given) => new DiffieHellmanClass(...given);
export const getDiffieHellman = (name) => {
  validateString(name, "name");
  return new DiffieHellmanGroupClass(name);
};
export const createDiffieHellmanGroup = getDiffieHellman;
