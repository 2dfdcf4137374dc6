// The outbound Worker: signs what customers ask of the platform's own API, and keeps them from asking others.
const BLOCKED = new Set(["tracker.example"]);
const OURS = "quotes.harbour.example";

export default {
	fetch(request, { customer, QUOTES_TOKEN }) {
		const { hostname } = new URL(request.url);
		if (BLOCKED.has(hostname)) return new Response(`${hostname} is off limits for ${customer.name}.\n`, { status: 403 });
		if (hostname !== OURS) return fetch(request);
		const headers = new Headers(request.headers);
		headers.set("authorization", `Bearer ${QUOTES_TOKEN}`);
		headers.set("x-customer", customer.name);
		return fetch(new Request(request, { headers }));
	},
};
