// hono routes requests through middleware to handlers.
import { Hono } from "hono";
import { cors } from "hono/cors";
import { getCookie, setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { streamText } from "hono/streaming";
import { html } from "hono/html";
import { etag } from "hono/etag";

const app = new Hono();
app.use("/api/*", cors({ origin: "https://example.com" }));
app.get("/", (c) => c.text("hello"));
app.get("/api/users/:id{[0-9]+}", (c) => c.json({ id: c.req.param("id"), q: c.req.queries("q") }));
app.post("/api/users", async (c) => c.json(await c.req.json(), 201));
app.get("/cookie", (c) => {
  setCookie(c, "seen", "yes", { path: "/", httpOnly: true });
  return c.text(getCookie(c, "name") ?? "nobody");
});
app.get("/page", (c) => c.html(html`<p>${"<escaped>"}</p>`));
app.get("/stream", (c) => streamText(c, async (stream) => {
  for (const word of ["a", "b", "c"]) await stream.writeln(word);
}));
app.get("/tagged", etag(), (c) => c.text("tagged"));
app.get("/fail", () => {
  throw new HTTPException(418, { message: "teapot" });
});
app.notFound((c) => c.text("nothing at " + c.req.path, 404));

export default async () => {
  const ask = async (path, init) => {
    const answer = await app.request(path, init);
    const headers = [...answer.headers].filter(([name]) => name !== "content-length").sort();
    return { status: answer.status, headers, body: await answer.text() };
  };
  return {
    root: await ask("/"),
    user: await ask("/api/users/12?q=a&q=b", { headers: { origin: "https://example.com" } }),
    preflight: await ask("/api/users", { method: "OPTIONS", headers: { origin: "https://example.com" } }),
    created: await ask("/api/users", { method: "POST", body: JSON.stringify({ a: 1 }) }),
    cookie: await ask("/cookie", { headers: { cookie: "name=ann" } }),
    page: await ask("/page"),
    stream: await ask("/stream"),
    tagged: await ask("/tagged"),
    fail: await ask("/fail"),
    missing: await ask("/nowhere"),
  };
};
