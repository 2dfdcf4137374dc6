// Streams: what Workers have beyond the standard, what production does where the standard leaves a Worker waiting, and the
// ways between streams and bodies. (The standard itself is tested by the web platform tests.)

const bytes = (text) => new TextEncoder().encode(text);
const text = (view) => new TextDecoder().decode(view);

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

test("chunks go through a pipe in order, and its end closes the other side", async () => {
  const seen = [];
  const sink = new WritableStream({ write: (chunk) => void seen.push(chunk), close: () => void seen.push("closed") });
  const doubled = new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk * 2) });
  await ReadableStream.from([1, 2, 3]).pipeThrough(doubled).pipeTo(sink);
  equal(seen, [2, 4, 6, "closed"]);
});

test("a signal ends a pipe on both sides", async () => {
  const ended = [];
  const source = new ReadableStream({ cancel: (reason) => void ended.push(reason) });
  const sink = new WritableStream({ abort: (reason) => void ended.push(reason) });
  const abort = new AbortController();
  const piping = source.pipeTo(sink, { signal: abort.signal });
  abort.abort("enough");
  equal(await piping.catch((reason) => reason), "enough");
  equal([ended, source.locked, sink.locked], [["enough", "enough"], false, false]);
});

test("an IdentityTransformStream's write ends when its bytes were read", async () => {
  const { readable, writable } = new IdentityTransformStream();
  let written = false;
  const writing = writable.getWriter().write(bytes("hello")).then(() => (written = true));
  const reader = readable.getReader({ mode: "byob" });
  equal(text((await reader.read(new Uint8Array(2))).value), "he");
  await scheduler.wait(1);
  equal(written, false);
  equal(text((await reader.read(new Uint8Array(9))).value), "llo");
  await writing;
  equal(written, true);
});

test("an IdentityTransformStream carries bytes and strings, nothing else", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const writing = [writer.write("h\u00e9"), writer.write(new Uint16Array([0x6261]).buffer), writer.close()];
  equal((await read(readable)).map(text), ["h\u00e9", "ab"]);
  await Promise.all(writing);
  await rejects("TypeError", new IdentityTransformStream().writable.getWriter().write(123));
});

test("what is written may be changed afterwards", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const chunk = bytes("one");
  const reading = readable.getReader().read();
  await writable.getWriter().write(chunk);
  chunk.fill(0);
  equal(text((await reading).value), "one");
});

test("cancelling the readable side fails the writer with an Error", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writing = writable.getWriter().write(bytes("x"));
  await readable.cancel("no more");
  equal((await rejects("Error", writing)).message, "no more");
});

test("a FixedLengthStream takes exactly its length", async () => {
  const exact = new FixedLengthStream(3);
  const writer = exact.writable.getWriter();
  const writing = [writer.write(bytes("abc")), writer.close()];
  equal((await read(exact.readable)).map(text), ["abc"]);
  await Promise.all(writing);

  const over = new FixedLengthStream(2n);
  const reading = over.readable.getReader().read();
  await rejects("TypeError", over.writable.getWriter().write(bytes("abc")));
  await rejects("TypeError", reading);
  await rejects("TypeError", new FixedLengthStream(1).writable.getWriter().close());
  for (const length of [-1, 2 ** 53, NaN, undefined]) throws("TypeError", () => new FixedLengthStream(length));
});

test("readAtLeast counts elements, and gives what is left at the end", async () => {
  const chunks = ["hel", "lo, wor", "ld"];
  const source = () => {
    const rest = [...chunks];
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        controller.enqueue(bytes(rest.shift()));
        if (rest.length === 0) controller.close();
      },
    });
  };
  const reader = source().getReader({ mode: "byob" });
  equal(text((await reader.readAtLeast(2, new Uint16Array(4))).value), "hello, w");
  const last = await reader.readAtLeast(100, new Uint8Array(100));
  equal([text(last.value), last.done], ["orld", false]);
  equal((await reader.readAtLeast(1, new Uint8Array(1))).done, true);
  await rejects("TypeError", source().getReader({ mode: "byob" }).readAtLeast(2, new Uint8Array(1)));
});

test("a BYOB request says how many bytes are awaited", async () => {
  const awaited = [];
  const source = new ReadableStream({
    type: "bytes",
    pull({ byobRequest }) {
      awaited.push(byobRequest.atLeast);
      byobRequest.respond(2);
    },
  });
  await source.getReader({ mode: "byob" }).readAtLeast(5, new Uint8Array(8));
  equal(awaited, [5, 3, 1]);
});

test("closing a byte stream ends BYOB reads by itself", async () => {
  const source = new ReadableStream({ type: "bytes", pull: (controller) => controller.close() });
  const { value, done } = await source.getReader({ mode: "byob" }).read(new Uint8Array(4));
  equal([value.length, done], [0, true]);
});

test("a byte source that only knows byobRequest serves as a body, through pipes and tees too", async () => {
  const source = () => new ReadableStream({
    type: "bytes",
    pull(controller) {
      new TextEncoder().encodeInto("hello", controller.byobRequest.view);
      controller.byobRequest.respond(5);
      controller.close();
    },
  });
  equal(await new Response(source()).text(), "hello");
  equal(await new Response(source().pipeThrough(new TransformStream())).text(), "hello");
  equal(await new Response(source().tee()[1]).text(), "hello");
});

test("cancelling one branch of a tee does not wait for the other", async () => {
  let cancelled = false;
  const [first, second] = new ReadableStream({ cancel: () => void (cancelled = true) }).tee();
  await first.cancel();
  equal(cancelled, false);
  await second.cancel();
  equal(cancelled, true);
});

test("streams of bodies allow one read at a time, as in production", async () => {
  const reader = new Response("body").body.getReader();
  const first = reader.read();
  equal(text((await first).value), "body");
  const waiting = new IdentityTransformStream().readable.getReader();
  waiting.read();
  await rejects("TypeError", waiting.read());
});

test("bodies are read from streams of bytes, and refuse others", async () => {
  equal(await new Response(ReadableStream.from([bytes("a"), bytes("b").buffer])).text(), "ab");
  equal(await new Response(new Blob(["from a blob"]).stream()).text(), "from a blob");
  await rejects("TypeError", new Response(ReadableStream.from(["text"])).text());
  const failing = new ReadableStream({ pull() { throw new RangeError("mine"); } });
  await rejects("RangeError", new Response(failing).text());
});

test("a clone's body has chunks of its own", async () => {
  const chunk = bytes("abc");
  const response = new Response(new ReadableStream({
    start(controller) {
      controller.enqueue(chunk);
      controller.close();
    },
  }));
  const copy = response.clone();
  const [first] = await read(response.body);
  first.fill(0);
  equal(await copy.text(), "abc");
});

test("Object.prototype.then is not run in the middle of a stream", async () => {
  let run = 0;
  const stream = new ReadableStream({ start: (controller) => controller.enqueue(1) });
  const reader = stream.getReader();
  let reading;
  Object.defineProperty(Object.prototype, "then", { configurable: true, get: () => void (run += 1) });
  try {
    reading = reader.read();
  } finally {
    delete Object.prototype.then;
  }
  const result = await reading;
  equal([run, result.value, Object.getPrototypeOf(result) === Object.prototype], [0, 1, true]);
});

test("text goes through bytes and back, characters split between chunks too", async () => {
  const chunks = ["a\ud83d", "\ude00b", "\ud83d"];
  equal((await read(ReadableStream.from(chunks).pipeThrough(new TextEncoderStream()).pipeThrough(new TextDecoderStream()))).join(""), "a\u{1f600}b\ufffd");
  const fatal = ReadableStream.from([new Uint8Array([0xff])]).pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  await rejects("TypeError", read(fatal));
});

test("one class each, however it is reached", async () => {
  const { readable, writable } = new FixedLengthStream(0);
  equal([readable instanceof ReadableStream, writable instanceof WritableStream, new Response("x").body instanceof ReadableStream], [true, true, true]);
  equal([readable.getReader({ mode: "byob" }) instanceof ReadableStreamBYOBReader, new FixedLengthStream(0) instanceof TransformStream], [true, true]);
});
