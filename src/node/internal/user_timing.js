// Marks and measures (User Timing), which `node:perf_hooks` adds to the platform's `performance`.
import { ERR_MISSING_ARGS } from "node:internal/errors";

const token = Symbol("entry");
const illegal = (given) => {
  if (given !== token) throw new TypeError("Illegal constructor");
};

export class PerformanceEntry {
  #state;

  constructor(given, state) {
    illegal(given);
    this.#state = state;
  }

  get name() { return this.#state.name; }
  get entryType() { return this.#state.entryType; }
  get startTime() { return this.#state.startTime; }
  get duration() { return this.#state.duration; }
  get detail() { return this.#state.detail; }
  toJSON() {
    const { name, entryType, startTime, duration, detail } = this.#state;
    return { name, entryType, startTime, duration, ...(detail === null ? {} : { detail }) };
  }
}

const copied = (detail) => (detail === undefined || detail === null ? null : structuredClone(detail));

export class PerformanceMark extends PerformanceEntry {
  constructor(name, options = {}) {
    if (arguments.length === 0) throw new ERR_MISSING_ARGS("name");
    const startTime = options?.startTime ?? performance.now();
    if (!(startTime >= 0)) throw new TypeError(`${startTime} is not a valid timestamp`);
    super(token, { name: `${name}`, entryType: "mark", startTime, duration: 0, detail: copied(options?.detail) });
  }
}

export class PerformanceMeasure extends PerformanceEntry {}
export class PerformanceResourceTiming extends PerformanceEntry {}

let entries = [];
const ordered = (list) => list.sort((a, b) => a.startTime - b.startTime);
const matching = (name, type) => ordered(entries.filter((one) => (name === undefined || one.name === `${name}`) && (type === undefined || one.entryType === `${type}`)));

function timeOf(mark) {
  if (typeof mark === "number") return mark;
  const found = entries.findLast((one) => one.entryType === "mark" && one.name === `${mark}`);
  if (found === undefined) throw new DOMException(`The "${mark}" performance mark has not been set`, "SyntaxError");
  return found.startTime;
}

function span(startOrOptions, endMark) {
  const given = startOrOptions !== null && typeof startOrOptions === "object" ? startOrOptions : { start: startOrOptions };
  const { detail } = given;
  let { start, end, duration } = given;
  end = endMark ?? end;
  const [from, to] = [start === undefined ? undefined : timeOf(start), end === undefined ? undefined : timeOf(end)];
  if (duration !== undefined) {
    start = from ?? to - duration;
    return { startTime: start, duration, detail };
  }
  start = from ?? 0;
  return { startTime: start, duration: (to ?? performance.now()) - start, detail };
}

class EventCounts {
  #counts = new Map();
  get size() { return this.#counts.size; }
  get(key) { return this.#counts.get(key); }
  has(key) { return this.#counts.has(key); }
  entries() { return this.#counts.entries(); }
  keys() { return this.#counts.keys(); }
  values() { return this.#counts.values(); }
  forEach(callback, thisArg = undefined) { this.#counts.forEach((count, key) => callback.call(thisArg, count, key, this)); }
  [Symbol.iterator]() { return this.entries(); }
}

const observers = new Set();

function record(entry) {
  entries.push(entry);
  for (const observer of observers) observer.notice?.(entry);
  return entry;
}

const clear = (type, name) => {
  entries = entries.filter((one) => one.entryType !== type || (name !== undefined && one.name !== `${name}`));
};
const eventCounts = new EventCounts();

/** What `performance` gets. */
export const methods = {
  mark(name, options = undefined) {
    if (arguments.length === 0) throw new ERR_MISSING_ARGS("name");
    return record(new PerformanceMark(name, options));
  },
  measure(name, startOrOptions = undefined, endMark = undefined) {
    if (arguments.length === 0) throw new ERR_MISSING_ARGS("name");
    const { startTime, duration, detail } = span(startOrOptions, endMark);
    return record(new PerformanceMeasure(token, { name: `${name}`, entryType: "measure", startTime, duration, detail: copied(detail) }));
  },
  clearMarks(name = undefined) { clear("mark", name); },
  clearMeasures(name = undefined) { clear("measure", name); },
  clearResourceTimings() {},
  setResourceTimingBufferSize() {},
  getEntries() { return matching(); },
  getEntriesByName(name, type = undefined) { return matching(name, type); },
  getEntriesByType(type) { return matching(undefined, type); },
  get eventCounts() { return eventCounts; },
};

export class PerformanceObserverEntryList {
  #entries;

  constructor(given, list) {
    illegal(given);
    this.#entries = ordered(list);
  }

  getEntries() { return [...this.#entries]; }
  getEntriesByType(type) { return this.#entries.filter((one) => one.entryType === type); }
  getEntriesByName(name, type = undefined) { return this.#entries.filter((one) => one.name === name && (type === undefined || one.entryType === type)); }
}

const TYPES = Object.freeze(["mark", "measure"]);

export class PerformanceObserver {
  #callback;
  #types = [];
  #queue = [];

  constructor(callback) {
    if (typeof callback !== "function") throw new TypeError("The callback must be a function");
    this.#callback = callback;
  }

  static get supportedEntryTypes() { return TYPES; }

  observe(options = {}) {
    const { entryTypes, type, buffered = false } = options;
    if (entryTypes === undefined && type === undefined) throw new ERR_MISSING_ARGS("options.entryTypes", "options.type");
    this.#types = [...new Set(entryTypes ?? [...this.#types, type])];
    observers.add(this);
    if (buffered) matching(undefined, type).forEach((entry) => this.notice(entry));
  }

  disconnect() {
    observers.delete(this);
    this.#queue = [];
    this.#types = [];
  }

  takeRecords() { return this.#queue.splice(0); }

  /** An entry was made; observers hear of all of a turn together. */
  notice(entry) {
    if (!this.#types.includes(entry.entryType)) return;
    if (this.#queue.push(entry) > 1) return;
    queueMicrotask(() => {
      const list = this.takeRecords();
      if (list.length > 0) this.#callback(new PerformanceObserverEntryList(token, list), this);
    });
  }
}
