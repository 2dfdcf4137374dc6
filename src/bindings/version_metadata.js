// The version metadata binding.
export const make = (id, tag = "", timestamp = new Date().toISOString()) => ({ id, tag, timestamp });
