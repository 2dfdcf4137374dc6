// The queue-with-sizes that all stream controllers share, and strategies as constructors take them (streams
// standard, sections 7.4 and 8.1).

import { bare } from "internal:streams_promise";
import { callback, dictionary, unrestrictedDouble } from "internal:webidl_types";

const { apply } = Reflect;

class Entry {
  constructor(value, size) {
    this.value = value;
    this.size = size;
    this.next = undefined;
  }
}

/** Base of the controllers' records: a linked list of chunks and the sum of their sizes. */
export class SizedQueue {
  constructor() {
    this.head = undefined;
    this.tail = undefined;
    this.total = 0;
  }

  /** Appends a chunk; a size that is not a non-negative finite number is refused. */
  push(value, size) {
    if (!(size >= 0) || size === Infinity) throw new RangeError("a chunk's size must be a finite, non-negative number");
    const entry = new Entry(value, size);
    if (this.head === undefined) this.head = entry;
    else this.tail.next = entry;
    this.tail = entry;
    this.total += size;
  }

  shift() {
    const { value, size, next } = this.head;
    this.head = next;
    this.total -= size;
    if (this.total < 0) this.total = 0; // rounding
    return value;
  }

  resetQueue() {
    this.head = this.tail = undefined;
    this.total = 0;
  }
}
bare(Entry, SizedQueue);

/** The size function of every CountQueuingStrategy. */
export const countSize = { size: () => 1 }.size;

/** A strategy as the constructors take it: members converted, in the order the standard reads them. */
export const readStrategy = dictionary("QueuingStrategy", { highWaterMark: [unrestrictedDouble], size: [callback] });

/** The strategy's high-water mark, or the constructor's own. */
export function extractHighWaterMark({ highWaterMark }, fallback) {
  if (highWaterMark === undefined) return fallback;
  if (!(highWaterMark >= 0)) throw new RangeError("highWaterMark must be a non-negative number");
  return highWaterMark;
}

/** A strategy's size function; undefined where every chunk counts one. */
export function extractSize({ size }) {
  return size === countSize ? undefined : size;
}

/** The size of one chunk; may throw what the Worker's function throws. */
export function sizeOf(size, chunk) {
  return size === undefined ? 1 : +apply(size, undefined, [chunk]);
}
