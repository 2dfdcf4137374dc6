// Bodies: what requests and responses are made of and how they are read.

const bytes = (text) => new TextEncoder().encode(text);
const from = (...chunks) => new Response(ReadableStream.from(chunks.map(bytes)));

test("each way to read gives the same bytes", async () => {
  for (const make of [() => new Response("é"), () => new Response(bytes("é")), () => from("é"), () => new Response(new Blob(["é"]))]) {
    equal(await make().text(), "é");
    equal([...(await make().bytes())], [0xc3, 0xa9]);
    equal((await make().arrayBuffer()).byteLength, 2);
    equal(await (await make().blob()).text(), "é");
  }
  equal(await new Response('{"a":1}').json(), { a: 1 });
  equal([...(await new Response("a=1&b=%20", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData())], [["a", "1"], ["b", " "]]);
});

test("a body is read once", async () => {
  const response = new Response("x");
  await response.text();
  equal(response.bodyUsed, true);
  const { message } = await rejects("TypeError", response.text());
  equal(message, "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.");
  throws("TypeError", () => response.clone());
});

test("a locked body is not read", async () => {
  const response = new Response("x");
  const reader = response.body.getReader();
  equal((await rejects("TypeError", response.text())).message, "This ReadableStream is currently locked to a reader.");
  reader.releaseLock();
  equal(await response.text(), "x");
});

test("no body reads as an empty one, again and again", async () => {
  const response = new Response();
  equal([await response.text(), await response.text(), response.bodyUsed], ["", "", false]);
  await rejects("SyntaxError", response.json());
});

test("a byte order mark is no part of the text", async () => {
  const marked = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61);
  equal([await new Response(marked).text(), await new Response("\ufeffa").text()], ["a", "a"]);
  equal((await new Response(marked).bytes()).length, 4);
});

test("bytes are taken when the body is made", async () => {
  const given = bytes("abc");
  const response = new Response(given);
  given[0] = 0x78;
  equal(await response.text(), "abc");
  equal(await new Response(given.subarray(1)).text(), "bc");
});

test("lone surrogates are replaced", async () => {
  equal(await new Response("a\ud800").text(), "a\ufffd");
});

test("iterables of bytes are bodies, other objects are text", async () => {
  const chunks = async function* () {
    yield bytes("a");
    yield bytes("b");
  };
  equal(await new Response(chunks()).text(), "ab");
  equal(await new Response({ toString: () => "text" }).text(), "text");
  equal(await new Response(5).text(), "5");
});

test("a stream of anything but bytes fails", async () => {
  await rejects("TypeError", new Response(ReadableStream.from(["text"])).text());
});

test("a stream that was read or is locked is no body", async () => {
  const read = new Response("x").body;
  await read.getReader().read();
  throws("TypeError", () => new Response(read));
  const locked = new ReadableStream();
  locked.getReader();
  throws("TypeError", () => new Response(locked));
});

test("a source's error is the reader's", async () => {
  const broken = new Response(new ReadableStream({ pull() { throw new RangeError("broken"); } }));
  equal((await rejects("RangeError", broken.text())).message, "broken");
});

test("a blob has the type of its body", async () => {
  equal((await new Response("x", { headers: { "content-type": "A/B; C=D" } }).blob()).type, "a/b;c=D");
  equal((await new Response(new Uint8Array(1)).blob()).type, "");
});

test("FormData needs a type that says so", async () => {
  await rejects("TypeError", new Response(new Uint8Array(1)).formData());
  await rejects("TypeError", new Response("x").formData());
  const form = new FormData();
  form.append("a", "1");
  form.append("f", new File(["content"], "name.txt", { type: "text/plain" }));
  const read = await new Response(form).formData();
  equal([read.get("a"), read.get("f").name, read.get("f").type, await read.get("f").text()], ["1", "name.txt", "text/plain", "content"]);
});
