// The version metadata binding.
export const make = (id) => ({ id, tag: "", timestamp: new Date().toISOString() });
