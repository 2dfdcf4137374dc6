// Who is asked: the platform, at its own hosts, or a customer, at a host below them.
import { api } from "./api.js";
import { find } from "./customers.js";
import { PLANS } from "./plans.js";
import { notice } from "./notice.js";

/** `bakery` of `bakery.localhost` and `bakery.harbour.example`. */
function customerOf(hostname) {
	const [, label] = /^([a-z0-9-]+)\.(?:localhost|harbour\.example)$/.exec(hostname) ?? [];
	return label === "harbour" ? undefined : label;
}

async function serve(request, name, env) {
	const customer = await find(env.DB, name);
	if (customer === null) return notice(404, "An empty berth", `Nobody has moored at “${name}” yet.`);
	const { limits } = PLANS[customer.plan];
	const outbound = { customer: { name, plan: customer.plan } };
	try {
		return await env.CUSTOMERS.get(name, {}, { limits, outbound }).fetch(request);
	} catch (error) {
		if (error.message.startsWith("Worker not found")) return notice(404, "An empty berth", `“${name}” has deployed nothing yet.`);
		if (error.message.includes("CPU time limit")) return notice(429, "Out of breath", `“${name}” used up the CPU time of its plan.`);
		return notice(502, "Man overboard", `“${name}” failed: ${error.message}`);
	}
}

export default {
	fetch(request, env) {
		const url = new URL(request.url);
		const name = customerOf(url.hostname);
		if (name !== undefined) return serve(request, name, env);
		return url.pathname.startsWith("/api/") ? api(request, url, env) : env.ASSETS.fetch(request);
	},
};
