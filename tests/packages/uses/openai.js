// openai's client asks over fetch() and reads an answer that is streamed.
import OpenAI from "openai";

const events = ["Hel", "lo"].map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);

async function answer(url, init) {
  const asked = JSON.parse(init.body);
  if (asked.model === "none") return Response.json({ error: { message: "no such model", code: "model_not_found" } }, { status: 404 });
  if (asked.stream) return new Response(`${events.join("")}data: [DONE]\n\n`, { headers: { "content-type": "text/event-stream" } });
  return Response.json({ choices: [{ message: { role: "assistant", content: `${init.method} ${url} ${new Headers(init.headers).get("authorization")}` } }] });
}

export default async () => {
  const client = new OpenAI({ apiKey: "key", fetch: answer, maxRetries: 0, dangerouslyAllowBrowser: true });
  const ask = (more) => client.chat.completions.create({ model: "small", messages: [{ role: "user", content: "hi" }], ...more });
  const parts = [];
  for await (const part of await ask({ stream: true })) parts.push(part.choices[0].delta.content);
  const refused = await ask({ model: "none" }).catch((error) => [error.constructor.name, error.status, error.code]);
  return [(await ask({})).choices[0].message.content, parts, refused];
};
