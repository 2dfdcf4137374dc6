// MessageChannel.

test("messages are copied and arrive in microtasks, in order", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = [];
  port2.onmessage = (event) => seen.push(event.data);
  const value = { a: 1 };
  port1.postMessage(value);
  value.a = 2;
  port1.postMessage("second");
  equal(seen, []);
  await null;
  await null;
  equal(seen, [{ a: 1 }, "second"]);
});

test("messages wait for a listener", async () => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage("early");
  await scheduler.wait(1);
  const seen = [];
  port2.addEventListener("message", (event) => seen.push(event.data));
  port2.start();
  await scheduler.wait(1);
  equal(seen, ["early"]);
});

test("a closed channel carries nothing, and both ends are told", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = [];
  port1.onclose = () => seen.push("one");
  port2.onclose = () => seen.push("two");
  port2.onmessage = () => fail("it is closed");
  port1.close();
  port1.postMessage("late");
  await scheduler.wait(1);
  equal(seen, ["two", "one"]);
});

test("what cannot be copied or would be transferred is refused", () => {
  const { port1 } = new MessageChannel();
  throws("DataCloneError", () => port1.postMessage(() => {}));
  equal(throws("Error", () => port1.postMessage(1, [new ArrayBuffer(1)])).message, "Transfer list is not supported");
});
