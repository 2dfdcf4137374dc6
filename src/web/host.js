// The way from JavaScript to the host: natives by area, and modules of our own that load when first needed.
// Evaluated before any other code; user code cannot import it.

const { natives } = globalThis;
delete globalThis.natives;

export const host = natives;

/** A function that answers the exports of `internal:NAME`, evaluated at its first call. */
export function lazy(name) {
  let exports;
  return () => (exports ??= host.load(`internal:${name}`));
}

/** Installs globals that evaluate their module when first touched: `[[module, [names]]]`. */
export function defineGlobals(groups) {
  for (const [module, names] of groups) {
    const exports = lazy(module);
    for (const name of names) defineLazy(name, () => exports()[name]);
  }
}

const { defineProperty } = Reflect;

function defineLazy(name, read) {
  const settle = (value) => {
    defineProperty(globalThis, name, { value, writable: true, enumerable, configurable: true });
    return value;
  };
  // Operations (fetch, setTimeout) are enumerable, interfaces are not.
  const enumerable = name[0] >= "a";
  defineProperty(globalThis, name, { get: () => settle(read()), set: settle, enumerable, configurable: true });
}
