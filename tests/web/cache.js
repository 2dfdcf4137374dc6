// The Cache API.

const URL_A = "https://example.com/a";
const keep = (body = "kept", headers = {}, init = {}) => new Response(body, { headers: { "cache-control": "max-age=60", ...headers }, ...init });
let opened = 0;
const fresh = () => caches.open(`test ${opened++}`);

test("what was put is matched, from wherever it is asked", async () => {
  const cache = await fresh();
  equal(await cache.match(URL_A), undefined);
  equal(await cache.put(URL_A, keep("kept", { a: "1" }, { status: 404 })), undefined);
  for (const asked of [URL_A, new URL(`${URL_A}#fragment`), new Request(URL_A)]) {
    const found = await cache.match(asked);
    equal([found.status, await found.text(), found.headers.get("a"), found.headers.get("cf-cache-status")], [404, "kept", "1", "HIT"]);
  }
  equal(await cache.match(`${URL_A}?other`), undefined);
  const { headers } = await cache.match(URL_A);
  throws("TypeError", () => headers.set("a", "b"));
});

test("a later put replaces, and delete tells whether there was one", async () => {
  const cache = await fresh();
  await cache.put(URL_A, keep("one"));
  await cache.put(URL_A, keep("two"));
  equal(await (await cache.match(URL_A)).text(), "two");
  equal([await cache.delete(URL_A), await cache.delete(URL_A), await cache.match(URL_A)], [true, false, undefined]);
});

test("caches of other names are others", async () => {
  const [one, other] = [await fresh(), await fresh()];
  await one.put(URL_A, keep());
  equal([await other.match(URL_A), await caches.default.match(URL_A)], [undefined, undefined]);
});

test("other methods match only if they are ignored", async () => {
  const cache = await fresh();
  await cache.put(URL_A, keep());
  const head = new Request(URL_A, { method: "HEAD" });
  equal([await cache.match(head), await cache.delete(head)], [undefined, false]);
  equal(await (await cache.match(head, { ignoreMethod: true })).text(), "kept");
  equal(await cache.delete(new Request(URL_A, { method: "POST" }), { ignoreMethod: true }), true);
});

test("what may not be kept is not", async () => {
  const cache = await fresh();
  for (const headers of [
    { "cache-control": "no-store" }, { "cache-control": "private" }, { "cache-control": "max-age=0" }, { "cache-control": "no-cache" },
    { "cache-control": "max-age=60, s-maxage=0" }, { "set-cookie": "a=b" }, { "cache-control": "", expires: "Thu, 01 Jan 1970 00:00:00 GMT" },
  ]) {
    await cache.put(URL_A, keep("x", headers));
    equal(await cache.match(URL_A), undefined);
  }
  await cache.put(URL_A, new Response(null, { status: 304 }));
  await cache.put(URL_A, new Response("x", { status: 500 }));
  equal(await cache.match(URL_A), undefined);
  await cache.put(URL_A, keep("x", { "set-cookie": "a=b", "cache-control": "private=set-cookie, max-age=9" }));
  await cache.put(`${URL_A}/usual`, new Response("x"));
  equal([(await cache.match(URL_A)).status, (await cache.match(`${URL_A}/usual`)).status], [200, 200]);
});

test("what cannot be kept is refused", async () => {
  const cache = await fresh();
  const bad = [
    [new Request(URL_A, { method: "POST" }), keep()],
    [URL_A, keep("x", {}, { status: 206 })],
    [URL_A, keep("x", { vary: "*" })],
    [URL_A, Response.error()],
    [URL_A, "text"],
  ];
  for (const [asked, response] of bad) await rejects("TypeError", cache.put(asked, response));
  const used = keep();
  await used.text();
  await rejects("TypeError", cache.put(URL_A, used));
  await rejects("TypeError", cache.add(URL_A));
});

test("an answer that varies is for requests like its own", async () => {
  const cache = await fresh();
  const asked = (language) => new Request(URL_A, { headers: { "accept-language": language } });
  await cache.put(asked("de"), keep("hallo", { vary: "Accept-Language" }));
  await cache.put(asked("en"), keep("hello", { vary: "Accept-Language" }));
  equal([await (await cache.match(asked("de"))).text(), await (await cache.match(asked("en"))).text()], ["hallo", "hello"]);
  equal([await cache.match(asked("fr")), await cache.match(URL_A)], [undefined, undefined]);
});

test("conditional requests are answered 304", async () => {
  const cache = await fresh();
  await cache.put(URL_A, keep("x", { etag: '"1"', "last-modified": "Wed, 01 Jan 2025 00:00:00 GMT" }));
  const asked = async (headers) => (await cache.match(new Request(URL_A, { headers }))).status;
  equal([await asked({ "if-none-match": 'W/"1"' }), await asked({ "if-none-match": '"2", "1"' }), await asked({ "if-none-match": '"2"' })], [304, 304, 200]);
  equal(await asked({ "if-modified-since": "Thu, 02 Jan 2025 00:00:00 GMT" }), 304);
  equal(await asked({ "if-modified-since": "Tue, 31 Dec 2024 00:00:00 GMT" }), 200);
});

test("ranges are cut out", async () => {
  const cache = await fresh();
  await cache.put(URL_A, keep("0123456789"));
  const asked = async (range) => {
    const found = await cache.match(new Request(URL_A, { headers: { range } }));
    return [found.status, found.headers.get("content-range"), await found.text()];
  };
  equal(await asked("bytes=2-4"), [206, "bytes 2-4/10", "234"]);
  equal(await asked("bytes=7-"), [206, "bytes 7-9/10", "789"]);
  equal(await asked("bytes=-3"), [206, "bytes 7-9/10", "789"]);
  equal(await asked("bytes=20-"), [416, "bytes */10", ""]);
  equal(await asked("bytes=0-1,3-4"), [200, null, "0123456789"]);
});

test("interfaces are closed", () => {
  throws("TypeError", () => new Cache());
  throws("TypeError", () => new CacheStorage());
  equal(Object.prototype.toString.call(caches), "[object CacheStorage]");
});
