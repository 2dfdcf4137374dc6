// node:crypto: hashes, keys, ciphers, signatures, agreements, random values; Web Crypto beside them.
import { host } from "internal:host";
import { createHash, createHmac, Hash, hash, hashNames, Hmac } from "node:internal/crypto_hash";
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from "node:internal/crypto_derive";
import { Cipheriv, createCipheriv, createDecipheriv, Decipheriv, getCipherInfo, getCiphers } from "node:internal/crypto_cipher";
import {
  createDiffieHellman, createDiffieHellmanGroup, createECDH, DiffieHellman, diffieHellman, DiffieHellmanGroup, ECDH, getDiffieHellman,
} from "node:internal/crypto_agree";
import { createPrivateKey, createPublicKey } from "node:internal/crypto_formats";
import { createSecretKey, generateKeySync, KeyObject, PrivateKeyObject, PublicKeyObject, SecretKeyObject } from "node:internal/crypto_keys";
import { generateKeyPair, generateKeyPairSync } from "node:internal/crypto_pairs";
import {
  createSign, createVerify, privateDecrypt, privateEncrypt, publicDecrypt, publicEncrypt, Sign, sign, Verify, verify,
} from "node:internal/crypto_sign";
import {
  checkPrime, checkPrimeSync, generatePrime, generatePrimeSync, randomBytes, randomFill, randomFillSync, randomInt, randomUUID,
} from "node:internal/crypto_random";
import { constants } from "node:internal/crypto_constants";
import { ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH, ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateFunction } from "node:internal/validators";

export const webcrypto = globalThis.crypto;
export const { subtle } = webcrypto;
export const getRandomValues = (array) => webcrypto.getRandomValues(array);
export const getHashes = () => [...hashNames];
export const getCurves = () => ["P-256", "P-384", "P-521", "prime256v1", "secp384r1", "secp521r1"];
export const getFips = () => 0;
export const setFips = () => {};
export const secureHeapUsed = () => ({ total: 0, used: 0, utilization: 0, min: 0 });
export const pseudoRandomBytes = randomBytes;
export const prng = randomBytes;
export const rng = randomBytes;
export const setEngine = () => {};

export function timingSafeEqual(one, other) {
  const bytes = [one, other].map((value, at) => {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw new ERR_INVALID_ARG_TYPE(`buf${at + 1}`, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"], value);
  });
  if (bytes[0].length !== bytes[1].length) throw new ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH();
  return host.cryptoEqual(bytes[0], bytes[1]);
}

export function generateKey(type, options, callback) {
  const key = generateKeySync(type, options);
  validateFunction(callback, "callback");
  process.nextTick(callback, null, key);
}

// Differs: node:crypto knows AES, RSA, P-256, P-384, P-521, Ed25519 and X25519; DSA, other curves and ciphers, and certificates
// throw.
const missing = (name) => ({
  [name]: function () { throw new ERR_METHOD_NOT_IMPLEMENTED(`crypto.${name}`); },
})[name];
export const [X509Certificate, Certificate, encapsulate, decapsulate] = ["X509Certificate", "Certificate", "encapsulate", "decapsulate"].map(missing);

export {
  Cipheriv, createCipheriv, createDecipheriv, createDiffieHellman, createDiffieHellmanGroup, createECDH, createPrivateKey, createPublicKey, createSign,
  createVerify, Decipheriv, DiffieHellman, diffieHellman, DiffieHellmanGroup, ECDH, generateKeyPair, generateKeyPairSync, getCipherInfo, getCiphers,
  getDiffieHellman, privateDecrypt, privateEncrypt, PrivateKeyObject, publicDecrypt, publicEncrypt, PublicKeyObject, SecretKeyObject, Sign, sign, Verify,
  verify,
  checkPrime, checkPrimeSync, constants, createHash, createHmac, createSecretKey, generateKeySync, generatePrime, generatePrimeSync, Hash, hash, hkdf,
  hkdfSync, Hmac, KeyObject, pbkdf2, pbkdf2Sync, randomBytes, randomFill, randomFillSync, randomInt, randomUUID, scrypt, scryptSync,
};

const crypto = {
  Certificate, checkPrime, checkPrimeSync, Cipheriv, constants, createCipheriv, createDecipheriv, createDiffieHellman, createDiffieHellmanGroup,
  createECDH, createHash, createHmac, createPrivateKey, createPublicKey, createSecretKey, createSign, createVerify, decapsulate, Decipheriv,
  diffieHellman, DiffieHellman, DiffieHellmanGroup, ECDH, encapsulate, generateKey, generateKeyPair, generateKeyPairSync, generateKeySync,
  generatePrime, generatePrimeSync, getCipherInfo, getCiphers, getCurves, getDiffieHellman, getFips, getHashes, getRandomValues, hash, Hash, hkdf,
  hkdfSync, Hmac, KeyObject, pbkdf2, pbkdf2Sync, privateDecrypt, privateEncrypt, prng, pseudoRandomBytes, publicDecrypt, publicEncrypt,
  randomBytes, randomFill, randomFillSync, randomInt, randomUUID, rng, scrypt, scryptSync, secureHeapUsed, setEngine, setFips, sign, Sign,
  subtle, timingSafeEqual, verify, Verify, webcrypto, X509Certificate,
};
Object.defineProperty(crypto, "fips", { get: getFips, set: setFips, enumerable: true, configurable: true });
export default crypto;
