// JSON Web Keys: their members as the standard converts and checks them, and numbers as base64url.

import { host } from "internal:host";
import { boolean, DOMString, isObject, sequence } from "internal:webidl";
import { dictionary } from "internal:webidl_types";
import { dataError } from "internal:crypto_key";

const { fromBase64 } = Uint8Array;
const { toBase64 } = Uint8Array.prototype;
const decode = Function.prototype.call.bind(fromBase64, Uint8Array);
const encode = Function.prototype.call.bind(toBase64);

const MEMBERS = {
  alg: [DOMString], crv: [DOMString], d: [DOMString], dp: [DOMString], dq: [DOMString], e: [DOMString], ext: [boolean],
  k: [DOMString], key_ops: [sequence(DOMString)], kty: [DOMString], n: [DOMString], oth: [sequence((value) => value)],
  p: [DOMString], q: [DOMString], qi: [DOMString], use: [DOMString], x: [DOMString], y: [DOMString],
};

export const JsonWebKey = dictionary("JsonWebKey", MEMBERS);
export const isJsonWebKey = (value) => isObject(value) || value === undefined || value === null;

/** Bytes as base64url, without padding. */
export const base64url = (bytes) => encode(bytes, { alphabet: "base64url", omitPadding: true });

const notBase64url = /[^A-Za-z0-9_-]/;

/** The bytes of a member that must be there. */
export function member(jwk, name) {
  const text = jwk[name];
  if (text === undefined) throw dataError(`The JSON Web Key has no '${name}'.`);
  try {
    if (!notBase64url.test(text)) return decode(text, { alphabet: "base64url", lastChunkHandling: "loose" });
  } catch {
    // Said below.
  }
  throw dataError(`The '${name}' of the JSON Web Key is not base64url.`);
}

/** Throws for a key that says it may not be exported where one is wanted that may. */
export function checkExtractable(jwk, extractable) {
  if (jwk.ext === false && extractable) throw dataError("The JSON Web Key is not extractable ('ext' is false), but an extractable key was asked for.");
}

/** Checks `kty`, `use` and `key_ops`. */
export function checkJwk(jwk, { kty, use, usages }) {
  if (jwk.kty !== kty) throw dataError(`The JSON Web Key has the type ('kty') '${jwk.kty}', not '${kty}'.`);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
    throw dataError(`The 'use' of the JSON Web Key is '${jwk.use}', not '${use}'.`);
  }
  if (jwk.key_ops !== undefined) checkOperations(jwk.key_ops, usages);
}

function checkOperations(operations, usages) {
  if (new Set(operations).size !== operations.length) throw dataError("The 'key_ops' of the JSON Web Key repeat one.");
  const missing = usages.find((usage) => !operations.includes(usage));
  if (missing !== undefined) throw dataError(`The 'key_ops' of the JSON Web Key lack the usage '${missing}'.`);
}

/** Throws unless `alg` is absent or one of these. */
export function checkAlg(jwk, allowed) {
  if (jwk.alg !== undefined && !allowed.includes(jwk.alg)) {
    throw dataError(`The 'alg' of the JSON Web Key is '${jwk.alg}', not '${allowed.join("' or '")}'.`);
  }
}

/** A JSON Web Key of a key's numbers, named in their order. */
export function toJwk(slots, first, names) {
  const jwk = { ...first };
  host.keyParts(slots.handle).forEach((bytes, at) => { jwk[names[at]] = base64url(bytes); });
  return { ...jwk, key_ops: [...slots.usages], ext: slots.extractable };
}
