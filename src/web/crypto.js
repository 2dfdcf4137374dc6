// crypto: random values, digests, constant-time comparison. The key operations are in internal:crypto_subtle.
import { host, lazy } from "internal:host";
import { illegalConstructor, interface_, internal, isObject, requiredArguments, wrongType } from "internal:webidl";
import { AllowSharedBufferSource, BufferSource, bytesOf, isView, viewName } from "internal:webidl_types";

const exception = lazy("exception");
const digests = lazy("digest");
const subtle = lazy("crypto_subtle");
const { slice } = Array.prototype;
const { apply } = Reflect;
const { cryptoFill, cryptoUuid, cryptoEqual, digestOf } = host;

const domException = (name, message) => new (exception().DOMException)(message, name);

// One isolate serves many requests: a value drawn while it starts would be the same for all of them.
export function refuseAtStart() {
  if (host.isStartup()) {
    throw new Error(
      "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a timeout, " +
        "and generating random values are not allowed within global scope. To fix this error, perform this operation " +
        "within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/",
    );
  }
}

/** What one call of getRandomValues may ask for, in bytes: the standard's number. */
const QUOTA = 65536;
const INTEGERS = [
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array", "BigInt64Array", "BigUint64Array",
];

function digestName(algorithm, prefix) {
  if (!isObject(algorithm)) return `${algorithm}`.toUpperCase();
  const { name } = algorithm;
  if (name === undefined) throw new TypeError(`${prefix}: the algorithm has no 'name'.`);
  return `${name}`.toUpperCase();
}

const prefixOf = (operation) => `Failed to execute '${operation}' on 'SubtleCrypto'`;

/** An operation of internal:crypto_subtle, with all its arguments. */
async function perform(operation, given, needed) {
  const prefix = prefixOf(operation);
  requiredArguments(given.length, needed, prefix);
  return subtle()[operation](...apply(slice, given, [0, needed]), prefix);
}

export class SubtleCrypto {
  #brand;

  constructor(token) {
    illegalConstructor(token);
  }

  async digest(algorithm, data) {
    this.#brand;
    const prefix = prefixOf("digest");
    requiredArguments(arguments.length, 2, prefix);
    AllowSharedBufferSource(data, prefix, "parameter 2"); // as on Cloudflare, resizable buffers too
    const name = digestName(algorithm, prefix);
    const digest = digestOf(name, bytesOf(data));
    if (digest === undefined) {
      throw domException("NotSupportedError", "Unrecognized or unimplemented digest algorithm requested.");
    }
    return digest.buffer;
  }

  async deriveBits(algorithm, baseKey, length = undefined) {
    this.#brand;
    const prefix = prefixOf("deriveBits");
    requiredArguments(arguments.length, 2, prefix);
    return subtle().deriveBits(algorithm, baseKey, length, prefix);
  }

  async encrypt(algorithm, key, data) {
    this.#brand;
    return perform("encrypt", arguments, 3);
  }

  async decrypt(algorithm, key, data) {
    this.#brand;
    return perform("decrypt", arguments, 3);
  }

  async sign(algorithm, key, data) {
    this.#brand;
    return perform("sign", arguments, 3);
  }

  async verify(algorithm, key, signature, data) {
    this.#brand;
    return perform("verify", arguments, 4);
  }

  async generateKey(algorithm, extractable, keyUsages) {
    this.#brand;
    return perform("generateKey", arguments, 3);
  }

  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    this.#brand;
    return perform("deriveKey", arguments, 5);
  }

  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    this.#brand;
    return perform("importKey", arguments, 5);
  }

  async exportKey(format, key) {
    this.#brand;
    return perform("exportKey", arguments, 2);
  }

  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    this.#brand;
    return perform("wrapKey", arguments, 4);
  }

  async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
    this.#brand;
    return perform("unwrapKey", arguments, 7);
  }

  // Cloudflare's own.
  timingSafeEqual(a, b) {
    this.#brand;
    const prefix = "Failed to execute 'timingSafeEqual' on 'SubtleCrypto'";
    requiredArguments(arguments.length, 2, prefix);
    const left = bytesOf(BufferSource(a, prefix, "parameter 1"));
    const right = bytesOf(BufferSource(b, prefix, "parameter 2"));
    if (left.length !== right.length) throw new TypeError("Input buffers must have the same byte length.");
    return cryptoEqual(left, right);
  }
}
interface_(SubtleCrypto, { lengths: { constructor: 0 } });

export class Crypto {
  #subtle;

  constructor(token) {
    illegalConstructor(token);
    this.#subtle = new SubtleCrypto(internal);
  }

  get subtle() {
    return this.#subtle;
  }

  getRandomValues(array) {
    this.#subtle;
    const prefix = "Failed to execute 'getRandomValues' on 'Crypto'";
    requiredArguments(arguments.length, 1, prefix);
    if (!isView(array)) throw wrongType(prefix, "parameter 1", "ArrayBufferView");
    if (!INTEGERS.includes(viewName(array))) {
      const text = "ArrayBufferView argument to getRandomValues() must be an integer-typed view.";
      throw domException("TypeMismatchError", text);
    }
    const bytes = bytesOf(array);
    if (bytes.length > QUOTA) {
      const text = `getRandomValues() only accepts buffers of size <= 64K but provided ${bytes.length} bytes.`;
      throw domException("QuotaExceededError", text);
    }
    refuseAtStart();
    cryptoFill(bytes);
    return array;
  }

  randomUUID() {
    this.#subtle;
    refuseAtStart();
    return cryptoUuid();
  }

  get DigestStream() {
    this.#subtle;
    return digests().DigestStream;
  }
}
interface_(Crypto, { lengths: { constructor: 0 } });

export const crypto = new Crypto(internal);
