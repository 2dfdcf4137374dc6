// jose signs and checks tokens, and encrypts, with keys from every format.
import { CompactEncrypt, SignJWT, compactDecrypt, createLocalJWKSet, exportJWK, generateKeyPair, importSPKI, importPKCS8, exportPKCS8, exportSPKI, jwtVerify } from "jose";

const refusal = (promise) => promise.then(() => "accepted", (error) => error.code);

async function signed(alg) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kept = await importPKCS8(await exportPKCS8(privateKey), alg);
  const token = await new SignJWT({ role: "editor" }).setProtectedHeader({ alg, kid: "k" }).setIssuer("me").setExpirationTime(4102444800).sign(kept);
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg, kid: "k" }] });
  const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: "me" });
  const open = await importSPKI(await exportSPKI(publicKey), alg);
  return [payload, protectedHeader, await refusal(jwtVerify(token, open, { issuer: "you" })), await refusal(jwtVerify(`${token.slice(0, -8)}AAAAAAAA`, open))];
}

async function sealed() {
  const secret = new Uint8Array(32).fill(7);
  const text = await new CompactEncrypt(new TextEncoder().encode("hidden")).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(secret);
  const { plaintext, protectedHeader } = await compactDecrypt(text, secret);
  return [new TextDecoder().decode(plaintext), protectedHeader, await refusal(compactDecrypt(text, new Uint8Array(32)))];
}

export default async () => [await signed("ES256"), await signed("RS256"), await signed("EdDSA"), await sealed()];
