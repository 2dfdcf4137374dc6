// node:assert.
import { isDeepEqual, isDeepStrictEqual, isPartialDeepEqual } from "node:internal/comparisons";
import { AssertionError, errorOf } from "node:internal/assertion_error";
import { ERR_AMBIGUOUS_ARGUMENT, ERR_CONSTRUCT_CALL_REQUIRED, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_RETURN_VALUE, ERR_MISSING_ARGS } from "node:internal/errors";
import { inspect } from "node:internal/inspect";

const NOTHING = Symbol("nothing was thrown");
// What a call between Workers answers is a promise that can be called.
const isPromise = (value) => value !== null && (typeof value === "object" || typeof value === "function") && typeof value.then === "function" && typeof value.catch === "function";

/** Throws the user's own error, or one made of the message. */
function raise({ message, ...details }, start) {
  if (message instanceof Error) throw message;
  const text = typeof message === "function" ? message(details.actual, details.expected) : message;
  throw errorOf({ message: text, ...details }, start);
}

export function ok(...args) {
  check(ok, args);
}

function check(start, args) {
  const [value, message] = args;
  if (value) return;
  const generated = args.length === 0 || message === undefined || message === null;
  const text = args.length === 0 ? "No value argument passed to `assert.ok()`" : generated ? "The expression evaluated to a falsy value" : message;
  if (text instanceof Error) throw text;
  throw Object.assign(errorOf({ actual: value, expected: true, message: text, operator: "==" }, start), { generatedMessage: generated });
}

const needsTwo = (args) => {
  if (args.length < 2) throw new ERR_MISSING_ARGS("actual", "expected");
};

/** `assert.NAME(actual, expected, message)` by a comparison. */
function comparison(operator, name, passes) {
  return {
    [name](actual, expected, message = undefined) {
      needsTwo(arguments);
      if (!passes(actual, expected)) raise({ actual, expected, message, operator }, assertFunctions[name]);
    },
  }[name];
}

/* eslint-disable eqeqeq */
export const equal = comparison("==", "equal", (a, b) => a == b || (Number.isNaN(a) && Number.isNaN(b)));
export const notEqual = comparison("!=", "notEqual", (a, b) => !(a == b || (Number.isNaN(a) && Number.isNaN(b))));
/* eslint-enable eqeqeq */
export const strictEqual = comparison("strictEqual", "strictEqual", Object.is);
export const notStrictEqual = comparison("notStrictEqual", "notStrictEqual", (a, b) => !Object.is(a, b));
export const deepEqual = comparison("deepEqual", "deepEqual", isDeepEqual);
export const notDeepEqual = comparison("notDeepEqual", "notDeepEqual", (a, b) => !isDeepEqual(a, b));
export const deepStrictEqual = comparison("deepStrictEqual", "deepStrictEqual", isDeepStrictEqual);
export const notDeepStrictEqual = comparison("notDeepStrictEqual", "notDeepStrictEqual", (a, b) => !isDeepStrictEqual(a, b));
export const partialDeepStrictEqual = comparison("partialDeepStrictEqual", "partialDeepStrictEqual", isPartialDeepEqual);
const assertFunctions = {
  equal, notEqual, strictEqual, notStrictEqual, deepEqual, notDeepEqual, deepStrictEqual, notDeepStrictEqual, partialDeepStrictEqual,
};

export function fail(message = "Failed") {
  if (message instanceof Error) throw message;
  throw Object.assign(errorOf({ message, operator: "fail" }, fail), { generatedMessage: arguments.length === 0 });
}

export function ifError(value) {
  if (value === null || value === undefined) return;
  let message = "ifError got unwanted exception: ";
  if (typeof value === "object" && typeof value.message === "string") message += value.message.length === 0 && value.constructor ? value.constructor.name : value.message;
  else message += inspect(value);
  throw errorOf({ actual: value, expected: null, operator: "ifError", message }, ifError);
}

function matching(name, operator, wanted) {
  return {
    [name](string, regexp, message = undefined) {
      if (!(regexp instanceof RegExp)) throw new ERR_INVALID_ARG_TYPE("regexp", "RegExp", regexp);
      if (typeof string === "string" && (regexp.exec(string) !== null) === wanted) return;
      if (message instanceof Error) throw message;
      const generated = !message;
      const reason = typeof string !== "string"
        ? `The "string" argument must be of type string. Received type ${typeof string} (${inspect(string)})`
        : `The input ${wanted ? "did not match" : "was expected to not match"} the regular expression ${inspect(regexp)}. Input:\n\n${inspect(string)}\n`;
      throw Object.assign(errorOf({ actual: string, expected: regexp, message: message || reason, operator }), { generatedMessage: generated });
    },
  }[name];
}
export const match = matching("match", "match", true);
export const doesNotMatch = matching("doesNotMatch", "doesNotMatch", false);

// ---- exceptions

function thrownBy(fn) {
  if (typeof fn !== "function") throw new ERR_INVALID_ARG_TYPE("fn", "Function", fn);
  try {
    fn();
  } catch (error) {
    return error;
  }
  return NOTHING;
}

async function rejectionOf(promiseFn) {
  let promise = promiseFn;
  if (typeof promiseFn === "function") {
    promise = promiseFn();
    if (!isPromise(promise)) throw new ERR_INVALID_RETURN_VALUE("instance of Promise", "promiseFn", promise);
  } else if (!isPromise(promise)) {
    throw new ERR_INVALID_ARG_TYPE("promiseFn", ["Function", "Promise"], promiseFn);
  }
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return NOTHING;
}

function expectsError(start, actual, expected, given) {
  let wanted = expected;
  let message = given;
  if (typeof wanted === "string") {
    if (given !== undefined) throw new ERR_INVALID_ARG_TYPE("error", ["Object", "Error", "Function", "RegExp"], wanted);
    if ((typeof actual === "object" && actual !== null ? actual.message : actual) === wanted) {
      throw new ERR_AMBIGUOUS_ARGUMENT("error/message", `The error ${typeof actual === "object" && actual !== null ? "message " : ""}"${wanted}" is identical to the message.`);
    }
    message = wanted;
    wanted = undefined;
  } else if (wanted !== null && wanted !== undefined && typeof wanted !== "object" && typeof wanted !== "function") {
    throw new ERR_INVALID_ARG_TYPE("error", ["Object", "Error", "Function", "RegExp"], wanted);
  }
  if (actual === NOTHING) {
    const kind = start === rejects ? "rejection" : "exception";
    const name = wanted?.name ? ` (${wanted.name})` : "";
    throw Object.assign(errorOf({ actual: undefined, expected: wanted, operator: start.name, message: `Missing expected ${kind}${name}${message ? `: ${message}` : "."}` }, start), { generatedMessage: !message });
  }
  if (wanted !== undefined && wanted !== null) checkError(actual, wanted, message, start);
}

function checkError(actual, expected, message, start) {
  const complain = (text) => {
    if (message instanceof Error) throw message;
    throw Object.assign(errorOf({ actual, expected, message: message || text, operator: start.name }, start), { generatedMessage: !message });
  };
  if (expected instanceof RegExp) {
    if (!expected.test(String(actual))) complain(`The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(actual))}\n`);
  } else if (typeof expected === "object") {
    checkObject(actual, expected, message, complain, start);
  } else if (expected.prototype !== undefined && actual instanceof expected) {
    return;
  } else if (Object.prototype.isPrototypeOf.call(Error, expected) || expected === Error) {
    complain(`The error is expected to be an instance of "${expected.name}". Received "${actual?.constructor?.name ?? typeof actual}"${actual?.message ? `\n\nError message:\n\n${actual.message}` : ""}`);
  } else {
    const result = Reflect.apply(expected, {}, [actual]);
    if (result !== true) complain(`The ${expected.name ? `"${expected.name}" ` : ""}validation function is expected to return "true". Received ${inspect(result)}\n\nCaught error:\n\n${actual}`);
  }
}

function checkObject(actual, expected, message, complain, start) {
  if (actual === null || (typeof actual !== "object" && typeof actual !== "function")) {
    return raise({ actual, expected, message, operator: "deepStrictEqual" }, start);
  }
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push("name", "message");
  else if (keys.length === 0) throw new ERR_INVALID_ARG_VALUE("error", expected, "may not be an empty object");
  for (const key of keys) {
    if (typeof actual[key] === "string" && expected[key] instanceof RegExp && expected[key].test(actual[key])) continue;
    if (!(key in actual) || !isDeepStrictEqual(actual[key], expected[key])) {
      complain(`Expected values to be strictly deep-equal:\n\n${inspect({ [key]: actual[key] })}\n\nshould loosely deep-equal\n\n${inspect({ [key]: expected[key] })}`);
    }
  }
}

export function throws(fn, error = undefined, message = undefined) {
  expectsError(throws, thrownBy(fn), error, message);
}

export async function rejects(promiseFn, error = undefined, message = undefined) {
  expectsError(rejects, await rejectionOf(promiseFn), error, message);
}

function unexpected(start, actual, expected, given) {
  if (actual === NOTHING) return;
  let [wanted, message] = [expected, given];
  if (typeof wanted === "string") [wanted, message] = [undefined, wanted];
  const isWanted = wanted === undefined || wanted === null || (wanted instanceof RegExp ? wanted.test(String(actual)) : wanted.prototype !== undefined && actual instanceof wanted);
  if (!isWanted) throw actual;
  const kind = start === doesNotReject ? "rejection" : "exception";
  throw errorOf({ actual, expected: wanted, operator: start.name, message: `Got unwanted ${kind}${message ? `: ${message}` : "."}\nActual message: "${actual?.message}"` }, start);
}

export function doesNotThrow(fn, error = undefined, message = undefined) {
  unexpected(doesNotThrow, thrownBy(fn), error, message);
}

export async function doesNotReject(promiseFn, error = undefined, message = undefined) {
  unexpected(doesNotReject, await rejectionOf(promiseFn), error, message);
}

// ---- the module

const shared = {
  fail, ok, throws, rejects, doesNotThrow, doesNotReject, ifError, match, doesNotMatch, AssertionError, strictEqual, notStrictEqual,
  deepStrictEqual, notDeepStrictEqual, partialDeepStrictEqual,
};

const make = (own) => Object.assign(function assert(...args) { check(assert, args); }, shared, own);
const assert = make({ equal, notEqual, deepEqual, notDeepEqual });
export const strict = make({ equal: strictEqual, notEqual: notStrictEqual, deepEqual: deepStrictEqual, notDeepEqual: notDeepStrictEqual });
assert.strict = strict.strict = strict;

export function CallTracker() {
  throw new ERR_CONSTRUCT_CALL_REQUIRED();
}
assert.CallTracker = strict.CallTracker = CallTracker;

/** Assertions with options of their own. */
export function Assert(options = {}) {
  if (!new.target) throw new ERR_CONSTRUCT_CALL_REQUIRED();
  return Object.assign(this, options.strict === false ? assert : strict);
}
assert.Assert = strict.Assert = Assert;
export { AssertionError };
export default assert;
