// The modules of Node.js, by small claims about each.
import assert from "node:assert";
import { Buffer } from "node:buffer";
import path from "node:path";
import querystring from "node:querystring";
import { pipeline } from "node:stream/promises";
import { Readable, Transform, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import timers from "node:timers/promises";
import url from "node:url";
import util from "util";

test("Buffer reads and writes texts in every encoding", () => {
  for (const [encoding, text] of Object.entries({ utf8: "añ€😀", utf16le: "añ€😀", latin1: "añ", hex: "00ff", base64: "AP8B", base64url: "_-8" })) {
    equal(Buffer.from(text, encoding).toString(encoding), text);
  }
  equal(Buffer.concat([Buffer.from("ab"), new Uint8Array([99])]).toString(), "abc");
  equal(Buffer.from([1, 2, 3, 4]).readUInt32BE(0), 0x01020304);
  equal(Buffer.from("abcabc").lastIndexOf("bc"), 4);
  throws("RangeError", () => Buffer.alloc(2).readUInt32LE(0));
});

test("process has the variables of the Worker", () => {
  equal(process.env.GREETING, "hello");
  equal(process.env.SETTINGS, '{"a":1}');
  equal(globalThis.process, process);
});

test("paths in both manners", () => {
  equal(path.join("/a", "../b", "./c"), "/b/c");
  equal(path.win32.join("c:\\a", "..", "b"), "c:\\b");
  equal(path.relative("/a/b/c", "/a/d"), "../../d");
});

test("queries and old URLs", () => {
  equal(querystring.stringify({ a: [1, 2], b: "x y" }), "a=1&a=2&b=x%20y");
  equal({ ...querystring.parse("a=1&a=2&b=x+y") }, { a: ["1", "2"], b: "x y" });
  equal(url.parse("http://user:pass@host:80/p?q#h").hostname, "host");
  equal(url.resolve("http://a/b/c", "../d"), "http://a/d");
});

test("util", async () => {
  equal(util.format("%s %d %j", "a", 1, { b: 2 }), 'a 1 {"b":2}');
  equal(await util.promisify((value, callback) => callback(null, value + 1))(1), 2);
  equal(util.isDeepStrictEqual({ a: [1, new Map([[1, 2]])] }, { a: [1, new Map([[1, 2]])] }), true);
  equal(util.types.isPromise(Promise.resolve()), true);
});

test("streams pass data on and tell of its end", async () => {
  const got = [];
  const upper = new Transform({ transform(chunk, _, done) { done(null, chunk.toString().toUpperCase()); } });
  await pipeline(Readable.from(["a", "b"]), upper, new Writable({ write(chunk, _, done) { got.push(chunk.toString()); done(); } }));
  equal(got.join(""), "AB");
  equal(await new Response(Readable.toWeb(Readable.from([Buffer.from("xyz")]))).text(), "xyz");
  const back = [];
  for await (const chunk of Readable.fromWeb(new Response("web").body)) back.push(Buffer.from(chunk).toString());
  equal(back.join(""), "web");
});

test("a decoder keeps torn characters", () => {
  const decoder = new StringDecoder("utf8");
  equal(decoder.write(Buffer.from([0xe2, 0x82])) + decoder.write(Buffer.from([0xac])), "€");
});

test("assertions tell what differs", () => {
  const error = throws("AssertionError", () => assert.deepStrictEqual({ a: 1 }, { a: 2 }));
  equal(error.code, "ERR_ASSERTION");
  assert.throws(() => { throw new TypeError("no"); }, { name: "TypeError", message: /n/ });
});

test("timers are objects and promises", async () => {
  equal(await timers.setTimeout(1, "late"), "late");
  equal(await timers.setImmediate("soon"), "soon");
  const { setTimeout } = await import("node:timers");
  equal(setTimeout(() => {}, 1).unref().hasRef(), false);
});

test("require and import give the same", async () => {
  const { createRequire } = await import("node:module");
  equal(createRequire("/")("node:path") === path, true);
  equal(process.getBuiltinModule("path") === path, true);
  equal((await import(["node", "path"].join(":"))).default === path, true);
});

test("what workerd checks or answers in its own way", async () => {
  const { escape } = await import("node:querystring");
  equal(escape("\ud801test"), "%F0%90%91%B4est");
  equal(throws("URIError", () => escape("a\ud801")).code, "ERR_INVALID_URI");
  const dns = await import("node:dns");
  equal(throws("TypeError", () => dns.lookup("localhost", { all: 1 }, () => {})).code, "ERR_INVALID_ARG_TYPE");
  const { request } = await import("node:http");
  const asked = request({ host: "localhost", path: "/safe" });
  asked.path = "//elsewhere.test/";
  const failed = new Promise((resolve) => asked.on("error", resolve));
  asked.end();
  equal((await failed).code, "ERR_INVALID_ARG_VALUE");
  const { writeFileSync } = await import("node:fs");
  equal(writeFileSync("/tmp/count.txt", "four"), 4);
});
