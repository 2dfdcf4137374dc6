// What makes the bare engine look like V8: stacks, call sites, no code from strings while a request is served.

const evaluated = eval("1 + 1");
const made = new Function("return 2")();

test("a stack begins with name and message and hides our own modules", () => {
  const { stack } = throws("TypeError", () => new Headers([["x"]]));
  equal(stack.split("\n")[0].startsWith("TypeError: "), true);
  equal(stack.includes("internal:"), false);
  equal(/\n    at .*realm\.js:\d+:\d+\)?/.test(stack), true);
});

test("the name that a constructor sets is in the stack", () => {
  class Mine extends Error {
    constructor(message) {
      super(message);
      this.name = "Mine";
    }
  }
  equal(new Mine("m").stack.split("\n")[0], "Mine: m");
});

test("a stack may be replaced by anything", () => {
  const error = new Error("x");
  error.stack = undefined;
  equal(error.stack, undefined);
});

test("captureStackTrace leaves out the function it is given", () => {
  function inner() {
    const holder = {};
    Error.captureStackTrace(holder, inner);
    return holder.stack;
  }
  equal(inner().includes("inner"), false);
});

test("prepareStackTrace gets call sites", () => {
  Error.prepareStackTrace = (error, sites) => sites.map((site) => [site.getFunctionName(), site.getFileName(), typeof site.getLineNumber(), site.isEval()]);
  const [first] = (function named() { return new Error("x").stack; })();
  delete Error.prepareStackTrace;
  equal(first, ["named", "realm.js", "number", false]);
});

test("a DOMException has a stack and its code", () => {
  const error = new DOMException("m", "AbortError");
  equal([error.code, error.stack.split("\n")[0], error instanceof Error], [20, "AbortError: m", true]);
});

test("code from strings runs at start-up alone", () => {
  equal([evaluated, made], [2, 2]);
  const makers = [Function, (async () => {}).constructor, (function* () {}).constructor, (async function* () {}).constructor];
  for (const Maker of makers) throws("EvalError", () => new Maker("return 1"));
  throws("EvalError", () => eval("1"));
  throws("EvalError", () => (0, eval)("1"));
  equal((() => {}).constructor === Function, true);
});

test("nothing blocks, nothing shows that is not in Workers", () => {
  throws("TypeError", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1));
  equal(typeof InternalError, "undefined");
});

test("lazy globals do not show", () => {
  const { value, writable } = Object.getOwnPropertyDescriptor(globalThis, "structuredClone");
  equal([typeof value, writable], ["function", true]);
});
