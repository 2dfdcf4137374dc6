// What customers can have, and what that lets their Workers do.
export const PLANS = {
	dinghy: { title: "Dinghy", limits: { cpuMs: 10, subRequests: 2 } },
	schooner: { title: "Schooner", limits: { cpuMs: 100, subRequests: 20 } },
};
