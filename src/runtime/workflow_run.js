// A run of a workflow's instance: what `run(event, step)` is given. The host keeps what each step did; a run that finds a
// step done goes on with its result. While an instance only sleeps or waits for long, its run ends, and another one goes on.
import { host } from "internal:host";
import { pack, unpack } from "internal:serial";
import { millis } from "internal:durations";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";

const { parse, stringify } = JSON;
const { min } = Math;
const MAX_STEPS = 10_000;
const MAX_NAME = 256;
const MAX_BYTES = 1 << 20;
const DAY = 86_400_000;
const YEAR = 365 * DAY;
/** Milliseconds that a run stays for what it waits for. */
const GRACE = 5_000;
const DEFAULTS = { retries: { limit: 5, delay: 10_000, backoff: "exponential" }, timeout: 600_000 };

class Fatal extends Error {}
Object.defineProperty(Fatal.prototype, "name", { value: "WorkflowFatalError", writable: true, configurable: true });

function named(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

const timedOut = (span) => named("WorkflowTimeoutError", `Execution timed out after ${span}ms`);

function toldOf(error) {
  if (!isObject(error)) return { name: "Error", message: `${error}` };
  return { name: `${error.name ?? "Error"}`, message: `${error.message ?? ""}` };
}

const isFinal = (error) =>
  error instanceof Fatal || error?.name === "NonRetryableError" || `${error?.message}`.startsWith("NonRetryableError");

function checkName(name) {
  // eslint-disable-next-line no-control-regex
  if (typeof name === "string" && name.length <= MAX_NAME && !/[\0-\x1f]/.test(name)) return;
  throw new Fatal(`Step name "${name}" exceeds max length (${MAX_NAME} chars) or invalid characters found`);
}

function configOf(name, given) {
  const wrong = () => new Fatal(`Step config for "${name}" is in a invalid format. See https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/`);
  if (given !== undefined && !isObject(given)) throw wrong();
  const { limit, delay, backoff } = { ...DEFAULTS.retries, ...given?.retries };
  const isKnown = backoff === "constant" || backoff === "linear" || backoff === "exponential";
  if (typeof limit !== "number" || !(limit >= 0) || !isKnown) throw wrong();
  try {
    return { retries: { limit, delay: millis(delay), backoff }, timeout: millis(given?.timeout ?? DEFAULTS.timeout) };
  } catch {
    throw wrong();
  }
}

function delayOf({ delay, backoff }, attempt) {
  if (backoff === "constant") return delay;
  return backoff === "linear" ? delay * attempt : delay * 2 ** (attempt - 1);
}

/** One run: what goes on in it, and when it may end. */
class Run {
  #handle;
  #counts = new Map();
  #steps = 0;
  /** Steps that do something now. */
  #busy = 0;
  /** What steps wait for: `{ due, wake }`. */
  #waits = new Set();
  #held = [];
  #pausing = false;
  #timer = undefined;
  #end;
  /** Counts what the host said. */
  heard = 0;
  /** Fulfilled with what the host is told if the run ends before the instance does. */
  over = new Promise((resolve) => (this.#end = resolve));

  constructor(handle) {
    this.#handle = handle;
  }

  get handle() { return this.#handle; }

  async listen() {
    for (;;) {
      const changed = this.#handle.changed();
      const standing = await this.#handle.standing();
      if (standing === "stop") return this.#end({ outcome: "stopped" });
      this.#pausing = standing === "pause";
      if (!this.#pausing) for (const go of this.#held.splice(0)) go();
      this.#look();
      await changed;
      this.heard++;
      for (const { wake } of this.#waits) wake?.();
    }
  }

  /** The key of a step, and which of its name it is. */
  begin(kind, name) {
    if (++this.#steps > MAX_STEPS) throw new Fatal(`The limit of ${MAX_STEPS} steps has been reached. This limit can be changed in your worker configuration.`);
    checkName(name);
    const whole = `${kind}:${name}`;
    const count = (this.#counts.get(whole) ?? 0) + 1;
    this.#counts.set(whole, count);
    return { key: `${whole}-${count}`, count };
  }

  /** Has `work` count as something that the instance does. */
  async busily(work) {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      this.#look();
    }
  }

  /** How a step stands; nothing of the instance runs when it is the only one, and waits. */
  keep(key, state, { result, error, attempts = 0, due } = {}) {
    const waits = due !== undefined && this.#busy <= 1;
    return this.#handle.keep(key, [state, result, error === undefined ? undefined : stringify(error), attempts, due], waits);
  }

  /** Waits while the instance is to be paused. */
  async mayBegin() {
    while (this.#pausing) {
      await this.#idle(new Promise((resolve) => this.#held.push(resolve)));
    }
  }

  /** Until a moment, or until something is heard since `heard`. */
  async wait(due, heard = undefined) {
    const left = due - this.#handle.now();
    if (left <= 0 || (heard !== undefined && heard !== this.heard)) return;
    const wait = { due, wake: undefined };
    const until = new Promise((resolve) => {
      if (heard !== undefined) wait.wake = resolve;
      if (left < DAY) wait.timer = setTimeout(resolve, left);
    });
    this.#waits.add(wait);
    await this.#idle(until);
    clearTimeout(wait.timer);
    this.#waits.delete(wait);
  }

  async #idle(promise) {
    this.#busy--;
    this.#look();
    await promise;
    this.#busy++;
  }

  #look() {
    if (this.#busy > 0) return;
    if (this.#pausing) return this.#suspend();
    if (this.#timer === undefined && this.#waitsLong()) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (this.#busy === 0 && this.#waitsLong()) this.#suspend();
      }, GRACE);
    }
  }

  #waitsLong() {
    const soon = this.#handle.now() + GRACE;
    return this.#waits.size > 0 && [...this.#waits].every(({ due }) => due > soon);
  }

  #suspend() {
    const due = min(...[...this.#waits].map((wait) => wait.due));
    this.#end({ outcome: "suspended", due: this.#waits.size > 0 ? due : this.#handle.now() });
  }
}

function packed(value, what) {
  let parcel;
  try {
    parcel = pack(value);
  } catch (error) {
    throw new Fatal(`${what} could not be stored: ${error.message}`);
  }
  if (host.parcelSize(parcel) > MAX_BYTES) throw new Fatal(`${what} is too large. Maximum allowed size is 1MiB.`);
  return parcel;
}

const valueOf = (bytes) => unpack(host.parcelFrom(bytes));

function thrown(json) {
  const { name, message } = parse(json);
  return named(name, message);
}

class WorkflowStep {
  #run;

  constructor(token, run) {
    illegalConstructor(token);
    this.#run = run;
  }

  async do(name, config, callback = undefined) {
    const body = callback ?? config;
    if (typeof body !== "function") throw new TypeError("step.do() requires a function.");
    const run = this.#run;
    const { key, count } = run.begin("do", name);
    const settings = configOf(name, callback === undefined ? undefined : config);
    return run.busily(async () => {
      const known = (await run.handle.step(key)) ?? null;
      if (known !== null && known[0] === "complete") return valueOf(known[1]);
      if (known !== null && known[0] === "failed") throw thrown(known[2]);
      const about = { key, name, count, settings };
      let attempt = known === null ? 1 : known[3];
      if (known !== null && known[0] === "retrying") {
        attempt++;
        await run.wait(known[4]);
      }
      return this.#attempts(about, attempt, body);
    });
  }

  async #attempts(about, attempt, body) {
    const { key, settings } = about;
    const { retries } = settings;
    for (; ; attempt++) {
      try {
        return await this.#attempt(about, attempt, body);
      } catch (error) {
        const told = toldOf(error);
        if (isFinal(error) || attempt > retries.limit) {
          await this.#run.keep(key, "failed", { error: told, attempts: attempt });
          throw error;
        }
        const due = this.#run.handle.now() + min(delayOf(retries, attempt), YEAR);
        await this.#run.keep(key, "retrying", { error: told, attempts: attempt, due });
        await this.#run.wait(due);
      }
    }
  }

  async #attempt({ key, name, count, settings }, attempt, body) {
    const run = this.#run;
    await run.mayBegin();
    await run.keep(key, "running", { attempts: attempt });
    host.objectRefresh();
    let timer;
    const late = new Promise((_, reject) => {
      if (settings.timeout < DAY) timer = setTimeout(() => reject(timedOut(settings.timeout)), settings.timeout);
    });
    const work = async () => body({ attempt, step: { name, count }, config: settings });
    try {
      const value = await Promise.race([work(), late]);
      await run.keep(key, "complete", { result: packed(value, `Step ${name}-${count} output`), attempts: attempt });
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  async sleep(name, duration) {
    const span = millis(duration);
    return this.#sleep(name, () => this.#run.handle.now() + span);
  }

  async sleepUntil(name, moment) {
    const due = +moment;
    if (Number.isNaN(due)) throw new TypeError("step.sleepUntil() requires a Date or milliseconds since 1970.");
    return this.#sleep(name, () => {
      if (due < this.#run.handle.now()) throw new Error("You can't sleep until a time in the past, time-traveler");
      return due;
    });
  }

  async #sleep(name, dueOf) {
    const run = this.#run;
    const { key } = run.begin("sleep", name);
    return run.busily(async () => {
      const known = (await run.handle.step(key)) ?? null;
      const due = known === null ? dueOf() : known[4];
      if (known === null) await run.keep(key, "sleeping", { due });
      await run.wait(due);
      await run.mayBegin();
    });
  }

  async waitForEvent(name, options) {
    const type = `${options?.type}`;
    const span = millis(options?.timeout ?? DAY);
    const run = this.#run;
    const { key } = run.begin("waitForEvent", name);
    const given = ([payload, sent]) => ({ payload: valueOf(payload), timestamp: new Date(sent), type });
    return run.busily(async () => {
      const known = (await run.handle.step(key)) ?? null;
      if (known !== null && known[0] === "complete") return given([known[1], known[4]]);
      if (known !== null && known[0] === "failed") throw thrown(known[2]);
      const due = known === null ? run.handle.now() + min(span, YEAR) : known[4];
      if (known === null) await run.keep(key, `waiting ${type}`, { due });
      for (;;) {
        const { heard } = run;
        const sent = (await run.handle.take(key, type)) ?? null;
        if (sent !== null) return given(sent);
        if (run.handle.now() >= due) {
          await run.keep(key, "failed", { error: toldOf(timedOut(span)) });
          throw timedOut(span);
        }
        await run.wait(due, heard);
      }
    });
  }
}
interface_(WorkflowStep);

/** Runs an instance with what the host says of it; answers JSON of how that ended. */
export async function run(openRun, json, parcel, handler) {
  const { flow, id, generation, created } = parse(json);
  const current = new Run(openRun(flow, id, generation));
  const payload = valueOf(host.parcelBytes(parcel));
  const event = { payload, timestamp: new Date(created), instanceId: id, workflowName: flow.slice(flow.indexOf(":") + 1) };
  const whole = async () => {
    try {
      const output = await handler([event, new WorkflowStep(internal, current)]);
      await current.handle.complete(packed(output, "The output of the workflow"));
      return { outcome: "complete" };
    } catch (error) {
      host.reportError(error);
      return { outcome: "errored", error: toldOf(error) };
    }
  };
  current.listen();
  return stringify(await Promise.race([whole(), current.over]));
}
