// Spans of time as workflows are given them: milliseconds, or `5 minutes`.

const UNITS = {
  __proto__: null,
  ms: 1, millisecond: 1, second: 1000, sec: 1000, s: 1000, minute: 60_000, min: 60_000, m: 60_000, hour: 3_600_000, hr: 3_600_000,
  h: 3_600_000, day: 86_400_000, d: 86_400_000, week: 604_800_000, w: 604_800_000, month: 2_592_000_000, year: 31_536_000_000, y: 31_536_000_000,
};

/** Milliseconds; throws for what is no span of time. */
export function millis(value) {
  if (typeof value === "number" && value >= 0) return value;
  const [, count, unit = ""] = (typeof value === "string" && /^\s*([\d.]+)\s*([a-z]+)\s*$/i.exec(value)) || [];
  const name = unit.toLowerCase();
  const size = UNITS[name] ?? UNITS[name.replace(/s$/, "")];
  if (size === undefined || Number.isNaN(+count)) {
    throw new TypeError(`"${value}" is not a duration: give milliseconds, or a text such as "5 minutes".`);
  }
  return Math.round(count * size);
}
