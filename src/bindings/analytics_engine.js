// The Analytics Engine binding: points are checked here and written by the host.
import { isObject } from "internal:webidl";

const { isArray } = Array;
const { isView } = ArrayBuffer;
const MAX_COLUMNS = 20;
const decoder = new TextDecoder();

export const make = (points) => new AnalyticsEngine(points);

function list(value, name, max) {
  if (value === undefined || value === null) return [];
  if (!isArray(value)) throw new TypeError(`writeDataPoint(): \`${name}\` must be an array.`);
  if (value.length > max) throw new TypeError(`Maximum of ${max} ${name} supported.`);
  return value;
}

function text(value) {
  if (value === null || value === undefined) return "";
  if (isView(value) || value instanceof ArrayBuffer) return decoder.decode(value);
  return `${value}`;
}

class AnalyticsEngine {
  #points;

  constructor(points) {
    this.#points = points;
  }

  writeDataPoint(event = {}) {
    if (!isObject(event)) throw new TypeError("writeDataPoint() takes an object.");
    const indexes = list(event.indexes, "indexes", 1);
    const blobs = list(event.blobs, "blobs", MAX_COLUMNS).map(text);
    const doubles = list(event.doubles, "doubles", MAX_COLUMNS).map(Number);
    this.#points.write(indexes.length === 0 ? null : text(indexes[0]), blobs, doubles);
  }
}
