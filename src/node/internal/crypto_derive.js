// Keys from passwords: pbkdf2, hkdf, scrypt.
import { Buffer } from "node:buffer";
import { natives } from "node:internal/natives";
import { bytesOf, secretBytes } from "node:internal/crypto_keys";
import { hashName } from "node:internal/crypto_hash";
import { ERR_CRYPTO_INVALID_DIGEST, ERR_CRYPTO_INVALID_KEYLEN, ERR_CRYPTO_INVALID_SCRYPT_PARAMS, ERR_INCOMPATIBLE_OPTION_PAIR, ERR_OUT_OF_RANGE } from "node:internal/errors";
import { process } from "node:internal/process";
import { validateFunction, validateInt32, validateInteger, validateString, validateUint32 } from "node:internal/validators";

const bufferOf = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Runs the work that was checked and tells the callback. */
function later(run, callback) {
  validateFunction(callback, "callback");
  let results;
  try {
    results = [null, run()];
  } catch (error) {
    results = [error];
  }
  process.nextTick(callback, ...results);
}

function pbkdf2Job(password, salt, iterations, keylen, digest) {
  validateString(digest, "digest");
  const secrets = [bytesOf(password, "password"), bytesOf(salt, "salt")];
  validateUint32(iterations, "iterations", true);
  validateInt32(keylen, "keylen", 0);
  return () => {
    checkDigest(digest);
    if (keylen > 255 * natives.hasher(hashName(digest)).digest().length) throw new ERR_CRYPTO_INVALID_KEYLEN();
    const derived = natives.pbkdf2(hashName(digest), secrets, [iterations, keylen]);
    return bufferOf(derived);
  };
}

const checkDigest = (digest) => {
  if (natives.hasher(hashName(digest)) === undefined || natives.hasher(hashName(digest)) === null) throw new ERR_CRYPTO_INVALID_DIGEST(digest);
};

export function pbkdf2(password, salt, iterations, keylen, digest, callback) {
  let [name, done] = [digest, callback];
  if (typeof name === "function") [name, done] = [undefined, name];
  const run = pbkdf2Job(password, salt, iterations, keylen, name);
  later(run, done);
}

export function pbkdf2Sync(password, salt, iterations, keylen, digest) {
  return pbkdf2Job(password, salt, iterations, keylen, digest)();
}

function hkdfJob(digest, ikm, salt, info, length) {
  validateString(digest, "digest");
  const key = secretBytes(ikm, "ikm");
  const [salted, context] = [bytesOf(salt, "salt"), bytesOf(info, "info")];
  validateInteger(length, "length", 0, 2147483647);
  if (context.byteLength > 1024) throw new ERR_OUT_OF_RANGE("info", "must not contain more than 1024 bytes", context.byteLength);
  return () => {
    checkDigest(digest);
    const derived = natives.hkdf(hashName(digest), [key, salted, context], length);
    if (derived === undefined || derived === null) throw new ERR_CRYPTO_INVALID_KEYLEN();
    return derived.buffer.slice(derived.byteOffset, derived.byteOffset + derived.byteLength);
  };
}

export function hkdf(digest, ikm, salt, info, length, callback) {
  const run = hkdfJob(digest, ikm, salt, info, length);
  later(run, callback);
}

export const hkdfSync = (digest, ikm, salt, info, length) => hkdfJob(digest, ikm, salt, info, length)();

const DEFAULTS = { N: 16384, r: 8, p: 1, maxmem: 32 << 20 };

function scryptOptions(options) {
  const given = options ?? {};
  const chosen = { ...DEFAULTS };
  for (const [short, long] of [["N", "cost"], ["r", "blockSize"], ["p", "parallelization"]]) {
    if (given[short] !== undefined && given[long] !== undefined) throw new ERR_INCOMPATIBLE_OPTION_PAIR(short, long);
    const value = given[short] ?? given[long];
    if (value === undefined) continue;
    validateUint32(value, given[short] === undefined ? long : short);
    if (value !== 0) chosen[short] = value;
  }
  if (given.maxmem !== undefined) {
    validateInteger(given.maxmem, "maxmem", 0);
    if (given.maxmem !== 0) chosen.maxmem = given.maxmem;
  }
  return chosen;
}

function scryptJob(password, salt, keylen, options) {
  const { N, r, p, maxmem } = scryptOptions(options);
  const secrets = [bytesOf(password, "password"), bytesOf(salt, "salt")];
  validateInt32(keylen, "keylen", 0);
  return () => {
    if (N < 2 || (N & (N - 1)) !== 0) throw new ERR_CRYPTO_INVALID_SCRYPT_PARAMS();
    if (p > (2 ** 30 - 1) / r || 128 * r * (N + p + 2) > maxmem) throw new ERR_CRYPTO_INVALID_SCRYPT_PARAMS("memory limit exceeded");
    if (p > 16384) throw new ERR_CRYPTO_INVALID_SCRYPT_PARAMS();
    return bufferOf(natives.scrypt(secrets, [Math.log2(N), r, p, keylen]));
  };
}

export function scrypt(password, salt, keylen, options, callback = undefined) {
  let [settings, done] = [options, callback];
  if (done === undefined) [settings, done] = [undefined, options];
  const run = scryptJob(password, salt, keylen, settings);
  later(run, done);
}

export const scryptSync = (password, salt, keylen, options = undefined) => scryptJob(password, salt, keylen, options)();
