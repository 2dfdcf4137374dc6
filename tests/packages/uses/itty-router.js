// itty-router routes requests with a few hundred bytes.
import { AutoRouter, Router, error, json, cors, withParams, StatusError } from "itty-router";

const { preflight, corsify } = cors({ origin: "https://example.com", allowMethods: "GET" });
const router = AutoRouter({ base: "/v1", before: [preflight], finally: [corsify] });
router
  .get("/items/:id", ({ id, query }) => ({ id, query }))
  .post("/items", async (request) => json(await request.json(), { status: 201 }))
  .get("/greedy/:path+", ({ path }) => path)
  .get("/fail", () => {
    throw new StatusError(402, { error: "pay" });
  })
  .all("*", () => error(404, "nothing here"));
const plain = Router();
plain.get("/:name", withParams, ({ name }) => new Response(name));

export default async () => {
  const ask = async (path, init) => {
    const answer = await router.fetch(new Request("https://example.com" + path, init));
    return [answer.status, answer.headers.get("access-control-allow-origin"), await answer.text()];
  };
  return [
    await ask("/v1/items/7?a=1&a=2&b=3"),
    await ask("/v1/items", { method: "POST", body: '{"x":1}' }),
    await ask("/v1/greedy/a/b/c"),
    await ask("/v1/fail"),
    await ask("/v1/none"),
    await (await plain.fetch(new Request("https://example.com/ann"))).text(),
  ];
};
