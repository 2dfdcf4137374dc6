// The guestbook's API: what guests wrote, and a way to write. The page is in public/.
const NEWEST = 100;
const COLUMNS = "id, name, words, colour, written";
const COLOURS = ["rose", "sun", "leaf", "sky", "plum"];

let ready;

/** The table is made with the first request of an isolate; a larger project would have migrations. */
const prepared = (db) => (ready ??= db.exec(
	"CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, name TEXT NOT NULL, words TEXT NOT NULL, colour TEXT NOT NULL, written TEXT NOT NULL DEFAULT (datetime('now')))",
));

function entryOf(form) {
	const text = (field, longest) => `${form.get(field) ?? ""}`.trim().slice(0, longest);
	const [name, words, colour] = [text("name", 40), text("words", 280), text("colour", 8)];
	if (name === "" || words === "") return undefined;
	return [name, words, COLOURS.includes(colour) ? colour : COLOURS[0]];
}

async function write(request, db) {
	const entry = entryOf(await request.formData());
	if (entry === undefined) return Response.json({ error: "A name and a few words, please." }, { status: 422 });
	const insert = db.prepare(`INSERT INTO entries (name, words, colour) VALUES (?, ?, ?) RETURNING ${COLUMNS}`);
	return Response.json(await insert.bind(...entry).first(), { status: 201 });
}

async function list(db) {
	const { results } = await db.prepare(`SELECT ${COLUMNS} FROM entries ORDER BY id DESC LIMIT ?`).bind(NEWEST).all();
	return Response.json(results);
}

export default {
	async fetch(request, { DB }) {
		if (new URL(request.url).pathname !== "/entries") return new Response("There is nothing here.\n", { status: 404 });
		await prepared(DB);
		if (request.method === "POST") return write(request, DB);
		return list(DB);
	},
};
