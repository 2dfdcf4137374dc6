// What console prints.

const printed = (...args) => {
  takePrinted();
  console.log(...args);
  return takePrinted().join("\n").slice("log ".length);
};

test("primitives and format strings", () => {
  equal(printed("a", 1, true, null, undefined, -0, 10n, Symbol("s")), "a 1 true null undefined -0 10n Symbol(s)");
  equal(printed("%s is %d, %i, %f %j %% %c%x", "Bob", 4.5, 4.5, "3.1", { a: 1 }, "css", "rest"), 'Bob is 4.5, 4, 3.1 {"a":1} % %x rest');
});

test("objects look as Node prints them", () => {
  class Point { x = 1; y = { z: { deep: { er: 1 } } }; }
  equal(printed(new Point()), "Point { x: 1, y: { z: { deep: [Object] } } }");
  equal(printed([1, , "it's", [[[[]]]]]), `[ 1, <1 empty item>, "it's", [ [ [Array] ] ] ]`);
  equal(printed(new Map([["a", new Set([1])]]), new Uint8Array(2)), "Map(1) { 'a' => Set(1) { 1 } } Uint8Array(2) [ 0, 0 ]");
  equal(printed(Promise.resolve(1), new Proxy({ a: 1 }, {})), "Promise { 1 } { a: 1 }");
  equal(printed(class A {}, function f() {}, async () => {}), "[class A] [Function: f] [AsyncFunction (anonymous)]");
  equal(printed({ get a() { return 1; }, "b-c": 1, [Symbol("k")]: 2 }), "{ a: [Getter], 'b-c': 1, [Symbol(k)]: 2 }");
});

test("cycles are marked", () => {
  const value = { name: "x" };
  value.self = value;
  equal(printed(value), "<ref *1> { name: 'x', self: [Circular *1] }");
});

test("long lists use columns, long objects lines", () => {
  equal(printed(Array.from({ length: 14 }, (_, i) => i)), "[\n   0,  1, 2, 3,  4,  5,\n   6,  7, 8, 9, 10, 11,\n  12, 13\n]");
  equal(printed({ a: "x".repeat(40), b: "y".repeat(40) }), `{\n  a: '${"x".repeat(40)}',\n  b: '${"y".repeat(40)}'\n}`);
});

test("errors print their stack, cause and own properties", () => {
  const text = printed(Object.assign(new Error("boom", { cause: new TypeError("why") }), { code: "E" }));
  equal(/^Error: boom\n    at [^]* \{\n  code: 'E',\n  \[cause\]: TypeError: why\n      at /.test(text), true);
});

test("Web APIs show their attributes, lists their pairs", () => {
  equal(printed(new Headers({ a: "1" })), "Headers(1) { 'a' => '1' }");
  equal(printed(new Blob(["abc"])), "Blob { size: 3, type: '' }");
});

test("groups indent, counters count, assertions speak when they fail", () => {
  takePrinted();
  console.group("g");
  console.info("in\nside");
  console.groupEnd();
  console.count("n");
  console.count("n");
  console.assert(true, "silent");
  console.assert(false, "loud %s", "x");
  equal(takePrinted(), ["log g", "info   in\n  side", "log n: 1", "log n: 2", "error Assertion failed: loud x"]);
});

test("tables have a row per item", () => {
  takePrinted();
  console.table([{ a: 1 }]);
  equal(takePrinted()[0].split("\n")[1], "│ (index) │ a │");
});
