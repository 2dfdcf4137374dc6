// The name that Node.js gave the global object.
export const global = globalThis;
