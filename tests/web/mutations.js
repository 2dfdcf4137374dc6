// The native parsers under mutated input: from seeds, the same on every run. Each must answer or throw the standard's
// error; a panic on the native side would be a plain Error, a crash the end of the test.

let state = 0x9e3779b9;
const random = (below) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
};

const SPICE = ["", "\0", "\t", "\r\n", " ", "%", "%2", "%00", "%ff", ":", "/", "//", "\\", "@", "[", "]", "?", "#", ".", "..", "xn--", "\u00df", "\u{1f600}", "\ud800", "\uffff", "0x", "99999999999", "-", ";", "=", "\"", ",", "*", "(", ")", "{", "}", "+", "--", "&", "|"];

function mutated(seed, spice = SPICE) {
  let text = seed;
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(text.length + 1);
    const to = at + random(4) * random(3);
    const put = random(3) === 0 ? seed.slice(random(seed.length), random(seed.length + 1)) : spice[random(spice.length)];
    text = text.slice(0, at) + put + text.slice(to);
  }
  return text;
}

/** Runs `body` on mutations of the seeds; `allowed` names the errors that it may throw. */
async function mutate(seeds, times, allowed, body) {
  for (let i = 0; i < times; i++) {
    const input = mutated(seeds[i % seeds.length]);
    try {
      await body(input);
    } catch (error) {
      if (!allowed.includes(error?.name)) fail(`${JSON.stringify(input)}: ${error?.stack ?? error}`);
    }
  }
}

const URLS = ["https://user:pass@example.com:8080/a/b/../c?q=1&r=2#h", "file:///C:/a/./b", "http://[2001:db8::1]:80/", "http://0x7f.1/", "non-special://host/a?b", "data:text/plain;base64,SGk=", "//x/y", "../../..", "javascript:alert(1)"];

test("a URL reads as it is written", () =>
  mutate(URLS, 2500, ["TypeError"], (input) => {
    const url = new URL(input, random(2) === 0 ? "https://base.example/dir/file?x" : undefined);
    equal(new URL(url.href).href, url.href);
    equal(URL.canParse(url.href), true);
    const parts = ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
    url[parts[random(parts.length)]] = mutated("a:1/b?c#d");
    equal(new URL(url.href).href, url.href);
    equal(`${new URLSearchParams(`${url.searchParams}`)}`, `${url.searchParams}`);
  }));

test("header names and values are taken or refused", () =>
  mutate(["content-type", "x-a", "text/html; charset=utf-8", "a, b", "set-cookie"], 1500, ["TypeError"], (input) => {
    const headers = new Headers({ [mutated("x-name")]: input });
    for (const [name, value] of headers) {
      equal([name, /[\0\r\n]/.test(value)], [name.toLowerCase(), false]);
      equal(new Headers(headers).get(name), value);
    }
  }));

const MULTIPART = '--b\r\nContent-Disposition: form-data; name="a"; filename="f%22.txt"\r\nContent-Type: text/plain\r\n\r\nvalue\r\n--b\r\nContent-Disposition: form-data; name="c"\r\n\r\n\r\n--b--\r\n';

test("forms are read or refused", () =>
  mutate([MULTIPART, "a=1&b=%20+&c", 'multipart/form-data; boundary="b"'], 1000, ["TypeError"], async (input) => {
    const isType = input.includes("multipart");
    const type = isType ? input : random(4) === 0 ? "application/x-www-form-urlencoded" : "multipart/form-data; boundary=b";
    const headers = new Headers();
    try { headers.set("content-type", type); } catch { return; }
    const form = await new Response(isType ? MULTIPART : input, { headers }).formData();
    const again = await new Response(form).formData();
    equal([...again.keys()].length, [...form.keys()].length);
  }));

test("data URLs are answered or refused", () =>
  mutate(["data:text/plain;charset=utf-8;base64,SGVsbG8=", "data:,a%20b", "data:;x=\"y\",z"], 45, ["TypeError"], async (input) => {
    if (!input.startsWith("data:")) return; // each is one of a request's subrequests
    await (await fetch(input)).arrayBuffer();
  }));

test("URL patterns match or are refused", () =>
  mutate(["https://*.example.com/:id(\\d+)/{a/}?*", "/a/:b+/:c?", "(x|y)", "{:a}-{:b}"], 600, ["TypeError"], (input) => {
    const pattern = new URLPattern(input, "https://example.com/");
    pattern.exec("https://example.com/a/b/c");
    new URLPattern({ pathname: pattern.pathname, search: pattern.search }).test(input);
  }));

const LABELS = ["utf-8", "utf-16le", "utf-16be", "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "gbk", "big5", "euc-kr", "windows-1252", "macintosh", "x-user-defined"];

test("bytes decode in every encoding, at once and cut, to the same text", async () => {
  for (let i = 0; i < 700; i++) {
    const bytes = new Uint8Array(random(40)).map(() => random(256));
    const label = LABELS[i % LABELS.length];
    const decoder = new TextDecoder(label);
    let pieces = "";
    for (const byte of bytes) pieces += decoder.decode(Uint8Array.of(byte), { stream: true });
    equal(pieces + decoder.decode(), new TextDecoder(label).decode(bytes));
  }
});

test("keys are imported or refused", async () => {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const rsa = await crypto.subtle.generateKey({ name: "RSA-PSS", hash: "SHA-1", modulusLength: 512, publicExponent: new Uint8Array([3]) }, true, ["sign"]);
  const ed = await crypto.subtle.generateKey("Ed25519", true, ["sign"]);
  const plans = [[pair, { name: "ECDSA", namedCurve: "P-256" }], [rsa, { name: "RSA-PSS", hash: "SHA-1" }], [ed, "Ed25519"]];
  for (const [{ privateKey, publicKey }, plan] of plans) {
    for (const [format, key, usage] of [["pkcs8", privateKey, "sign"], ["spki", publicKey, "verify"]]) {
      const good = new Uint8Array(await crypto.subtle.exportKey(format, key));
      for (let i = 0; i < 60; i++) {
        const bad = good.slice(0, random(8) === 0 ? random(good.length) : good.length);
        if (bad.length > 0) bad[random(bad.length)] ^= 1 << random(8);
        try {
          await crypto.subtle.importKey(format, bad, plan, false, [usage]);
        } catch (error) {
          equal(error.name, "DataError");
        }
      }
    }
  }
});
