// The API of the page: customers, their code, their logs.
import { deploy, find, list, logs, onPlan, remove } from "./customers.js";
import { PLANS } from "./plans.js";

const refused = (status, error) => Response.json({ error }, { status });

async function put(request, name, env) {
	const { plan, code } = await request.json();
	if (!Object.hasOwn(PLANS, plan)) return refused(422, "There is no such plan.");
	if (!/^[a-z][a-z0-9-]{1,30}$/.test(name) || name === "harbour") return refused(422, "A name has 2 to 31 small letters, digits and hyphens.");
	if ((await find(env.DB, name))?.code === null) return refused(403, `${name} is deployed from its own repository.`);
	try {
		return Response.json(await deploy(env, name, plan, `${code}`));
	} catch (error) {
		return refused(error.status ?? 500, error.errors?.[0]?.message ?? error.message);
	}
}

async function customer(request, name, url, env) {
	if (request.method === "PUT") return put(request, name, env);
	const found = await find(env.DB, name);
	if (found === null) return refused(404, "There is no such customer.");
	if (request.method === "DELETE") return Response.json(await remove(env, name) ?? null);
	return Response.json(found);
}

export async function api(request, url, env) {
	const [kind, name, part] = url.pathname.split("/").slice(2);
	if (kind === "plans" && name !== undefined && Object.hasOwn(PLANS, name)) return Response.json(await onPlan(env, name));
	if (kind !== "customers") return refused(404, "There is nothing here.");
	if (name === undefined) return Response.json(await list(env.DB));
	if (part === "logs") return Response.json(await logs(env.DB, name, Number(url.searchParams.get("after") ?? 0)));
	return customer(request, name, url, env);
}
