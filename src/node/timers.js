// node:timers.
import { lazy } from "internal:host";
import {
  Timeout, clearImmediate, clearInterval, clearTimeout, promisified, setImmediate, setInterval, setTimeout,
} from "node:internal/timers";
import { ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } from "node:internal/errors";

const promises_ = lazy("node:timers/promises");
promisified(() => promises_().setTimeout, () => promises_().setImmediate);

/** The old way to have a timer in an object: `enroll`, then `active`. */
export const unenroll = (timer) => {
  timer?._timer?.close?.();
  if (timer) timer._idleTimeout = -1;
};

export function enroll(item, msecs) {
  if (item === null || item === undefined) throw new Error("Not implemented");
  if (typeof msecs !== "number") throw new ERR_INVALID_ARG_TYPE("msecs", "number", msecs);
  if (msecs < 0 || !Number.isFinite(msecs)) throw new ERR_OUT_OF_RANGE("msecs", "a non-negative finite number", msecs);
  unenroll(item);
  item._idleTimeout = msecs;
}

export function active(item) {
  if (!(item?._idleTimeout >= 0)) return;
  item._timer?.close?.();
  item._timer = new Timeout(() => item._onTimeout?.(), item._idleTimeout, [], false);
}

export const _unrefActive = active;
export { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout };

export default {
  clearTimeout, setTimeout, clearInterval, setInterval, clearImmediate, setImmediate, enroll, unenroll, active, _unrefActive,
  get promises() { return promises_().default; },
};
