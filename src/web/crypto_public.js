// Keys that come in pairs: RSA, the P curves, Ed25519 and X25519, as the Web Cryptography standard says.

import { host, lazy } from "internal:host";
import { DOMString } from "internal:webidl";
import { dictionary, instance, REQUIRED, unsignedLongEnforced, viewName } from "internal:webidl_types";
import { allowUsages, Bytes, dataError, domException, invalidAccess, isKey, makeKey, makePair, needType, notSupported, operationError, slotsOf } from "internal:crypto_key";
import { checkAlg, checkJwk, member, toJwk } from "internal:crypto_jwk";
import { Hash, jwkHash } from "internal:crypto_hash";

const crypto = lazy("crypto");

const needed = (made, what) => {
  if (made === undefined) throw dataError(what);
  return made;
};

/** Usages of the public and the private key. */
const SIGNING = [["verify"], ["sign"]];
const AGREEING = [[], ["deriveKey", "deriveBits"]];
const CIPHER = [["encrypt", "wrapKey"], ["decrypt", "unwrapKey"]];

/**
 * Imports a key of a pair. `rules`: `kind` (RSA or the curve), `usages`, `jwk` (`kty`, `use`, `names` of the numbers, `check`), `raw`
 * whether public keys may be raw.
 */
function importPair(name, format, data, wanted, { kind, usages, jwk: rules, raw }) {
  const isPrivate = format === "pkcs8" || (format === "jwk" && data.d !== undefined);
  if (format === "raw" && !raw) throw notSupported(`${name} keys cannot be imported as 'raw'.`);
  allowUsages(wanted, usages[isPrivate ? 1 : 0], `a ${isPrivate ? "private" : "public"} ${name} key`);
  if (format !== "jwk") {
    const why = `The data is no ${isPrivate ? "private" : "public"} key for ${name}${kind === "RSA" ? "" : ` (${kind})`} in the format '${format}'.`;
    return [needed(host.keyFromBytes(kind, format, data), why), isPrivate];
  }
  checkJwk(data, { kty: rules.kty, use: rules.use, usages: wanted });
  rules.check(data);
  const names = isPrivate ? rules.names : rules.names.slice(0, rules.shared);
  const parts = names.filter((each) => !rules.optional?.(data, each)).map((each) => member(data, each));
  return [needed(host.keyFromParts(kind, parts), `The numbers of the JSON Web Key are no key for ${name}.`), isPrivate];
}

function exportPair(format, slots, jwk, names, raw) {
  const { name } = slots.algorithm;
  if (format === "jwk") return toJwk(slots, jwk(), names);
  if (format === "raw" && !raw) throw notSupported(`${name} keys cannot be exported as 'raw'.`);
  if ((format === "pkcs8") !== (slots.type === "private")) throw invalidAccess(`A ${slots.type} ${name} key cannot be exported as '${format}'.`);
  return format === "raw" ? host.keyRaw(slots.handle) : host.keyDer(slots.handle);
}

function needPrivateUsages(usages, allowed) {
  if (!usages.some((usage) => allowed.includes(usage))) {
    throw domException("SyntaxError", "Usages cannot be empty when creating a key pair: the private key could be used for nothing.");
  }
}

// ---- RSA

const RSA_NAMES = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
const CRT = RSA_NAMES.slice(3);

function BigInteger(value, prefix, what) {
  if (viewName(value) !== "Uint8Array") throw new TypeError(`${prefix}: ${what} is not a Uint8Array.`);
  return Bytes(value, prefix, what);
}

const RsaKeyGenParams = dictionary("RsaHashedKeyGenParams", {
  hash: [Hash, REQUIRED], modulusLength: [unsignedLongEnforced, REQUIRED], publicExponent: [BigInteger, REQUIRED],
});
const RsaImportParams = dictionary("RsaHashedImportParams", { hash: [Hash, REQUIRED] });

const asNumber = (bytes) => bytes.reduce((number, byte) => number * 256 + byte, 0);

function checkRsa(modulusLength, exponent) {
  if (modulusLength < 256 || modulusLength > 16384 || modulusLength % 8 !== 0) {
    throw operationError(`The 'modulusLength' must be a multiple of 8 from 256 to 16384, not ${modulusLength}.`);
  }
  if (exponent !== 3 && exponent !== 65537) throw operationError(`The "publicExponent" must be either 3 or 65537, but got ${exponent}.`);
}

const rsaAlg = { "RSASSA-PKCS1-v1_5": (hash) => `RS${hash}`, "RSA-PSS": (hash) => `PS${hash}`, "RSA-OAEP": (hash) => `RSA-OAEP${hash === "1" ? "" : `-${hash}`}` };

const RSA_ALGS = Object.values(rsaAlg).flatMap((make) => ["1", "256", "384", "512"].map(make));

function checkRsaAlg(jwk, wanted) {
  if (!RSA_ALGS.includes(jwk.alg)) throw dataError(`Unrecognized or unimplemented algorithm "${jwk.alg}" listed in the JSON Web Key.`);
  checkAlg(jwk, [wanted]);
}

/** The five CRT numbers are all there or none is. */
const rsaOptional = (jwk, name) => CRT.includes(name) && CRT.every((each) => jwk[each] === undefined);

function rsaAlgorithm(name, usages, operations) {
  const alg = (hash) => rsaAlg[name](jwkHash(hash));
  return {
    ...operations,
    generateKey: {
      params: RsaKeyGenParams,
      run({ hash, modulusLength, publicExponent }, extractable, wanted) {
        allowUsages(wanted, usages.flat(), name);
        checkRsa(modulusLength, asNumber(publicExponent));
        needPrivateUsages(wanted, usages[1]);
        crypto().refuseAtStart();
        const algorithm = { name, modulusLength, publicExponent, hash };
        return host.rsaGenerate(modulusLength, asNumber(publicExponent))
          .then((handle) => makePair(handle, algorithm, extractable, wanted, usages));
      },
    },
    importKey: {
      params: RsaImportParams,
      run({ hash }, format, data, extractable, wanted) {
        const use = name === "RSA-OAEP" ? "enc" : "sig";
        const check = (jwk) => {
          if (jwk.alg !== undefined) checkRsaAlg(jwk, alg(hash));
          if (jwk.oth !== undefined) throw notSupported("RSA keys of more than two primes ('oth') are not supported.");
        };
        const jwk = { kty: "RSA", use, names: RSA_NAMES, shared: 2, check, optional: rsaOptional };
        const [handle, isPrivate] = importPair(name, format, data, wanted, { kind: "RSA", usages, jwk });
        const [modulus, publicExponent] = host.keyParts(handle);
        const modulusLength = modulus.length * 8 - Math.clz32(modulus[0]) + 24;
        return makeKey(handle, isPrivate ? "private" : "public", { name, modulusLength, publicExponent, hash }, extractable, wanted);
      },
    },
    exportKey: { run: (format, slots) => exportPair(format, slots, () => ({ kty: "RSA", alg: alg(slots.algorithm.hash) }), RSA_NAMES, false) },
  };
}

/** `sign` and `verify` whose parameters, with the key's hash, make what the host is told. */
function signing(params, plan) {
  return {
    sign: {
      params,
      run(given, slots, data) {
        needType(slots, "private", "sign");
        const signature = host.cryptoSign(slots.handle, plan(given, slots), data);
        if (signature === undefined) throw operationError("The key is too short to sign with this hash and salt.");
        return signature;
      },
    },
    verify: {
      params,
      run(given, slots, signature, data) {
        needType(slots, "public", "verify");
        return host.cryptoVerify(slots.handle, plan(given, slots), signature, data);
      },
    },
  };
}

const PssParams = dictionary("RsaPssParams", { saltLength: [unsignedLongEnforced, REQUIRED] });
const OaepParams = dictionary("RsaOaepParams", { label: [Bytes] });

function oaep(encrypt, type, why) {
  return {
    params: OaepParams,
    run({ label }, slots, data) {
      needType(slots, type, encrypt ? "encrypt" : "decrypt");
      const result = host.rsaCipher(slots.handle, { encrypt, hash: slots.algorithm.hash, label }, data);
      if (result === undefined) throw operationError(why);
      return result;
    },
  };
}

const OAEP = {
  encrypt: oaep(true, "public", "The data is too long to be encrypted with this key."),
  decrypt: oaep(false, "private", "Decryption failed: the data is damaged, or was encrypted for another key, hash or label."),
};

// ---- the P curves

const CURVES = { __proto__: null, "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };
const CurveParams = dictionary("EcKeyImportParams", { namedCurve: [DOMString, REQUIRED] });

function checkCurve(namedCurve) {
  if (CURVES[namedCurve] === undefined) throw notSupported(`Unrecognized or unimplemented EC curve "${namedCurve}" requested.`);
}

function curveAlgorithm(name, usages, operations) {
  return {
    ...operations,
    generateKey: {
      params: CurveParams,
      run({ namedCurve }, extractable, wanted) {
        allowUsages(wanted, usages.flat(), name);
        checkCurve(namedCurve);
        return generatePair(namedCurve, { name, namedCurve }, extractable, wanted, usages);
      },
    },
    importKey: {
      params: CurveParams,
      run({ namedCurve }, format, data, extractable, wanted) {
        checkCurve(namedCurve);
        const check = (jwk) => {
          if (jwk.crv !== namedCurve) throw dataError(`The JSON Web Key is for the curve '${jwk.crv}', not '${namedCurve}'.`);
          if (name === "ECDSA") checkAlg(jwk, [CURVES[namedCurve]]);
        };
        const jwk = { kty: "EC", use: name === "ECDSA" ? "sig" : "enc", names: ["x", "y", "d"], shared: 2, check };
        const [handle, isPrivate] = importPair(name, format, data, wanted, { kind: namedCurve, usages, jwk, raw: true });
        return makeKey(handle, isPrivate ? "private" : "public", { name, namedCurve }, extractable, wanted);
      },
    },
    exportKey: {
      run: (format, slots) => exportPair(format, slots, () => ({ kty: "EC", crv: slots.algorithm.namedCurve }), ["x", "y", "d"], true),
    },
  };
}

function generatePair(kind, algorithm, extractable, wanted, usages) {
  needPrivateUsages(wanted, usages[1]);
  crypto().refuseAtStart();
  return makePair(host.keyGenerate(kind), algorithm, extractable, wanted, usages);
}

const Key = instance("CryptoKey", isKey);
const AgreeParams = dictionary("EcdhKeyDeriveParams", { public: [Key, REQUIRED] });

const agreement = {
  deriveBits: {
    params: AgreeParams,
    run(given, slots, length) {
      needType(slots, "private", "deriveBits");
      const peer = slotsOf(given.public);
      needType(peer, "public", "deriveBits");
      const { name, namedCurve } = slots.algorithm;
      if (peer.algorithm.name !== name || peer.algorithm.namedCurve !== namedCurve) {
        throw invalidAccess(`The public key is for ${peer.algorithm.name} (${peer.algorithm.namedCurve ?? "its own curve"}), the private one for ${name} (${namedCurve ?? "its own curve"}).`);
      }
      const shared = host.cryptoAgree(slots.handle, peer.handle);
      if (shared === undefined) throw operationError("The two keys share no secret: the public one is of small order.");
      return length === null ? shared : firstBits(shared, length);
    },
  },
};

function firstBits(bytes, length) {
  if (length > bytes.length * 8) throw operationError(`The shared secret has ${bytes.length * 8} bits, ${length} were asked for.`);
  const first = bytes.slice(0, Math.ceil(length / 8));
  if (length % 8 !== 0) first[first.length - 1] &= 0xff00 >> length % 8;
  return first;
}

// ---- Ed25519 and X25519

function okpAlgorithm(name, kind, usages, { params, algorithm = () => ({ name }), ...operations }) {
  return {
    ...operations,
    generateKey: {
      params,
      run(given, extractable, wanted) {
        allowUsages(wanted, usages.flat(), name);
        return generatePair(kind, algorithm(given), extractable, wanted, usages);
      },
    },
    importKey: {
      params,
      run(given, format, data, extractable, wanted) {
        const check = (jwk) => {
          if (jwk.crv !== kind) throw dataError(`The JSON Web Key is for the curve '${jwk.crv}', not '${kind}'.`);
          if (kind === "Ed25519") checkAlg(jwk, ["Ed25519", "EdDSA"]);
        };
        const jwk = { kty: "OKP", use: kind === "Ed25519" ? "sig" : "enc", names: ["x", "d"], shared: 1, check };
        const [handle, isPrivate] = importPair(name, format, data, wanted, { kind, usages, jwk, raw: true });
        return makeKey(handle, isPrivate ? "private" : "public", algorithm(given), extractable, wanted);
      },
    },
    exportKey: {
      run(format, slots) {
        const first = { kty: "OKP", crv: kind, ...(kind === "Ed25519" ? { alg: "EdDSA" } : {}) };
        return exportPair(format, slots, () => first, ["x", "d"], true);
      },
    },
  };
}

const NODE = {
  params: CurveParams,
  algorithm({ namedCurve }) {
    if (namedCurve !== "NODE-ED25519") throw notSupported(`EDDSA curve "${namedCurve}" isn't supported.`);
    return { name: "NODE-ED25519", namedCurve };
  },
};

const ed25519 = signing(undefined, () => ({}));

export const algorithms = {
  "RSASSA-PKCS1-v1_5": rsaAlgorithm("RSASSA-PKCS1-v1_5", SIGNING, signing(undefined, (given, slots) => ({ hash: slots.algorithm.hash }))),
  "RSA-PSS": rsaAlgorithm("RSA-PSS", SIGNING, signing(PssParams, ({ saltLength }, slots) => ({ hash: slots.algorithm.hash, salt: saltLength }))),
  "RSA-OAEP": rsaAlgorithm("RSA-OAEP", CIPHER, OAEP),
  ECDSA: curveAlgorithm("ECDSA", SIGNING, signing(dictionary("EcdsaParams", { hash: [Hash, REQUIRED] }), ({ hash }) => ({ hash }))),
  ECDH: curveAlgorithm("ECDH", AGREEING, agreement),
  Ed25519: okpAlgorithm("Ed25519", "Ed25519", SIGNING, ed25519),
  "NODE-ED25519": okpAlgorithm("NODE-ED25519", "Ed25519", SIGNING, { ...ed25519, ...NODE }),
  X25519: okpAlgorithm("X25519", "X25519", AGREEING, agreement),
};
