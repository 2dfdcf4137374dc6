// node:crypto: ciphers, keys, signatures and agreements.
import * as crypto from "node:crypto";
import { promisify } from "node:util";

const hex = (text) => Buffer.from(text.replace(/ /g, ""), "hex");

test("every cipher decrypts what it encrypted, in pieces of any size", () => {
  for (const name of crypto.getCiphers()) {
    const { keyLength, ivLength = 0 } = crypto.getCipherInfo(name);
    const [key, iv] = [crypto.randomBytes(keyLength), crypto.randomBytes(ivLength)];
    const text = crypto.randomBytes(100);
    const cipher = crypto.createCipheriv(name, key, iv);
    const sealed = Buffer.concat([cipher.update(text.subarray(0, 7)), cipher.update(text.subarray(7, 50)), cipher.update(text.subarray(50)), cipher.final()]);
    const decipher = crypto.createDecipheriv(name, key, iv);
    if (name.endsWith("gcm")) decipher.setAuthTag(cipher.getAuthTag());
    const opened = Buffer.concat([decipher.update(sealed.subarray(0, 33)), decipher.update(sealed.subarray(33)), decipher.final()]);
    equal(opened.equals(text), true);
  }
});

test("AES-GCM seals as the standard's example says, and tells damage", () => {
  const [key, iv] = [hex("feffe9928665731c6d6a8f9467308308"), hex("cafebabefacedbaddecaf888")];
  const text = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const cipher = crypto.createCipheriv("aes-128-gcm", key, iv);
  cipher.setAAD(hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  equal(sealed.subarray(0, 8).toString("hex"), "42831ec221777424");
  equal(cipher.getAuthTag().toString("hex"), "5bc94fbc3221a5db94fae95ae7121a47");
  const decipher = crypto.createDecipheriv("aes-128-gcm", key, iv).setAuthTag(Buffer.alloc(16));
  decipher.update(sealed);
  equal(throws("Error", () => decipher.final()).message, "Unsupported state or unable to authenticate data");
});

test("a wrong key is told by its padding or gives other bytes", () => {
  const cipher = crypto.createCipheriv("aes-256-cbc", Buffer.alloc(32), Buffer.alloc(16));
  equal(cipher.update("secret", "utf8", "hex") + cipher.final("hex").length, "32");
  equal(throws("RangeError", () => crypto.createCipheriv("aes-256-cbc", Buffer.alloc(31), Buffer.alloc(16))).code, "ERR_CRYPTO_INVALID_KEYLEN");
  equal(throws("TypeError", () => crypto.createCipheriv("aes-256-cbc", Buffer.alloc(32), Buffer.alloc(15))).code, "ERR_CRYPTO_INVALID_IV");
  equal(throws("Error", () => crypto.createCipheriv("rot13", Buffer.alloc(32), null)).code, "ERR_CRYPTO_UNKNOWN_CIPHER");
});

test("keys of every kind survive every format, and sign", () => {
  for (const [type, options] of [["rsa", { modulusLength: 1024 }], ["ec", { namedCurve: "P-256" }], ["ec", { namedCurve: "secp384r1" }], ["ed25519", undefined]]) {
    const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
    equal(privateKey.asymmetricKeyType, type);
    const data = Buffer.from("signed");
    const hash = type === "ed25519" ? null : "sha256";
    const signature = crypto.sign(hash, data, privateKey);
    const privates = [{ format: "jwk" }, { format: "pem", type: "pkcs8" }, { format: "der", type: "pkcs8" }, { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "p" }];
    if (type === "ec") privates.push({ format: "pem", type: "sec1" });
    if (type === "rsa") privates.push({ format: "der", type: "pkcs1" });
    for (const how of privates) equal(crypto.createPrivateKey({ key: privateKey.export(how), ...how }).equals(privateKey), true);
    for (const how of [{ format: "jwk" }, { format: "pem", type: "spki" }, { format: "der", type: "spki" }]) {
      const key = crypto.createPublicKey({ key: publicKey.export(how), ...how });
      equal(key.equals(publicKey), true);
      equal(crypto.verify(hash, data, key, signature), true);
      equal(crypto.verify(hash, Buffer.from("other"), key, signature), false);
    }
  }
});

test("a wrong passphrase opens nothing", () => {
  const { privateKey } = crypto.generateKeyPairSync("ed25519", { privateKeyEncoding: { format: "pem", type: "pkcs8", cipher: "aes-128-cbc", passphrase: "right" }, publicKeyEncoding: { format: "pem", type: "spki" } });
  equal(crypto.createPrivateKey({ key: privateKey, passphrase: "right" }).type, "private");
  throws("Error", () => crypto.createPrivateKey({ key: privateKey, passphrase: "wrong" }));
  equal(throws("TypeError", () => crypto.createPrivateKey(privateKey)).code, "ERR_MISSING_PASSPHRASE");
});

test("damaged keys are errors", () => {
  const { publicKey } = crypto.generateKeyPairSync("x25519");
  const der = publicKey.export({ format: "der", type: "spki" });
  for (let end = 0; end < der.length; end++) throws("Error", () => crypto.createPublicKey({ key: der.subarray(0, end), format: "der", type: "spki" }));
  throws("Error", () => crypto.createPublicKey("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"));
});

test("Sign and Verify take pieces; RSA pads as it is told", () => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 });
  const signature = crypto.createSign("RSA-SHA256").update("a").update("b").sign(privateKey, "base64");
  equal(crypto.createVerify("sha256").update("ab").verify(publicKey, signature, "base64"), true);
  const pss = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING };
  for (const saltLength of [-1, -2, 11]) {
    const salted = crypto.sign("sha256", Buffer.from("ab"), { key: privateKey, ...pss, saltLength });
    equal(crypto.verify("sha256", Buffer.from("ab"), { key: publicKey, ...pss }, salted), true);
  }
  const secret = Buffer.from("secret");
  equal(crypto.privateDecrypt(privateKey, crypto.publicEncrypt(publicKey, secret)).equals(secret), true);
  equal(crypto.publicDecrypt(publicKey, crypto.privateEncrypt(privateKey, secret)).equals(secret), true);
  const pkcs1 = { padding: crypto.constants.RSA_PKCS1_PADDING };
  equal(crypto.privateDecrypt({ key: privateKey, ...pkcs1 }, crypto.publicEncrypt({ key: publicKey, ...pkcs1 }, secret)).equals(secret), true);
});

test("Web Crypto and node:crypto exchange keys", async () => {
  const pair = await globalThis.crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const signature = crypto.sign("sha256", Buffer.from("x"), { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
  equal(await globalThis.crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, pair.publicKey, signature, Buffer.from("x")), true);
  const web = crypto.KeyObject.from(pair.publicKey).toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  equal(await globalThis.crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, web, signature, Buffer.from("x")), true);
});

test("two agree on a secret", async () => {
  const [one, other] = [crypto.createECDH("prime256v1"), crypto.createECDH("P-256")];
  one.generateKeys();
  other.generateKeys();
  equal(one.computeSecret(other.getPublicKey(undefined, "compressed"), undefined, "hex"), other.computeSecret(one.getPublicKey("hex"), "hex", "hex"));
  const copy = crypto.createECDH("prime256v1");
  copy.setPrivateKey(one.getPrivateKey());
  equal(copy.getPublicKey("hex"), one.getPublicKey("hex"));
  const [a, b] = [await promisify(crypto.generateKeyPair)("x25519"), crypto.generateKeyPairSync("x25519")];
  const shared = crypto.diffieHellman({ privateKey: a.privateKey, publicKey: b.publicKey });
  equal(shared.equals(crypto.diffieHellman({ privateKey: b.privateKey, publicKey: a.publicKey })), true);
});

test("Diffie-Hellman in the groups of RFC 3526, and in one's own", () => {
  const group = crypto.getDiffieHellman("modp14");
  equal(group.getPrime("hex").slice(0, 48), "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd1");
  equal(group.getPrime("hex").slice(-32), "15728e5a8aacaa68ffffffffffffffff");
  const own = crypto.createDiffieHellman(group.getPrime(), group.getGenerator());
  group.generateKeys();
  own.generateKeys();
  equal(group.computeSecret(own.getPublicKey()).equals(own.computeSecret(group.getPublicKey())), true);
  throws("RangeError", () => own.computeSecret(Buffer.from([1])));
  equal(throws("Error", () => crypto.getDiffieHellman("modp99")).code, "ERR_CRYPTO_UNKNOWN_DH_GROUP");
});

test("a hash that was piped through may still be asked for, another length than its own is refused", async () => {
  const { createHash, createHmac, hash, pbkdf2 } = await import("node:crypto");
  const stream = createHash("sha256");
  stream.end("text");
  const [piped] = await stream.toArray();
  equal(stream.digest("hex"), piped.toString("hex"));
  throws("Error", () => createHash("sha256", { outputLength: 28 }));
  equal(throws("TypeError", () => hash("sha1", "text", 1)).code, "ERR_INVALID_ARG_TYPE");
  equal(throws("Error", () => createHmac("sha7", "key")).message, "Digest method not supported");
  const error = await new Promise((resolve) => pbkdf2("word", "salt", 1, 8, "md55", resolve));
  equal(error.name, "TypeError");
});
