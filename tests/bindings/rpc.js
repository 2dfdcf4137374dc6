// Calls between Workers, as a Worker that is bound to itself sees them; each claim holds on workerd.
import { RpcPromise, RpcProperty, RpcStub, RpcTarget, ServiceStub, WorkerEntrypoint, env, exports } from "cloudflare:workers";

const service = env.SERVICE;
const rejectsWith = async (name, message, promise) => equal((await rejects(name, promise)).message, message);
const tick = () => new Promise((done) => setTimeout(done, 1));
const until = async (condition) => {
  for (let i = 0; i < 2000 && !condition(); i++) await tick();
  if (!condition()) fail("it did not come to be");
};

class Counter extends RpcTarget {
  #value;
  hidden = "own";
  disposed = 0;

  constructor(value) {
    super();
    this.#value = value;
  }

  add(number = 1) { return (this.#value += number); }
  get value() { return this.#value; }
  fetch(a, b) { return `${this.#value} ${a} ${b}`; }
  [Symbol.dispose]() { this.disposed++; }
}

class NoTarget {
  method() { return 1; }
}

let kept;

export class Service extends WorkerEntrypoint {
  own = () => "nobody sees this";

  none() { return this.env.NUMBER; }
  sum(a, b = 0) { return a + b; }
  echo(value) { return value; }
  kind(value) { return Object.prototype.toString.call(value); }
  counter(from) { return new Counter(from); }
  nested() { return { text: "t", counter: new Counter(5), deep: { call: (a, b) => a / b } }; }
  instance() { return { it: new NoTarget() }; }
  bare() { return Object.assign(Object.create(null), { a: 1 }); }
  props() { return this.ctx.props; }
  fails() { throw Object.assign(new RangeError("no"), { code: 7, cause: "why" }); }
  throwsText() { throw "text"; }
  map() { return new Map([["a", new Set([1])]]); }
  add(counter, number) { return counter.add(number); }
  keep(stub) { kept = { stub, dup: stub.dup() }; }
  async useKept(which) { return kept[which].add(1); }
  calling() {
    const call = (a, b) => a * b;
    call.own = "of the function";
    return call;
  }
  disposable(told) {
    const dup = told.dup();
    return { value: 1, [Symbol.dispose]() { dup(); } };
  }
  get property() { return { a: [1] }; }
  get method() { return (a, b) => a - b; }
  get later() { return tick().then(() => 123); }
  get broken() { throw new Error("getter"); }
  async text(stream) { return new Response(stream).text(); }
  async write(stream) {
    const writer = stream.getWriter();
    for (const part of ["a", "bc", "d"]) await writer.write(new TextEncoder().encode(part));
    await writer.close();
  }
  stream() {
    const { readable, writable } = new TransformStream();
    this.ctx.waitUntil(this.write(writable));
    return readable;
  }
  request() { return new Request("http://a/", { method: "PUT", headers: { x: "y" }, body: "body", redirect: "manual", cf: { c: 1 } }); }
  response() { return new Response("body", { status: 404, headers: [["set-cookie", "a"], ["set-cookie", "b"]] }); }
  async describe(request) { return `${request.method} ${request.url} ${request.headers.get("x")} ${await request.text()}`; }
  fetch(request) { return new Response(`fetched ${request.url}`); }
}

export const handlers = {
  one: (argument, env) => `${argument} ${env.NUMBER}`,
  none: () => 1,
  four: (a, b, c, d) => a,
  constant: 5,
};

test("methods get their arguments and answer promises of what they return", async () => {
  equal(await service.none(), 7);
  equal(await service.sum(1, 2), 3);
  equal(await service.sum(1), 1);
  equal(await (await service.fetch("http://x/y")).text(), "fetched http://x/y");
});

test("a service and what it answers are of the classes of cloudflare:workers", async () => {
  const stub = await service.counter(1);
  equal([service instanceof ServiceStub, stub instanceof RpcStub, service.sum instanceof RpcProperty], [true, true, true]);
  const promise = service.none();
  equal([promise instanceof RpcPromise, typeof stub, typeof service.then, typeof service.toString], [true, "function", "undefined", "function"]);
  equal(await promise, 7);
  throws("TypeError", () => new RpcPromise());
});

const VALUES = () => [
  undefined, null, true, 0, -0, 1, -1, 2147483648, -2147483649, 0.5, NaN, Infinity, 2 ** 53, "", "text", "é😀\0", "\ud800a", 10n, -(2n ** 70n),
  [], [1, [2]], {}, { a: { b: [null, undefined] } }, { ["__proto__"]: 1, "": 2, 3: 4 }, new Date(5), new Date(NaN),
];

test("plain values arrive as they are", async () => {
  for (const value of VALUES()) {
    const back = await service.echo(value);
    if (typeof value === "object" && value !== null) equal(back, value);
    else if (!Object.is(back, value)) fail(`${String(value)} became ${String(back)}`);
  }
  equal(Object.keys(await service.echo({ ["__proto__"]: 1, a: undefined })), ["__proto__", "a"]);
});

test("objects of the language keep their kinds", async () => {
  const value = {
    map: new Map([[{ k: 1 }, "v"]]), set: new Set(["s", [1]]), re: /a+/giu, boxed: Object("b"), number: Object(5),
    bytes: new Uint8Array([1, 2, 3]).subarray(1), floats: new Float64Array([0.5]), view: new DataView(new ArrayBuffer(3), 1), buffer: new Uint8Array([9]).buffer,
    error: new TypeError("e", { cause: new Error("c") }),
  };
  const back = await service.echo(value);
  equal([[...back.map], [...back.set], String(back.re), back.boxed instanceof String, +back.number], [[[{ k: 1 }, "v"]], ["s", [1]], "/a+/giu", true, 5]);
  equal([[...back.bytes], back.bytes.byteOffset, [...back.floats], back.view.byteLength, new Uint8Array(back.buffer)[0]], [[2, 3], 1, [0.5], 2, 9]);
  equal([back.error instanceof TypeError, back.error.message, back.error.cause.message], [true, "e", "c"]);
  const match = await service.echo(/bc/.exec("abc"));
  equal([match[0], match.index, match.input], ["bc", 1, "abc"]);
});

test("cycles, shared references and holes stay", async () => {
  const cycle = { list: [1, , 3], map: new Map() };
  cycle.self = cycle;
  cycle.map.set("me", cycle.map);
  cycle.twice = [cycle.list, cycle.list];
  const back = await service.echo(cycle);
  equal([back.self === back, back.map.get("me") === back.map, back.twice[0] === back.twice[1], back.twice[0] === back.list], [true, true, true, true]);
  equal([1 in back.list, back.list.length], [false, 3]);
});

test("what cannot be sent is a DataCloneError", async () => {
  const text = (name) => `Could not serialize object of type "${name}". This type does not support serialization.`;
  await rejectsWith("DataCloneError", text("NoTarget"), service.echo(new NoTarget()));
  await rejectsWith("DataCloneError", text("NoTarget"), service.instance());
  await rejectsWith("DataCloneError", text("Object"), service.bare());
  await rejectsWith("DataCloneError", text("RpcPromise"), service.echo(service.none()));
  await rejectsWith("DataCloneError", text("RpcProperty"), service.echo(service.property));
  for (const value of [Symbol("s"), new TextEncoder(), new WeakMap()]) await rejects("DataCloneError", service.echo(value));
  let deep = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  await rejects("RangeError", service.echo(deep));
});

test("members of the class can be called, own ones and those of every object cannot", async () => {
  const missing = (name) => `The RPC receiver does not implement the method "${name}".`;
  for (const name of ["own", "env", "ctx", "nothing"]) await rejectsWith("TypeError", missing(name), service[name]());
  await rejectsWith("TypeError", missing("own"), service.own);
  await rejectsWith("TypeError", '"property" is not a function.', service.property());
  await rejectsWith("TypeError", missing("hidden"), (await service.counter(1)).hidden);
  await rejectsWith("TypeError", "'alarm' is a reserved method and cannot be called over RPC.", service.alarm());
});

test("properties can be awaited, called, and followed", async () => {
  equal(await service.property, { a: [1] });
  equal([await service.method(5, 3), await service.later, await service.counter(4).value], [2, 123, 4]);
  equal(await service.later.then((value) => value + 1), 124);
  await rejectsWith("Error", "getter", service.broken);
  equal(await service.broken.catch((error) => error.message), "getter");
  let finished = false;
  await service.later.finally(() => { finished = true; });
  equal(finished, true);
});

test("errors keep their kind, message, properties and cause, and say that they are remote", async () => {
  const error = await rejects("RangeError", service.fails());
  equal([error instanceof RangeError, error.message, error.code, error.cause, error.remote], [true, "no", 7, "why", true]);
  let thrown;
  try { await service.throwsText(); } catch (caught) { thrown = caught; }
  equal(thrown, "text");
});

test("functions and targets become stubs", async () => {
  const stub = await service.counter(10);
  equal([await stub.add(5), await stub.add(), await stub.value, await stub.fetch(1, 2)], [15, 16, 16, "16 1 2"]);
  const call = await service.calling();
  equal([await call(3, 4), await call.own], [12, "of the function"]);
  equal(await service.add(new Counter(1), 2), 3);
  let got;
  await service.add({ add: (number) => { got = number; } }, 5);
  equal(got, 5);
  await rejectsWith("Error", "from here", service.add({ add() { throw new Error("from here"); } }));
});

test("calls are made in order", async () => {
  const stub = await service.counter(0);
  equal(await Promise.all([stub.add(1), stub.add(2), stub.add(3)]), [1, 3, 6]);
  const promise = service.counter(0);
  equal(await Promise.all([promise.add(1), promise.add(2), promise.add(3)]), [1, 3, 6]);
});

test("a promise can be used before it is fulfilled", async () => {
  equal(await service.counter(12).add(3), 15);
  equal(await service.nested().text, "t");
  equal(await service.nested().counter.add(7), 12);
  equal(await service.nested().deep.call(6, 3), 2);
  equal(await service.calling()(3, 6), 18);
  await rejectsWith("TypeError", 'The RPC receiver does not implement the method "foo".', service.sum(1).foo());
  await rejectsWith("TypeError", 'The RPC receiver does not implement the method "get".', service.map().get("a"));
  await rejectsWith("RangeError", "no", service.fails().anything());
});

test("stubs can be made of targets, functions and plain objects", async () => {
  const counter = new Counter(4);
  const stub = new RpcStub(counter);
  equal([await stub.add(5), await stub.dup().add(1)], [9, 10]);
  equal(await new RpcStub((a, b) => a + b)(1, 2), 3);
  equal(await new RpcStub({ sum: (a, b) => a + b }).sum(3, 4), 7);
  class Open extends RpcTarget { double(number) { return number * 2; } }
  equal(await new RpcStub(new Proxy(new Open(), {})).double(2), 4);
  throws("TypeError", () => new RpcStub(new NoTarget()));
});

test("a stub that was disposed of is of no use, and its target is told once nobody has it", async () => {
  const counter = new Counter(4);
  const stub = new RpcStub(counter);
  const dup = stub.dup();
  stub[Symbol.dispose]();
  await rejectsWith("Error", "RPC stub used after being disposed.", stub.add(2));
  equal([await dup.add(1), counter.disposed], [5, 0]);
  dup[Symbol.dispose]();
  await until(() => counter.disposed === 1);
});

test("using disposes of a result and all stubs in it", async () => {
  let outer;
  {
    using nested = await service.nested();
    equal(await nested.counter.add(1), 6);
    outer = nested.counter;
  }
  await rejectsWith("Error", "RPC stub used after being disposed.", outer.add(1));
  let disposed = 0;
  {
    using result = await service.disposable(() => { disposed++; });
    equal([result.value, disposed], [1, 0]);
  }
  await until(() => disposed === 1);
});

test("stubs given as arguments end with the call, unless they are dup()ed", async () => {
  const counter = new Counter(0);
  await service.add(counter, 5);
  await until(() => counter.disposed === 1);
  const stub = new RpcStub(new Counter(0));
  await service.add(stub, 1);
  equal(await service.add(stub, 1), 2);
});

test("what an event kept of another one is refused to others", async () => {
  await service.keep(new Counter(1));
  await rejects("Error", service.useKept("stub"));
  await rejects("Error", service.useKept("dup"));
});

test("streams go both ways", async () => {
  const bytes = (text) => new TextEncoder().encode(text);
  equal(await service.text(new Response("native").body), "native");
  equal(await service.text(new ReadableStream({ start(c) { c.enqueue(bytes("js")); c.close(); } })), "js");
  equal(await new Response(await service.stream()).text(), "abcd");
  let written = "";
  const sink = new WritableStream({ write(chunk) { written += new TextDecoder().decode(chunk); } });
  await service.write(sink);
  await until(() => written === "abcd");
  const { readable, writable } = new TransformStream();
  const text = new Response(readable).text();
  await service.write(writable);
  equal(await text, "abcd");
  const locked = new Response("x").body;
  locked.getReader();
  await rejectsWith("TypeError", "The ReadableStream has been locked to a reader.", service.text(locked));
  equal(await new Response(await service.echo(new Response("there and back").body)).text(), "there and back");
});

test("requests, responses, headers and blobs are sent", async () => {
  const request = await service.request();
  equal([request.method, request.url, request.headers.get("x"), request.redirect, request.cf, await request.text()], ["PUT", "http://a/", "y", "manual", { c: 1 }, "body"]);
  const response = await service.response();
  equal([response.status, response.headers.getSetCookie(), await response.text()], [404, ["a", "b"], "body"]);
  equal(await service.describe(new Request("http://b/", { method: "POST", headers: { x: "1" }, body: "sent" })), "POST http://b/ 1 sent");
  equal([...(await service.echo(new Headers({ a: "b" })))], [["a", "b"]]);
  const blob = await service.echo(new Blob(["he", "llo"], { type: "text/plain" }));
  equal([blob.type, await blob.text()], ["text/plain", "hello"]);
});

test("functions of a handler object get one argument, env and ctx", async () => {
  equal(await env.HANDLERS.one("a"), "a 7");
  await rejects("TypeError", env.HANDLERS.one());
  await rejects("TypeError", env.HANDLERS.one(1, 2));
  await rejects("TypeError", env.HANDLERS.four(1));
});

test("ctx.exports are the Worker's own entrypoints, with props of one's choice", async () => {
  equal(Object.keys(exports), ["Service", "default", "handlers"]);
  equal(await exports.Service.sum(1, 2), 3);
  equal(await exports.Service.props(), {});
  equal(await exports.Service({ props: { a: [1] } }).props(), { a: [1] });
  equal(exports.Service instanceof ServiceStub, true);
  equal(await service.props(), { bound: true });
});

test("a proxy is called where it is, and must look like something that can be", async () => {
  const counter = { count: 0, add(n) { return (this.count += n); } };
  const proxy = new Proxy(counter, { get: (target, name) => (name === "add" ? (n) => target.add(n + 100) : target[name]) });
  equal([await service.add(proxy, 1), counter.count], [101, 101]);
  const error = await rejects("DataCloneError", service.echo(new Proxy(new (class Odd {})(), {})));
  equal(error.message.startsWith("Proxy could not be serialized because it is not a valid RPC receiver type."), true);
});

test("names may follow one another 64 times", async () => {
  let property = service;
  for (let i = 0; i < 64; i++) property = property.x;
  equal((await rejects("TypeError", (async () => property.x)())).message.includes("too deep"), true);
});

test("services can be passed on", async () => {
  const passed = await service.echo(exports.Service({ props: { p: 1 } }));
  equal(await passed.props(), { p: 1 });
});
