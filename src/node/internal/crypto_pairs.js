// generateKeyPair: RSA, the P curves, Ed25519 and X25519.
import { Buffer } from "node:buffer";
import { host } from "internal:host";
import { natives } from "node:internal/natives";
import { makePairKey } from "node:internal/crypto_keys";
import { CURVE_BY_NAME, exported } from "node:internal/crypto_formats";
import { ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { process } from "node:internal/process";
import { customArgs } from "node:internal/promisify";
import { validateFunction, validateObject, validateString, validateUint32 } from "node:internal/validators";

const invalidCurve = () => Object.assign(new TypeError("Invalid EC curve name"), { code: "ERR_CRYPTO_INVALID_CURVE" });

function rsa(options, isPss) {
  validateObject(options, "options");
  const { modulusLength, publicExponent = 0x10001 } = options;
  validateUint32(modulusLength, "options.modulusLength");
  validateUint32(publicExponent, "options.publicExponent");
  if (modulusLength < 512 || modulusLength > 8192) throw new RangeError(`No RSA key of ${modulusLength} bits can be made`);
  const [n, e, d, p, q] = (natives.rsaNumbers(modulusLength, publicExponent) ?? []).map((bytes) => Buffer.from(bytes));
  if (n === undefined) throw new Error(`No RSA key of ${modulusLength} bits with the public exponent ${publicExponent} can be made`);
  const [dp, dq, qi] = remainders(d, p, q);
  return { handle: host.keyFromParts("RSA", [n, e, d, p, q, dp, dq, qi]), kind: "RSA", isPss };
}

const number = (bytes) => BigInt(`0x${bytes.toString("hex")}`);
const bytes = (value) => Buffer.from(value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), "0"), "hex");

/** d mod p-1, d mod q-1, and the inverse of q modulo p (by Fermat's theorem). */
function remainders(d, p, q) {
  const [secret, one, other] = [d, p, q].map(number);
  return [bytes(secret % (one - 1n)), bytes(secret % (other - 1n)), Buffer.from(natives.modPow(q, bytes(one - 2n), p))];
}

function ofCurve(options) {
  validateObject(options, "options");
  validateString(options.namedCurve, "options.namedCurve");
  const kind = CURVE_BY_NAME[options.namedCurve];
  if (kind === undefined) throw invalidCurve();
  return { handle: host.keyGenerate(kind), kind };
}

const MAKERS = {
  rsa: (options) => rsa(options, false),
  "rsa-pss": (options) => rsa(options, true),
  ec: ofCurve,
  ed25519: () => ({ handle: host.keyGenerate("Ed25519"), kind: "Ed25519" }),
  x25519: () => ({ handle: host.keyGenerate("X25519"), kind: "X25519" }),
};

const told = (key, type, pair, encoding) => (encoding === undefined ? key : exported(type, pair, encoding));

export function generateKeyPairSync(type, options = undefined) {
  validateString(type, "type");
  if (options !== undefined) validateObject(options, "options");
  if (!Object.hasOwn(MAKERS, type)) throw new ERR_INVALID_ARG_VALUE("type", type, "must be a supported key type");
  for (const name of ["publicKeyEncoding", "privateKeyEncoding"]) if (options?.[name] !== undefined) validateObject(options[name], `options.${name}`);
  const pair = MAKERS[type](options);
  const open = { ...pair, handle: host.keyPublic(pair.handle) };
  return {
    publicKey: told(makePairKey("public", open), "public", open, options?.publicKeyEncoding),
    privateKey: told(makePairKey("private", pair), "private", pair, options?.privateKeyEncoding),
  };
}

export function generateKeyPair(type, options, callback = options) {
  validateFunction(callback, "callback");
  const { publicKey, privateKey } = generateKeyPairSync(type, typeof options === "function" ? undefined : options);
  process.nextTick(callback, null, publicKey, privateKey);
}
Object.defineProperty(generateKeyPair, customArgs, { value: ["publicKey", "privateKey"] });
