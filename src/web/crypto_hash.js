// The hash functions that algorithms name, and random bytes for new keys.

import { host, lazy } from "internal:host";
import { isObject } from "internal:webidl";
import { notSupported } from "internal:crypto_key";

const crypto = lazy("crypto");

/** Bits of each hash's block: the usual length of an HMAC key. */
export const BLOCK_BITS = { __proto__: null, MD5: 512, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };

/** Algorithm -> its name; a dictionary must have one. */
export function nameOf(algorithm, prefix) {
  if (!isObject(algorithm)) return `${algorithm}`;
  const { name } = algorithm;
  if (name === undefined) throw new TypeError(`${prefix === undefined ? "" : `${prefix}: `}the algorithm has no 'name'.`);
  return `${name}`;
}

/** A HashAlgorithmIdentifier as the hash's name. */
export function Hash(value, prefix) {
  const name = nameOf(value, prefix).toUpperCase();
  if (BLOCK_BITS[name] === undefined) throw notSupported(`Unrecognized or unimplemented digest algorithm '${name}' requested.`);
  return name;
}

/** What stands for a hash in the `alg` of a JSON Web Key: 256 for SHA-256. */
export function jwkHash(hash) {
  if (!hash.startsWith("SHA-")) throw notSupported(`JSON Web Keys have no name for algorithms with ${hash}.`);
  return hash.slice(4);
}

export function random(length) {
  crypto().refuseAtStart();
  const bytes = new Uint8Array(length);
  host.cryptoFill(bytes);
  return bytes;
}
