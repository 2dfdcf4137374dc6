// URLPattern.

test("groups are named by the pattern, and by number where it does not", () => {
  const pattern = new URLPattern({ pathname: "/books/:id(\\d+)/*" });
  const { pathname, inputs, hostname } = pattern.exec("https://example.com/books/12/more?x#y");
  equal(pathname, { input: "/books/12/more", groups: { id: "12", 0: "more" } });
  equal([inputs, hostname.groups], [["https://example.com/books/12/more?x#y"], { 0: "example.com" }]);
  equal([pattern.hasRegExpGroups, pattern.pathname, pattern.search], [true, "/books/:id(\\d+)/*", "*"]);
  equal([pattern.test("https://example.com/books/x/"), pattern.exec({ pathname: "/books/x/" })], [false, null]);
});

test("a pattern may be a URL, with a base", () => {
  const pattern = new URLPattern("https://:sub.example.com/a/:rest+");
  equal(pattern.exec("https://shop.example.com/a/b/c").pathname.groups, { rest: "b/c" });
  equal(pattern.test("http://shop.example.com/a/b/c"), false);
  equal(new URLPattern("/a", "https://example.com").test("/a", "https://example.com"), true);
  equal(new URLPattern("/a?q=*", "https://example.com").search, "q=*");
});

test("case is ignored on demand, and groups may be missing", () => {
  equal([new URLPattern({ pathname: "/A" }).test({ pathname: "/a" }), new URLPattern({ pathname: "/A" }, { ignoreCase: true }).test({ pathname: "/a" })], [false, true]);
  const { groups } = new URLPattern({ pathname: "/a{/:b}?" }).exec({ pathname: "/a" }).pathname;
  equal(["b" in groups, groups.b === undefined], [true, true]);
});

test("what is no pattern is a TypeError, what is no URL does not match", () => {
  for (const input of ["", "/a", "https://[x", { pathname: "/(" }, { pathname: "/:a/:a" }, { port: "x" }, { pathname: "/([)" }]) {
    throws("TypeError", () => new URLPattern(input));
  }
  throws("TypeError", () => new URLPattern({}, "https://example.com"));
  throws("TypeError", () => URLPattern({}));
  equal(new URLPattern({ pathname: "/a/([[a-z]--b])" }).test({ pathname: "/a/b" }), false);
  equal(new URLPattern().test("no url"), false);
  equal(new URLPattern().test("https://example.com/\ud800"), true);
});
