// The tail Worker: one line for each request, each console line and each exception of a customer's Worker.
const TABLE = "CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL)";

const shown = (part) => (typeof part === "string" ? part : JSON.stringify(part));

function linesOf({ event, logs, exceptions, outcome, eventTimestamp }) {
	const asked = event?.request === undefined ? "an event" : `${event.request.method} ${new URL(event.request.url).pathname}`;
	return [
		["request", `${asked} ${event?.response?.status ?? outcome}`, eventTimestamp],
		...logs.map(({ level, message, timestamp }) => [level, [message].flat().map(shown).join(" "), timestamp]),
		...exceptions.map(({ name, message, timestamp }) => ["error", `${name}: ${message}`, timestamp]),
	];
}

export default {
	async tail(events, { DB }) {
		const insert = DB.prepare("INSERT INTO lines (customer, level, text, at) VALUES (?, ?, ?, ?)");
		const theirs = events.filter((event) => event.dispatchNamespace === "customers");
		const lines = theirs.flatMap((event) => linesOf(event).map((line) => insert.bind(event.scriptName, ...line)));
		if (lines.length > 0) await DB.batch([DB.prepare(TABLE), ...lines]);
	},
};
