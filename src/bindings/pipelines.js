// A pipeline: takes records, which the host keeps.
import { isObject } from "internal:webidl";

const { isArray } = Array;
const { stringify } = JSON;

export const make = (handle) => new Pipeline(handle);

class Pipeline {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  async send(records) {
    if (!isArray(records)) throw new TypeError("send() takes an array of records.");
    const lines = records.map((record) => {
      if (!isObject(record)) throw new TypeError("A record must be an object that can be written as JSON.");
      return stringify(record);
    });
    await this.#handle.send(lines);
  }
}
