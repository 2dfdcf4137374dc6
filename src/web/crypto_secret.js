// Keys that are plain bytes: AES, HMAC, HKDF and PBKDF2, as the Web Cryptography standard says.

import { host } from "internal:host";
import { any } from "internal:webidl";
import { dictionary, integer, REQUIRED, unsignedLongEnforced } from "internal:webidl_types";
import { allowUsages, Bytes, dataError, domException, makeKey, needUsages, notSupported, operationError } from "internal:crypto_key";
import { checkAlg, checkJwk, member, toJwk } from "internal:crypto_jwk";
import { BLOCK_BITS, Hash, jwkHash, random } from "internal:crypto_hash";

const octetEnforced = integer("octet", 8, false, "enforce");
const unsignedShortEnforced = integer("unsigned short", 16, false, "enforce");
const AES_LENGTHS = [128, 192, 256];

// ---- AES

const aes = (mode, encrypt, plan, slots, data, why) => {
  const result = host.aesCipher(slots.handle, { mode, encrypt, ...plan }, data);
  if (result === undefined) throw operationError(why);
  return result;
};

const BROKEN =
  "Decryption failed. The data may be damaged, or the key or another parameter is not that with which it was encrypted.";

function cipher(mode, params, plan, tooMuch) {
  return {
    encrypt: { params, run: (given, slots, data) => aes(mode, true, plan(given, data, true), slots, data, tooMuch) },
    decrypt: { params, run: (given, slots, data) => aes(mode, false, plan(given, data, false), slots, data, tooMuch ?? BROKEN) },
  };
}

function cbcPlan({ iv }) {
  if (iv.length !== 16) throw operationError(`The 'iv' of AES-CBC must be 16 bytes long, not ${iv.length}.`);
  return { iv };
}

function ctrPlan({ counter, length }) {
  if (counter.length !== 16) throw operationError(`The 'counter' of AES-CTR must be 16 bytes long, not ${counter.length}.`);
  if (length < 1 || length > 128) throw operationError(`The 'length' of AES-CTR's counter must be from 1 to 128 bits, not ${length}.`);
  return { iv: counter, length };
}

const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];

function gcmPlan({ iv, additionalData, tagLength }, data, encrypting) {
  if (!TAG_BITS.includes(tagLength)) throw operationError(`The 'tagLength' of AES-GCM must be one of ${TAG_BITS.join(", ")} bits, not ${tagLength}.`);
  if (iv.length === 0) throw operationError("AES-GCM IV must not be empty.");
  if (!encrypting && data.length < tagLength / 8) throw operationError(`Ciphertext length of ${data.length * 8} bits must be greater than or equal to the size of the AES-GCM tag length of ${tagLength} bits.`);
  return { iv, additional: additionalData, length: tagLength / 8 };
}

const CbcParams = dictionary("AesCbcParams", { iv: [Bytes, REQUIRED] });
const CtrParams = dictionary("AesCtrParams", { counter: [Bytes, REQUIRED], length: [octetEnforced, REQUIRED] });
const GcmParams = dictionary("AesGcmParams", { additionalData: [Bytes], iv: [Bytes, REQUIRED], tagLength: [octetEnforced, 128] });

const wrapping = (encrypt, why) => (params, slots, data) => {
  const shortest = encrypt ? 16 : 24;
  if (data.length % 8 !== 0 || data.length < shortest) {
    throw operationError(`AES-KW takes a multiple of 8 bytes, ${shortest} at least, not ${data.length}.`);
  }
  return aes("KW", encrypt, {}, slots, data, why);
};

// Members that are read though nothing depends on them: a Worker's getters are seen to run, as on Cloudflare.
const HmacParams = dictionary("HmacParams", { hash: [any] });
const AesImportParams = dictionary("AesImportParams", { length: [any] });
const AesKeyLength = dictionary("AesKeyGenParams", { length: [unsignedShortEnforced, REQUIRED] });

function checkAesLength(length) {
  if (!AES_LENGTHS.includes(length)) throw operationError(`AES keys have 128, 192 or 256 bits, not ${length}.`);
  return length;
}

function aesAlgorithm(name, usages, operations) {
  const mode = name.slice(4);
  const alg = (length) => `A${length}${mode}`;
  return {
    ...operations,
    generateKey: {
      params: AesKeyLength,
      run({ length }, extractable, wanted) {
        allowUsages(wanted, usages, name);
        checkAesLength(length);
        needUsages(wanted);
        return makeKey(host.keySecret(random(length / 8)), "secret", { name, length }, extractable, wanted);
      },
    },
    importKey: {
      params: AesImportParams,
      run(params, format, data, extractable, wanted) {
        allowUsages(wanted, usages, name);
        const bytes = aesBytes(name, format, data, { use: "enc", usages: wanted });
        const length = bytes.length * 8;
        if (!AES_LENGTHS.includes(length)) throw dataError(`Imported AES key length must be 128, 192, or 256 bits but provided ${length}.`);
        if (format === "jwk") checkAlg(data, [alg(length)]);
        return makeKey(host.keySecret(bytes), "secret", { name, length }, extractable, wanted);
      },
    },
    exportKey: { run: (format, slots) => exportSecret(format, slots, alg(slots.algorithm.length)) },
    keyLength: { params: AesKeyLength, run: ({ length }) => checkAesLength(length) },
  };
}

function aesBytes(name, format, data, checks) {
  if (format === "raw") return data;
  if (format !== "jwk") throw notSupported(`${name} keys cannot be imported as '${format}'.`);
  checkJwk(data, { kty: "oct", ...checks });
  return member(data, "k");
}

function exportSecret(format, slots, alg) {
  if (format === "raw") return host.keyRaw(slots.handle);
  if (format !== "jwk") throw notSupported(`${slots.algorithm.name} keys cannot be exported as '${format}'.`);
  return toJwk(slots, { kty: "oct", alg }, ["k"]);
}

const WRAPPING = ["wrapKey", "unwrapKey"];
const CIPHER = ["encrypt", "decrypt", ...WRAPPING];
const REPEATS = "The data is too long: the counter would repeat.";

// ---- HMAC

const HmacKeyGenParams = dictionary("HmacKeyGenParams", { hash: [Hash, REQUIRED], length: [unsignedLongEnforced] });

const hmac = {
  sign: { params: HmacParams, run: (params, slots, data) => host.cryptoSign(slots.handle, slots.algorithm, data) },
  verify: { params: HmacParams, run: (params, slots, signature, data) => host.cryptoVerify(slots.handle, slots.algorithm, signature, data) },
  generateKey: {
    params: HmacKeyGenParams,
    run({ hash, length = BLOCK_BITS[hash] }, extractable, wanted) {
      allowUsages(wanted, ["sign", "verify"], "HMAC");
      if (length === 0) throw operationError("The 'length' of an HMAC key must not be 0.");
      needUsages(wanted);
      const handle = host.keySecret(random(Math.ceil(length / 8)));
      return makeKey(handle, "secret", { name: "HMAC", length, hash }, extractable, wanted);
    },
  },
  importKey: {
    params: HmacKeyGenParams,
    run({ hash, length }, format, data, extractable, wanted) {
      allowUsages(wanted, ["sign", "verify"], "HMAC");
      const bytes = aesBytes("HMAC", format, data, { use: "sig", usages: wanted });
      if (format === "jwk") checkAlg(data, [`HS${jwkHash(hash)}`]);
      const bits = bytes.length * 8;
      if (bits === 0) throw dataError("An HMAC key must not be empty.");
      if (length !== undefined && (length > bits || length <= bits - 8)) {
        throw dataError(`The 'length' of the HMAC key is ${length} bits, but the data has ${bits}.`);
      }
      return makeKey(host.keySecret(bytes), "secret", { name: "HMAC", length: length ?? bits, hash }, extractable, wanted);
    },
  },
  exportKey: { run: (format, slots) => exportSecret(format, slots, format === "jwk" ? `HS${jwkHash(slots.algorithm.hash)}` : "") },
  keyLength: {
    params: HmacKeyGenParams,
    run({ hash, length = BLOCK_BITS[hash] }) {
      if (length === 0) throw new TypeError("The 'length' of an HMAC key must not be 0.");
      return length;
    },
  },
};

// ---- derivation

function derivation(name, params, derive) {
  return {
    deriveBits: {
      params,
      run(given, slots, length) {
        if (length === null || length % 8 !== 0) throw operationError(`${name} derives a multiple of 8 bits, not ${length}.`);
        return derive(given, slots, length / 8);
      },
    },
    importKey: {
      run(_, format, data, extractable, wanted) {
        if (format !== "raw") throw notSupported(`${name} keys can only be imported as 'raw'.`);
        allowUsages(wanted, ["deriveKey", "deriveBits"], name);
        if (extractable) throw domException("SyntaxError", `${name} keys cannot be extractable.`);
        return makeKey(host.keySecret(data), "secret", { name }, false, wanted);
      },
    },
    keyLength: { run: () => null },
  };
}

const HkdfParams = dictionary("HkdfParams", { hash: [Hash, REQUIRED], info: [Bytes, REQUIRED], salt: [Bytes, REQUIRED] });

function hkdf(given, slots, length) {
  const derived = host.cryptoHkdf(slots.handle, given, length);
  if (derived === undefined) throw operationError(`HKDF with ${given.hash} cannot derive as much as ${length} bytes.`);
  return derived;
}

const Pbkdf2Params = dictionary("Pbkdf2Params", { hash: [Hash, REQUIRED], iterations: [unsignedLongEnforced, REQUIRED], salt: [Bytes, REQUIRED] });
/** As on Cloudflare. */
const MOST_ITERATIONS = 100000;
/** Bytes that PBKDF2 may derive: some thousand rounds of the whole iterations. */
const MOST_DERIVED = 255 * 64;

function pbkdf2(given, slots, length) {
  const { iterations } = given;
  if (iterations === 0) throw operationError("PBKDF2 needs at least one iteration.");
  if (iterations > MOST_ITERATIONS) {
    throw notSupported(`Pbkdf2 failed: iteration counts above ${MOST_ITERATIONS} are not supported (requested ${iterations}).`);
  }
  if (length > MOST_DERIVED) throw operationError(`PBKDF2 cannot derive as much as ${length} bytes.`);
  return host.cryptoPbkdf2(slots.handle, given, length);
}

export const algorithms = {
  "AES-CBC": aesAlgorithm("AES-CBC", CIPHER, cipher("CBC", CbcParams, cbcPlan)),
  "AES-CTR": aesAlgorithm("AES-CTR", CIPHER, cipher("CTR", CtrParams, ctrPlan, REPEATS)),
  "AES-GCM": aesAlgorithm("AES-GCM", CIPHER, cipher("GCM", GcmParams, gcmPlan)),
  "AES-KW": aesAlgorithm("AES-KW", WRAPPING, {
    wrapKey: { run: wrapping(true, "The key cannot be wrapped.") },
    unwrapKey: { run: wrapping(false, "Unwrapping failed: the data is damaged, or was wrapped with another key.") },
  }),
  HMAC: hmac,
  HKDF: derivation("HKDF", HkdfParams, hkdf),
  PBKDF2: derivation("PBKDF2", Pbkdf2Params, pbkdf2),
};
