// KV namespaces as Workers see them; each claim was checked against workerd and miniflare.
import { env } from "cloudflare:workers";

const kv = env.KV;
const rejectsWith = async (name, message, promise) => equal((await rejects(name, promise)).message, message);
const bytesOf = (text) => new TextEncoder().encode(text);
const streamOf = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
});

test("a namespace is an object of a class of its own, which is no global", () => {
  equal(Object.prototype.toString.call(kv), "[object KvNamespace]");
  equal([kv.constructor.name, typeof globalThis.KvNamespace, Object.keys(kv)], ["KvNamespace", "undefined", []]);
  throws("TypeError", () => new kv.constructor());
  throws("TypeError", () => { const { get } = kv; get("a"); });
});

test("a value comes back in the type that is asked for", async () => {
  equal(await kv.put("json", '{"a":[1]}'), undefined);
  equal(await kv.get("json"), '{"a":[1]}');
  equal(await kv.get("json", "text"), '{"a":[1]}');
  equal(await kv.get("json", { type: "json", cacheTtl: 60 }), { a: [1] });
  const buffer = await kv.get("json", "arrayBuffer");
  equal([buffer instanceof ArrayBuffer, buffer.byteLength], [true, 9]);
  const stream = await kv.get("json", { type: "stream" });
  equal([stream instanceof ReadableStream, await new Response(stream).text()], [true, '{"a":[1]}']);
  equal(await kv.get("json", null), '{"a":[1]}');
});

test("types nobody knows are refused, once there is a value", async () => {
  const text = 'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".';
  for (const type of ["nope", "TEXT", "", { type: null }, 5]) await rejectsWith("TypeError", text, kv.get("json", type));
  equal(await kv.get("missing", "nope"), null);
});

test("what is not there is null", async () => {
  for (const type of ["text", "json", "arrayBuffer", "stream"]) equal(await kv.get("missing", type), null);
  equal(await kv.getWithMetadata("missing"), { value: null, metadata: null, cacheStatus: null });
});

test("JSON that does not parse is a SyntaxError", async () => {
  await kv.put("broken", "{");
  await rejects("SyntaxError", kv.get("broken", "json"));
  await kv.put("empty", "");
  equal(await kv.get("empty"), "");
  await rejects("SyntaxError", kv.get("empty", "json"));
});

test("texts keep a byte order mark, and show what is no UTF-8", async () => {
  await kv.put("bom", new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]));
  equal([...(await kv.get("bom"))].map((unit) => unit.codePointAt(0)), [0xfeff, 0x61, 0xfffd]);
});

test("values are texts, buffers, views and streams; primitives are made texts", async () => {
  const bytes = new Uint8Array([1, 2, 3, 255]);
  const values = [
    ["text", [116, 101, 120, 116]], [bytes.buffer, [1, 2, 3, 255]], [bytes.subarray(1, 3), [2, 3]],
    [new DataView(bytes.buffer, 2), [3, 255]], [new Uint16Array([1, 2]), [1, 0, 2, 0]], [new ArrayBuffer(0), []],
    [5, [53]], [true, [116, 114, 117, 101]], [null, [110, 117, 108, 108]], [1n, [49]],
  ];
  for (const [value, stored] of values) {
    await kv.put("value", value);
    equal([...new Uint8Array(await kv.get("value", "arrayBuffer"))], stored);
  }
});

test("a buffer may change once put has been called", async () => {
  const bytes = new Uint8Array([65]);
  const stored = kv.put("value", bytes);
  bytes[0] = 66;
  await stored;
  equal(await kv.get("value"), "A");
});

test("other objects are refused, and nothing is stored", async () => {
  const text = "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.";
  for (const value of [{}, [1], new Date(0), new Blob(["a"]), new Response("a"), () => 1, new Map(), new String("a")]) {
    await rejectsWith("TypeError", text, kv.put("refused", value));
  }
  await rejects("TypeError", kv.put("refused", Symbol("s")));
  equal(await kv.get("refused"), null);
});

test("streams are stored to their end", async () => {
  await kv.put("stream", new Response("native").body);
  equal(await kv.get("stream"), "native");
  await kv.put("stream", streamOf(bytesOf("ab"), bytesOf("cd")));
  equal(await kv.get("stream"), "abcd");
  const { readable, writable } = new FixedLengthStream(3);
  const writer = writable.getWriter();
  writer.write(bytesOf("xyz"));
  writer.close();
  await kv.put("stream", readable);
  equal(await kv.get("stream"), "xyz");
  await kv.put("copy", await kv.get("stream", "stream"));
  equal(await kv.get("copy"), "xyz");
});

test("a stream that fails stores nothing", async () => {
  await rejectsWith("Error", "boom", kv.put("failed", new ReadableStream({ start: (c) => c.error(new Error("boom")) })));
  let pulls = 0;
  const late = new ReadableStream({
    pull(controller) {
      if (++pulls > 2) throw new RangeError("late");
      controller.enqueue(bytesOf("part"));
    },
  });
  await rejectsWith("RangeError", "late", kv.put("failed", late));
  await rejects("TypeError", kv.put("failed", streamOf("a text")));
  equal(await kv.get("failed"), null);
});

test("a stream that was read is refused", async () => {
  const locked = new Response("x").body;
  const reader = locked.getReader();
  await rejectsWith("TypeError", "The ReadableStream has been locked to a reader.", kv.put("read", locked));
  await reader.read();
  reader.releaseLock();
  await rejectsWith("TypeError", "This ReadableStream is disturbed.", kv.put("read", locked));
});

test("keys are names of 1 to 512 bytes", async () => {
  const all = (key) => [["PUT", kv.put(key, "v")], ["GET", kv.get(key)], ["GET", kv.getWithMetadata(key)], ["DELETE", kv.delete(key)]];
  for (const [key, text] of [
    ["", "Key name cannot be empty."], [".", '"." is not allowed as a key name.'], ["..", '".." is not allowed as a key name.'],
  ]) {
    for (const [, promise] of all(key)) await rejectsWith("TypeError", text, promise);
  }
  for (const [key, length] of [["x".repeat(513), 513], ["é".repeat(257), 514]]) {
    for (const [method, promise] of all(key)) {
      await rejectsWith("Error", `KV ${method} failed: 414 UTF-8 encoded length of ${length} exceeds key length limit of 512.`, promise);
    }
  }
  await rejectsWith("Error", "KV GET failed: 400 Could not URL-decode key name", kv.get("\ud800"));
  for (const key of ["x".repeat(512), "é".repeat(256), "a b/c?d#e%2f", "../x", "...", "\0", "a\0b", "__proto__", "a😀", 5, null, true]) {
    await kv.put(key, `value of ${key}`);
    equal(await kv.get(key), `value of ${key}`);
    await kv.delete(key);
    equal(await kv.get(key), null);
  }
});

test("a method that lacks its arguments is a TypeError", async () => {
  const text = (method, number, type) => `Failed to execute '${method}' on 'KvNamespace': parameter ${number} is not of type '${type}'.`;
  equal(throws("TypeError", () => kv.get()).message, text("get", 1, "string or Array"));
  await rejectsWith("TypeError", text("delete", 1, "string"), kv.delete());
  await rejects("TypeError", kv.put("a"));
  for (const options of [5, "x"]) await rejectsWith("TypeError", text("put", 3, "PutOptions"), kv.put("a", "b", options));
  await rejectsWith("TypeError", text("list", 1, "ListOptions"), kv.list("prefix"));
  await kv.put("nulls", "v", null);
  equal((await kv.list(null)).list_complete, true);
});

test("metadata is any JSON of up to 1,024 bytes", async () => {
  for (const metadata of [0, "", "s", false, [1], {}, { a: { b: ["é😀", null] } }, 1.5, "\ud800"]) {
    await kv.put("meta", "v", { metadata });
    equal(await kv.getWithMetadata("meta"), { value: "v", metadata, cacheStatus: null });
    equal((await kv.list({ prefix: "meta" })).keys, [{ name: "meta", metadata }]);
  }
  for (const metadata of [undefined, null]) {
    await kv.put("meta", "v", { metadata });
    equal(await kv.getWithMetadata("meta", "text"), { value: "v", metadata: null, cacheStatus: null });
    equal((await kv.list({ prefix: "meta" })).keys, [{ name: "meta" }]);
  }
  await kv.put("meta", "v", { metadata: "x".repeat(1022) });
  for (const [metadata, length] of [["x".repeat(1023), 1025], ["é".repeat(512), 1026]]) {
    await rejectsWith("Error", `KV PUT failed: 413 Metadata length of ${length} exceeds limit of 1024.`, kv.put("meta", "w", { metadata }));
  }
  await rejectsWith("Error", "KV PUT failed: 500 Internal Server Error", kv.put("meta", "w", { metadata: () => 1 }));
  await rejects("TypeError", kv.put("meta", "w", { metadata: 10n }));
  equal(await kv.get("meta"), "v");
});

test("an entry expires 60 seconds from now or later", async () => {
  const now = Math.floor(Date.now() / 1000);
  const expiration = async () => (await kv.list({ prefix: "expires" })).keys[0]?.expiration;
  const later = "Please specify integer greater than";
  for (const [ttl, read] of [[59, 59], [1, 1]]) {
    await rejectsWith("Error", `KV PUT failed: 400 Invalid expiration_ttl of ${read}. Expiration TTL must be at least 60.`, kv.put("expires", "v", { expirationTtl: ttl }));
  }
  for (const [ttl, read] of [[0, 0], [-1, -1], [NaN, 0], ["x", 0], [null, 0], [Infinity, 0]]) {
    await rejectsWith("Error", `KV PUT failed: 400 Invalid expiration_ttl of ${read}. ${later} 0.`, kv.put("expires", "v", { expirationTtl: ttl }));
  }
  for (const at of [now - 50, 0, -5]) {
    await rejectsWith("Error", `KV PUT failed: 400 Invalid expiration of ${at}. ${later} the current number of seconds since the UNIX epoch.`, kv.put("expires", "v", { expiration: at }));
  }
  await rejectsWith("Error", `KV PUT failed: 400 Invalid expiration of ${now + 50}. Expiration times must be at least 60 seconds in the future.`, kv.put("expires", "v", { expiration: now + 50 }));
  for (const options of [{ expiration: Date.now() }, { expirationTtl: 1e10 }]) {
    await rejectsWith("TypeError", "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).", kv.put("expires", "v", options));
  }
  equal(await expiration(), undefined);
  for (const [options, seconds] of [
    [{ expiration: now + 120 }, 120], [{ expiration: `${now + 130}` }, 130], [{ expirationTtl: 60.7 }, 60],
    [{ expirationTtl: "90", expiration: 5 }, 90], [{ expirationTtl: undefined }, undefined],
  ]) {
    await kv.put("expires", "v", options);
    const at = await expiration();
    if (seconds === undefined) equal(at, undefined);
    else if (!(at - now >= seconds && at - now < seconds + 20)) fail(`${JSON.stringify(options)}: ${at - now}`);
  }
});

test("cacheTtl is accepted from 30 seconds on", async () => {
  for (const cacheTtl of [60, 30, "60", 60.7, undefined]) equal(await kv.get("json", { type: "text", cacheTtl }), '{"a":[1]}');
  for (const [cacheTtl, read] of [[29, 29], [0, 0], [-1, -1], ["x", 0], [null, 0]]) {
    await rejectsWith("Error", `KV GET failed: 400 Invalid cache_ttl of ${read}. Cache TTL must be at least 30.`, kv.get("json", { cacheTtl }));
  }
});

const LISTED = ["l:%", "l:10", "l:9", "l:B", "l:_", "l:a", "l:b", "l:z", "l:é", "l:\uffee", "l:😀"];

test("lists are in the order of UTF-8", async () => {
  await Promise.all(LISTED.toReversed().map((key) => kv.put(key, "v")));
  const list = await kv.list({ prefix: "l:" });
  equal(list, { keys: LISTED.map((name) => ({ name })), list_complete: true, cacheStatus: null });
  equal((await kv.list({ prefix: "l:_" })).keys, [{ name: "l:_" }]);
  equal(await kv.list({ prefix: "none" }), { keys: [], list_complete: true, cacheStatus: null });
});

test("a cursor goes on after the last key", async () => {
  const pages = [];
  let cursor;
  do {
    const page = await kv.list({ prefix: "l:", limit: 4, cursor });
    equal(Object.keys(page), page.list_complete ? ["keys", "list_complete", "cacheStatus"] : ["keys", "list_complete", "cursor", "cacheStatus"]);
    pages.push(page.keys.map((key) => key.name));
    ({ cursor } = page);
  } while (cursor !== undefined);
  equal(pages, [LISTED.slice(0, 4), LISTED.slice(4, 8), LISTED.slice(8)]);
  equal((await kv.list({ prefix: "l:", limit: 11 })).list_complete, true);
  equal((await kv.list({ prefix: "l:", limit: 1, cursor: null })).keys, [{ name: "l:%" }]);
  await rejectsWith("Error", "KV GET failed: 400 Invalid cursor", kv.list({ cursor: "no cursor" }));
});

test("a page has 1,000 keys at most, and none is as good as no limit", async () => {
  for (const limit of [0, -1, NaN, null, "x", "2", 2.5, 1000]) equal((await kv.list({ prefix: "l:a", limit })).keys.length, 1);
  await rejectsWith("Error", "KV GET failed: 400 Invalid key_count_limit of 1001. Please specify an integer less than 1000.", kv.list({ limit: 1001 }));
  await rejectsWith("Error", "KV GET failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.", kv.list({ prefix: "x".repeat(513) }));
});

test("many keys at once come as a Map", async () => {
  await kv.put("many", "one", { metadata: { m: 1 } });
  const map = await kv.get(["many", "missing", "json", "many"]);
  equal([map instanceof Map, [...map]], [true, [["many", "one"], ["missing", null], ["json", '{"a":[1]}']]]);
  equal([...(await kv.get(["json", "missing"], { type: "json", cacheTtl: 60 }))], [["json", { a: [1] }], ["missing", null]]);
  equal([...(await kv.getWithMetadata(["many", "missing", "json"]))], [
    ["many", { value: "one", metadata: { m: 1 } }], ["missing", null], ["json", { value: '{"a":[1]}', metadata: null }],
  ]);
});

test("a Map of many keys lacks those that look like an index, as on Cloudflare", async () => {
  equal([...(await kv.get(["z", "7", "07"])).keys()], ["z", "07"]);
});

test("many keys at once have limits of their own", async () => {
  const failed = (text) => `KV GET_BULK failed: 400 ${text}`;
  equal((await kv.get(Array.from({ length: 100 }, (_, i) => `k${i}`))).size, 100);
  for (const [keys, options, text] of [
    [[], undefined, "You must request a minimum of 1 key"],
    [Array.from({ length: 101 }, (_, i) => `k${i}`), undefined, "You can request a maximum of 100 keys"],
    [["a"], "stream", '"stream" is not a valid type. Use "json" or "text"'],
    [["json", "broken"], "json", "At least one of the requested keys corresponds to a non-json value"],
    [["a", ""], undefined, "Key names must not be empty"],
    [["."], undefined, 'Illegal key name ".". Please use a different name.'],
    [["a"], { cacheTtl: 10 }, "Invalid cache_ttl of 10. Cache TTL must be at least 30."],
  ]) await rejectsWith("Error", failed(text), kv.get(keys, options));
});

test("values have 25 MiB at most", async () => {
  const mib = 1 << 20;
  await kv.put("big", new Uint8Array(25 * mib));
  equal((await kv.get("big", "arrayBuffer")).byteLength, 25 * mib);
  await rejectsWith("Error", "KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.", kv.put("big", new Uint8Array(25 * mib + 1)));
  let pulls = 0;
  const long = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(mib));
      if (++pulls > 25) controller.close();
    },
  });
  await rejectsWith("Error", "KV PUT failed: 413 Value length of 27262976 exceeds limit of 26214400.", kv.put("big", long));
  equal((await kv.get("big", "arrayBuffer")).byteLength, 25 * mib);
  await kv.put("big too", "x");
  await rejectsWith("Error", "KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB", kv.get(["big", "big too"]));
});
