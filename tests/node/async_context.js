// AsyncLocalStorage follows whatever code waits for.
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { EventEmitter, once } from "node:events";

const storage = new AsyncLocalStorage();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
class Derived extends Promise {}

const here = (wanted) => equal(storage.getStore(), wanted);
/** Three stores at a time, so that a context that strays shows. */
const inThree = (body) => Promise.all([1, 2, 3].map((id) => storage.run(id, () => body(id, () => here(id)))));

test("await of plain values and promises", () => inThree(async (id, check) => {
  check();
  await 5; check();
  await null; check();
  await sleep(1); check();
  await Promise.resolve(); check();
  await Promise.all([sleep(1), 3]); check();
  await Promise.race([sleep(5), sleep(1)]); check();
}));

test("await of thenables and of promises of other classes", () => inThree(async (id, check) => {
  await { then(resolve) { check(); setTimeout(resolve, 1); } }; check();
  await { then(resolve) { resolve(); } }; check();
  await new Derived((resolve) => setTimeout(resolve, 1)); check();
}));

test("what is caught after an await", () => inThree(async (id, check) => {
  const caught = async (promise) => {
    try { await promise; } catch { return check(); }
    fail("nothing was thrown");
  };
  await caught(Promise.reject(1));
  await caught(sleep(1).then(() => { throw 1; }));
  await caught({ then(_, reject) { reject(1); } });
  await caught({ then(_, reject) { sleep(2).then(() => Promise.reject(3)).then(_, reject); } });
  await caught(new Derived((_, reject) => setTimeout(reject, 1)));
}));

test("one promise that many wait for", async () => {
  const shared = sleep(5);
  await inThree(async (id, check) => { await shared; check(); });
});

test("asynchronous generators and loops", () => inThree(async (id, check) => {
  async function* numbers() {
    check(); yield 1;
    await sleep(1); check(); yield Promise.resolve(2);
    check();
  }
  for await (const _ of numbers()) check();
  for await (const _ of [sleep(1), 2, Promise.resolve(3)]) check();
}));

test("callbacks: then, finally, microtasks, ticks, immediates", () => inThree(async (id, check) => {
  await sleep(1).then(check).finally(check);
  await new Promise((resolve) => queueMicrotask(() => { check(); resolve(); }));
  await new Promise((resolve) => process.nextTick(() => { check(); resolve(); }));
  await new Promise((resolve) => setImmediate(() => { check(); resolve(); }));
}));

test("streams and bodies", () => inThree(async (id, check) => {
  const stream = new ReadableStream({ async pull(controller) { await sleep(1); check(); controller.enqueue(new Uint8Array(1)); controller.close(); } });
  for await (const _ of stream) check();
  await new Response("text").text(); check();
}));

test("events", () => inThree(async (id, check) => {
  const emitter = new EventEmitter();
  setTimeout(() => emitter.emit("done"), 1);
  await once(emitter, "done"); check();
}));

test("nothing is left behind", async () => {
  here(undefined);
  await storage.run(1, () => sleep(1));
  here(undefined);
  await 5;
  here(undefined);
});

test("bind, snapshot, exit and enterWith", async () => {
  const bound = storage.run(1, () => AsyncLocalStorage.bind(() => storage.getStore()));
  const snapshot = storage.run(2, () => AsyncLocalStorage.snapshot());
  equal(storage.run(3, bound), 1);
  equal(snapshot(() => storage.getStore()), 2);
  equal(storage.run(3, () => storage.exit(() => storage.getStore())), undefined);
  const resource = storage.run(4, () => new AsyncResource("test"));
  equal(resource.runInAsyncScope(() => storage.getStore()), 4);
  await (async () => { await null; storage.enterWith(5); await null; here(5); })();
});

test("a promise looks as it always does", () => {
  equal(Promise.resolve().constructor, Promise);
  equal(Object.getOwnPropertyDescriptor(Promise.prototype, "constructor").value, Promise);
  equal(Object.keys(Promise.resolve()).length, 0);
});
