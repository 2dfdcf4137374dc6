// Headers.

test("names are caseless, values are trimmed and combined", () => {
  const headers = new Headers({ "X-A": "  1\t" });
  headers.append("x-a", "2");
  headers.set("B", "é");
  equal([headers.get("X-a"), headers.get("b"), headers.get("c"), headers.has("B")], ["1, 2", "é", null, true]);
  equal([...headers], [["b", "é"], ["x-a", "1, 2"]]);
});

test("cookies stay apart", () => {
  const headers = new Headers([["set-cookie", "a"], ["z", "1"], ["Set-Cookie", "b"]]);
  equal([...headers.keys()], ["set-cookie", "set-cookie", "z"]);
  equal([headers.getSetCookie(), headers.getAll("SET-COOKIE"), headers.get("set-cookie")], [["a", "b"], ["a", "b"], "a, b"]);
  throws("TypeError", () => headers.getAll("z"));
});

test("iteration is live", () => {
  const headers = new Headers({ a: "1", b: "2", c: "3" });
  const seen = [];
  for (const [name] of headers) {
    seen.push(name);
    headers.delete("c");
    headers.set("bb", "4");
  }
  equal(seen, ["a", "b", "bb"]);
});

test("bad names and values are refused", () => {
  const headers = new Headers();
  equal(throws("TypeError", () => headers.set("a b", "c")).message, "Invalid header name.");
  for (const value of ["a\nb", "a\rb", "a\0b"]) equal(throws("TypeError", () => headers.append("a", value)).message, "Invalid header value.");
  for (const init of [null, 5, "ab", [["a"]], [["a", "b", "c"]], { a: Symbol("s") }]) throws("TypeError", () => new Headers(init));
});

test("any text survives in a value", () => {
  for (const value of ["Ā😀", "a\x01b\x7fc", "tab\there"]) equal(new Headers({ a: value }).get("a"), value);
  equal(new Headers({ a: "\uD800" }).get("a"), "\uFFFD");
});

test("another Headers, a record behind a proxy and an iterable fill it", () => {
  const first = new Headers({ a: "1" });
  equal([...new Headers(first)], [["a", "1"]]);
  equal([...new Headers(new Proxy({ B: 2 }, {}))], [["b", "2"]]);
  first[Symbol.iterator] = function* () { yield ["c", "3"]; };
  equal([...new Headers(first)], [["c", "3"]]);
});
