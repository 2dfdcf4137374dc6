// A small service written the Node.js way: an http server with its log, sessions and reports.
import { createServer } from "node:http";
import { httpServerHandler } from "cloudflare:node";
import { log, withRequest } from "./log.js";
import { sign, verify } from "./session.js";
import { report } from "./report.cjs";

const routes = {
	"/login": (url, response) => response.end(sign(url.searchParams.get("user"))),
	"/whoami": (url, response) => response.end(verify(url.searchParams.get("session")) ?? "nobody"),
	"/report": async (url, response) => {
		response.setHeader("content-type", "text/csv");
		response.setHeader("content-encoding", "gzip");
		(await report(Number(url.searchParams.get("rows")))).pipe(response);
	},
	"/slow": async (url, response) => response.end(await log(url.searchParams.get("step"))),
};

const server = createServer((request, response) => {
	const url = new URL(request.url, `http://${request.headers.host}`);
	const route = routes[url.pathname];
	if (route) return withRequest(request.method, url.pathname, () => route(url, response));
	response.writeHead(404, { "content-type": "text/plain" });
	response.end(`no ${url.pathname} here\n`);
});

export default httpServerHandler(server);
