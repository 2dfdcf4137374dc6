// CryptoKey: an opaque handle of native key material with what the standard says about it. Also what all key
// operations share: errors, usages, the dictionaries' converters.

import { host, lazy } from "internal:host";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { AllowSharedBufferSource, bytesOf } from "internal:webidl_types";

const exception = lazy("exception");

// Every module that does something with keys imports this one, so the natives are there when they are called.
host.cryptoOperations(host);

export const domException = (name, message) => new (exception().DOMException)(message, name);
export const dataError = (message) => domException("DataError", message);
export const operationError = (message) => domException("OperationError", message);
export const invalidAccess = (message) => domException("InvalidAccessError", message);
export const notSupported = (message) => domException("NotSupportedError", message);

/** A BufferSource as bytes of our own: what happens to the caller's buffer later does not matter. */
export const Bytes = (value, prefix, what) => bytesOf(AllowSharedBufferSource(value, prefix, what)).slice();

/** What a key is: `{ handle, type, extractable, algorithm, usages }`. Only for keys; others are a TypeError. */
export let slotsOf;
export let isKey;

/** The algorithm as users see it: theirs to change, so not ours. */
function shown(algorithm) {
  const copy = {};
  for (const [name, value] of Object.entries(algorithm)) {
    copy[name] = name === "hash" ? { name: value } : name === "publicExponent" ? value.slice() : value;
  }
  return copy;
}

export class CryptoKey {
  #slots;
  #algorithm;
  #usages;

  static {
    slotsOf = (key) => key.#slots;
    isKey = (value) => isObject(value) && #slots in value;
  }

  constructor(token, slots) {
    illegalConstructor(token);
    this.#slots = slots;
  }

  get type() {
    return this.#slots.type;
  }

  get extractable() {
    return this.#slots.extractable;
  }

  get algorithm() {
    return (this.#algorithm ??= shown(this.#slots.algorithm));
  }

  get usages() {
    return (this.#usages ??= [...this.#slots.usages]);
  }
}
interface_(CryptoKey, { lengths: { constructor: 0 }, clone: (key) => new CryptoKey(internal, slotsOf(key)) });

/** Every usage, in the order in which keys tell theirs. */
export const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

/** A key. `usages` may repeat. */
export function makeKey(handle, type, algorithm, extractable, usages) {
  const kept = USAGES.filter((usage) => usages.includes(usage));
  return new CryptoKey(internal, { handle, type, extractable, algorithm, usages: kept });
}

/** Throws unless all usages are among the allowed ones. */
export function allowUsages(usages, allowed, what) {
  for (const usage of usages) {
    if (!allowed.includes(usage)) {
      throw domException("SyntaxError", `Cannot create a key for ${what} with the usage '${usage}'${allowed.length > 0 ? ` (allowed: ${allowed.join(", ")})` : ""}.`);
    }
  }
}

/** Throws for a secret or private key that could be used for nothing. */
export function needUsages(usages) {
  if (usages.length === 0) throw domException("SyntaxError", "Usages cannot be empty when creating a secret or private key.");
}

/** A new public and private key, each with those of the usages that are for it. */
export function makePair(handle, algorithm, extractable, usages, [forPublic, forPrivate]) {
  const those = (allowed) => usages.filter((usage) => allowed.includes(usage));
  return {
    publicKey: makeKey(host.keyPublic(handle), "public", algorithm, true, those(forPublic)),
    privateKey: makeKey(handle, "private", algorithm, extractable, those(forPrivate)),
  };
}

/** Throws unless the key is of this type. */
export function needType(slots, type, operation) {
  if (slots.type !== type) throw invalidAccess(`The ${operation} operation needs a ${type} key, not a ${slots.type} one.`);
}
