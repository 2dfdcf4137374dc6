// Request.

const URL_A = "https://example.com/a?b#c";
const post = (body, init = {}) => new Request(URL_A, { method: "POST", body, ...init });

test("a request has the standard's defaults, as far as Workers have them", () => {
  const { method, url, redirect, body, bodyUsed, integrity, keepalive, cf, fetcher } = new Request("https://EXAMPLE.com:443/a/../b");
  equal([method, url, redirect, body, bodyUsed, integrity, keepalive], ["GET", "https://example.com/b", "follow", null, false, "", false]);
  equal([cf, fetcher], [undefined, null]);
});

test("methods are known ones, whatever their case", () => {
  equal(new Request(URL_A, { method: "patch" }).method, "PATCH");
  equal(throws("TypeError", () => new Request(URL_A, { method: "chicken" })).message, "Invalid HTTP method string: chicken");
});

test("wrong members are refused with their names", () => {
  for (const [init, text] of [
    [{ redirect: "error" }, "Invalid redirect value"],
    [{ cache: "reload" }, "Unsupported cache mode: reload"],
    [{ signal: {} }, "Incorrect type for the 'signal' field on 'RequestInitializerDict': the provided value is not of type 'AbortSignal'."],
    [{ headers: 5 }, "'headers' field"],
    [{ cf: 5 }, "'cf' field"],
    [{ integrity: "sha256-x" }, "not implemented"],
    [{ body: "x" }, "Request with a GET or HEAD method cannot have a body."],
  ]) {
    const { message } = throws("TypeError", () => new Request(URL_A, init));
    if (!message.includes(text)) fail(message);
  }
  throws("TypeError", () => new Request());
  equal(throws("TypeError", () => new Request("/relative")).message, "Invalid URL: /relative");
});

test("a request made of another takes its body along", async () => {
  const first = post("hello", { headers: { a: "1" } });
  const second = new Request(first, { headers: { b: "2" } });
  equal([first.bodyUsed, second.bodyUsed], [true, false]);
  equal([...second.headers.keys()], ["b"]);
  equal(await second.text(), "hello");
  equal(throws("TypeError", () => new Request(second)).message, "Cannot reconstruct a Request with a used body.");
});

test("a body that is replaced stays unread", async () => {
  const first = post("one");
  equal(await new Request(first, { body: "two" }).text(), "two");
  equal([first.bodyUsed, await first.text()], [false, "one"]);
});

test("a stream moves to the new request and is locked in the old one", async () => {
  const stream = new Response("streamed").body;
  const first = post(stream);
  const second = new Request(first);
  equal([first.body.locked, first.bodyUsed, await second.text()], [true, true, "streamed"]);
});

test("clones are independent", async () => {
  const first = post("hello", { headers: { a: "1" }, cf: { x: { y: 1 } } });
  const second = first.clone();
  second.headers.set("a", "2");
  second.cf.x.y = 2;
  equal([first.headers.get("a"), first.cf.x.y, await first.text(), await second.text()], ["1", 1, "hello", "hello"]);
  throws("TypeError", () => first.clone());
});

test("a signal is shared with the requests made of it", () => {
  const controller = new AbortController();
  const request = new Request(new Request(URL_A, { signal: controller.signal }));
  controller.abort("why");
  equal([request.signal.aborted, request.signal.reason], [true, "why"]);
  equal(new Request(request, { signal: null }).signal.aborted, false);
});

test("what a body is tells the content type unless a header does", () => {
  const type = (body, headers) => post(body, { headers }).headers.get("content-type");
  equal(type("x"), "text/plain;charset=UTF-8");
  equal(type(new URLSearchParams("a=b")), "application/x-www-form-urlencoded;charset=UTF-8");
  equal(type(new Blob(["x"], { type: "a/b" })), "a/b");
  equal(type(new Uint8Array(1)), null);
  equal(type("x", { "Content-Type": "c/d" }), "c/d");
  equal(type(new FormData()).startsWith("multipart/form-data; boundary="), true);
});

test("members on something else are illegal invocations", () => {
  for (const name of ["url", "headers", "signal", "body", "bodyUsed"]) {
    const { message } = throws("TypeError", () => Object.create(Request.prototype)[name]);
    if (!message.startsWith("Illegal invocation: function called with incorrect `this` reference.")) fail(message);
  }
});
