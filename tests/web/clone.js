// structuredClone().

test("structures are copied with their cycles", () => {
  const value = { list: [1, , "x"], date: new Date(5), pattern: /a/gi, big: 1n, none: undefined };
  value.self = value;
  value.map = new Map([[value, new Set([value])]]);
  const copy = structuredClone(value);
  equal(copy === value, false);
  equal([copy.self === copy, copy.map.get(copy).has(copy), 1 in copy.list, copy.date.getTime(), `${copy.pattern}`], [true, true, false, 5, "/a/gi"]);
});

test("errors keep type, message, cause and stack", () => {
  const error = new RangeError("m", { cause: { why: 1 } });
  const copy = structuredClone(error);
  equal([copy instanceof RangeError, copy.message, copy.cause, copy.stack === error.stack], [true, "m", { why: 1 }, true]);
  equal(structuredClone(new DOMException("m", "DataError")).name, "DataError");
});

test("buffers are copied once, or transferred", () => {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const [tracking, fixed] = structuredClone([new Uint8Array(buffer, 2), new Uint8Array(buffer, 2, 3)]);
  equal(tracking.buffer === fixed.buffer, true);
  tracking.buffer.resize(12);
  equal([tracking.length, fixed.length, buffer.byteLength], [10, 3, 8]);
  const moved = structuredClone(buffer, { transfer: [buffer] });
  equal([buffer.detached, moved.byteLength], [true, 8]);
});

test("what cannot be copied says so", () => {
  for (const value of [() => {}, Symbol("s"), new WeakMap(), Promise.resolve(), new Proxy({}, {}), new URL("http://a"), new Event("x"), new File([], "f")]) {
    throws("DataCloneError", () => structuredClone(value));
  }
  throws("DataCloneError", () => structuredClone({ deep: [() => {}] }));
});

test("blobs and headers are copied", async () => {
  const blob = structuredClone(new Blob(["text"], { type: "text/plain" }));
  equal([blob.type, await blob.text()], ["text/plain", "text"]);
  equal(structuredClone(new Headers({ a: "1" })).get("a"), "1");
});
