// The operations of SubtleCrypto: arguments as WebIDL converts them, algorithms as the standard normalizes them, and
// what a key may be used for. What an algorithm does is in internal:crypto_secret and internal:crypto_public.

import { lazy } from "internal:host";
import { boolean, isObject, sequence } from "internal:webidl";
import { AllowSharedBufferSource, bytesOf, enumeration, instance, isBufferSource, nullable, unsignedLong } from "internal:webidl_types";
import { dataError, invalidAccess, isKey, needUsages, notSupported, slotsOf, USAGES } from "internal:crypto_key";
import { nameOf } from "internal:crypto_hash";

const secret = lazy("crypto_secret");
const pairs = lazy("crypto_public");
const jwks = lazy("crypto_jwk");
const encoding = lazy("encoding");
const parse = JSON.parse;
const stringify = JSON.stringify;

const MODULES = [
  [secret, ["AES-CBC", "AES-CTR", "AES-GCM", "AES-KW", "HMAC", "HKDF", "PBKDF2"]],
  [pairs, ["RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP", "ECDSA", "ECDH", "Ed25519", "NODE-ED25519", "X25519"]],
];

/** The proper name of each algorithm, and the module that has it. */
const KNOWN = new Map(MODULES.flatMap(([module, names]) => names.map((name) => [name.toUpperCase(), [name, module]])));

function find(algorithm, operation, prefix) {
  const name = nameOf(algorithm, prefix);
  const [proper, module] = KNOWN.get(name.toUpperCase()) ?? [];
  return { name: proper ?? name, step: module?.().algorithms[proper][operation] };
}

function unknown(name, operation) {
  return notSupported(`Unrecognized or unimplemented algorithm "${name}" requested for ${operation}.`);
}

/** The standard's "normalize an algorithm": `{ name, run }`, where `run` has taken the converted parameters. */
function normalize(algorithm, operation, prefix) {
  const { name, step } = find(algorithm, operation, prefix);
  if (step === undefined) throw unknown(name, operation);
  const params = step.params?.(isObject(algorithm) ? algorithm : {}, prefix, "algorithm");
  return { name, run: (...rest) => step.run(params, ...rest) };
}

const supports = (algorithm, operation, prefix) => find(algorithm, operation, prefix).step !== undefined;

const Key = instance("CryptoKey", isKey);
const Format = enumeration("KeyFormat", ["raw", "spki", "pkcs8", "jwk"]);
const Usages = sequence(enumeration("KeyUsage", USAGES));
const Length = nullable(unsignedLong);

function usable(key, name, usage) {
  const slots = slotsOf(key);
  if (slots.algorithm.name !== name) {
    throw invalidAccess(`Requested algorithm "${name}" does not match this CryptoKey's algorithm "${slots.algorithm.name}".`);
  }
  if (!slots.usages.includes(usage)) throw invalidAccess(`Requested key usage "${usage}" does not match any usage listed in this CryptoKey.`);
  return slots;
}

/** `encrypt`, `decrypt` and `sign`: `(algorithm, key, data)` to an ArrayBuffer. */
const transforming = (operation) => (algorithm, key, data, prefix) => {
  Key(key, prefix, "parameter 2");
  AllowSharedBufferSource(data, prefix, "parameter 3");
  const { name, run } = normalize(algorithm, operation, prefix);
  return run(usable(key, name, operation), bytesOf(data)).buffer;
};

export const encrypt = transforming("encrypt");
export const decrypt = transforming("decrypt");
export const sign = transforming("sign");

export function verify(algorithm, key, signature, data, prefix) {
  Key(key, prefix, "parameter 2");
  AllowSharedBufferSource(signature, prefix, "parameter 3");
  AllowSharedBufferSource(data, prefix, "parameter 4");
  const { name, run } = normalize(algorithm, "verify", prefix);
  return run(usable(key, name, "verify"), bytesOf(signature), bytesOf(data));
}

export function generateKey(algorithm, extractable, keyUsages, prefix) {
  const usages = Usages(keyUsages, prefix, "parameter 3");
  return normalize(algorithm, "generateKey", prefix).run(boolean(extractable), usages);
}

export function importKey(format, keyData, algorithm, extractable, keyUsages, prefix) {
  Format(format, prefix, "parameter 1");
  const data = importable(format, keyData, prefix);
  const usages = Usages(keyUsages, prefix, "parameter 5");
  if (format === "jwk") jwks().checkExtractable(data, boolean(extractable));
  const target = normalize(algorithm, "importKey", prefix);
  return imported(target, format, format === "jwk" ? data : bytesOf(data).slice(), boolean(extractable), usages);
}

/** A buffer, or the members of a JSON Web Key. */
function importable(format, keyData, prefix) {
  if (format === "jwk") {
    if (isBufferSource(keyData) || !jwks().isJsonWebKey(keyData)) throw new TypeError(`${prefix}: the key data of the format 'jwk' must be a JsonWebKey object.`);
    return jwks().JsonWebKey(keyData, prefix, "parameter 2");
  }
  if (!isBufferSource(keyData)) throw new TypeError(`${prefix}: the key data of the format '${format}' must be an ArrayBuffer or a view.`);
  return keyData;
}

function imported({ run }, format, data, extractable, usages) {
  const key = run(format, data, extractable, usages);
  if (slotsOf(key).type !== "public") needUsages(usages);
  return key;
}

function exported(format, slots) {
  const { name } = slots.algorithm;
  const { step } = find(name, "exportKey");
  if (step === undefined) throw notSupported(`${name} keys cannot be exported.`);
  if (!slots.extractable) throw invalidAccess(`Attempt to export non-extractable ${name} key.`);
  return step.run(format, slots);
}

export function exportKey(format, key, prefix) {
  Format(format, prefix, "parameter 1");
  const result = exported(format, slotsOf(Key(key, prefix, "parameter 2")));
  return format === "jwk" ? result : result.buffer;
}

export async function deriveBits(algorithm, baseKey, length, prefix) {
  Key(baseKey, prefix, "parameter 2");
  const wanted = Length(length, prefix, "parameter 3");
  const { name, run } = normalize(algorithm, "deriveBits", prefix);
  return (await run(usable(baseKey, name, "deriveBits"), wanted)).buffer;
}

export async function deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages, prefix) {
  Key(baseKey, prefix, "parameter 2");
  const usages = Usages(keyUsages, prefix, "parameter 5");
  const { name, run } = normalize(algorithm, "deriveBits", prefix);
  const target = normalize(derivedKeyType, "importKey", prefix);
  const keyLength = normalize(derivedKeyType, "keyLength", prefix);
  const slots = usable(baseKey, name, "deriveKey");
  const derived = await run(slots, keyLength.run());
  return imported(target, "raw", derived, boolean(extractable), usages);
}

export function wrapKey(format, key, wrappingKey, wrapAlgorithm, prefix) {
  Format(format, prefix, "parameter 1");
  Key(key, prefix, "parameter 2");
  Key(wrappingKey, prefix, "parameter 3");
  const operation = supports(wrapAlgorithm, "wrapKey", prefix) ? "wrapKey" : "encrypt";
  const { name, run } = normalize(wrapAlgorithm, operation, prefix);
  const slots = usable(wrappingKey, name, "wrapKey");
  const plain = exported(format, slotsOf(key));
  return run(slots, format === "jwk" ? encoding().utf8(stringify(plain)) : plain).buffer;
}

export function unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages, prefix) {
  Format(format, prefix, "parameter 1");
  AllowSharedBufferSource(wrappedKey, prefix, "parameter 2");
  Key(unwrappingKey, prefix, "parameter 3");
  const usages = Usages(keyUsages, prefix, "parameter 7");
  const operation = supports(unwrapAlgorithm, "unwrapKey", prefix) ? "unwrapKey" : "decrypt";
  const { name, run } = normalize(unwrapAlgorithm, operation, prefix);
  const target = normalize(unwrappedKeyAlgorithm, "importKey", prefix);
  const plain = run(usable(unwrappingKey, name, "unwrapKey"), bytesOf(wrappedKey));
  const data = format === "jwk" ? jwks().JsonWebKey(parsed(plain), prefix, "the wrapped key") : plain;
  if (format === "jwk") jwks().checkExtractable(data, boolean(extractable));
  return imported(target, format, data, boolean(extractable), usages);
}

function parsed(bytes) {
  try {
    return parse(encoding().fromUtf8(bytes));
  } catch {
    throw dataError("What was wrapped is no JSON Web Key.");
  }
}

