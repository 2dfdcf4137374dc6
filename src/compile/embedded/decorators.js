// Applies the standard's decorators to a class that the compiler has prepared for it.

const METADATA = Symbol.metadata ?? Symbol.for("Symbol.metadata");

export function begin(name, decorators) {
  return new Decorated(name, decorators);
}

class Decorated {
  #elements = [];
  #name;
  #decorators;
  #target;
  #starts = [];
  #ends = [];

  constructor(name, decorators) {
    this.#name = name;
    this.#decorators = decorators;
  }

  // Takes a member's decorators as its key is evaluated. A private member stands under a symbol until it is read.
  key(kind, isStatic, decorators, name, has, get, set) {
    const isPrivate = has !== undefined;
    if (!isPrivate && typeof name !== "symbol") name = `${name}`;
    const key = isPrivate ? Symbol(name) : name;
    this.#elements.push({ kind, isStatic, decorators, name, key, has, get, set, values: [], after: [] });
    return key;
  }

  name(index) {
    return this.#elements[index].key;
  }

  // What a function is called that is a member's value.
  named(index) {
    return this.#elements[index].name;
  }

  apply(target, replace) {
    this.#target = target;
    if (Object.getOwnPropertyDescriptor(target, "name")?.value === "") rename(target, this.#name);
    const metadata = Object.create(Object.getPrototypeOf(target)?.[METADATA] ?? null);
    for (const fields of [false, true]) {
      for (const isStatic of [true, false]) {
        for (const element of this.#elements) {
          if (element.isStatic === isStatic && (element.kind === "field") === fields) this.#decorate(element, metadata);
        }
      }
    }
    for (const decorator of this.#decorators.toReversed()) {
      const context = { kind: "class", name: this.#name, metadata };
      const replaced = call(decorator, this.#target, context, this.#ends);
      if (replaced !== undefined) this.#target = callable(replaced);
    }
    Object.defineProperty(this.#target, METADATA, {
      value: metadata,
      configurable: true,
      writable: true,
      enumerable: true,
    });
    replace?.(this.#target);
    for (const start of this.#of(true)) start.call(this.#target);
  }

  #of(isStatic) {
    return this.#starts.filter((one) => one.isStatic === isStatic).flatMap((one) => one.run);
  }

  // Runs what is to run before the fields of a new object.
  start(object) {
    for (const start of this.#of(false)) start.call(object);
  }

  // The first value of a field or an accessor.
  value(index, object, value) {
    return this.#elements[index].values.reduce((value, initialize) => initialize.call(object, value), value);
  }

  after(index, object) {
    for (const run of this.#elements[index].after) run.call(object);
  }

  // What takes the place of the class.
  whole() {
    return this.#target;
  }

  end() {
    for (const run of this.#ends) run.call(this.#target);
  }

  method(index) {
    return this.#elements[index].descriptor.value;
  }

  get(index, object) {
    return this.#elements[index].descriptor.get.call(object);
  }

  set(index, object, value) {
    this.#elements[index].descriptor.set.call(object, value);
  }

  #decorate(element, metadata) {
    const { kind, isStatic, name, key } = element;
    const isField = kind === "field";
    const home = isStatic || (isField && element.has) ? this.#target : this.#target.prototype;
    const descriptor = isField ? undefined : Object.getOwnPropertyDescriptor(home, key);
    element.descriptor = descriptor;
    if (element.has) {
      delete home[key];
      if (descriptor?.value) rename(descriptor.value, name);
      if (descriptor?.get) rename(descriptor.get, `get ${name}`);
      if (descriptor?.set) rename(descriptor.set, `set ${name}`);
    }
    const run = isField || kind === "accessor" ? element.after : [];
    if (run !== element.after) this.#starts.push({ isStatic, run });
    for (const decorator of element.decorators.toReversed()) {
      const context = { kind: KINDS[kind] ?? kind, name, metadata, static: isStatic, private: Boolean(element.has) };
      context.access = access(element);
      if (kind === "accessor") {
        const result = call(decorator, { get: descriptor.get, set: descriptor.set }, context, run);
        if (result === undefined) continue;
        if (typeof result !== "object" || result === null) throw new TypeError("Object expected");
        if (result.get !== undefined) descriptor.get = callable(result.get);
        if (result.set !== undefined) descriptor.set = callable(result.set);
        if (result.init !== undefined) element.values.unshift(callable(result.init));
        continue;
      }
      const place = kind === "method" ? "value" : kind;
      const result = call(decorator, isField ? undefined : descriptor[place], context, run);
      if (result === undefined) continue;
      if (isField) element.values.unshift(callable(result));
      else descriptor[place] = callable(result);
    }
    if (descriptor && !element.has) Object.defineProperty(home, key, descriptor);
  }
}

const KINDS = { get: "getter", set: "setter" };

function rename(of, name) {
  Object.defineProperty(of, "name", { value: name, configurable: true });
}

function callable(value) {
  if (typeof value !== "function") throw new TypeError("Function expected");
  return value;
}

function call(decorator, value, context, list) {
  let done = false;
  context.addInitializer = (run) => {
    if (done) throw new TypeError("Already initialized");
    list.push(callable(run));
  };
  try {
    return callable(decorator)(value, context);
  } finally {
    done = true;
  }
}

function access({ kind, name, has, get, set }) {
  const made = { has: has ?? ((object) => name in object) };
  if (kind !== "set") made.get = get ?? ((object) => object[name]);
  if (kind === "set" || kind === "field" || kind === "accessor") {
    made.set =
      set ??
      ((object, value) => {
        object[name] = value;
      });
  }
  return made;
}
