// hono signs and checks tokens, for which it asks Web Crypto.
import { Hono } from "hono";
import { jwt, sign } from "hono/jwt";

const app = new Hono();
app.use("/secret/*", jwt({ secret: "s3cret", alg: "HS256" }));
app.get("/secret/me", (c) => c.json(c.get("jwtPayload")));

export default async () => {
  const token = await sign({ sub: "ann" }, "s3cret", "HS256");
  const ask = async (init) => {
    const answer = await app.request("/secret/me", init);
    return [answer.status, await answer.text()];
  };
  return [token, await ask(), await ask({ headers: { authorization: `Bearer ${token}` } })];
};
