// Keys of pairs in and out: PEM, DER (PKCS #1, PKCS #8, SPKI, SEC 1, certificates), JSON Web Keys; encrypted ones too.
import { Buffer } from "node:buffer";
import { host, lazy } from "internal:host";
import { NULL, bits, childrenOf, element, fromPem, octets, oid, read, readAt, sequence, toPem, unsigned } from "node:internal/crypto_der";
import { KeyObject, bytesOf, makePairKey, pairOf } from "node:internal/crypto_keys";
import { isKey } from "internal:crypto_key";
import { natives } from "node:internal/natives";
import { ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS, ERR_CRYPTO_INVALID_JWK, ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { validateObject, validateString } from "node:internal/validators";

const ciphers = lazy("node:internal/crypto_cipher");

const RSA = "2a864886f70d010101";
const RSA_PSS = "2a864886f70d01010a";
const EC = "2a8648ce3d0201";
const CURVES = { "2a8648ce3d030107": "P-256", "2b81040022": "P-384", "2b81040023": "P-521" };
const OIDS = Object.fromEntries(Object.entries(CURVES).map(([hex, name]) => [name, hex]));
const OTHERS = { "2b6570": "Ed25519", "2b656e": "X25519" };
export const NAMES = { "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" };
export const CURVE_BY_NAME = { ...Object.fromEntries(Object.entries(NAMES).map(([web, name]) => [name, web])), secp256r1: "P-256", "P-256": "P-256", "P-384": "P-384", "P-521": "P-521" };
const ZERO = Buffer.from([2, 1, 0]);

const unreadable = () => Object.assign(new Error("Failed to parse the key"), { code: "ERR_OSSL_UNSUPPORTED" });

/** `{ kind, isPss }` of an AlgorithmIdentifier. */
function kindOf(algorithm) {
  const [name, parameters] = childrenOf(algorithm).map(({ body }) => body.toString("hex"));
  if (name === RSA || name === RSA_PSS) return { kind: "RSA", isPss: name === RSA_PSS };
  return { kind: name === EC ? CURVES[parameters] : OTHERS[name], isPss: false };
}

function opened(format, der) {
  const parts = read(der);
  const { kind, isPss } = kindOf(parts[format === "spki" ? 0 : 1]);
  if (kind === undefined) throw unreadable();
  const plain = sequence(oid(RSA), NULL);
  const usual = isPss ? sequence(...(format === "spki" ? [plain, parts[1].whole] : [ZERO, plain, parts[2].whole])) : der;
  const handle = host.keyFromBytes(kind, format, usual);
  if (handle === undefined) throw unreadable();
  return { handle, kind, isPss };
}

const ofPkcs1 = (der) => sequence(ZERO, sequence(oid(RSA), NULL), octets(der));
const ofPublicPkcs1 = (der) => sequence(sequence(oid(RSA), NULL), bits(der));

function ofSec1(der) {
  const parameters = read(der).find(({ tag }) => tag === 0xa0);
  if (parameters === undefined) throw unreadable();
  return sequence(ZERO, sequence(oid(EC), parameters.body), octets(der));
}

/** The SubjectPublicKeyInfo of a certificate. */
export function spkiOf(certificate) {
  const fields = childrenOf(read(certificate)[0]);
  return fields[fields[0].tag === 0xa0 ? 6 : 5].whole;
}

// ---- encryption

const PBES2 = "2a864886f70d01050d";
const PBKDF2 = "2a864886f70d01050c";
const HMACS = { "2a864886f70d0207": "sha1", "2a864886f70d0208": "sha224", "2a864886f70d0209": "sha256", "2a864886f70d020a": "sha384", "2a864886f70d020b": "sha512" };
const AES = { "60864801650304012a": "aes-256-cbc", "608648016503040116": "aes-192-cbc", "608648016503040102": "aes-128-cbc" };

const wanted = (passphrase) => {
  if (passphrase === undefined || passphrase === null) throw Object.assign(new TypeError("Passphrase required for encrypted key"), { code: "ERR_MISSING_PASSPHRASE" });
  return bytesOf(passphrase, "options.passphrase");
};

function through(cipher, data) {
  try {
    return Buffer.concat([cipher.update(data), cipher.final()]);
  } catch {
    throw Object.assign(new Error("The passphrase does not decrypt the key"), { code: "ERR_OSSL_BAD_DECRYPT" });
  }
}

function decrypted(der, passphrase) {
  const [algorithm, data] = read(der);
  const [name, parameters] = childrenOf(algorithm);
  if (name.body.toString("hex") !== PBES2) throw unreadable();
  const [derivation, cipher] = childrenOf(parameters);
  const [, [salt, iterations, ...more]] = childrenOf(derivation).map((one, at) => (at === 0 ? one : childrenOf(one)));
  const prf = more.find(({ tag }) => tag === 0x30);
  const digest = prf === undefined ? "sha1" : HMACS[childrenOf(prf)[0].body.toString("hex")];
  const [aes, iv] = childrenOf(cipher);
  const algorithmName = AES[aes.body.toString("hex")];
  if (algorithmName === undefined || digest === undefined) throw unreadable();
  const rounds = unsigned(iterations).reduce((sum, byte) => sum * 256 + byte, 0);
  const key = natives.pbkdf2(digest, [wanted(passphrase), salt.body], [rounds, algorithmName.slice(4, 7) / 8]);
  return through(ciphers().createDecipheriv(algorithmName, key, iv.body), data.body);
}

function encrypted(der, { cipher, passphrase }) {
  const name = Object.entries(AES).find(([, known]) => known === `${cipher}`.toLowerCase())?.[0];
  if (name === undefined) throw new ERR_INVALID_ARG_VALUE("options.cipher", cipher);
  const [salt, iv] = [crypto.getRandomValues(Buffer.alloc(16)), crypto.getRandomValues(Buffer.alloc(16))];
  const key = natives.pbkdf2("sha256", [wanted(passphrase), salt], [2048, cipher.slice(4, 7) / 8]);
  const derivation = sequence(oid(PBKDF2), sequence(octets(salt), Buffer.from([2, 2, 8, 0]), sequence(oid("2a864886f70d0209"), NULL)));
  const data = through(ciphers().createCipheriv(cipher, key, iv), der);
  return sequence(sequence(oid(PBES2), sequence(derivation, sequence(oid(name), octets(iv)))), octets(data));
}

/** PEM as OpenSSL encrypted it before PKCS #8: the key is hashed from the passphrase. */
function decryptedOld({ headers, der }, passphrase) {
  const [name, iv] = headers["DEK-Info"].split(",");
  const [start, secret] = [Buffer.from(iv, "hex"), wanted(passphrase)];
  let key = Buffer.alloc(0);
  for (let last = Buffer.alloc(0); key.length < 32; key = Buffer.concat([key, last])) {
    const hasher = natives.hasher("md5");
    for (const part of [last, secret, start.subarray(0, 8)]) hasher.update(part);
    last = Buffer.from(hasher.digest());
  }
  return through(ciphers().createDecipheriv(name, key.subarray(0, name.split("-")[1] / 8), start), der);
}

// ---- in

const PEM = {
  "PRIVATE KEY": (der) => ["private", opened("pkcs8", der)],
  "ENCRYPTED PRIVATE KEY": (der, passphrase) => ["private", opened("pkcs8", decrypted(der, passphrase))],
  "RSA PRIVATE KEY": (der) => ["private", opened("pkcs8", ofPkcs1(der))],
  "EC PRIVATE KEY": (der) => ["private", opened("pkcs8", ofSec1(der))],
  "PUBLIC KEY": (der) => ["public", opened("spki", der)],
  "RSA PUBLIC KEY": (der) => ["public", opened("spki", ofPublicPkcs1(der))],
  CERTIFICATE: (der) => ["public", opened("spki", spkiOf(der))],
};

function ofPem(text, passphrase) {
  const block = fromPem(text);
  if (block === undefined || !Object.hasOwn(PEM, block.label)) throw unreadable();
  const der = block.headers["DEK-Info"] ? decryptedOld(block, passphrase) : block.der;
  return PEM[block.label](der, passphrase);
}

const DER = {
  pkcs1: (der, type) => PEM[`RSA ${type.toUpperCase()} KEY`](der),
  pkcs8: (der, type, passphrase) => PEM[readAt(der).body[0] === 2 ? "PRIVATE KEY" : "ENCRYPTED PRIVATE KEY"](der, passphrase),
  sec1: (der) => PEM["EC PRIVATE KEY"](der),
  spki: (der) => PEM["PUBLIC KEY"](der),
};

const JWK = { RSA: ["n", "e", "d", "p", "q", "dp", "dq", "qi"], EC: ["x", "y", "d"], OKP: ["x", "d"] };

function ofJwk(jwk) {
  validateObject(jwk, "key.key");
  const names = Object.hasOwn(JWK, jwk.kty) ? JWK[jwk.kty] : undefined;
  if (names === undefined) throw new ERR_CRYPTO_INVALID_JWK();
  const kind = jwk.kty === "RSA" ? "RSA" : jwk.crv;
  const parts = names.filter((name) => jwk[name] !== undefined).map((name) => {
    validateString(jwk[name], `key.${name}`);
    return Buffer.from(jwk[name], "base64url");
  });
  const handle = host.keyFromParts(`${kind}`, parts);
  if (handle === undefined) throw new ERR_CRYPTO_INVALID_JWK();
  return [jwk.d === undefined ? "public" : "private", { handle, kind, isPss: false }];
}

function readKey(given, type) {
  const isPlain = typeof given === "string" || ArrayBuffer.isView(given) || given instanceof ArrayBuffer;
  if (!isPlain && (given === null || typeof given !== "object")) throw new ERR_INVALID_ARG_TYPE("key", ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView", "KeyObject", "CryptoKey", "Object"], given);
  const { key = given, format = "pem", passphrase, encoding, type: form } = isPlain ? {} : given;
  if (format === "jwk") return ofJwk(key);
  if (!["pem", "der"].includes(format)) throw new ERR_INVALID_ARG_VALUE("options.format", format);
  const bytes = bytesOf(key, "key.key", encoding);
  try {
    if (format === "pem") return ofPem(bytes.toString("latin1"), passphrase);
    const known = form ?? (type === "public" ? "spki" : undefined);
    if (!Object.hasOwn(DER, `${known}`)) throw new ERR_INVALID_ARG_VALUE("options.type", form);
    return DER[known](bytes, type, passphrase);
  } catch (error) {
    throw error.code === undefined ? unreadable() : error;
  }
}

const keyIn = (given) => [given, given?.key].find((one) => one instanceof KeyObject || isKey(one));

/** A key of a wanted type from whatever tells it; a private key tells the public one. */
export function keyFrom(given, type) {
  const known = keyIn(given);
  if (known === undefined) {
    const [found, pair] = readKey(given, type);
    if (found === type) return makePairKey(type, pair);
    if (type === "private") throw unreadable();
    return makePairKey(type, { ...pair, handle: host.keyPublic(pair.handle) });
  }
  const key = isKey(known) ? KeyObject.from(known) : known;
  if (key.type === type) return key;
  if (key.type === "secret" || type === "private") throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(key.type, type === "private" ? "private" : "private or public");
  return makePairKey("public", { ...pairOf(key), handle: host.keyPublic(pairOf(key).handle) });
}

export function createPrivateKey(given) {
  const known = keyIn(given);
  if (known instanceof KeyObject) throw given === known ? new ERR_INVALID_ARG_TYPE("key", ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], given) : new ERR_INVALID_ARG_TYPE("key.key", ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], known);
  return keyFrom(given, "private");
}

export function createPublicKey(given) {
  const known = keyIn(given);
  if (known instanceof KeyObject && known.type !== "private") throw new ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE(known.type, "private");
  return keyFrom(given, "public");
}

// ---- out

export function webDetails(handle) {
  const [modulus, exponent] = host.keyParts(handle);
  return { modulusLength: modulus.length * 8 - Math.clz32(modulus[0]) + 24, publicExponent: exponent };
}

export function details({ handle, kind }) {
  if (kind.startsWith("P-")) return { namedCurve: NAMES[kind] };
  if (kind !== "RSA") return {};
  const { modulusLength, publicExponent } = webDetails(handle);
  return { modulusLength, publicExponent: BigInt(`0x${Buffer.from(publicExponent).toString("hex")}`) };
}

function jwkOf({ handle, kind }) {
  const [kty, crv] = kind === "RSA" ? ["RSA"] : kind.startsWith("P-") ? ["EC", kind] : ["OKP", kind];
  const parts = host.keyParts(handle).map((part, at) => [JWK[kty][at], Buffer.from(part).toString("base64url")]);
  return { kty, ...(crv ? { crv } : {}), ...Object.fromEntries(parts) };
}

/** SEC 1 names its curve, which PKCS #8 says outside. */
function sec1(inner, kind) {
  const [version, secret, ...rest] = read(inner).filter(({ tag }) => tag !== 0xa0);
  return sequence(version.whole, secret.whole, element(0xa0, oid(OIDS[kind])), ...rest.map(({ whole }) => whole));
}

function derOf(type, { handle, kind }, form) {
  const der = Buffer.from(host.keyDer(handle));
  const fits = { pkcs1: kind === "RSA", sec1: kind.startsWith("P-") && type === "private", spki: type === "public", pkcs8: type === "private" };
  if (!Object.hasOwn(fits, `${form}`)) throw new ERR_INVALID_ARG_VALUE("options.type", form);
  if (!fits[form]) throw new ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS(form, form === "pkcs1" ? "can only be used for RSA keys" : "can only be used for EC keys");
  if (form === "spki" || form === "pkcs8") return der;
  if (type === "public") return Buffer.from(read(der)[1].body.subarray(1));
  const inner = Buffer.from(read(der)[2].body);
  return form === "pkcs1" ? inner : sec1(inner, kind);
}

export function exported(type, pair, options) {
  validateObject(options, "options");
  if (options.format === "jwk") return jwkOf(pair);
  if (options.format !== "pem" && options.format !== "der") throw new ERR_INVALID_ARG_VALUE("options.format", options.format);
  const form = options.type ?? (type === "public" ? "spki" : "pkcs8");
  let der = derOf(type, pair, form);
  if (type === "private" && options.cipher !== undefined && options.cipher !== null) {
    if (form !== "pkcs8") throw new ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS(form, "does not support encryption");
    der = encrypted(der, options);
    return options.format === "der" ? der : toPem("ENCRYPTED PRIVATE KEY", der);
  }
  if (options.format === "der") return der;
  return toPem({ spki: "PUBLIC KEY", pkcs8: "PRIVATE KEY", sec1: "EC PRIVATE KEY", pkcs1: `RSA ${type.toUpperCase()} KEY` }[form], der);
}
