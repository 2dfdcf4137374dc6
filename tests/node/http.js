// Clients of node:http that are answered without a network.
import http from "node:http";

test("a request is closed after its answer, not before", async () => {
  const events = [];
  const fetched = globalThis.fetch;
  globalThis.fetch = async () => new Response("body", { status: 418 });
  try {
    const request = http.request("http://localhost/", (answer) => {
      events.push(answer.statusCode);
      answer.on("data", (chunk) => events.push(`${chunk}`));
    });
    for (const name of ["close", "error"]) request.on(name, () => events.push(name));
    request.end();
    await new Promise((resolve) => request.on("close", resolve));
  } finally {
    globalThis.fetch = fetched;
  }
  equal(events, [418, "body", "close"]);
});
