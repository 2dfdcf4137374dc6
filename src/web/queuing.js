// CountQueuingStrategy and ByteLengthQueuingStrategy (streams standard, section 7).

import { countSize } from "internal:streams_queue";
import { interface_, requiredArguments } from "internal:webidl";
import { REQUIRED, dictionary, unrestrictedDouble } from "internal:webidl_types";

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
