// What a request does, told with the request it belongs to, wherever the code is called from.
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout } from "node:timers/promises";
import { format } from "node:util";

const requests = new AsyncLocalStorage();

export const withRequest = (method, path, run) => requests.run({ method, path }, run);

export async function log(step) {
	await setTimeout(5);
	const { method, path } = requests.getStore();
	return format("%s %s: %s", method, path, step);
}
