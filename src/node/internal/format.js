// util.format(): console's format strings, with options for what is inspected.
import { inspect } from "node:internal/inspect";
import { validateObject } from "node:internal/validators";

/** Does an object bring a toString() of its own, so that `%s` uses it? */
function hasOwnText(value) {
  if (typeof value[Symbol.toPrimitive] === "function" && !(value instanceof Date)) return true;
  if (typeof value.toString !== "function") return false;
  if (Object.hasOwn(value, "toString")) return true;
  let at = value;
  while (at !== null && !Object.hasOwn(at, "toString")) at = Object.getPrototypeOf(at);
  const maker = Object.getOwnPropertyDescriptor(at ?? {}, "constructor")?.value;
  return typeof maker === "function" && globalThis[maker.name] !== maker;
}

function text(value, options) {
  if (typeof value === "number") return number(value, options);
  if (typeof value === "bigint") return inspect(value, options);
  if (typeof value !== "object" || value === null || hasOwnText(value)) {
    if (typeof value === "symbol") return value.toString();
    return String(value);
  }
  return inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
}

const number = (value, options) => (typeof value === "bigint" ? inspect(value, options) : Object.is(value, -0) ? "-0" : `${value}`);

function json(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (/circular|cyclic/i.test(error.message)) return "[Circular]";
    throw error;
  }
}

const KINDS = {
  s: text,
  j: json,
  d: (value, options) => (typeof value === "bigint" ? inspect(value, options) : typeof value === "symbol" ? "NaN" : number(Number(value), options)),
  i: (value, options) => (typeof value === "bigint" ? inspect(value, options) : typeof value === "symbol" ? "NaN" : number(Number.parseInt(value, 10), options)),
  f: (value, options) => (typeof value === "symbol" ? "NaN" : number(Number.parseFloat(value), options)),
  o: (value, options) => inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 }),
  O: (value, options) => inspect(value, options),
  c: () => "",
};

export function formatWithOptions(options, ...args) {
  validateObject(options, "inspectOptions", { allowArray: true });
  return formatArgs(options, args);
}

export const format = (...args) => formatArgs(undefined, args);

function formatArgs(options, args) {
  const [first] = args;
  if (args.length === 1) return typeof first === "string" ? first : inspect(first, options);
  let next = 0;
  let result = "";
  if (typeof first === "string") {
    next = 1;
    result = first.replace(/%([sjdOoifc%])/g, (whole, kind) => {
      if (kind === "%") return "%";
      return next < args.length ? KINDS[kind](args[next++], options) : whole;
    });
  }
  for (; next < args.length; next++) {
    if (next > 0) result += " ";
    result += typeof args[next] === "string" ? args[next] : inspect(args[next], options);
  }
  return result;
}
