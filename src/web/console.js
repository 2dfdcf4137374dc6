// console (Console standard). Primitives are printed at once; `inspect.js` is loaded when the first object is.

import { host, lazy } from "internal:host";

const inspector = lazy("inspect");
const { apply } = Reflect;
const { stringify } = JSON;

let indent = "";
const counts = new Map();
const timers = new Map();

// For tail Workers, if somebody listens: what is printed, as JSON. What JSON does not know is told as text.
function observe(level, args) {
  if (host.taped()) host.tapeLog(level, `[${args.map(told).join(",")}]`);
}

function told(value) {
  try {
    if (value instanceof Error) return stringify(host.mapStack(`${value.stack ?? value}`));
    const plain = isSimple(value) || Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
    return (plain ? stringify(value) : undefined) ?? stringify(`${value}`);
  } catch {
    return stringify(Object.prototype.toString.call(value));
  }
}

function isSimple(value) {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === undefined || value === null;
}

function textOf(args) {
  if (args.length === 1 && typeof args[0] === "string") return args[0];
  if (args.every(isSimple) && !(typeof args[0] === "string" && args[0].includes("%"))) {
    return args.map((value) => (Object.is(value, -0) ? "-0" : `${value}`)).join(" ");
  }
  return inspector().format(args);
}

function print(level, args) {
  observe(level, args);
  write(level, textOf(args));
}

function write(level, text) {
  host.consoleWrite(level, indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`));
}

const labelOf = (label) => (label === undefined ? "default" : `${label}`);

function elapsed(start) {
  const ms = host.now() - start;
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(3)}s` : `${(ms / 60_000).toFixed(3)}min`;
}

function withTimer(label, act) {
  const start = timers.get(label);
  if (start === undefined) print("warn", [`Timer '${label}' does not exist`]);
  else act(start);
}

function trace(args) {
  const holder = { name: "Trace", message: args.length === 0 ? "" : textOf(args) };
  Error.captureStackTrace(holder, methods.trace);
  return holder.stack;
}

// ---- console.table()

function tableOf(data, columns) {
  const { inspect } = inspector();
  const cell = (value) => inspect(value, { depth: value !== null && typeof value === "object" ? 0 : 1 });
  const isMap = data instanceof Map;
  const rows = [];
  const names = new Set();
  let values = false;
  const pairs = isMap ? [...data].map(([key, value], at) => [at, value, key]) : data instanceof Set ? [...data].map((value, at) => [at, value]) : Object.entries(data);
  for (const [index, value, key] of pairs) {
    const row = { index: `${index}`, key: isMap ? cell(key) : undefined, cells: new Map(), value: undefined };
    if (value !== null && typeof value === "object" && !isMap) {
      for (const name of columns ?? Object.keys(value)) {
        names.add(name);
        if (Object.hasOwn(value, name)) row.cells.set(name, cell(value[name]));
      }
    } else {
      row.value = cell(value);
      values = true;
    }
    rows.push(row);
  }
  const header = [pairs.length > 0 && (isMap || data instanceof Set) ? "(iteration index)" : "(index)", ...(isMap ? ["Key"] : []), ...names, ...(values ? ["Values"] : [])];
  return drawTable(header, rows.map((row) => [row.index, ...(isMap ? [row.key] : []), ...[...names].map((name) => row.cells.get(name) ?? ""), ...(values ? [row.value ?? ""] : [])]));
}

function drawTable(header, rows) {
  const widths = header.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at].length)) + 2);
  const line = (left, middle, right) => left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const draw = (row) => `│${row.map((text, at) => ` ${text}`.padEnd(widths[at])).join("│")}│`;
  return [line("┌", "┬", "┐"), draw(header), line("├", "┼", "┤"), ...rows.map(draw), line("└", "┴", "┘")].join("\n");
}

const methods = {
  debug(...args) { print("debug", args); },
  error(...args) { print("error", args); },
  info(...args) { print("info", args); },
  log(...args) { print("log", args); },
  warn(...args) { print("warn", args); },
  dir(item = undefined, options = undefined) {
    observe("log", [item]);
    write("log", inspector().inspect(item, { customInspect: false, ...options }));
  },
  dirxml(...args) { print("log", args); },
  table(data = undefined, columns = undefined) {
    if (data === null || typeof data !== "object") return print("log", [data]);
    observe("log", [data]);
    write("log", tableOf(data, columns));
  },
  trace(...args) {
    observe("log", args);
    write("log", trace(args));
  },
  group(...args) {
    if (args.length > 0) print("log", args);
    indent += "  ";
  },
  groupCollapsed(...args) { apply(methods.group, undefined, args); },
  groupEnd() { indent = indent.slice(2); },
  clear() {},
  count(label = "default") {
    const name = labelOf(label);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    print("log", [`${name}: ${counts.get(name)}`]);
  },
  countReset(label = "default") {
    const name = labelOf(label);
    if (!counts.delete(name)) print("warn", [`Count for '${name}' does not exist`]);
  },
  assert(condition = false, ...args) {
    if (condition) return;
    if (typeof args[0] === "string") print("error", [`Assertion failed: ${args[0]}`, ...args.slice(1)]);
    else print("error", ["Assertion failed", ...args]);
  },
  profile() {},
  profileEnd() {},
  time(label = "default") {
    const name = labelOf(label);
    if (timers.has(name)) print("warn", [`Timer '${name}' already exists`]);
    else timers.set(name, host.now());
  },
  timeLog(label = "default", ...args) {
    const name = labelOf(label);
    withTimer(name, (start) => print("log", [`${name}: ${elapsed(start)}`, ...args]));
  },
  timeEnd(label = "default") {
    const name = labelOf(label);
    withTimer(name, (start) => {
      timers.delete(name);
      print("log", [`${name}: ${elapsed(start)}`]);
    });
  },
  timeStamp() {},
};

/** The namespace object: its prototype is an empty object, as the standard has it. */
export const console = Object.assign(Object.create({}), methods);
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
