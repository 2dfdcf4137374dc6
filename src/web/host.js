// The way from JavaScript to the host: natives by area, and modules of our own that load when first needed.
// Evaluated before any other code; user code cannot import it.

const { natives } = globalThis;
delete globalThis.natives;

export const host = natives;

// QuickJS's own, which our modules wrap: kept before the globals of these names become lazy.
const { DOMException, WeakRef, atob, btoa, queueMicrotask } = globalThis;
host.builtin = { DOMException, WeakRef, atob, btoa, queueMicrotask };

const loaded = new Map();

function load(name) {
  if (!loaded.has(name)) loaded.set(name, host.load(name.includes(":") ? name : `internal:${name}`));
  return loaded.get(name);
}

/** A function that answers the exports of `internal:NAME` (or of a module named in full), evaluated at its first call. */
export function lazy(name) {
  let exports;
  return () => (exports ??= load(name));
}

const { defineProperty } = Reflect;
/** The module of each global that nobody has touched yet. */
const untouched = { __proto__: null };

/** Installs globals that evaluate their module when first touched: `[[module, [names]]]`. */
export function defineGlobals(groups) {
  for (const [module, names] of groups) {
    for (const name of names) {
      untouched[name] = module;
      // One function, both getter and setter: every isolate has some ninety of them.
      const access = (...given) => settle(name, given.length > 0 ? given[0] : load(module)[name]);
      defineProperty(globalThis, name, { get: access, set: access, enumerable: isEnumerable(name), configurable: true });
    }
  }
}

// Operations (fetch, setTimeout) are enumerable, interfaces and the namespace `console` are not.
const isEnumerable = (name) => name[0] >= "a" && name !== "console";

function settle(name, value) {
  delete untouched[name];
  defineProperty(globalThis, name, { value, writable: true, enumerable: isEnumerable(name), configurable: true });
  return value;
}

// That a global is lazy must not show: mocks and polyfills look at its descriptor.
for (const holder of [Object, Reflect]) {
  const native = holder.getOwnPropertyDescriptor;
  const { getOwnPropertyDescriptor } = {
    getOwnPropertyDescriptor(object, key) {
      if (object === globalThis && typeof key === "string" && key in untouched) void globalThis[key];
      return native(object, key);
    },
  };
  defineProperty(holder, "getOwnPropertyDescriptor", { value: getOwnPropertyDescriptor });
}
