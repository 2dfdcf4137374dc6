// What a Worker exports to answer events: asked once, by those who show an upload.
import { exported } from "internal:worker";
import { WorkerEntrypoint, DurableObject, WorkflowEntrypoint } from "internal:workers";
import { hasListeners } from "internal:event";
import { isForListeners } from "internal:listeners";

const HANDLERS = ["fetch", "scheduled", "queue", "email", "tail", "trace", "tailStream", "test"];

const has = (value, name) => typeof value[name] === "function";

/** A plain function is no entrypoint: only a class has a `prototype` that stays. */
const isClass = (value) => typeof value === "function" && Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;

const isObject = (value) => typeof value === "object" && value !== null;

/** The methods of a class that has instances per call. */
function methods(Class) {
  const names = new Set();
  for (let at = Class.prototype; isObject(at) && at !== WorkerEntrypoint.prototype && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== "constructor" && typeof Object.getOwnPropertyDescriptor(at, name).value === "function") names.add(name);
    }
  }
  return [...names].sort();
}

function handlersOf(value) {
  if (isForListeners(value)) return HANDLERS.filter((name) => hasListeners(globalThis, name));
  if (isClass(value)) return value.prototype instanceof WorkerEntrypoint ? methods(value) : ["class"];
  return isObject(value) ? HANDLERS.filter((name) => has(value, name)) : [];
}

const isEntrypoint = (value) =>
  isClass(value) ? [WorkerEntrypoint, DurableObject, WorkflowEntrypoint].some((Base) => value.prototype instanceof Base) || has(value.prototype ?? {}, "fetch")
    : handlersOf(value).length > 0;

/** As JSON: `{ handlers, named_handlers }`. */
export function describe() {
  const named = Object.keys(exported).filter((name) => name !== "default" && isEntrypoint(exported[name]));
  const named_handlers = named.map((name) => ({ name, handlers: handlersOf(exported[name]) }));
  return JSON.stringify({ handlers: handlersOf(exported.default), named_handlers });
}
