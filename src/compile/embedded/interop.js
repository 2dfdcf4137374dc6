// How CommonJS modules and ES modules see one another, as esbuild has it.

const modules = new WeakMap();
const converted = new WeakMap();

// Runs a CommonJS module on its first use. `carrier` is its identity, `body` its code as a function, `requires` makes
// its table of specifier -> how to take it and the namespace of the ES module behind it.
export function run(carrier, body, requires) {
  const known = modules.get(carrier);
  if (known) return known.exports;
  const module = { exports: {} };
  modules.set(carrier, module);
  try {
    body.call(module.exports, module.exports, requirer(requires()), module);
  } catch (error) {
    modules.delete(carrier);
    throw error;
  }
  return module.exports;
}

export function requirer(table) {
  return function require(specifier) {
    const entry = Object.hasOwn(table, specifier) ? table[specifier] : undefined;
    if (!entry) throw new Error(`Dynamic require of "${specifier}" is not supported`);
    const [how, namespace] = entry;
    if (how === 0) return namespace.run$();
    return how === 1 ? fromModule(namespace) : namespace.default;
  };
}

// What `require` gives for an ES module.
function fromModule(namespace) {
  if ("module.exports" in namespace) return namespace["module.exports"];
  let object = converted.get(namespace);
  if (!object) {
    object = Object.defineProperty({}, "__esModule", { value: true });
    for (const key of Object.getOwnPropertyNames(namespace)) {
      if (key !== "__esModule") Object.defineProperty(object, key, { get: () => early(namespace, key), enumerable: true });
    }
    converted.set(namespace, object);
  }
  return object;
}

// Of a module that is still being evaluated, as circles have it, what is not yet there is undefined.
function early(namespace, key) {
  try {
    return namespace[key];
  } catch {
    return undefined;
  }
}

// What `import` gives for a CommonJS module that leads to the importer: it runs later, or when it is first used.
export function later(carrier, node) {
  let known;
  const whole = () => (known ??= toModule(carrier(), node));
  return new Proxy(Object.create(null), {
    get: (_, key) => whole()[key],
    has: (_, key) => key in whole(),
    ownKeys: () => Reflect.ownKeys(whole()),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(whole(), key);
      return descriptor && { ...descriptor, configurable: true };
    },
  });
}

// What `import` gives for a CommonJS module; `node`: as Node.js sees it, where `default` is always the whole.
export function toModule(exports, node) {
  const target = exports != null ? Object.create(Object.getPrototypeOf(exports)) : {};
  if (node || !exports || !exports.__esModule) {
    Object.defineProperty(target, "default", { value: exports, enumerable: true });
  }
  return copy(target, exports);
}

function copy(target, from) {
  if ((from && typeof from === "object") || typeof from === "function") {
    for (const key of Object.getOwnPropertyNames(from)) {
      if (Object.hasOwn(target, key)) continue;
      const enumerable = Object.getOwnPropertyDescriptor(from, key)?.enumerable ?? true;
      Object.defineProperty(target, key, { get: () => from[key], enumerable });
    }
  }
  return target;
}

// Calls what it gives without a `this`.
export function plain(callee) {
  return callee;
}
