// URL, URLSearchParams and URLPattern: what is parsed once stays as it is.

target("an address that parses is written as one that parses to the same", [
  "https://user:pass@sub.example.com:8080/p/a/t/h?query=string#hash", "http://[::1]:80/../a/./b%2e", "file:///C|/x/../y",
  "mailto:a@b.c?subject=x", "data:text/plain,hello world", "//host\\path", "http://ex\u00e4mple.\u3002com", "blob:https://a/b",
  "javascript:void 0", "http://0x7f.1/", "http://1.2.3.4.5", "ws:a:b@c:0443", "non-special://h:99999/ ?#", "?a=b&c=%zz#%", "",
], (bytes, random) => {
  const text = asText(bytes);
  for (const base of [undefined, "http://base.test/dir/file?q#h"]) {
    const can = URL.canParse(text, base);
    let url;
    try { url = new URL(text, base); } catch { if (can) broken("canParse said yes"); continue; }
    if (!can) broken("canParse said no");
    if (new URL(url.href).href !== url.href) broken(`${url.href} changes`);
    const members = ["protocol", "username", "password", "host", "port", "pathname", "search", "hash"];
    url[members[random(members.length)]] = text;
    if (new URL(url.href).href !== url.href) broken(`${url.href} changes after it was set`);
  }
});

target("parameters are written as what parses to the same", ["a=1&b=2&a=3", "+%20=%41&&=&x", "?k", "a=%ff%fe&\u20ac=\u{1f600}"], (bytes) => {
  const text = new URLSearchParams(asText(bytes)).toString();
  if (new URLSearchParams(text).toString() !== text) broken(`${text} changes`);
});

target("a pattern is one, or a TypeError", ["/books/:id(\\d+)?", "https://*.example.com/{a,b}*", "{/:x}+#:h", "(?:a|b)"], (bytes) => {
  const text = asText(bytes);
  try {
    new URLPattern(text, "https://example.com").test("https://example.com/books/1");
  } catch (error) {
    if (error.name !== "TypeError") broken(`${error}`);
  }
});
