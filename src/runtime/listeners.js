// Objects of handlers that stand for the listeners of a Worker in service-worker syntax, rather than for themselves.
const standing = new WeakSet();

export const standForListeners = (handlers) => (standing.add(handlers), handlers);
export const isForListeners = (value) => typeof value === "object" && value !== null && standing.has(value);
