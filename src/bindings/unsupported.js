// A binding that is not emulated: an object whose every method throws, so that a Worker that only mentions it still runs.
const { getPrototypeOf } = Reflect;

export function make(name, label) {
  const refuse = () => {
    throw new Error(`env.${name}: devflare does not emulate ${label} bindings yet.`);
  };
  const member = new Proxy(refuse, { get: (target, key) => read(member, target, key) });
  return new Proxy(Object.create(null), {
    get: (target, key) => read(member, target, key),
    set: refuse,
    has: () => false,
    getPrototypeOf: () => getPrototypeOf({}),
  });
}

// What the language itself asks of any object stays absent: a promise's `then`, symbols, JSON.
function read(member, target, key) {
  if (typeof key === "symbol" || key === "then" || key === "toJSON") return target[key];
  return member;
}
