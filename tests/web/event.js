// Events, abort signals and timers.

test("listeners run in the order added, once where asked to", () => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", () => log.push("a"));
  target.addEventListener("x", () => log.push("b"), { once: true });
  target.addEventListener("x", { handleEvent() { log.push("c"); } });
  target.dispatchEvent(new Event("x"));
  target.dispatchEvent(new Event("x"));
  equal(log, ["a", "b", "c", "a", "c"]);
});

test("capturing is refused, as in workerd", () => {
  const target = new EventTarget();
  throws("TypeError", () => target.addEventListener("x", () => {}, true));
  throws("TypeError", () => target.addEventListener("x", () => {}, { capture: true }));
  throws("TypeError", () => target.addEventListener("x", {}));
});

test("what a listener throws comes out of dispatchEvent, as in workerd", () => {
  const target = new EventTarget();
  let later = false;
  target.addEventListener("x", () => fail("boom"));
  target.addEventListener("x", () => { later = true; });
  equal(throws("Error", () => target.dispatchEvent(new Event("x"))).message, "boom");
  equal(later, false);
});

test("a signal removes its listeners", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let calls = 0;
  target.addEventListener("x", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  controller.abort();
  target.dispatchEvent(new Event("x"));
  equal(calls, 1);
});

test("the global scope is an event target", () => {
  let seen;
  const listener = (event) => { seen = event.target; };
  addEventListener("thing", listener);
  dispatchEvent(new Event("thing"));
  removeEventListener("thing", listener);
  equal(seen === globalThis, true);
});

test("any() follows all its signals and tells the first reason", () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const any = AbortSignal.any([AbortSignal.any([a.signal]), b.signal]);
  let aborted = 0;
  any.onabort = () => aborted++;
  b.abort("second");
  a.abort("first");
  equal([any.reason, aborted], ["second", 1]);
});

test("timeout() aborts with a TimeoutError", async () => {
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  equal(signal.reason.name, "TimeoutError");
});

test("timers pass arguments and stop", async () => {
  let ticks = 0;
  let interval;
  clearTimeout(setTimeout(() => fail("was cleared"), 1));
  await new Promise((resolve) => {
    interval = setInterval((step) => {
      ticks += step;
      if (ticks === 6) {
        clearInterval(interval);
        setTimeout(resolve, 5);
      }
    }, 1, 2);
  });
  equal(ticks, 6);
  equal(typeof interval, "number");
  throws("TypeError", () => setTimeout("code"));
});

test("timers have a limit, and far ones never come", async () => {
  const far = Array.from({ length: 9990 }, () => setTimeout(() => fail("too early"), 2 ** 63));
  const error = throws("QuotaExceededError", () => { for (;;) far.push(setTimeout(() => {}, 1e6)); });
  equal(error.message.includes("current active timeouts: 10000"), true);
  far.forEach(clearTimeout);
  await scheduler.wait(1);
});

test("scheduler.wait() ends when its signal aborts", async () => {
  await rejects("TimeoutError", scheduler.wait(10_000, { signal: AbortSignal.timeout(1) }));
});

test("what nobody catches is told to listeners, then to the host", async () => {
  const seen = [];
  const listener = (event) => {
    seen.push(event.message);
    if (event.error.message === "quiet") event.preventDefault();
  };
  addEventListener("error", listener);
  queueMicrotask(() => fail("loud"));
  setTimeout(() => fail("quiet"), 0);
  reportError(new TypeError("mine"));
  while (seen.length < 3) await scheduler.wait(1);
  removeEventListener("error", listener);
  equal(seen, ["Uncaught TypeError: mine", "Uncaught Error: loud", "Uncaught Error: quiet"]);
  equal(takeUncaught(), ["TypeError: mine", "Error: loud"]);
});

test("timers run in the order of their deadlines, equal ones in the order they were set", async () => {
  for (let round = 0; round < 20; round++) {
    const order = [];
    for (let i = 0; i < 20; i++) setTimeout(() => order.push(i), 0);
    setTimeout(() => order.push("later"), 2);
    setTimeout(() => order.push("one"), 1);
    while (order.length < 22) await scheduler.wait(1);
    equal(order, [...Array(20).keys(), "one", "later"]);
  }
});

test("rejections that nobody handles are told once the microtasks have run", async () => {
  takeUncaught();
  Promise.reject(new Error("handled late")).catch(() => {});
  const later = Promise.reject(new Error("handled in a microtask"));
  queueMicrotask(() => later.catch(() => {}));
  Promise.reject(new RangeError("nobody"));
  await scheduler.wait(1);
  equal(takeUncaught(), ["RangeError: nobody"]);
  let seen;
  const listener = (event) => {
    seen = event.reason;
    event.preventDefault();
  };
  addEventListener("unhandledrejection", listener);
  Promise.reject("quiet");
  await scheduler.wait(1);
  removeEventListener("unhandledrejection", listener);
  equal([seen, takeUncaught()], ["quiet", []]);
});

test("a rejection that is handled late after all is told", async () => {
  const seen = [];
  const listener = (event) => {
    seen.push(event.type);
    event.preventDefault();
  };
  addEventListener("unhandledrejection", listener);
  addEventListener("rejectionhandled", listener);
  const promise = Promise.reject("late");
  await scheduler.wait(1);
  promise.catch(() => {});
  await scheduler.wait(1);
  removeEventListener("unhandledrejection", listener);
  removeEventListener("rejectionhandled", listener);
  equal(seen, ["unhandledrejection", "rejectionhandled"]);
});

test("a signal that follows another lives only while somebody holds it or listens to it", () => {
  const { signal } = new AbortController();
  const weak = [];
  const heard = [];
  for (let i = 0; i < 3; i++) weak.push(new WeakRef(AbortSignal.any([signal])));
  weak[0].deref()?.throwIfAborted();
  const controller = new AbortController();
  (() => void AbortSignal.any([controller.signal]).addEventListener("abort", () => heard.push("listener")))();
  (() => void (AbortSignal.any([controller.signal]).onabort = () => heard.push("handler")))();
  equal(weak.map((reference) => reference.deref()), [undefined, undefined, undefined]);
  controller.abort();
  equal(heard, ["listener", "handler"]);
});
