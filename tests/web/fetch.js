// fetch(), whose outside answers by path: /echo tells what it was asked, /to/STATUS/PATH redirects, /gzip is compressed,
// /status/N has that status, /never is silent, /lost loses the connection.

const OUT = "http://outside.test";
const echo = async (init, path = "/echo") => (await fetch(OUT + path, init)).json();

test("a request goes out as it was made", async () => {
  const told = await echo({ method: "POST", body: "hello", headers: { "X-A": "b" } });
  equal([told.method, told.url, told.body, told.headers["x-a"]], ["POST", `${OUT}/echo`, "hello", "b"]);
  equal([told.headers["content-length"], told.headers["content-type"]], ["5", "text/plain;charset=UTF-8"]);
});

test("an answer tells its status, URL and type; its headers are read only", async () => {
  const response = await fetch(`${OUT}/status/404#fragment`);
  equal([response.status, response.statusText, response.ok, response.url, response.redirected], [404, "Not Found", false, `${OUT}/status/404`, false]);
  throws("TypeError", () => response.headers.set("a", "b"));
});

test("redirects are followed, and POST becomes GET where the standard says so", async () => {
  for (const [status, method] of [[301, "GET"], [302, "GET"], [303, "GET"], [307, "POST"], [308, "POST"]]) {
    const response = await fetch(`${OUT}/to/${status}/echo`, { method: "POST", body: "x" });
    const told = await response.json();
    equal([response.redirected, response.url, told.method, told.body], [true, `${OUT}/echo`, method, method === "POST" ? "x" : ""]);
  }
  equal((await fetch(`${OUT}/to/302/echo`, { redirect: "manual" })).status, 302);
});

test("redirects end: after twenty, at a bad place, and where a stream would have to be sent again", async () => {
  await rejects("TypeError", fetch(`${OUT}/loop`));
  await rejects("TypeError", fetch(`${OUT}/to/302/nowhere`));
  const body = new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(1)); controller.close(); } });
  const { message } = await rejects("TypeError", fetch(`${OUT}/to/307/echo`, { method: "POST", body }));
  if (!message.startsWith("A request with a one-time-use body")) fail(message);
});

test("compressed bodies are read plain", async () => {
  const response = await fetch(`${OUT}/gzip`);
  equal([response.headers.get("content-encoding"), await response.text()], ["gzip", "compressed"]);
  const raw = await (await fetch(`${OUT}/gzip`, { encodeResponseBody: "manual" })).bytes();
  equal([raw[0], raw[1]], [0x1f, 0x8b]);
});

test("a stream is sent as it comes", async () => {
  const { readable, writable } = new TransformStream();
  const answer = echo({ method: "PUT", body: readable });
  const writer = writable.getWriter();
  for (const text of ["one ", "two"]) await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const told = await answer;
  equal([told.body, told.headers["transfer-encoding"]], ["one two", "chunked"]);
  const fixed = new FixedLengthStream(3);
  const sized = echo({ method: "PUT", body: fixed.readable });
  const exact = fixed.writable.getWriter();
  await exact.write(new Uint8Array([97, 98, 99]));
  await exact.close();
  equal((await sized).headers["content-length"], "3");
});

test("a stream that fails fails its fetch", async () => {
  const body = new ReadableStream({ pull() { throw new RangeError("broken"); } });
  equal((await rejects("RangeError", echo({ method: "PUT", body }))).message, "broken");
});

test("an aborted fetch is rejected with the reason, before and while it waits", async () => {
  const reason = new Error("enough");
  equal(await fetch(`${OUT}/echo`, { signal: AbortSignal.abort(reason) }).catch((error) => error), reason);
  const controller = new AbortController();
  const waiting = fetch(`${OUT}/never`, { signal: controller.signal });
  controller.abort();
  await rejects("AbortError", waiting);
});

test("bad schemes, lost connections and used bodies are errors", async () => {
  await rejects("TypeError", fetch("ftp://example.com"));
  equal((await rejects("Error", fetch(`${OUT}/lost`))).message, "Network connection lost.");
  const request = new Request(`${OUT}/echo`, { method: "POST", body: "x" });
  await fetch(request);
  await rejects("TypeError", fetch(request));
});

test("data: URLs answer from themselves", async () => {
  const response = await fetch("data:text/x-y;base64,aGVsbG8=");
  equal([response.status, response.headers.get("content-type"), await response.text()], [200, "text/x-y", "hello"]);
});

test("cache: 'no-store' tells caches on the way", async () => {
  const { headers } = await echo({ cache: "no-store" });
  equal([headers["cache-control"], headers.pragma], ["no-cache", "no-cache"]);
});
