// The rate limiting binding.
import { isObject } from "internal:webidl";

export const make = (counter) => new RateLimit(counter);

class RateLimit {
  #counter;

  constructor(counter) {
    this.#counter = counter;
  }

  async limit(options) {
    if (!isObject(options)) throw new TypeError("rate limit: limit() takes an object with a `key`");
    const { key } = options;
    if (typeof key !== "string") throw new TypeError(`rate limit: \`key\` must be a string, not ${typeof key}`);
    return { success: await this.#counter.hit(key) };
  }
}
