import { renderToReadableStream } from "react-dom/server";
import { App } from "./app.jsx";
import styles from "./page.css";

export default {
	async fetch(request) {
		const url = new URL(request.url);
		if (url.pathname === "/page.css") {
			return new Response(styles, { headers: { "content-type": "text/css" } });
		}
		const page = await renderToReadableStream(<App name={url.searchParams.get("name") ?? "world"} />, {
			onError: (error) => console.error(error),
		});
		if (request.headers.get("user-agent")?.includes("bot")) await page.allReady;
		return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
	},
};
