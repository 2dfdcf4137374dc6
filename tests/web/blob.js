// Blob and File.

test("parts are joined, and copied where they can change", async () => {
  const view = new Uint8Array([98, 99]);
  const blob = new Blob(["a", view, new Blob(["d"]), 5], { type: "Text/Plain" });
  view[0] = 0;
  equal([blob.size, blob.type, await blob.text()], [5, "text/plain", "abcd5"]);
  equal([...(await blob.bytes())], [97, 98, 99, 100, 53]);
  equal((await blob.arrayBuffer()).byteLength, 5);
});

test("slices count from either end", async () => {
  const blob = new Blob(["abc", "def"]);
  equal(await Promise.all([blob.slice(2, 4).text(), blob.slice(-2).text(), blob.slice(4, 2).text(), blob.slice(1, -1).text()]), ["cd", "ef", "", "bcde"]);
  equal(blob.slice(0, 1, "A/B").type, "a/b");
});

test("a stream of a blob gives copies of its bytes", async () => {
  const blob = new Blob(["x".repeat(100_000), "y"]);
  let length = 0;
  for await (const chunk of blob.stream()) {
    length += chunk.length;
    chunk.fill(0);
  }
  equal([length, (await blob.text()).slice(-2)], [100_001, "xy"]);
  const reader = blob.stream().getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(3));
  equal(value.length, 3);
});

test("files have a name and a time", () => {
  const file = new File(["a"], "n.txt", { type: "a/b", lastModified: 5 });
  equal([file.name, file.lastModified, file.type, file.size, file instanceof Blob], ["n.txt", 5, "a/b", 1, true]);
  throws("TypeError", () => new File(["a"]));
});

test("line ends may be made native", async () => {
  equal(await new Blob(["a\r\nb\rc"], { endings: "native" }).text(), "a\nb\nc");
});

test("a part that resizes another one's buffer decides what is in the blob", async () => {
  const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
  const blob = new Blob([new Uint8Array(buffer), { toString() { buffer.resize(2); return "B"; } }]);
  equal([...await blob.bytes()], [0, 0, 66]);
  const gone = new Uint8Array(4);
  equal(new Blob([gone, { toString() { gone.buffer.transfer(); return ""; } }]).size, 0);
});
