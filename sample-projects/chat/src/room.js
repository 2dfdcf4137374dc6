// One room. Who is here stands in the attachments of the sockets, what was said in SQLite: nothing is lost when the
// object leaves memory, and it does so whenever the room is silent for a while.
import { DurableObject } from "cloudflare:workers";

const HISTORY = 50;
const LONGEST = 500;

export class Room extends DurableObject {
	constructor(ctx, env) {
		super(ctx, env);
		ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS said (id INTEGER PRIMARY KEY, name TEXT, text TEXT, at INTEGER)");
		// Answered by the platform: no room wakes up for it.
		ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
	}

	fetch(request) {
		const name = (new URL(request.url).searchParams.get("name") ?? "").trim().slice(0, 30) || "somebody";
		const [client, server] = Object.values(new WebSocketPair());
		this.ctx.acceptWebSocket(server, [name]);
		server.serializeAttachment({ name });
		server.send(JSON.stringify({ kind: "history", said: this.history() }));
		this.tellWhoIsHere();
		return new Response(null, { status: 101, webSocket: client });
	}

	webSocketMessage(socket, text) {
		const said = { name: socket.deserializeAttachment().name, text: `${text}`.trim().slice(0, LONGEST), at: Date.now() };
		if (said.text === "") return;
		this.ctx.storage.sql.exec("INSERT INTO said (name, text, at) VALUES (?, ?, ?)", said.name, said.text, said.at);
		this.tell({ kind: "said", ...said });
	}

	webSocketClose(socket, code) {
		socket.close(code === 1005 || code === 1006 ? 1000 : code);
		this.tellWhoIsHere();
	}

	history() {
		const newest = this.ctx.storage.sql.exec("SELECT name, text, at FROM said ORDER BY id DESC LIMIT ?", HISTORY);
		return newest.toArray().reverse();
	}

	tellWhoIsHere() {
		const names = this.ctx.getWebSockets().map((socket) => socket.deserializeAttachment().name);
		this.tell({ kind: "here", names: [...new Set(names)].sort() });
	}

	tell(message) {
		const text = JSON.stringify(message);
		for (const socket of this.ctx.getWebSockets()) socket.send(text);
	}
}
