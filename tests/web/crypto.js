// crypto.

const hex = (buffer) => new Uint8Array(buffer).toHex();
const abc = new TextEncoder().encode("abc");
let early;
try { early = crypto.randomUUID(); } catch (error) { early = error; }

test("nothing is random while a Worker starts", () => {
  equal([early instanceof Error, early.message.startsWith("Disallowed operation called within global scope.")], [true, true]);
});

test("random values fill integer arrays up to 64 KB", () => {
  const array = new BigInt64Array(4);
  equal([crypto.getRandomValues(array) === array, array.some((value) => value !== 0n)], [true, true]);
  equal(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), true);
  throws("QuotaExceededError", () => crypto.getRandomValues(new Uint8Array(65537)));
  throws("TypeMismatchError", () => crypto.getRandomValues(new Float32Array(1)));
  throws("TypeError", () => crypto.getRandomValues([1]));
});

test("digests are those of the standards", async () => {
  equal(hex(await crypto.subtle.digest("SHA-1", abc)), "a9993e364706816aba3e25717850c26c9cd0d89d");
  equal(hex(await crypto.subtle.digest({ name: "md5" }, abc)), "900150983cd24fb0d6963f7d28e17f72");
  equal((await crypto.subtle.digest("SHA-512", abc.subarray(1))).byteLength, 64);
  await rejects("NotSupportedError", crypto.subtle.digest("x", abc));
  await rejects("TypeError", crypto.subtle.digest("SHA-1", "abc"));
});

test("comparison takes equal lengths", () => {
  equal([crypto.subtle.timingSafeEqual(abc, abc.slice()), crypto.subtle.timingSafeEqual(abc, new Uint8Array(3))], [true, false]);
  throws("TypeError", () => crypto.subtle.timingSafeEqual(abc, new Uint8Array(2)));
});

test("a DigestStream hashes what is written to it", async () => {
  const stream = new crypto.DigestStream("crc32");
  await new Blob(["123456789"]).stream().pipeTo(stream);
  equal([hex(await stream.digest), stream.bytesWritten === 9n], ["cbf43926", true]);
});
