// HTMLRewriter: handlers, selectors, what tokens can do, streams, and what is refused.

const rewritten = (html, rewriter, init = undefined) => rewriter.transform(new Response(html, init)).text();
const element = (selector, handler) => new HTMLRewriter().on(selector, { element: handler });
const wait = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

test("what no handler touches goes through unchanged, with status and headers", async () => {
  const given = new Response("<!DOCTYPE  html><P Class=a >x<br/></p >&amp;", { status: 201, headers: { "x-a": "b" } });
  const response = new HTMLRewriter().on("div", { element() {} }).transform(given);
  equal(response.status, 201);
  equal(response.headers.get("x-a"), "b");
  equal(given.bodyUsed, true);
  equal(await response.text(), "<!DOCTYPE  html><P Class=a >x<br/></p >&amp;");
});

test("a response without a body comes back as it is", () => {
  const given = new Response(null, { status: 204 });
  equal(new HTMLRewriter().transform(given), given);
});

test("elements change in every way", async () => {
  const cases = [
    [(e) => e.before("<b>"), "&lt;b&gt;<p>in</p>"],
    [(e) => e.before("<b>", { html: true }), "<b><p>in</p>"],
    [(e) => e.after("x").after("y"), "<p>in</p>yx"],
    [(e) => e.prepend("1").prepend("2"), "<p>21in</p>"],
    [(e) => e.append("1").append("2"), "<p>in12</p>"],
    [(e) => e.replace("<i>", { html: true }), "<i>"],
    [(e) => e.setInnerContent("<i>"), "<p>&lt;i&gt;</p>"],
    [(e) => e.remove(), ""],
    [(e) => e.removeAndKeepContent(), "in"],
    [(e) => { e.tagName = "section"; }, "<section>in</section>"],
    [(e) => e.setAttribute("A", '"'), '<p a="&quot;">in</p>'],
  ];
  for (const [change, wanted] of cases) equal(await rewritten("<p>in</p>", element("p", (e) => { change(e); })), wanted);
});

test("attributes are read, listed, set and removed", async () => {
  let seen;
  const html = await rewritten("<a HREF=x data-y='1' z>t</a>", element("a", (e) => {
    seen = [e.getAttribute("href"), e.getAttribute("none"), e.hasAttribute("Z"), [...e.attributes]];
    e.removeAttribute("data-y").setAttribute("href", "q");
  }));
  equal(seen, ["x", null, true, [["href", "x"], ["data-y", "1"], ["z", ""]]]);
  equal(html, '<a HREF="q" z>t</a>');
});

test("an iterator of attributes ends with their change", async () => {
  await rewritten("<a b=1 c=2>", element("a", (e) => {
    const list = e.attributes;
    list.next();
    e.setAttribute("d", "3");
    throws("Error", () => list.next());
  }));
});

test("comments, text, doctype and the end have their handlers", async () => {
  const seen = [];
  const rewriter = new HTMLRewriter().onDocument({
    doctype(d) { seen.push([d.name, d.publicId, d.systemId]); },
    comments(c) { seen.push(c.text); c.text = "new"; },
    text(t) { seen.push([t.text, t.lastInTextNode]); if (t.text === "drop") t.remove(); },
    end(e) { e.append("<end>", { html: true }).append("<"); },
  });
  equal(await rewritten("<!doctype html><!--old-->drop", rewriter), "<!doctype html><!--new--><end>&lt;");
  equal(seen, [["html", null, null], "old", ["drop", false], ["", true]]);
});

test("comments and text of elements are theirs alone", async () => {
  const rewriter = new HTMLRewriter().on("p", {
    comments(c) { c.before("[").after("]").replace("<c>", { html: true }); },
    text(t) { if (t.text) t.replace(t.text.toUpperCase()); },
  });
  equal(await rewritten("<!--a-->t<p>u<!--b--></p>", rewriter), "<!--a-->t<p>U[<c>]</p>");
});

test("handlers are called on their object, and classes are handlers too", async () => {
  class Counter {
    count = 0;
    element() { this.count++; }
  }
  const counter = new Counter();
  await rewritten("<p><p><p>", new HTMLRewriter().on("p", counter));
  equal(counter.count, 3);
});

test("end tags have handlers, the last one counts", async () => {
  const html = await rewritten("<div><p>x</p></div>", element("div", (e) => {
    e.onEndTag(() => { throw new Error("replaced"); });
    e.onEndTag(async (end) => {
      await wait();
      end.before(`<${end.name}>`).after("!");
      end.name = "main";
    });
  }));
  equal(html, "<div><p>x</p>&lt;div&gt;</main>!");
  const error = await failure(rewritten("<br>", element("br", (e) => e.onEndTag(() => {}))));
  equal(error.message, "Parser error: No end tag.");
});

test("asynchronous handlers are waited for, in order", async () => {
  const seen = [];
  const html = await rewritten("<a></a><b></b><a></a>", element("a", async (e) => {
    seen.push("start");
    await wait(2);
    e.setInnerContent("done");
    seen.push("end");
  }));
  equal(html, "<a>done</a><b></b><a>done</a>");
  equal(seen, ["start", "end", "start", "end"]);
});

test("streams and responses are content", async () => {
  const stream = (...texts) => new ReadableStream({
    async pull(c) {
      await wait();
      const text = texts.shift();
      if (text === undefined) c.close();
      else c.enqueue(new TextEncoder().encode(text));
    },
  });
  const html = await rewritten("<p>in</p>", element("p", (e) => {
    e.prepend(stream("<", "a>"), { html: true }).append(new Response("<b>")).before(new Response(null));
    e.after(stream("\u00e9"));
  }));
  equal(html, "<p><a>in&lt;b&gt;</p>\u00e9");
});

test("a stream of content that is not UTF-8, or no bytes, fails the response", async () => {
  const insert = (content) => failure(rewritten("<p>", element("p", (e) => { e.before(content); })));
  equal((await insert(new Response(new Uint8Array([0xe2, 0x28, 0xa1])))).message, "Parser error: Invalid UTF-8");
  equal((await insert(new ReadableStream({ start(c) { c.enqueue(1); } }))) instanceof TypeError, true);
});

test("selectors of every kind match", async () => {
  const html = '<main id=m><p class="a b" lang=en-GB data-x="One">1</p><p>2</p><div><p>3</p></div></main>';
  const selectors = {
    "*": 5, p: 3, "#m": 1, ".a.b": 1, "p.a": 1, "[lang]": 1, "[data-x=One]": 1, '[data-x="one" i]': 1, "[lang|=en]": 1,
    "[class~=b]": 1, "[lang^=en]": 1, "[lang$=GB]": 1, "[lang*=n-]": 1, "main p": 3, "main > p": 2, "p:nth-child(2)": 1,
    "p:first-child": 2, "p:nth-of-type(2)": 1, "p:first-of-type": 2, "p:not(.a)": 2, "main, div": 2,
  };
  for (const [selector, wanted] of Object.entries(selectors)) {
    let count = 0;
    await rewritten(html, element(selector, () => { count++; }));
    equal([selector, count], [selector, wanted]);
  }
});

test("selectors that are none are refused when they are given", () => {
  for (const selector of ["", "p:hover", "p >", "::before", "a + b", "[", "*:not(p::b(.c))", "*:not(p\uFFFD::\uFFFDot(.q), a t(.q), ", `p${":not(p".repeat(40)}`, "a ".repeat(5000)]) {
    throws("TypeError", () => new HTMLRewriter().on(selector, {}));
  }
});

test("tokens are over with their handler", async () => {
  let kept;
  let list;
  await rewritten("<p a=1>", element("p", (e) => { kept = e; list = e.attributes; }));
  for (const use of [() => kept.tagName, () => kept.before("x"), () => list.next(), () => kept.onEndTag(() => {})]) {
    throws("TypeError", use);
  }
});

test("a handler's error is the response's", async () => {
  const boom = new Error("boom");
  equal(await failure(rewritten("<p>", element("p", () => { throw boom; }))), boom);
  equal(await failure(rewritten("<p>", element("p", async () => { await wait(); throw boom; }))), boom);
  let reason;
  const body = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("<p>")); }, cancel(why) { reason = why; } });
  equal(await failure(rewritten(body, element("p", () => { throw boom; }))), boom);
  equal(reason, boom);
});

test("names that cannot be are errors of the parser", async () => {
  let messages = [];
  await rewritten("<p>", element("p", (e) => {
    for (const use of [() => { e.tagName = "a b"; }, () => { e.tagName = ""; }, () => e.setAttribute("a=", "")]) {
      try { use(); } catch (error) { messages.push(`${error.name}: ${error.message}`); }
    }
  }));
  equal(messages.length, 3);
  equal(messages[0], "TypeError: Parser error: ` ` character is forbidden in the tag name");
});

test("a document streams through as it comes, and only as fast as it is read", async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull(c) { c.enqueue(new TextEncoder().encode(`<p>${pulled++}</p>${" ".repeat(50000)}`)); },
    cancel() { pulled = "cancelled"; },
  }, { highWaterMark: 0 });
  const reader = element("p", (e) => e.append("!") && undefined).transform(new Response(body)).body.getReader();
  const first = new TextDecoder().decode((await reader.read()).value);
  equal(first.startsWith("<p>0!"), true);
  await wait(5);
  equal(pulled < 6, true);
  await reader.cancel();
  equal(pulled, "cancelled");
});

test("handlers run although nobody reads", async () => {
  await new Promise((resolve) => { element("p", resolve).transform(new Response("<p>")); });
});

test("text is cut anywhere, even within a character", async () => {
  const bytes = new TextEncoder().encode("<p title=\u00e9>\u20ac\u{1f600}</p>");
  const body = new ReadableStream({ start(c) { for (const byte of bytes) c.enqueue(new Uint8Array([byte])); c.close(); } });
  let text = "";
  const html = await rewritten(body, new HTMLRewriter().on("p", { text(t) { text += t.text; } }));
  equal(text, "\u20ac\u{1f600}");
  equal(html, "<p title=\u00e9>\u20ac\u{1f600}</p>");
});

test("the charset of the content type is the document's", async () => {
  const html = new Uint8Array([...new TextEncoder().encode("<p>"), 0xe9]);
  let text = "";
  const rewriter = new HTMLRewriter().on("p", { text(t) { text += t.text; } });
  await rewriter.transform(new Response(html, { headers: { "content-type": 'text/html; charset="latin1"' } })).text();
  equal(text, "\u00e9");
  for (const charset of ["nonsense", "utf-16le"]) {
    const response = new Response("x", { headers: { "content-type": `text/html; charset=${charset}` } });
    throws("TypeError", () => new HTMLRewriter().transform(response));
  }
});

test("one rewriter transforms many responses at once", async () => {
  let count = 0;
  const rewriter = element("p", async (e) => { await wait(); e.append(`${++count}`); });
  const results = await Promise.all(Array.from({ length: 20 }, () => rewritten("<p></p>", rewriter)));
  equal(results.length, 20);
  equal(new Set(results).size, 20);
});

test("wrong uses are refused with what was wrong", () => {
  const rewriter = new HTMLRewriter();
  for (const use of [
    () => HTMLRewriter(), () => rewriter.on("p"), () => rewriter.on("p", 1), () => rewriter.on("p", { element: 1 }),
    () => rewriter.onDocument(), () => rewriter.transform("x"), () => rewriter.transform(Response.error()),
  ]) throws("TypeError", use);
});

test("many elements and much content pass", async () => {
  const html = await rewritten("<i></i>".repeat(5000), element("i", (e) => { e.append("0123456789"); }));
  equal(html.length, 5000 * 17);
  const deep = await rewritten("<b>".repeat(2000), element("b b b", (e) => { e.setAttribute("x", ""); }));
  equal(deep.length > 6000, true);
});
