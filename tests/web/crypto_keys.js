// crypto.subtle's keys: what the algorithms do, against published values where there are some, and what is refused.

const { subtle } = crypto;
const hex = (buffer) => new Uint8Array(buffer).toHex();
const bytes = (text) => Uint8Array.fromHex(text);
const text = new TextEncoder().encode("The quick brown fox jumps over the lazy dog");
const secret = (algorithm, data, usages) => subtle.importKey("raw", data, algorithm, true, usages);

test("HMAC gives the values of its standard", async () => {
  const key = await secret({ name: "hmac", hash: "sha-256" }, new TextEncoder().encode("key"), ["verify", "sign"]);
  equal(key.algorithm, { name: "HMAC", length: 24, hash: { name: "SHA-256" } });
  equal(key.usages, ["sign", "verify"]);
  const signature = await subtle.sign("HMAC", key, text);
  equal(hex(signature), "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  equal([await subtle.verify("HMAC", key, signature, text), await subtle.verify("HMAC", key, signature.slice(1), text)], [true, false]);
});

test("AES gives the values of its standards", async () => {
  const data = bytes("6bc1bee22e409f96e93d7e117393172a");
  const key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
  const ctr = await secret("AES-CTR", key, ["encrypt"]);
  const counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  equal(hex(await subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, ctr, data)), "874d6191b620e3261bef6864990db6ce");
  const cbc = await secret("AES-CBC", key, ["encrypt", "decrypt"]);
  const iv = bytes("000102030405060708090a0b0c0d0e0f");
  const sealed = await subtle.encrypt({ name: "AES-CBC", iv }, cbc, data);
  equal(hex(sealed).slice(0, 32), "7649abac8119b246cee98e9b12e9197d");
  equal(hex(await subtle.decrypt({ name: "AES-CBC", iv }, cbc, sealed)), hex(data));
  await rejects("OperationError", subtle.decrypt({ name: "AES-CBC", iv }, cbc, sealed.slice(0, 16)));
  const gcm = await secret("AES-GCM", new Uint8Array(16), ["encrypt", "decrypt"]);
  const plan = { name: "AES-GCM", iv: new Uint8Array(12) };
  equal(hex(await subtle.encrypt(plan, gcm, new Uint8Array(0))), "58e2fccefa7e3061367f1d57a4e7455a");
  equal(hex(await subtle.encrypt(plan, gcm, new Uint8Array(16))), "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
  await rejects("OperationError", subtle.decrypt({ ...plan, tagLength: 96 }, gcm, new Uint8Array(16)));
});

test("keys wrap and unwrap each other", async () => {
  const kw = await secret("AES-KW", bytes("000102030405060708090A0B0C0D0E0F"), ["wrapKey", "unwrapKey"]);
  const key = await secret("AES-GCM", bytes("00112233445566778899AABBCCDDEEFF"), ["encrypt"]);
  const wrapped = await subtle.wrapKey("raw", key, kw, "AES-KW");
  equal(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
  const back = await subtle.unwrapKey("raw", wrapped, kw, "AES-KW", "AES-GCM", true, ["decrypt"]);
  equal(hex(await subtle.exportKey("raw", back)), "00112233445566778899aabbccddeeff");
  const gcm = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]);
  const plan = { name: "AES-GCM", iv: new Uint8Array(12) };
  const jwk = await subtle.wrapKey("jwk", key, gcm, plan);
  const again = await subtle.unwrapKey("jwk", jwk, gcm, plan, "AES-GCM", true, ["encrypt"]);
  equal((await subtle.exportKey("jwk", again)).k, "ABEiM0RVZneImaq7zN3u_w");
  await rejects("InvalidAccessError", subtle.exportKey("raw", gcm));
});

test("HKDF and PBKDF2 give the values of their standards", async () => {
  const hkdf = await subtle.importKey("raw", new Uint8Array(22).fill(11), "HKDF", false, ["deriveBits", "deriveKey"]);
  const plan = { name: "HKDF", hash: "SHA-256", salt: bytes("000102030405060708090a0b0c"), info: bytes("f0f1f2f3f4f5f6f7f8f9") };
  equal(hex(await subtle.deriveBits(plan, hkdf, 128)), "3cb25f25faacd57a90434f64d0362f2a");
  const aes = await subtle.deriveKey(plan, hkdf, { name: "AES-CBC", length: 128 }, true, ["encrypt"]);
  equal(hex(await subtle.exportKey("raw", aes)), "3cb25f25faacd57a90434f64d0362f2a");
  const password = await subtle.importKey("raw", new TextEncoder().encode("password"), "PBKDF2", false, ["deriveBits"]);
  const pbkdf2 = { name: "PBKDF2", hash: "SHA-1", salt: new TextEncoder().encode("salt"), iterations: 4096 };
  equal(hex(await subtle.deriveBits(pbkdf2, password, 160)), "4b007901b765489abead49d926f721d065a429c1");
  await rejects("NotSupportedError", subtle.deriveBits({ ...pbkdf2, iterations: 100001 }, password, 160));
  await rejects("OperationError", subtle.deriveBits({ ...pbkdf2, iterations: 0 }, password, 160));
  await rejects("OperationError", subtle.deriveBits(plan, hkdf, 255 * 32 * 8 + 8));
});

test("pairs sign and verify, and survive their formats", async () => {
  const rsa = { hash: "SHA-256", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
  const plans = [
    [{ name: "ECDSA", namedCurve: "P-384", hash: "SHA-512" }], ["Ed25519"], [{ name: "RSASSA-PKCS1-v1_5", ...rsa }],
    [{ name: "RSA-PSS", ...rsa, saltLength: 32 }], [{ name: "NODE-ED25519", namedCurve: "NODE-ED25519" }],
  ];
  for (const [plan] of plans) {
    const { publicKey, privateKey } = await subtle.generateKey(plan, true, ["sign", "verify"]);
    equal([publicKey.usages, privateKey.usages, publicKey.type, privateKey.type], [["verify"], ["sign"], "public", "private"]);
    const pkcs8 = await subtle.importKey("pkcs8", await subtle.exportKey("pkcs8", privateKey), plan, false, ["sign"]);
    const jwk = await subtle.importKey("jwk", { ...(await subtle.exportKey("jwk", privateKey)) }, plan, false, ["sign"]);
    const spki = await subtle.importKey("spki", await subtle.exportKey("spki", publicKey), plan, true, ["verify"]);
    for (const key of [pkcs8, jwk]) equal(await subtle.verify(plan, spki, await subtle.sign(plan, key, text), text), true);
    equal(await subtle.verify(plan, spki, new Uint8Array(96), text), false);
    await rejects("InvalidAccessError", subtle.sign(plan, spki, text));
  }
});

test("both sides of an agreement get the same bits", async () => {
  for (const plan of ["X25519", { name: "ECDH", namedCurve: "P-521" }]) {
    const [a, b] = await Promise.all([0, 1].map(() => subtle.generateKey(plan, false, ["deriveBits"])));
    const agree = ({ privateKey }, { publicKey }, length) => subtle.deriveBits({ ...(plan.name ? plan : { name: plan }), public: publicKey }, privateKey, length);
    equal(hex(await agree(a, b)), hex(await agree(b, a, null)));
    equal(hex(await agree(a, b, 12)).slice(0, 3), hex(await agree(b, a)).slice(0, 3));
    await rejects("OperationError", agree(a, b, 529));
  }
});

test("RSA-OAEP encrypts with a label", async () => {
  const plan = { name: "RSA-OAEP", hash: "SHA-1", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
  const { publicKey, privateKey } = await subtle.generateKey(plan, false, ["encrypt", "decrypt"]);
  const label = bytes("0102");
  const sealed = await subtle.encrypt({ name: "RSA-OAEP", label }, publicKey, text);
  equal(hex(await subtle.decrypt({ name: "RSA-OAEP", label }, privateKey, sealed)), hex(text));
  await rejects("OperationError", subtle.decrypt("RSA-OAEP", privateKey, sealed));
  await rejects("OperationError", subtle.encrypt("RSA-OAEP", publicKey, new Uint8Array(87)));
});

test("keys are their own: what a Worker changes on one changes nothing", async () => {
  const key = await secret({ name: "HMAC", hash: "SHA-1" }, text, ["sign"]);
  key.algorithm.hash.name = "SHA-512";
  key.usages.push("verify");
  equal((await subtle.sign("HMAC", key, text)).byteLength, 20);
  await rejects("InvalidAccessError", subtle.verify("HMAC", key, text, text));
  const copy = structuredClone({ key }).key;
  equal([copy instanceof CryptoKey, hex(await subtle.sign("HMAC", copy, text)) === hex(await subtle.sign("HMAC", key, text))], [true, true]);
  throws("TypeError", () => new CryptoKey());
});

test("what makes no sense is refused with the standard's errors", async () => {
  await rejects("NotSupportedError", subtle.generateKey("x", true, []));
  await rejects("TypeError", subtle.generateKey("AES-GCM", true, ["encrypt"]));
  await rejects("TypeError", subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["fly"]));
  await rejects("OperationError", subtle.generateKey({ name: "AES-GCM", length: 100 }, true, ["encrypt"]));
  await rejects("SyntaxError", subtle.generateKey({ name: "AES-GCM", length: 128 }, true, []));
  await rejects("SyntaxError", subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]));
  await rejects("NotSupportedError", subtle.generateKey({ name: "ECDSA", namedCurve: "P-192" }, true, ["sign"]));
  await rejects("DataError", secret("AES-CBC", new Uint8Array(15), ["encrypt"]));
  await rejects("DataError", subtle.importKey("pkcs8", text, { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]));
  await rejects("DataError", subtle.importKey("raw", new Uint8Array(65).fill(4), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]));
  await rejects("DataError", subtle.importKey("jwk", { kty: "oct", k: "!" }, "AES-CBC", true, ["encrypt"]));
  await rejects("TypeError", subtle.importKey("jwk", text, "AES-CBC", true, ["encrypt"]));
  await rejects("TypeError", subtle.importKey("raw", "text", "AES-CBC", true, ["encrypt"]));
  await rejects("TypeError", subtle.encrypt("AES-CBC", {}, text));
  await rejects("TypeError", subtle.sign());
});

test("a buffer that is detached on the way is empty, not a crash", async () => {
  const key = await secret({ name: "HMAC", hash: "SHA-1" }, text, ["sign"]);
  const data = new Uint8Array(1000);
  const algorithm = { get name() { data.buffer.transfer(); return "HMAC"; } };
  equal(hex(await subtle.sign(algorithm, key, data)), hex(await subtle.sign("HMAC", key, new Uint8Array(0))));
  const growing = new ArrayBuffer(16, { maxByteLength: 32 });
  const cbc = await secret("AES-CBC", new Uint8Array(16), ["encrypt"]);
  const shrinking = { name: "AES-CBC", get iv() { growing.resize(4); return new Uint8Array(16); } };
  equal((await subtle.encrypt(shrinking, cbc, growing)).byteLength, 16);
});

test("more long computations than run at once all end", async () => {
  const password = await subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
  const plan = { name: "PBKDF2", hash: "SHA-512", salt: text, iterations: 5000 };
  const derived = await Promise.all(Array.from({ length: 8 }, () => subtle.deriveBits(plan, password, 512)));
  equal(new Set(derived.map(hex)).size, 1);
});
