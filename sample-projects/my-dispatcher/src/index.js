export default {
	async fetch(request, env) {
		const worker = env.dispatcher.get("customer-worker-1");
		return await worker.fetch(request);
	},
};
