// Values as text for people, in the manner of Node's util.inspect(). Loaded when the first object is printed.

import { host } from "internal:host";
import { descriptorOf, interfaceOf, isObject } from "internal:webidl";
import { isArrayBuffer, isView, viewName } from "internal:webidl_types";

const CUSTOM = Symbol.for("nodejs.util.inspect.custom");
const { getPrototypeOf, keys } = Object;
const { ownKeys } = Reflect;

export const defaults = {
  depth: 2, showHidden: false, customInspect: true, showProxy: false, maxArrayLength: 100, maxStringLength: 10_000,
  breakLength: 80, compact: 3, sorted: false, getters: false,
};

/** `value` as text; options as Node has them, colours excepted. */
export function inspect(value, options = undefined) {
  const given = isObject(options) ? options : {};
  const state = { options: { ...defaults, ...given }, path: [], circular: new Map(), indent: 0, deepest: 0 };
  for (const limit of ["depth", "maxArrayLength", "maxStringLength"]) state.options[limit] ??= Infinity;
  return formatValue(value, 0, state);
}

inspect.custom = CUSTOM;
inspect.defaultOptions = defaults;

// ---- primitives

const ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\" };

export function quote(text) {
  let mark = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) mark = '"';
    else if (!text.includes("`") && !text.includes("${")) mark = "`";
  }
  const escaped = text.replace(/[\0-\x1f\\\x7f-\x9f]|[\ud800-\udfff]/gu, (c) =>
    ESCAPES[c] ?? (c > "\xff" ? `\\u${c.charCodeAt(0).toString(16)}` : `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`),
  );
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function formatPrimitive(value, { maxStringLength }) {
  if (typeof value === "string") {
    if (value.length <= maxStringLength) return quote(value);
    const rest = value.length - maxStringLength;
    return `${quote(value.slice(0, maxStringLength))}... ${rest} more character${rest > 1 ? "s" : ""}`;
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return value.toString();
  return Object.is(value, -0) ? "-0" : `${value}`;
}

// ---- objects

function formatValue(given, depth, state) {
  if (!isObject(given)) return formatPrimitive(given, state.options);
  const target = host.proxyTarget(given);
  const value = target === undefined || state.options.showProxy ? given : behindProxies(given);
  if (value === null) return "<Revoked Proxy>";
  if (state.options.customInspect) {
    const custom = value[CUSTOM];
    if (typeof custom === "function" && custom !== inspect && value.constructor?.prototype !== value) return formatCustom(value, custom, depth, state);
  }
  if (state.path.includes(value)) return `[Circular *${refOf(value, state)}]`;
  return formatObject(value, depth, state);
}

function behindProxies(value) {
  for (let at = value, target; ; at = target) {
    target = host.proxyTarget(at);
    if (target === null) return null;
    if (target === undefined) return at;
  }
}

function formatCustom(value, custom, depth, state) {
  const left = state.options.depth - depth;
  const result = custom.call(value, left, { ...state.options, depth: left, stylize: (text) => `${text}` }, inspect);
  if (result === value) return formatObject(value, depth, state);
  if (typeof result !== "string") return formatValue(result, depth, state);
  return result.replaceAll("\n", `\n${" ".repeat(state.indent)}`);
}

function refOf(value, { circular }) {
  if (!circular.has(value)) circular.set(value, circular.size + 1);
  return circular.get(value);
}

/** The name of what made a value: own or inherited `constructor`; null without a prototype. */
function constructorName(value) {
  for (let at = value; at !== null; at = getPrototypeOf(at)) {
    const maker = descriptorOf(at, "constructor")?.value;
    if (typeof maker === "function" && maker.name !== "" && instanceOf(value, maker)) return `${maker.name}`;
  }
  return null;
}

function instanceOf(value, maker) {
  try {
    return value instanceof maker;
  } catch {
    return false;
  }
}

function tagOf(value, name) {
  let tag;
  try {
    if (!Object.hasOwn(value, Symbol.toStringTag)) tag = value[Symbol.toStringTag];
  } catch {
    // A getter that throws: no tag.
  }
  return typeof tag === "string" && tag !== "" && tag !== name ? tag : undefined;
}

/** "Foo ", "Foo(2) [bar] ", "[Object: null prototype] ". */
function prefixOf(value, fallback, size = undefined) {
  const name = constructorName(value);
  const count = size === undefined ? "" : `(${size})`;
  const tag = tagOf(value, name ?? fallback);
  const suffix = tag === undefined ? "" : `[${tag}] `;
  return name === null ? `[${fallback}${count}: null prototype] ${suffix}` : `${name}${count} ${suffix}`;
}

function visibleKeys(value, { options }) {
  const all = ownKeys(value);
  const visible = options.showHidden ? all : all.filter((key) => descriptorOf(value, key)?.enumerable);
  return options.sorted ? visible.sort(options.sorted === true ? undefined : options.sorted) : visible;
}

/**
 * How a kind of object is shown: `{ open, close, base, entries(), keys, list }`. `base` stands for the whole when there is nothing
 * else to show; `entries` makes the parts that are no properties; `list` lets many short ones share lines.
 */
function shapeOf(value, state) {
  if (Array.isArray(value)) return arrayShape(value, state, prefixOf(value, "Array", value.length));
  if (isView(value) && viewName(value) !== undefined) return arrayShape(value, state, prefixOf(value, viewName(value), value.length));
  if (typeof value === "function") return { base: functionBase(value), open: `${functionBase(value)} {`, hidden: ["length", "name", "prototype", "arguments", "caller"] };
  const kind = kinds.get(host.valueClass(value));
  const type = interfaceOf(value);
  if (kind !== undefined && (kind !== errorShape || type === undefined)) return kind(value, state);
  if (type !== undefined) return platformShape(value, type, state);
  const prefix = prefixOf(value, "Object");
  return { open: prefix === "Object " ? "{" : `${prefix}{` };
}

function formatObject(value, depth, state) {
  const { options, path } = state;
  const shape = shapeOf(value, state);
  const hidden = shape.hidden ?? [];
  const names = (shape.keys ?? visibleKeys(value, state)).filter((key) => !hidden.includes(key));
  if (names.length === 0 && shape.entries === undefined) return shape.base === undefined ? `${shape.open}}` : shape.base;
  if (depth > options.depth) return shape.base ?? `[${(constructorName(value) ?? "Object: null prototype")}]`;
  const outer = state.deepest;
  state.deepest = depth;
  path.push(value);
  state.indent += 2;
  const parts = shape.entries?.(depth + 1) ?? [];
  const listed = parts.length;
  for (const key of names) parts.push(formatProperty(value, key, depth + 1, state, shape));
  state.indent -= 2;
  path.pop();
  const height = state.deepest - depth;
  state.deepest = Math.max(outer, state.deepest);
  const text = parts.length === 0 && shape.base !== undefined
    ? shape.base : layOut(parts, { ...shape, list: shape.list && listed === parts.length, height }, state);
  const ref = state.circular.get(value);
  return ref === undefined ? text : `<ref *${ref}> ${text}`;
}
function layOut(parts, { open, close = "}", list, height }, { options, indent }) {
  if (parts.length === 0) return open + close;
  const rows = list && parts.length > 6 ? groupInColumns(parts, options, indent) : parts;
  if (height < options.compact && rows === parts) {
    const length = parts.reduce((sum, part) => sum + part.length + 2, 0) + open.length + indent;
    const line = parts.join(", ");
    if (length + 10 <= options.breakLength && !line.includes("\n") && !open.includes("\n")) return `${open} ${line} ${close}`;
  }
  const gap = `\n${" ".repeat(indent)}`;
  return `${open}${gap}  ${rows.join(`,${gap}  `)}${gap}${close}`;
}

/** How many columns make a block of pleasing proportions: about 2.5 times as wide as high, as Node has them. */
function columnsFor(cells, widest, { breakLength, compact }, indent) {
  const average = cells.reduce((sum, cell) => sum + cell.length + 2, 0) / cells.length;
  if (widest * 3 + indent >= breakLength || ((average * cells.length) / widest <= 5 && widest > 8)) return 1;
  const narrowed = Math.max(widest - 3 - Math.sqrt(widest - average), 1);
  const pleasing = Math.round(Math.sqrt((2.5 * cells.length) / narrowed));
  return Math.min(pleasing, Math.floor((breakLength - indent) / widest), compact * 4, 15);
}

/** Many short entries of a list share lines, in columns; numbers are aligned to the right. */
function groupInColumns(parts, options, indent) {
  const more = parts.at(-1).startsWith("... ") ? parts.length - 1 : parts.length;
  const cells = parts.slice(0, more);
  if (cells.some((cell) => cell.includes("\n"))) return parts;
  const widest = Math.max(...cells.map((cell) => cell.length)) + 2;
  const columns = columnsFor(cells, widest, options, indent);
  if (columns <= 1) return parts;
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...cells.filter((_, i) => i % columns === column).map((cell) => cell.length)));
  const numbers = cells.every((cell) => /^-?[\d.]+(?:e[+-]?\d+)?n?$/.test(cell));
  const rows = [];
  for (let i = 0; i < cells.length; i += columns) {
    const row = cells.slice(i, i + columns);
    if (numbers) rows.push(row.map((cell, at) => cell.padStart(widths[at])).join(", "));
    else rows.push(row.map((cell, at) => (at === row.length - 1 ? cell : `${cell},`.padEnd(widths[at] + 1))).join(" "));
  }
  return more < parts.length ? [...rows, parts.at(-1)] : rows;
}

function formatProperty(value, key, depth, state, { names = undefined }) {
  const property = descriptorOf(value, key) ?? { value: value[key], enumerable: true };
  const label = names?.(key) ?? keyText(key, property.enumerable);
  if (property.get === undefined && property.set === undefined) return `${label}: ${formatValue(property.value, depth, state)}`;
  if (property.get === undefined) return `${label}: [Setter]`;
  return `${label}: ${property.set === undefined ? "[Getter]" : "[Getter/Setter]"}`;
}

function keyText(key, enumerable) {
  if (typeof key === "symbol") return `[${key.toString()}]`;
  if (!enumerable) return `[${key}]`;
  return /^[a-zA-Z_$][\w$]*$/.test(key) ? key : quote(key);
}

const moreItems = (count) => `... ${count} more item${count > 1 ? "s" : ""}`;

// ---- lists

const isIndex = (key) => typeof key === "string" && /^(?:0|[1-9]\d{0,15})$/.test(key);

function arrayShape(value, state, prefix) {
  const plain = prefix === `Array(${value.length}) `;
  return {
    open: plain ? "[" : `${prefix}[`,
    close: "]",
    list: true,
    base: value.length === 0 ? (plain ? "[]" : `${prefix}[]`) : undefined,
    keys: isView(value) && !state.options.showHidden ? [] : visibleKeys(value, state).filter((key) => !isIndex(key)),
    entries: value.length === 0 ? undefined : (depth) => arrayEntries(value, depth, state),
  };
}

function arrayEntries(value, depth, state) {
  const { maxArrayLength } = state.options;
  const parts = [];
  let at = 0;
  while (at < value.length && parts.length < maxArrayLength) {
    if (at in value) {
      const property = descriptorOf(value, at);
      parts.push(property?.get === undefined ? formatValue(value[at], depth, state) : "[Getter]");
      at++;
      continue;
    }
    const from = at;
    while (at < value.length && !(at in value)) at = at - from > 1000 ? nextIndex(value, at) : at + 1;
    parts.push(`<${at - from} empty item${at - from > 1 ? "s" : ""}>`);
  }
  if (at < value.length) parts.push(moreItems(value.length - at));
  return parts;
}

/** The next index of a sparse array that is taken, or its length. */
const nextIndex = (value, from) => Number(keys(value).find((key) => isIndex(key) && Number(key) > from) ?? value.length);

function limited(items, state, write) {
  const { maxArrayLength } = state.options;
  const parts = items.slice(0, maxArrayLength).map(write);
  if (items.length > maxArrayLength) parts.push(moreItems(items.length - maxArrayLength));
  return parts;
}

function mapShape(value, state) {
  const pairs = [];
  Map.prototype.forEach.call(value, (member, key) => pairs.push([key, member]));
  return pairsShape(prefixOf(value, "Map", pairs.length), pairs, state, (item, depth) => formatValue(item, depth, state));
}

function pairsShape(prefix, pairs, state, write) {
  const entries = (depth) => limited(pairs, state, ([key, member]) => `${write(key, depth)} => ${write(member, depth)}`);
  return { open: `${prefix}{`, entries: pairs.length === 0 ? undefined : entries };
}

function setShape(value, state) {
  const members = [];
  Set.prototype.forEach.call(value, (member) => members.push(member));
  const entries = (depth) => limited(members, state, (member) => formatValue(member, depth, state));
  return { open: `${prefixOf(value, "Set", members.length)}{`, entries: members.length === 0 ? undefined : entries };
}

// ---- functions, errors and other single things

function functionBase(value) {
  const source = Function.prototype.toString.call(value);
  const name = typeof value.name === "string" && value.name !== "" ? value.name : undefined;
  const made = constructorName(value);
  if (/^class\b/.test(source)) {
    const parent = getPrototypeOf(value);
    return `[class ${name ?? "(anonymous)"}${typeof parent === "function" && parent.name ? ` extends ${parent.name}` : ""}]`;
  }
  const type = tagOf(value, "Function") ?? "Function";
  const base = `[${made === null ? `${type} (null prototype)` : type}${name === undefined ? " (anonymous)" : `: ${name}`}]`;
  return made === null || made === type || made === "Function" ? base : `${base} ${made}`;
}

/** The text of an error: its stack, with the headline it has now if the stack does not begin with one. */
function errorText(error) {
  const read = (key) => {
    try {
      return error[key];
    } catch {
      return undefined;
    }
  };
  const [name, message, stack] = [read("name") ?? "Error", read("message") ?? "", read("stack")];
  const headline = `${name}${message === "" ? "" : `: ${message}`}`;
  if (typeof stack !== "string" || stack === "") return `[${headline}]`;
  if (/^\s+at /.test(stack)) return `${headline}\n${stack.trimEnd()}`;
  return stack.includes("\n    at ") ? stack : `[${stack}]`;
}

function errorShape(value, state) {
  const text = errorText(value).replaceAll("\n", `\n${" ".repeat(state.indent)}`);
  const shown = visibleKeys(value, state).filter((key) => key !== "stack" && key !== "message");
  for (const key of ["cause", "errors"]) {
    if (descriptorOf(value, key) !== undefined && !shown.includes(key)) shown.push(key);
  }
  return { base: text, open: `${text} {`, keys: shown };
}

const boxedShape = (type, valueOf) => (value, state) => {
  const inner = formatPrimitive(valueOf.call(value), state.options);
  const base = `[${constructorName(value) === type ? type : `${type} (${constructorName(value)})`}: ${inner}]`;
  return { base, open: `${base} {`, keys: visibleKeys(value, state).filter((key) => !(type === "String" && (isIndex(key) || key === "length"))) };
};

function singleShape(type, write) {
  return (value) => {
    const name = constructorName(value);
    const base = name === type ? write(value) : `${name ?? `[${type}: null prototype]`} ${write(value)}`;
    return { base, open: `${base} {` };
  };
}

function promiseShape(value, state) {
  const [kind, result] = host.promiseParts(value);
  const entries = (depth) => {
    if (kind === "pending") return ["<pending>"];
    const text = formatValue(result, depth, state);
    return [kind === "rejected" ? `<rejected> ${text}` : text];
  };
  return { open: `${prefixOf(value, "Promise")}{`, entries };
}

const unknownItems = (type) => (value) => ({ open: `${prefixOf(value, type)}{`, entries: () => ["<items unknown>"] });

function bufferShape(type) {
  return (value, state) => {
    const detached = type === "ArrayBuffer" && value.detached;
    const entries = (depth) => {
      if (detached) return ["(detached)", "byteLength: 0"];
      const bytes = new Uint8Array(value, 0, Math.min(50, value.byteLength));
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
      const rest = value.byteLength - bytes.length;
      const contents = `[Uint8Contents]: <${hex}${rest > 0 ? ` ... ${rest} more byte${rest > 1 ? "s" : ""}` : ""}>`;
      return [contents, `byteLength: ${formatValue(value.byteLength, depth, state)}`];
    };
    return { open: `${prefixOf(value, type)}{`, entries };
  };
}

function dataViewShape(value, state) {
  const entries = (depth) => ["byteLength", "byteOffset", "buffer"].map((key) => `${key}: ${formatValue(value[key], depth, state)}`);
  return { open: `${prefixOf(value, "DataView")}{`, entries };
}

// ---- Web APIs

/** Attributes whose reading would have effects: a body that nobody reads stays out of JavaScript. */
const UNREAD = ["body", "constructor"];

/** An instance of an interface: pairs if it is a list of pairs (Headers), else its attributes. */
function platformShape(value, { name }, state) {
  const iterator = value[Symbol.iterator];
  if (typeof iterator === "function" && iterator === value.entries) {
    const pairs = attempt(() => [...iterator.call(value)]) ?? [];
    return pairsShape(prefixOf(value, name, pairs.length), pairs, state, (item, depth) => formatValue(item, depth, state));
  }
  const read = attributesOf(value, state).map((key) => [key, attempt(() => ({ value: value[key] }))]).filter(([, got]) => got !== undefined);
  const entries = (depth) => read.map(([key, got]) => `${key}: ${formatValue(got.value, depth, state)}`);
  if (kinds.get(host.valueClass(value)) === errorShape || instanceOf(value, Error)) return errorShape(value, state);
  return { open: `${prefixOf(value, name)}{`, entries: read.length === 0 ? undefined : entries };
}

function attributesOf(value) {
  const found = new Set();
  for (let at = getPrototypeOf(value); at !== null && at !== Object.prototype; at = getPrototypeOf(at)) {
    for (const key of ownKeys(at)) {
      const property = descriptorOf(at, key);
      if (property.get !== undefined && property.enumerable && typeof key === "string" && !UNREAD.includes(key)) found.add(key);
    }
  }
  return [...found];
}

function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const dateText = (date) => (Number.isNaN(Date.prototype.getTime.call(date)) ? "Invalid Date" : Date.prototype.toISOString.call(date));

/** How to show each of QuickJS's own classes, by class number. */
const kinds = new Map(
  [
    [(function () { return arguments; })(), () => ({ open: "[Arguments] {" })],
    [new Error(), errorShape],
    [new Map(), mapShape],
    [new Set(), setShape],
    [new WeakMap(), unknownItems("WeakMap")],
    [new WeakSet(), unknownItems("WeakSet")],
    [new host.builtin.WeakRef({}), (value, state) => ({ open: `${prefixOf(value, "WeakRef")}{`, entries: (depth) => [formatValue(value.deref(), depth, state)] })],
    [Promise.resolve(), promiseShape],
    [new ArrayBuffer(0), bufferShape("ArrayBuffer")],
    [new SharedArrayBuffer(0), bufferShape("SharedArrayBuffer")],
    [new DataView(new ArrayBuffer(0)), dataViewShape],
    [new Date(0), singleShape("Date", dateText)],
    [/x/, singleShape("RegExp", (value) => RegExp.prototype.toString.call(value))],
    [Object(true), boxedShape("Boolean", Boolean.prototype.valueOf)],
    [Object(1), boxedShape("Number", Number.prototype.valueOf)],
    [Object(1n), boxedShape("BigInt", BigInt.prototype.valueOf)],
    [Object(""), boxedShape("String", String.prototype.valueOf)],
    [Object(Symbol.iterator), boxedShape("Symbol", Symbol.prototype.valueOf)],
    [new host.builtin.DOMException(), errorShape],
  ].map(([sample, shape]) => [host.valueClass(sample), shape]),
);

// ---- console's format strings

const noHeadline = (value) => typeof value === "object" && value !== null && !hasOwnText(value);

/** Does an object bring its own toString()? Then `%s` uses it. */
function hasOwnText(value) {
  if (host.proxyTarget(value) !== undefined) return false;
  const { toString } = value;
  return typeof toString === "function" && toString !== Object.prototype.toString && toString !== Error.prototype.toString && interfaceOf(value) === undefined && !Array.isArray(value);
}

const asText = (value) => {
  if (typeof value === "string") return value;
  if (typeof value === "object" && noHeadline(value)) return inspect(value, { depth: 0 });
  if (typeof value === "bigint" || typeof value === "symbol" || Object.is(value, -0)) return inspect(value);
  return `${value}`;
};

function asNumber(value, convert) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return "NaN";
  return inspect(convert(value));
}

function asJson(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError) return "[Circular]";
    throw error;
  }
}

const SPECIFIERS = {
  s: asText,
  d: (value) => asNumber(value, (given) => (typeof given === "object" && given !== null ? Number(given) : Number(given))),
  i: (value) => (typeof value === "bigint" ? `${value}n` : asNumber(value, Number.parseInt)),
  f: (value) => (typeof value === "symbol" ? "NaN" : inspect(Number.parseFloat(value))),
  o: (value) => inspect(value, { showHidden: true, depth: 4 }),
  O: (value) => inspect(value),
  j: asJson,
  c: () => "",
};

/** console.log()'s arguments as one text. */
export function format(args) {
  let rest = args;
  let text = "";
  if (typeof args[0] === "string" && args.length > 1) {
    let next = 1;
    text = args[0].replace(/%([sdifoOjc%])/g, (whole, kind) => {
      if (kind === "%") return "%";
      return next < args.length ? SPECIFIERS[kind](args[next++]) : whole;
    });
    rest = args.slice(next);
    return [text, ...rest.map(plain)].join(" ");
  }
  return rest.map(plain).join(" ");
}

const plain = (value) => (typeof value === "string" ? value : inspect(value));
