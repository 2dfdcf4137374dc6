// AssertionError and its messages.
import { inspect } from "node:internal/inspect";
import { validateObject } from "node:internal/validators";

const HEADS = {
  deepStrictEqual: "Expected values to be strictly deep-equal:", partialDeepStrictEqual: "Expected values to be partially and strictly deep-equal:",
  strictEqual: "Expected values to be strictly equal:", deepEqual: "Expected values to be loosely deep-equal:",
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:', notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
};
const MOST_LINES = 50;

const show = (value) => inspect(value, { compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true });

/** The longest common subsequence of lines, as a list of kept, removed and added ones. */
function difference(actual, expected) {
  if (actual.length * expected.length > 1_000_000) return [...actual.map((line) => `+ ${line}`), ...expected.map((line) => `- ${line}`)];
  const table = Array.from({ length: actual.length + 1 }, () => new Uint32Array(expected.length + 1));
  for (let a = actual.length - 1; a >= 0; a--) {
    for (let e = expected.length - 1; e >= 0; e--) {
      table[a][e] = actual[a] === expected[e] ? table[a + 1][e + 1] + 1 : Math.max(table[a + 1][e], table[a][e + 1]);
    }
  }
  const lines = [];
  let [a, e] = [0, 0];
  while (a < actual.length || e < expected.length) {
    if (a < actual.length && e < expected.length && actual[a] === expected[e]) {
      lines.push(`  ${actual[a++]}`);
      e++;
    } else if (e >= expected.length || (a < actual.length && table[a + 1][e] >= table[a][e + 1])) {
      lines.push(`+ ${actual[a++]}`);
    } else {
      lines.push(`- ${expected[e++]}`);
    }
  }
  return lines;
}

function compared(actual, expected, operator) {
  const [own, wanted] = [show(actual).split("\n"), show(expected).split("\n")];
  const simple = own.length === 1 && wanted.length === 1;
  if (simple && own[0] !== wanted[0] && own[0].length + wanted[0].length <= 12 && (typeof actual !== "object" || actual === null) && (typeof expected !== "object" || expected === null)) {
    return `${HEADS[operator]}\n\n${own[0]} !== ${wanted[0]}\n`;
  }
  if (own.join("\n") === wanted.join("\n")) {
    return `Values have same structure but are not reference-equal:\n\n${own.join("\n")}\n`;
  }
  const lines = difference(own, wanted);
  const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), "..."] : lines;
  return `${HEADS[operator]}\n+ actual - expected\n\n${shown.join("\n")}\n`;
}

function messageOf(actual, expected, operator) {
  if (operator === "deepStrictEqual" || operator === "strictEqual" || operator === "partialDeepStrictEqual") return compared(actual, expected, operator);
  if (operator === "notDeepStrictEqual" || operator === "notStrictEqual") {
    const text = show(actual);
    if (operator === "notStrictEqual" && ((typeof actual === "object" && actual !== null) || typeof actual === "function")) {
      return `Expected "actual" not to be reference-equal to "expected":\n\n${text}\n`;
    }
    return text.includes("\n") ? `${HEADS[operator]}\n\n${text}\n` : `${HEADS[operator]}${text.length > 5 ? "\n\n" : " "}${text}`;
  }
  if (operator === "deepEqual") return `${HEADS.deepEqual}\n\n${show(actual)}\n\nshould loosely deep-equal\n\n${show(expected)}`;
  if (operator === "notDeepEqual") return `${HEADS.notDeepEqual}\n\n${show(actual)}`;
  return `${show(actual)} ${operator} ${show(expected)}`;
}

export class AssertionError extends Error {
  constructor(options) {
    validateObject(options, "options");
    const { message, operator, actual, expected } = options;
    super(message !== undefined && message !== null ? String(message) : messageOf(actual, expected, operator));
    this.generatedMessage = message === undefined || message === null;
    Object.defineProperty(this, "name", { value: "AssertionError", enumerable: false, writable: true, configurable: true });
    this.code = "ERR_ASSERTION";
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
    Error.captureStackTrace(this, options.stackStartFn ?? options.stackStartFunction ?? AssertionError);
  }

  toString() { return `${this.name} [${this.code}]: ${this.message}`; }
}

/** An assertion that failed, with the stack of who asked. */
export function errorOf(options, stackStartFn = undefined) {
  return new AssertionError({ ...options, stackStartFn });
}
