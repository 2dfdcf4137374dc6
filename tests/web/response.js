// Response.

test("a response has the standard's defaults", () => {
  const { status, statusText, ok, type, url, redirected, body, webSocket, cf } = new Response();
  equal([status, statusText, ok, type, url, redirected, body, webSocket], [200, "", true, "default", "", false, null, null]);
  equal(cf, undefined);
});

test("a status is 200 to 599, and some have no body", async () => {
  for (const status of [0, 99, 100, 199, 600, 1000]) throws("RangeError", () => new Response(null, { status }));
  for (const status of [204, 205, 304]) {
    throws("TypeError", () => new Response("x", { status }));
    equal(new Response(null, { status }).body, null);
    equal(new Response("", { status }).status, status);
  }
});

test("a reason is one line", () => {
  equal(new Response(null, { statusText: "Fine" }).statusText, "Fine");
  throws("TypeError", () => new Response(null, { statusText: "a\nb" }));
});

test("Response.json writes JSON", async () => {
  const response = Response.json({ a: [1, "é"] }, { status: 201, headers: { x: "y" } });
  equal([response.status, response.headers.get("content-type"), response.headers.get("x")], [201, "application/json", "y"]);
  equal(await response.json(), { a: [1, "é"] });
  equal(Response.json(1, { headers: { "content-type": "a/b" } }).headers.get("content-type"), "a/b");
  throws("TypeError", () => Response.json());
});

test("Response.redirect says where to", () => {
  const response = Response.redirect("https://example.com/ä", 308);
  equal([response.status, response.headers.get("location"), response.redirected], [308, "https://example.com/%C3%A4", false]);
  equal(Response.redirect("https://example.com").status, 302);
  throws("RangeError", () => Response.redirect("https://example.com", 200));
  throws("TypeError", () => Response.redirect("/relative"));
  throws("TypeError", () => response.headers.set("a", "b"));
});

test("Response.error is an error", () => {
  const { type, status, ok, body } = Response.error();
  equal([type, status, ok, body], ["error", 0, false, null]);
});

test("clones are independent, also of streams", async () => {
  const chunks = async function* () {
    yield new TextEncoder().encode("one ");
    yield new TextEncoder().encode("two");
  };
  const first = new Response(chunks(), { headers: { a: "1" }, cf: { x: 1 } });
  const second = first.clone();
  second.headers.set("a", "2");
  equal([first.headers.get("a"), second.cf.x], ["1", 1]);
  equal(await Promise.all([first.text(), second.text()]), ["one two", "one two"]);
});

test("a response made of another takes its members", async () => {
  const first = new Response("x", { status: 418, statusText: "Teapot", headers: { a: "1" } });
  const second = new Response(first.body, first);
  equal([second.status, second.statusText, second.headers.get("a"), await second.text()], [418, "Teapot", "1", "x"]);
});

test("wrong members are refused with their names", () => {
  for (const init of [{ headers: 1 }, { cf: 1 }, { webSocket: {} }, { encodeBody: "gzip" }]) throws("TypeError", () => new Response(null, init));
  throws("TypeError", () => new Response(null, 5));
});
