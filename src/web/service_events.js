// The events of service-worker syntax (`addEventListener("fetch", ...)`). User code cannot construct them: the runtime
// makes them with the `internal` token and functions that carry out what the Worker asks.

import { Event } from "internal:event";
import { illegalConstructor, interface_, internal, requiredArguments } from "internal:webidl";

export class ExtendableEvent extends Event {
  #actions;

  /** `actions.waitUntil(promise)`; `cancelable` is as in EventInit. */
  constructor(token, type, actions) {
    illegalConstructor(token);
    super(type, { cancelable: true });
    this.#actions = actions;
  }

  waitUntil(promise) {
    requiredArguments(arguments.length, 1, "Failed to execute 'waitUntil' on 'ExtendableEvent'");
    this.#actions.waitUntil(promise);
  }
}

export class FetchEvent extends ExtendableEvent {
  #request;
  #actions;

  /** `actions` has `respondWith(response)` and `passThroughOnException()` besides `waitUntil`. */
  constructor(token, request, actions) {
    super(token, "fetch", actions);
    this.#request = request;
    this.#actions = actions;
  }

  get request() { return this.#request; }

  respondWith(response) {
    requiredArguments(arguments.length, 1, "Failed to execute 'respondWith' on 'FetchEvent'");
    this.#actions.respondWith(response);
  }

  passThroughOnException() { this.#actions.passThroughOnException(); }
}

export class ScheduledEvent extends ExtendableEvent {
  #schedule;

  /** `schedule` is `{ cron, scheduledTime }`; `actions` has `noRetry()` besides `waitUntil`. */
  constructor(token, schedule, actions) {
    super(token, "scheduled", actions);
    this.#schedule = { ...schedule, noRetry: () => actions.noRetry() };
  }

  get scheduledTime() { return this.#schedule.scheduledTime; }
  get cron() { return this.#schedule.cron; }
  noRetry() { this.#schedule.noRetry(); }
}

export class TailEvent extends ExtendableEvent {
  #events;

  constructor(token, events, actions) {
    super(token, "tail", actions);
    this.#events = events;
  }

  get events() { return this.#events; }
  get traces() { return this.#events; }
}

for (const Class of [ExtendableEvent, FetchEvent, ScheduledEvent, TailEvent]) interface_(Class, { lengths: { constructor: 0 } });

export { internal };
