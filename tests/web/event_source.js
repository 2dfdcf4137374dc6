// EventSource: the event stream format, reconnection, what is refused.

const stream = (...pieces) => new ReadableStream({
  async pull(c) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const piece = pieces.shift();
    if (piece === undefined) c.close();
    else c.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  },
});

/** What a source hears until its first `error`. */
function heard(source, ...types) {
  const seen = [];
  for (const type of ["message", ...types]) {
    source.addEventListener(type, (event) => seen.push([event.type, event.data, event.lastEventId]));
  }
  return new Promise((resolve) => {
    source.onerror = () => {
      source.close();
      resolve(seen);
    };
  });
}

const parsed = async (...pieces) => heard(EventSource.from(stream(...pieces)), "other");

test("messages have lines, types and ids", async () => {
  equal(await parsed("data: a\ndata:b\ndata:  c\n\n"), [["message", "a\nb\n c", ""]]);
  equal(await parsed("event: other\nid: 7\ndata: x\n\ndata: y\n\nid\ndata: z\n\n"), [["other", "x", "7"], ["message", "y", "7"], ["message", "z", ""]]);
  equal(await parsed(": comment\nnone: x\nid: a\0b\ndata: q\nretry: soon\n\n"), [["message", "q", ""]]);
  equal(await parsed("data\n\nevent: other\n\ndata: end"), []);
});

test("lines end in CR, LF or both, wherever they are cut", async () => {
  for (const end of ["\r", "\n", "\r\n"]) {
    const text = `\ufeffdata: 1${end}data: \u20ac${end}${end}data: 2${end}${end}`;
    const bytes = new TextEncoder().encode(text);
    equal(await parsed(text), [["message", "1\n\u20ac", ""], ["message", "2", ""]]);
    equal(await parsed(...Array.from(bytes, (byte) => new Uint8Array([byte]))), [["message", "1\n\u20ac", ""], ["message", "2", ""]]);
  }
});

test("a source of a stream is open, and closed at its end", async () => {
  const source = EventSource.from(stream("data: x\n\n"));
  equal([source.readyState, source.url, source.withCredentials], [1, "", false]);
  let opened = false;
  source.onopen = () => { opened = true; };
  const error = await new Promise((resolve) => { source.onerror = resolve; });
  equal([opened, source.readyState, error.message], [true, 2, "The server disconnected."]);
});

test("closing cancels the stream", async () => {
  let cancelled = false;
  const source = EventSource.from(new ReadableStream({
    start(c) { c.enqueue(new TextEncoder().encode("data: x\n\n")); },
    cancel() { cancelled = true; },
  }));
  await new Promise((resolve) => { source.onmessage = resolve; });
  source.close();
  source[Symbol.dispose]();
  equal([cancelled, source.readyState], [true, 2]);
});

/** A fetcher that gives answers in turn, and what it was asked. */
function fetcher(...answers) {
  const asked = [];
  return { asked, fetch: async (url, { headers }) => { asked.push([url, headers]); return answers.shift(); } };
}
const answer = (text, type = "text/event-stream; charset=utf-8") => new Response(text, { headers: { "content-type": type } });

test("a lost connection is made again with the last id", async () => {
  const given = fetcher(answer("retry: 1\nid: 5\ndata: a\n\n"), answer("data: b\n\n"));
  const source = new EventSource("http://events.test/x", { fetcher: given });
  equal([source.readyState, source.url], [0, "http://events.test/x"]);
  const seen = [];
  await new Promise((resolve) => {
    source.onmessage = (event) => {
      seen.push([event.data, event.lastEventId, event.origin]);
      if (seen.length === 2) resolve();
    };
  });
  source.close();
  equal(seen, [["a", "5", "http://events.test"], ["b", "5", "http://events.test"]]);
  equal(given.asked.map(([, headers]) => headers["last-event-id"] ?? null), [null, "5"]);
  equal(given.asked[0][1].accept, "text/event-stream");
});

test("an answer that is no event stream ends it", async () => {
  for (const response of [new Response("x", { status: 500 }), answer("x", "text/plain"), new Response(new Uint8Array(1))]) {
    const source = new EventSource("http://events.test/", { fetcher: fetcher(response) });
    const { error } = await new Promise((resolve) => { source.onerror = resolve; });
    equal([error.name, source.readyState], ["AbortError", 2]);
  }
});

test("wrong uses are refused", () => {
  throws("SyntaxError", () => new EventSource("no url"));
  throws("NotSupportedError", () => new EventSource("http://a.test", { withCredentials: true }));
  throws("TypeError", () => new EventSource());
  throws("TypeError", () => new EventSource("http://a.test", { fetcher: 1 }));
  throws("TypeError", () => EventSource.from("x"));
  const locked = stream();
  locked.getReader();
  throws("TypeError", () => EventSource.from(locked));
  equal([EventSource.CONNECTING, EventSource.OPEN, EventSource.prototype.CLOSED], [0, 1, 2]);
});
