// URL and URLSearchParams.

test("the parts of a URL are where the standard has them", () => {
  const url = new URL("../b?x=1#f", "https://u:p@Example.com:8443/a/c");
  equal([url.protocol, url.username, url.password, url.host, url.hostname, url.port], ["https:", "u", "p", "example.com:8443", "example.com", "8443"]);
  equal([url.pathname, url.search, url.hash, url.origin, `${url}`], ["/b", "?x=1", "#f", "https://example.com:8443", "https://u:p@example.com:8443/b?x=1#f"]);
  const bare = new URL("mailto:me@x");
  equal([bare.host, bare.pathname, bare.search, bare.origin, bare.username, bare.port], ["", "me@x", "", "null", "", ""]);
  equal(new URL("blob:https://a.example:1/x").origin, "https://a.example:1");
});

test("a URL and its searchParams follow each other", () => {
  const url = new URL("http://a/?x=1#f");
  const { searchParams } = url;
  searchParams.append("y", "a b");
  equal(url.href, "http://a/?x=1&y=a+b#f");
  equal(url.hash, "#f");
  url.search = "?z=%41";
  equal([...searchParams], [["z", "A"]]);
  searchParams.delete("z");
  equal(url.href, "http://a/#f");
  url.href = "http://b/?q";
  equal(searchParams === url.searchParams && searchParams.has("q"), true);
});

test("what is no URL is a TypeError, or null, or false", () => {
  equal(throws("TypeError", () => new URL("x")).message, "Invalid URL string.");
  equal([URL.parse("x"), URL.canParse("x"), URL.canParse("x", "http://a"), URL.parse("x", "http://a").href], [null, false, true, "http://a/x"]);
  const url = new URL("http://a/");
  throws("TypeError", () => (url.href = "x"));
  url.port = "x";
  url.host = "";
  equal(url.href, "http://a/");
});

test("parameters come from texts, pairs, records and other parameters", () => {
  for (const init of ["?a=1&b=2", [["a", "1"], ["b", "2"]], { a: 1, b: 2 }, new Map([["a", 1], ["b", 2]]), new URLSearchParams("a=1&b=2")]) {
    equal(`${new URLSearchParams(init)}`, "a=1&b=2");
  }
  throws("TypeError", () => new URLSearchParams([["a"]]));
  equal(`${new URLSearchParams({ "\uD800": "\uDC00" })}`, "%EF%BF%BD=%EF%BF%BD");
});

test("values select which parameter is meant", () => {
  const params = new URLSearchParams("b=1&a=1&a=2");
  equal([params.has("a", "2"), params.has("a", "3"), params.size, params.getAll("a")], [true, false, 3, ["1", "2"]]);
  params.delete("a", "1");
  params.sort();
  equal(`${params}`, "a=2&b=1");
  params.set("b", "x");
  equal([...params.keys()], ["a", "b"]);
});
