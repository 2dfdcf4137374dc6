// A Worker in service-worker syntax as a module: its bindings are globals, its listeners are its handlers. The compiler
// has its entry import this first, and makes what it finds here the entry's default export.
// Differs: scripts run in strict mode, as modules do.
import { env } from "internal:workers";
import { dispatch, hasListeners } from "internal:event";
import { FetchEvent, ScheduledEvent, TailEvent, internal } from "internal:service_events";
import { DOMException } from "internal:exception";
import { fetch } from "internal:fetch";
import { standForListeners } from "internal:listeners";

for (const name of Object.keys(env)) {
  Object.defineProperty(globalThis, name, { value: env[name], writable: true, enumerable: true, configurable: true });
}

const expectListeners = (type) => {
  if (!hasListeners(globalThis, type)) throw new Error(`No event listeners were registered for "${type}".`);
};

function answer(request, ctx) {
  expectListeners("fetch");
  let response;
  let isOver = false;
  let passes = false;
  const event = new FetchEvent(internal, request, {
    waitUntil: (promise) => ctx.waitUntil(promise),
    respondWith(given) {
      if (response !== undefined) {
        throw new DOMException("FetchEvent.respondWith() has already been called; it can only be called once.", "InvalidStateError");
      }
      if (isOver) {
        throw new DOMException("Too late to call FetchEvent.respondWith(). It must be called synchronously in the event handler.", "InvalidStateError");
      }
      event.stopImmediatePropagation();
      response = Promise.resolve(given);
    },
    passThroughOnException() {
      passes = true;
      ctx.passThroughOnException();
    },
  });
  const instead = () => fetch(request.bodyUsed ? new Request(request.url, { method: request.method, headers: request.headers }) : request);
  try {
    dispatch(globalThis, event);
  } catch (error) {
    if (passes) return instead();
    throw error;
  }
  isOver = true;
  // Nobody answered: the request goes on to where it was going.
  if (response === undefined) return fetch(request);
  return passes ? response.catch(instead) : response;
}

function scheduled(controller, ctx) {
  expectListeners("scheduled");
  const actions = { waitUntil: (promise) => ctx.waitUntil(promise), noRetry: () => controller.noRetry() };
  dispatch(globalThis, new ScheduledEvent(internal, { cron: controller.cron, scheduledTime: controller.scheduledTime }, actions));
}

function tail(events, ctx) {
  expectListeners("tail");
  dispatch(globalThis, new TailEvent(internal, events, { waitUntil: (promise) => ctx.waitUntil(promise) }));
}

export default standForListeners({
  fetch: (request, _env, ctx) => answer(request, ctx),
  scheduled: (controller, _env, ctx) => scheduled(controller, ctx),
  tail: (events, _env, ctx) => tail(events, ctx),
});
