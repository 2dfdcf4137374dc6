// The life of one postcard. Each step is done once, whatever happens in between.
import { WorkflowEntrypoint } from "cloudflare:workers";

export class Postcard extends WorkflowEntrypoint {
	async run(event, step) {
		const { words } = event.payload;
		const id = event.instanceId;
		await step.do("have it drawn", () => this.env.DRAWINGS.send({ id, words }));
		const { payload } = await step.waitForEvent("it is drawn", { type: "drawn", timeout: "1 hour" });
		await step.sleep("let the ink dry", "300 ms");
		return step.do("look at it", { retries: { limit: 3, delay: "1 second" } }, async () => {
			const found = await this.env.CARDS.head(payload.key);
			if (found === null) throw new Error("the card is not there yet");
			return { key: payload.key, bytes: found.size };
		});
	}
}
