// The chat's Worker: it finds the room of a URL. The pages are in public/.
export { Room } from "./room.js";

const NAME = /^\/rooms\/([a-z0-9-]{1,40})\/socket$/;

export default {
	fetch(request, env) {
		const room = NAME.exec(new URL(request.url).pathname)?.[1];
		if (room === undefined) return new Response("There is nothing here.\n", { status: 404 });
		if (request.headers.get("upgrade") !== "websocket") return new Response("This is for WebSockets.\n", { status: 426 });
		return env.ROOMS.getByName(room).fetch(request);
	},
};
