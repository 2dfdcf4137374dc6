// Bad and hostile input: an exception of the standard's type, never a crash.

const rejectsOrNot = async (promise) => { try { await promise; } catch (error) { if (!(error instanceof Error)) throw error; } };

test("a million headers are too many or fit, and nothing breaks", () => {
  const headers = new Headers();
  let refused;
  try {
    for (let i = 0; i < 1_000_000; i++) headers.append(`x-${i % 50_000}`, "v");
  } catch (error) {
    refused = error;
  }
  equal(refused === undefined || refused instanceof Error, true);
  headers.delete("x-1");
  headers.set("x-0", "1");
  equal(headers.get("x-0"), "1");
});

test("strings of many megabytes go through the native parsers", async () => {
  const long = "x".repeat(8 << 20);
  equal(new URL(`https://example.com/${long}`).pathname.length, (8 << 20) + 1);
  equal(new URLSearchParams(long).get(long), "");
  equal(new TextDecoder().decode(new TextEncoder().encode(long)).length, 8 << 20);
  equal(new Headers({ a: long }).get("a").length, 8 << 20);
  throws("TypeError", () => new URL(long));
  throws("RangeError", () => new TextDecoder(long));
  await rejects("NotSupportedError", crypto.subtle.digest(long, new Uint8Array(1)));
  await rejects("TypeError", new Response("x", { headers: { "content-type": `multipart/form-data; boundary=${long}` } }).formData());
  equal(structuredClone(long).length, 8 << 20);
  throws("TypeError", () => new CompressionStream(long));
});

test("a string past the memory is an exception", () => {
  let error;
  try {
    const long = "x".repeat(100 << 20);
    new TextEncoder().encode(long);
  } catch (thrown) {
    error = thrown;
  }
  equal(error instanceof Error, true);
});

test("deep structures end in a RangeError or InternalError", () => {
  let deep = [];
  for (let i = 0; i < 1_000_000; i++) deep = [deep];
  let error;
  try { structuredClone(deep); } catch (thrown) { error = thrown; }
  equal(error instanceof Error, true);
});

test("getters that run in the middle see and break nothing", async () => {
  const search = new URLSearchParams("a=1&b=2&c=3");
  for (const [key] of search) search.delete(key);
  const form = new FormData();
  for (let i = 0; i < 10; i++) form.append("a", `${i}`);
  for (const [key] of form) form.delete(key);
  const headers = new Headers({ a: "1", b: "2" });
  headers.forEach((_, key) => { headers.delete(key); headers.append(`${key}x`, "1"); if (key.length > 20) headers.delete(`${key}x`); });
  throws("Error", () => new Headers({ get a() { throw new Error("mine"); } }));
  const target = new EventTarget();
  target.addEventListener("x", () => { for (let i = 0; i < 100; i++) target.addEventListener("x", () => {}); }, { get once() { target.dispatchEvent(new Event("x")); return true; } });
  target.dispatchEvent(new Event("x"));
  const evil = { get name() { evil.depth = (evil.depth ?? 0) + 1; if (evil.depth < 50) crypto.subtle.digest(evil, new Uint8Array(1)).catch(() => {}); return "SHA-1"; } };
  equal((await crypto.subtle.digest(evil, new Uint8Array(1))).byteLength, 20);
});

test("buffers that vanish or shrink are empty or short", async () => {
  const gone = new Uint8Array(8);
  gone.buffer.transfer();
  equal(new TextDecoder().decode(gone), "");
  equal((await crypto.subtle.digest("SHA-1", gone)).byteLength, 20);
  equal(new Blob([gone]).size, 0);
  equal(await new Response(gone).text(), "");
  throws("DataCloneError", () => structuredClone(gone.buffer));
  const resizable = new ArrayBuffer(1 << 20, { maxByteLength: 1 << 20 });
  const view = new Uint8Array(resizable);
  equal(new TextDecoder().decode(view, { get stream() { resizable.resize(3); return false; } }).length, 3);
  resizable.resize(1 << 20);
  const { read } = new TextEncoder().encodeInto({ toString() { resizable.resize(2); return "abcdef"; } }, view);
  equal(read, 2);
  resizable.resize(0);
  await rejectsOrNot(new Response(view).arrayBuffer());
  const stream = new CompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const chunk = new Uint8Array(100);
  const write = writer.write(chunk);
  chunk.buffer.transfer();
  await Promise.all([rejectsOrNot(write), rejectsOrNot(writer.close()), rejectsOrNot(new Response(stream.readable).bytes())]);
});

test("what Object.prototype and the built-ins were given is not used", async () => {
  const defined = ["then", "name", "length", "hash"].filter((key) => !(key in Object.prototype));
  for (const key of defined) Object.defineProperty(Object.prototype, key, { configurable: true, get() { return undefined; } });
  try {
    equal((await crypto.subtle.digest("SHA-256", new Uint8Array(1))).byteLength, 32);
    const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-CBC", false, ["encrypt"]);
    equal((await crypto.subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(16) }, key, new Uint8Array(1))).byteLength, 16);
    equal(new URL("/a", "https://example.com").href, "https://example.com/a");
  } finally {
    for (const key of defined) delete Object.prototype[key];
  }
});
