// The customers in D1, and their Workers in the dispatch namespace, which Cloudflare's SDK uploads.
import Cloudflare, { toFile } from "cloudflare";

const NAMESPACE = "customers";
const MODULE = "worker.mjs";
const TABLES = [
	"CREATE TABLE IF NOT EXISTS customers (name TEXT PRIMARY KEY, plan TEXT NOT NULL, code TEXT, deployed TEXT)",
	"CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL)",
	// Deploys from a repository of its own: customers/bakery.
	"INSERT OR IGNORE INTO customers (name, plan) VALUES ('bakery', 'schooner')",
];

let ready;

const prepared = async (db) => {
	await (ready ??= db.batch(TABLES.map((sql) => db.prepare(sql))));
	return db;
};

export const list = async (db) =>
	(await (await prepared(db)).prepare("SELECT name, plan, deployed FROM customers ORDER BY name").all()).results;

export const find = async (db, name) => (await prepared(db)).prepare("SELECT * FROM customers WHERE name = ?").bind(name).first();

export const logs = async (db, name, after) => {
	const query = "SELECT id, level, text, at FROM lines WHERE customer = ? AND id > ? ORDER BY id LIMIT 200";
	return (await (await prepared(db)).prepare(query).bind(name, after).all()).results;
};

const client = (env) => new Cloudflare({ apiToken: env.API_TOKEN, maxRetries: 0 });

/** Uploads a customer's code; what Cloudflare refuses is an APIError with its reason. */
export async function deploy(env, name, plan, code) {
	const file = await toFile(new TextEncoder().encode(code), MODULE, { type: "application/javascript+module" });
	const metadata = { main_module: MODULE, compatibility_date: "2026-04-01", tags: [`plan-${plan}`] };
	const { scripts } = client(env).workersForPlatforms.dispatch.namespaces;
	await scripts.update(NAMESPACE, name, { account_id: env.ACCOUNT_ID, metadata, files: [file] });
	const keep = `INSERT INTO customers (name, plan, code, deployed) VALUES (?1, ?2, ?3, datetime('now'))
		ON CONFLICT (name) DO UPDATE SET plan = ?2, code = ?3, deployed = datetime('now')`;
	await (await prepared(env.DB)).prepare(keep).bind(name, plan, code).run();
	return find(env.DB, name);
}

export async function remove(env, name) {
	const { scripts } = client(env).workersForPlatforms.dispatch.namespaces;
	await scripts.delete(NAMESPACE, name, { account_id: env.ACCOUNT_ID });
	const db = await prepared(env.DB);
	await db.batch(["DELETE FROM customers WHERE name = ?", "DELETE FROM lines WHERE customer = ?"].map((sql) => db.prepare(sql).bind(name)));
}

/** The names of those that the namespace has on a plan, by their tags. */
export async function onPlan(env, plan) {
	const path = `/accounts/${env.ACCOUNT_ID}/workers/dispatch/namespaces/${NAMESPACE}/scripts?tags=plan-${plan}:yes`;
	const { result } = await client(env).get(path);
	return result.map((script) => script.id);
}
