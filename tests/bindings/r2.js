// R2 buckets as Workers see them; claims were checked against miniflare where it does what production does.
import { env } from "cloudflare:workers";

const bucket = env.BUCKET;
const MIB = 1 << 20;
const rejectsWith = async (name, message, promise) => equal((await rejects(name, promise)).message, message);

test("an object comes back with its metadata", async () => {
  const put = await bucket.put("a", "hello", { httpMetadata: { contentType: "text/x", cacheExpiry: new Date(0) }, customMetadata: { k: "v" } });
  equal([put.key, put.size, put.etag, put.httpEtag], ["a", 5, "5d41402abc4b2a76b9719d911017c592", '"5d41402abc4b2a76b9719d911017c592"']);
  equal([put.httpMetadata, put.customMetadata, put.checksums.toJSON(), put.uploaded instanceof Date, put.version.length], [
    { contentType: "text/x", cacheExpiry: "1970-01-01T00:00:00.000Z" }, { k: "v" }, { md5: put.etag }, true, 32,
  ]);
  const object = await bucket.get("a");
  equal([await object.text(), object.bodyUsed, object.range, object.httpMetadata.cacheExpiry instanceof Date], ["hello", true, { offset: 0, length: 5 }, true]);
  const head = await bucket.head("a");
  equal([head.range, "body" in head, head.version === put.version], [{ offset: 0, length: 5 }, false, true]);
  const headers = new Headers();
  head.writeHttpMetadata(headers);
  equal([...headers], [["content-type", "text/x"], ["expires", "Thu, 01 Jan 1970 00:00:00 GMT"]]);
  equal([await bucket.get("none"), await bucket.head("none"), await bucket.delete("none")], [null, null, undefined]);
});

test("metadata may be given as headers", async () => {
  const headers = new Headers({ "content-type": "a/b", "content-language": "en", "content-disposition": "d", "content-encoding": "gzip", "cache-control": "no", expires: new Date(5000).toUTCString() });
  equal((await bucket.put("h", "x", { httpMetadata: headers })).httpMetadata, {
    contentType: "a/b", contentLanguage: "en", contentDisposition: "d", contentEncoding: "gzip", cacheControl: "no", cacheExpiry: "1970-01-01T00:00:05.000Z",
  });
});

test("lists have the metadata that is asked for", async () => {
  await bucket.put("inc", "x", { httpMetadata: { contentType: "a/b" }, customMetadata: { c: "d" } });
  const listed = async (include) => {
    const { objects: [{ httpMetadata, customMetadata }] } = await bucket.list({ prefix: "inc", include });
    return [httpMetadata, customMetadata];
  };
  equal([await listed(), await listed(["customMetadata"]), await listed(["httpMetadata"])], [[{}, {}], [{}, { c: "d" }], [{ contentType: "a/b" }, {}]]);
  await rejectsWith("RangeError", "Unsupported include value size", bucket.list({ include: ["size"] }));
  await bucket.delete("inc");
});

test("conditions and values of wrong types", async () => {
  await rejectsWith("TypeError", "Incorrect type for the 'etagMatches' field on 'Conditional': the provided value is not of type 'string'.", bucket.get("a", { onlyIf: { etagMatches: ["x"] } }));
  await rejectsWith("Error", "Invalid ETag in if-match header", bucket.get("a", { onlyIf: new Headers({ "if-match": "x" }) }));
  await rejectsWith("TypeError", "Suffix is incompatible with length.", bucket.get("a", { range: { suffix: 1, length: 1 } }));
  equal((await bucket.put("empty", undefined)).size, 0);
  await bucket.delete("empty");
});

test("ranges", async () => {
  const read = async (range) => {
    const object = await bucket.get("a", { range });
    return [await object.text(), object.range.offset, object.range.length];
  };
  equal([await read({ offset: 1, length: 2 }), await read({ suffix: 2 }), await read({ suffix: 200 }), await read({ offset: 3, length: 100 })], [["el", 1, 2], ["lo", 3, 2], ["hello", 0, 5], ["lo", 3, 2]]);
  equal([await read(new Headers({ range: "bytes=1-3" })), await read(new Headers({ range: "bytes=0-1,3-4" })), await read(new Headers({ range: "bytes=-2" }))], [["ell", 1, 3], ["hello", 0, 5], ["lo", 3, 2]]);
  for (const range of [{ offset: 10 }, { length: 0 }, { suffix: 0 }]) await rejectsWith("Error", "get: The requested range is not satisfiable (10039)", bucket.get("a", { range }));
  await rejectsWith("RangeError", "Invalid range. Starting offset (-1) must be greater than or equal to 0.", bucket.get("a", { range: { offset: -1 } }));
});

test("conditions", async () => {
  const { etag } = await bucket.head("a");
  const has = async (onlyIf) => "body" in (await bucket.get("a", { onlyIf }));
  equal([await has({ etagMatches: etag }), await has({ etagMatches: "nope" }), await has({ etagDoesNotMatch: etag }), await has(new Headers({ "if-none-match": `"${etag}"` }))], [true, false, false, false]);
  equal([await has({ uploadedBefore: new Date(0) }), await has({ uploadedAfter: new Date(0) })], [false, true]);
  equal([await bucket.put("a", "x", { onlyIf: { etagMatches: "nope" } }), (await bucket.put("a", "hello", { onlyIf: { etagMatches: etag } })).size], [null, 5]);
  equal(await bucket.put("a", "x", { onlyIf: new Headers({ "if-none-match": "*" }) }), null);
  await rejectsWith("TypeError", `Conditional ETag should not be wrapped in quotes ("${etag}").`, bucket.get("a", { onlyIf: { etagMatches: `"${etag}"` } }));
});

test("checksums are compared and kept", async () => {
  await rejectsWith("Error", "put: The MD5 checksum you specified did not match what we received.\nYou provided a MD5 checksum with value: d41d8cd98f00b204e9800998ecf8427e\nActual MD5 was: 9dd4e461268c8034f5c8564e155c67a6 (10037)", bucket.put("m", "x", { md5: "d41d8cd98f00b204e9800998ecf8427e" }));
  equal(await bucket.head("m"), null);
  const sha256 = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("x"));
  equal((await bucket.put("m", "x", { sha256 })).checksums.toJSON(), { md5: "9dd4e461268c8034f5c8564e155c67a6", sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" });
  await rejectsWith("TypeError", "MD5 is 32 hex characters, not 3", bucket.put("m", "x", { md5: "abc" }));
  await rejectsWith("TypeError", "You cannot specify multiple hashing algorithms.", bucket.put("m", "x", { md5: "0".repeat(32), sha1: "0".repeat(40) }));
});

test("keys, values and metadata have limits", async () => {
  const long = "k".repeat(1025);
  for (const [method, promise] of [["put", bucket.put(long, "x")], ["get", bucket.get(long)], ["head", bucket.head(long)]]) {
    await rejectsWith("Error", `${method}: The specified object name is not valid. (10020)`, promise);
  }
  await rejectsWith("Error", "put: Your metadata headers exceed the maximum allowed metadata size. (10012)", bucket.put("mm", "x", { customMetadata: { a: "x".repeat(2048) } }));
  for (const value of [5, {}]) await rejects("TypeError", bucket.put("u", value));
  await rejectsWith("TypeError", "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)", bucket.put("s", new ReadableStream({ start(c) { c.enqueue(new Uint8Array(3)); c.close(); } })));
  equal(await bucket.head("s"), null);
});

test("values of all kinds", async () => {
  const { readable, writable } = new FixedLengthStream(3);
  const writer = writable.getWriter();
  writer.write(new Uint8Array([1, 2, 3]));
  writer.close();
  for (const [value, size] of [[null, 0], ["é", 2], [new Uint8Array(4), 4], [new ArrayBuffer(5), 5], [new Blob(["abcd"]), 4], [new Response("abc").body, 3], [readable, 3]]) {
    equal((await bucket.put("v", value)).size, size);
    equal((await (await bucket.get("v")).arrayBuffer()).byteLength, size);
  }
  equal(await (await bucket.put("j", '{"a":1}'), await bucket.get("j")).json(), { a: 1 });
});

test("lists are in the order of keys, in pages, in folders", async () => {
  for (const key of ["l/a", "l/b/1", "l/b/2", "l/c"]) await bucket.put(key, "1");
  const list = async (options) => {
    const { objects, truncated, cursor, delimitedPrefixes } = await bucket.list({ prefix: "l/", ...options });
    return [objects.map((object) => object.key).join(" "), delimitedPrefixes.join(" "), truncated, cursor];
  };
  equal((await list()).slice(0, 3), ["l/a l/b/1 l/b/2 l/c", "", false]);
  equal((await list({ delimiter: "/" })).slice(0, 3), ["l/a l/c", "l/b/", false]);
  const [first, , truncated, cursor] = await list({ limit: 2 });
  equal([first, truncated, (await list({ limit: 2, cursor })).slice(0, 3)], ["l/a l/b/1", true, ["l/b/2 l/c", "", false]]);
  const page = await list({ delimiter: "/", limit: 2 });
  equal([page.slice(0, 3), (await list({ delimiter: "/", cursor: page[3] })).slice(0, 3)], [["l/a", "l/b/", true], ["l/c", "", false]]);
  equal((await list({ startAfter: "l/b/1" }))[0], "l/b/2 l/c");
  for (const limit of [0, 1001]) await rejectsWith("Error", "list: MaxKeys params must be positive integer <= 1000. (10022)", bucket.list({ limit }));
  await bucket.delete(["l/a", "l/c", "nope"]);
  equal((await list())[0], "l/b/1 l/b/2");
});

test("uploads in parts", async () => {
  const upload = await bucket.createMultipartUpload("mp", { customMetadata: { m: "1" } });
  const parts = [await upload.uploadPart(2, "end"), await bucket.resumeMultipartUpload("mp", upload.uploadId).uploadPart(1, new Uint8Array(5 * MIB).fill(7))];
  equal(Object.keys(parts[0]), ["partNumber", "etag"]);
  const object = await upload.complete(parts);
  equal([object.size, object.etag.endsWith("-2"), object.customMetadata], [5 * MIB + 3, true, { m: "1" }]);
  const range = await bucket.get("mp", { range: { offset: 5 * MIB - 2, length: 4 } });
  equal([...new Uint8Array(await range.arrayBuffer())], [7, 7, 101, 110]);
});

test("what uploads in parts refuse", async () => {
  const start = () => bucket.createMultipartUpload("mp2");
  const gone = "The specified multipart upload does not exist. (10024)";
  const small = await start();
  const parts = [await small.uploadPart(1, "small"), await small.uploadPart(2, "end")];
  await rejectsWith("Error", "completeMultipartUpload: Your proposed upload is smaller than the minimum allowed object size. (10011)", small.complete(parts));
  await rejectsWith("Error", "completeMultipartUpload: One or more of the specified parts could not be found. (10025)", small.complete([{ partNumber: 1, etag: "nope" }]));
  await small.abort();
  await rejectsWith("Error", `uploadPart: ${gone}`, small.uploadPart(1, "x"));
  const sizes = await start();
  const uneven = [await sizes.uploadPart(1, new Uint8Array(5 * MIB)), await sizes.uploadPart(2, new Uint8Array(5 * MIB + 1)), await sizes.uploadPart(3, "x")];
  await rejectsWith("Error", "completeMultipartUpload: There was a problem with the multipart upload. (10048)", sizes.complete(uneven));
  const done = await start();
  const part = await done.uploadPart(1, "x");
  await done.complete([part]);
  await rejectsWith("Error", `completeMultipartUpload: ${gone}`, done.complete([part]));
  for (const number of [0, 10001]) await rejectsWith("TypeError", `Part number must be between 1 and 10000 (inclusive). Actual value was: ${number}`, done.uploadPart(number, "x"));
});

test("an object with a key of the client's own is read with it alone", async () => {
  const put = await bucket.put("sse", "x", { ssecKey: "0".repeat(64) });
  equal(put.ssecKeyMd5.length, 24);
  await rejects("Error", bucket.get("sse"));
  equal(await (await bucket.get("sse", { ssecKey: "0".repeat(64) })).text(), "x");
  await rejectsWith("Error", "SSE-C Key must be 32 bytes in length", bucket.put("sse", "x", { ssecKey: "abc" }));
});
