// What each plan may use per request: milliseconds of CPU time, and fetches of its own.
const PLANS = {
  free: { cpuMs: 10, subRequests: 5 },
  pro: { cpuMs: 50, subRequests: 50 },
};

export function limitsFor(customer, env) {
  return PLANS[env.PLANS[customer] ?? "free"];
}
