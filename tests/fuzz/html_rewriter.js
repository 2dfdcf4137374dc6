// HTMLRewriter: what handlers leave alone is passed on byte by byte, however it is cut; what they do never breaks it.

const DOCUMENTS = [
  "<!DOCTYPE html><html><head><title>a</title><script>if (a < b) '</scr'</script></head><body class='x y' id=z><p>t<br/>&amp;</p></body></html>",
  "<svg><a href=x /><![CDATA[ x ]]></svg><math><mi>y</mi></math><table><tr><td>1<table></table>", "<!--a--><!-- --!><!>-->text",
  "<textarea><b></textarea><plaintext><i>", "<div a=1 a=2 B='\"' c=\"'\" d>\u20ac\u{1f600}</div>", "<template><p></template></p></x>",
];

function cut(bytes, random) {
  const pieces = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random(40);
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return new ReadableStream({
    pull(c) {
      const piece = pieces.shift();
      if (piece === undefined) c.close();
      else c.enqueue(piece);
    },
  });
}

const through = (rewriter, bytes, random) => rewriter.transform(new Response(cut(bytes, random))).bytes();

target("a document that nobody changes stays as it is", DOCUMENTS, async (bytes, random) => {
  const look = { element(e) { void [e.tagName, [...e.attributes], e.namespaceURI, e.removed]; }, comments(c) { void c.text; } };
  const same = await through(new HTMLRewriter().on("*", look).on("p b, [a], .x#z, div > *", look), bytes, random);
  if (same.toBase64() !== bytes.toBase64()) broken(`it became ${same.toBase64()}`);
});

target("handlers may do anything", DOCUMENTS, async (bytes, random) => {
  const text = asText(bytes).slice(0, 40);
  const places = ["before", "after", "prepend", "append", "replace", "setInnerContent"];
  const changes = [
    (e) => e[places[random(6)]](text, { html: random(2) === 0 }),
    (e) => e[places[random(6)]](new Response(bytes), { html: random(2) === 0 }),
    (e) => e.remove(), (e) => e.removeAndKeepContent(), (e) => e.setAttribute(text.slice(0, 5), text), (e) => e.removeAttribute("a"),
    (e) => { e.tagName = text.slice(0, 3); },
    (e) => e.onEndTag((end) => { end.before(text).after(text); if (random(2) === 0) end.remove(); }),
    () => Promise.resolve(),
  ];
  const element = (e) => {
    let waits;
    for (let left = random(4); left > 0; left--) {
      try { waits = changes[random(changes.length)](e); } catch (error) { if (error.name !== "TypeError") broken(`${error}`); }
    }
    return waits instanceof Promise ? waits : undefined;
  };
  const other = { comments(c) { if (random(2) === 0) c.text = "new"; else c.replace(text); }, text(t) { if (random(3) === 0) t.after(text); } };
  await through(new HTMLRewriter().on("*", { element, ...other }).onDocument({ end(e) { e.append(text); } }), bytes, random);
});

target("a selector is one, or a TypeError", [
  "p.a#b[c='d' i] > e:nth-child(2n+1)", "*:not(p):not(.q), a b", "[x|=y][z^=w][v$=u][t*=s][r~=q]", "ns|p::before", "\\31 a", "",
], (bytes) => {
  try {
    new HTMLRewriter().on(asText(bytes), { element() {} });
  } catch (error) {
    if (error.name !== "TypeError") broken(`${error}`);
  }
});
