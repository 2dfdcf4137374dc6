// Orders come in, cards go out. What takes its time happens in the workflow and behind the queue.
import { card } from "./card.js";

export { Postcard } from "./postcard.js";

async function order(request, env) {
	const form = await request.formData();
	const words = `${form.get("words") ?? ""}`.trim().slice(0, 120);
	if (words === "") return Response.json({ error: "What should it say?" }, { status: 422 });
	const { id } = await env.POSTCARDS.create({ params: { words } });
	return Response.json({ id }, { status: 202 });
}

async function state(id, env) {
	const { status, output, error } = await (await env.POSTCARDS.get(id)).status();
	return Response.json({ id, status, output, error });
}

async function list(env) {
	const { objects } = await env.CARDS.list({ include: ["customMetadata"] });
	const cards = objects.map(({ key, uploaded, customMetadata }) => ({ key, uploaded, words: customMetadata.words }));
	return Response.json(cards.sort((a, b) => b.uploaded - a.uploaded));
}

async function show(key, env) {
	const found = await env.CARDS.get(key);
	if (found === null) return new Response("No such card.\n", { status: 404 });
	const headers = new Headers({ etag: found.httpEtag });
	found.writeHttpMetadata(headers);
	return new Response(found.body, { headers });
}

export default {
	fetch(request, env) {
		const [, what, key] = new URL(request.url).pathname.split("/");
		if (what === "orders" && request.method === "POST") return order(request, env);
		if (what === "orders" && key !== undefined) return state(key, env);
		if (what === "cards") return key === undefined ? list(env) : show(key, env);
		return new Response("There is nothing here.\n", { status: 404 });
	},

	/** Draws cards, and tells each one's workflow. */
	async queue(batch, env) {
		for (const { body: { id, words } } of batch.messages) {
			const options = { httpMetadata: { contentType: "image/svg+xml" }, customMetadata: { words } };
			await env.CARDS.put(`${id}.svg`, card(words), options);
			const instance = await env.POSTCARDS.get(id);
			await instance.sendEvent({ type: "drawn", payload: { key: `${id}.svg` } });
		}
	},

	/** Throws old cards away. */
	async scheduled(controller, env) {
		const oldest = controller.scheduledTime - env.KEEP_HOURS * 3_600_000;
		const { objects } = await env.CARDS.list();
		const old = objects.filter(({ uploaded }) => uploaded.getTime() < oldest).map(({ key }) => key);
		if (old.length > 0) await env.CARDS.delete(old);
		console.log(`${old.length} old cards thrown away, ${objects.length - old.length} kept`);
	},
};
