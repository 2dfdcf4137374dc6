// The platform's AbortController, in the shape of the package of that name.
export default { get AbortController() { return globalThis.AbortController; }, get AbortSignal() { return globalThis.AbortSignal; } };
