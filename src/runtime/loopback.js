// `ctx.exports`: the Worker's own entrypoints, as if they were bound. Each is a Fetcher that can also be called with
// `{ props }` for another one with other props.
import { lazy } from "internal:host";
import { DurableObject, WorkerEntrypoint, exports } from "internal:workers";

const fetching = lazy("fetch");
const { defineProperty, keys, setPrototypeOf } = Object;

const isEntrypoint = (value) =>
  typeof value === "function" ? value.prototype instanceof WorkerEntrypoint : typeof value === "object" && value !== null;

const isObjectClass = (value) => typeof value === "function" && value.prototype instanceof DurableObject;

/** Fills `exports` with what the entry module exports; `open(name, props)` answers a native target, `objects(class)` a namespace. */
export function fillExports(namespace, { open, objects }) {
  for (const name of keys(namespace)) {
    const isObjects = isObjectClass(namespace[name]);
    if (!isObjects && !isEntrypoint(namespace[name])) continue;
    const get = () => settle(name, isObjects ? objects(name) : loopback(open, name));
    defineProperty(exports, name, { get, enumerable: true, configurable: true });
  }
}

function settle(name, value) {
  defineProperty(exports, name, { value, writable: true, enumerable: true, configurable: true });
  return value;
}

function loopback(open, name) {
  const { Fetcher, fetcherOf } = fetching();
  const callable = (options = undefined) => {
    const props = options?.props;
    return fetcherOf(open(name, props === undefined ? undefined : JSON.stringify(props)));
  };
  delete callable.name;
  delete callable.length;
  setPrototypeOf(callable, Fetcher.prototype);
  return fetcherOf(open(name, undefined), callable);
}
