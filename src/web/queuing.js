// Queuing strategies (streams standard, sections 6 and 8.1): CountQueuingStrategy,
// ByteLengthQueuingStrategy, and the queue-with-sizes that all controllers share.

import { REQUIRED, callback, dictionary, interface_, requiredArguments, unrestrictedDouble } from "internal:webidl";
import { bare } from "internal:streams_promise";

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

const countSize = { size: () => 1 }.size;
const byteLengthSize = { size: (chunk) => chunk.byteLength }.size;

const Init = dictionary("QueuingStrategyInit", { highWaterMark: [unrestrictedDouble, REQUIRED] });

export class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    requiredArguments(arguments.length, 1, "CountQueuingStrategy");
    this.#highWaterMark = Init(init).highWaterMark;
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    this.#highWaterMark; // only for instances
    return countSize;
  }
}

export class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    requiredArguments(arguments.length, 1, "ByteLengthQueuingStrategy");
    this.#highWaterMark = Init(init).highWaterMark;
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    this.#highWaterMark; // only for instances
    return byteLengthSize;
  }
}
interface_(CountQueuingStrategy);
interface_(ByteLengthQueuingStrategy);

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
