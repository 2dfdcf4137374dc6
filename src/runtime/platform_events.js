// The platform's own events: what `scheduled()`, `queue()` and `email()` are given, and what the host learns of how they went.
import { host, lazy } from "internal:host";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const batches = lazy("queue_batch");
const emails = lazy("email_event");
const traces = lazy("trace_items");
const { parse, stringify } = JSON;

class ScheduledController {
  #facts;

  constructor(token, facts) {
    illegalConstructor(token);
    this.#facts = facts;
  }

  get scheduledTime() { return this.#facts.scheduledTime; }
  get cron() { return this.#facts.cron; }
  noRetry() { this.#facts.noRetry = true; }
}
interface_(ScheduledController);

// By the handler's name: `{ given, told() }` of what the host says of the event, JSON and bytes. Others get what they are sent.
const kinds = {
  __proto__: null,
  scheduled(facts) {
    facts.noRetry = false;
    return { given: new ScheduledController(internal, facts), told: () => ({ noRetry: facts.noRetry }) };
  },
  queue: (facts, bytes) => batches().open(facts, bytes),
  tail: (items) => traces().open(items),
  email: (facts, bytes) => emails().open(facts, bytes),
};

/** Whether the host answers for such an event by what `run` tells. */
export const isKnown = (name) => name in kinds;

/** Has `handler(given)` handle an event, to the end of what it promised; answers what became of it as JSON. */
export async function run(event, name, json, parcel, handler) {
  const { given, told } = kinds[name](parse(json), host.parcelBytes(parcel));
  event.promised = [];
  let well = true;
  try {
    await handler(given);
  } catch (error) {
    host.reportError(error);
    well = false;
  }
  if (!(await event.drained())) well = false;
  return stringify({ outcome: well ? "ok" : "exception", ...told() });
}
