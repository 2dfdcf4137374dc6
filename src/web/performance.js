// performance: the clock alone, as in Workers. `timeOrigin` is 0, so now() tells the same time as Date.now().
//
// Differs: the clock also advances while code runs; Workers stop it between I/O, to hinder timing attacks.

import { host } from "internal:host";
import { illegalConstructor, interface_, internal } from "internal:webidl";

/** Per millisecond: a power of two, as the numbers of these days have few binary places left. */
const STEPS = 64;

class Performance {
  #isPerformance = true;

  constructor(token) {
    illegalConstructor(token);
  }

  get timeOrigin() { return this.#isPerformance ? 0 : 0; }
  // In steps that are large enough for two of them to differ by as much as they say.
  now() { return this.#isPerformance && Math.floor(host.now() * STEPS) / STEPS; }
  toJSON() { return { timeOrigin: this.timeOrigin }; }
}

interface_(Performance, { lengths: { constructor: 0 } });
export const performance = new Performance(internal);
