// CompressionStream and DecompressionStream.

const text = "a text that repeats itself, ".repeat(5000);
const through = (body, stream) => new Response(body).body.pipeThrough(stream);

test("what is compressed comes back, in each format", async () => {
  for (const format of ["gzip", "deflate", "deflate-raw"]) {
    const packed = await new Response(through(text, new CompressionStream(format))).bytes();
    equal(packed.length < text.length / 50, true);
    equal(await new Response(through(packed, new DecompressionStream(format))).text(), text);
  }
});

test("gzip of other tools is read, with its name", async () => {
  const packed = Uint8Array.fromBase64("H4sICAAAAAAC/2hlbGxvLnR4dADLSM3JyQcAhqYQNgUAAAA=");
  equal(await new Response(through(packed, new DecompressionStream("gzip"))).text(), "hello");
});

test("all may be written before anything is read", async () => {
  const stream = new CompressionStream("deflate");
  const writer = stream.writable.getWriter();
  for (let i = 0; i < 100; i++) await writer.write(new TextEncoder().encode(`${i} ${Math.sin(i)}`));
  await writer.close();
  const back = await new Response(stream.readable.pipeThrough(new DecompressionStream("deflate"))).text();
  equal(back.startsWith("0 01 0.84"), true);
});

test("a small input that grows without end waits for its reader", async () => {
  const zeros = new ReadableStream({ start(c) { for (let i = 0; i < 64; i++) c.enqueue(new Uint8Array(1 << 20)); c.close(); } });
  const bomb = await new Response(zeros.pipeThrough(new CompressionStream("gzip"))).bytes();
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  let written = false;
  writer.write(bomb).then(() => { written = true; });
  writer.close();
  const reader = stream.readable.getReader();
  let size = (await reader.read()).value.length;
  await new Promise((resolve) => setTimeout(resolve, 10));
  equal(written, false);
  for (let step; !(step = await reader.read()).done; ) size += step.value.length;
  equal([size, written], [64 << 20, true]);
});

test("a reader may bring its own buffer", async () => {
  const reader = through(text, new CompressionStream("gzip")).getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(2));
  equal([...value], [0x1f, 0x8b]);
  await reader.cancel();
});

test("damaged, cut and too long data are TypeErrors on both sides", async () => {
  const packed = await new Response(through(text, new CompressionStream("gzip"))).bytes();
  const unpack = (bytes) => new Response(through(bytes, new DecompressionStream("gzip"))).text();
  await rejects("TypeError", unpack(packed.subarray(0, -1)));
  await rejects("TypeError", unpack(packed.with(20, packed[20] ^ 255)));
  await rejects("TypeError", unpack(packed.with(packed.length - 1, 7)));
  await rejects("TypeError", unpack(new Uint8Array([...packed, 0])));
  await rejects("TypeError", unpack(new Uint8Array(0)));
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const read = stream.readable.getReader().read();
  await Promise.all([rejects("TypeError", writer.write(packed)), rejects("TypeError", read), rejects("TypeError", writer.closed)]);
});

test("only bytes are taken, and only known formats", async () => {
  for (const chunk of ["text", 1, {}, null]) {
    const stream = new CompressionStream("gzip");
    stream.readable.getReader().closed.catch(() => {});
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    await rejects("TypeError", writer.write(chunk));
  }
  throws("TypeError", () => new CompressionStream("zip"));
  throws("TypeError", () => new DecompressionStream());
});
