// The way from JavaScript to the host: natives by area, and modules of our own that load when first needed.
// Evaluated before any other code; user code cannot import it.

const { natives } = globalThis;
delete globalThis.natives;

export const host = natives;

// QuickJS's own, which our modules wrap: kept before the globals of these names become lazy.
const { DOMException, atob, btoa, queueMicrotask } = globalThis;
host.builtin = { DOMException, atob, btoa, queueMicrotask };

const loaded = new Map();

function load(name) {
  if (!loaded.has(name)) loaded.set(name, host.load(`internal:${name}`));
  return loaded.get(name);
}

/** A function that answers the exports of `internal:NAME`, evaluated at its first call. */
export function lazy(name) {
  let exports;
  return () => (exports ??= load(name));
}

/** Installs globals that evaluate their module when first touched: `[[module, [names]]]`. */
export function defineGlobals(groups) {
  for (const [module, names] of groups) {
    const exports = lazy(module);
    for (const name of names) defineLazy(name, () => exports()[name]);
  }
}

const { defineProperty } = Reflect;
/** The getters of globals that nobody has touched yet. */
const lazyGetters = new Set();

function defineLazy(name, read) {
  // Operations (fetch, setTimeout) are enumerable, interfaces and the namespace `console` are not.
  const enumerable = name[0] >= "a" && name !== "console";
  const settle = (value) => {
    lazyGetters.delete(get);
    defineProperty(globalThis, name, { value, writable: true, enumerable, configurable: true });
    return value;
  };
  const get = () => settle(read());
  lazyGetters.add(get);
  defineProperty(globalThis, name, { get, set: settle, enumerable, configurable: true });
}

// That a global is lazy must not show: mocks and polyfills look at its descriptor.
for (const holder of [Object, Reflect]) {
  const native = holder.getOwnPropertyDescriptor;
  const { getOwnPropertyDescriptor } = {
    getOwnPropertyDescriptor(object, key) {
      const descriptor = native(object, key);
      if (object !== globalThis || !lazyGetters.has(descriptor?.get)) return descriptor;
      descriptor.get();
      return native(object, key);
    },
  };
  defineProperty(holder, "getOwnPropertyDescriptor", { value: getOwnPropertyDescriptor });
}
