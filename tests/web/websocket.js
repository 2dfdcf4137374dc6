// WebSocket and WebSocketPair within one Worker.

const event = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
const pair = () => {
  const [client, server] = Object.values(new WebSocketPair());
  client.accept();
  server.accept();
  return [client, server];
};

test("a pair is two sockets, by number and in turn", () => {
  const both = new WebSocketPair();
  equal([both[0] instanceof WebSocket, [...both].length, Object.keys(both)], [true, 2, ["0", "1"]]);
  const { readyState, url, protocol, extensions, binaryType } = both[0];
  equal([readyState, url, protocol, extensions, binaryType], [1, null, "", "", "blob"]);
});

test("what one end sends the other receives, in order and later", async () => {
  const [client, server] = pair();
  const seen = [];
  server.addEventListener("message", ({ data }) => seen.push(data));
  for (const text of ["one", "", "é\ud800"]) client.send(text);
  equal(seen, []);
  while (seen.length < 3) await event(server, "message");
  equal(seen, ["one", "", "é\ufffd"]);
});

test("bytes arrive as what binaryType says", async () => {
  const [client, server] = pair();
  client.send(new Uint8Array([1, 2, 3]).subarray(1));
  const { data } = await event(server, "message");
  equal([data instanceof Blob, [...new Uint8Array(await data.arrayBuffer())]], [true, [2, 3]]);
  server.binaryType = "arraybuffer";
  client.send(new Blob(["ab"]));
  equal((await event(server, "message")).data.byteLength, 2);
  server.binaryType = "text";
  equal(server.binaryType, "arraybuffer");
});

test("handlers are attributes too", async () => {
  const [client, server] = pair();
  const got = new Promise((resolve) => (server.onmessage = resolve));
  client.send("x");
  equal((await got).data, "x");
});

test("a close is answered, and both ends are closed", async () => {
  const [client, server] = pair();
  const [closed, answered] = [event(client, "close"), event(server, "close")];
  server.close(4000, "enough");
  equal(server.readyState, WebSocket.CLOSING);
  const { code, reason, wasClean } = await closed;
  equal([code, reason, wasClean, client.readyState], [4000, "enough", true, WebSocket.CLOSED]);
  equal([(await answered).code, server.readyState], [4000, WebSocket.CLOSED]);
  throws("TypeError", () => server.send("x"));
});

test("a close without a code is 1005", async () => {
  const [client, server] = pair();
  client.close();
  const { code, reason, wasClean } = await event(server, "close");
  equal([code, reason, wasClean], [1005, "", true]);
});

test("with allowHalfOpen the Worker answers a close itself", async () => {
  const [client, server] = Object.values(new WebSocketPair());
  client.accept({ allowHalfOpen: true });
  server.accept();
  server.close(1000, "bye");
  await event(client, "close");
  equal(client.readyState, WebSocket.CLOSING);
  client.send("last words");
  equal((await event(server, "message")).data.constructor, String);
  client.close(3001);
  equal((await event(server, "close")).code, 3001);
});

test("a socket is silent until it is accepted", () => {
  const [client] = Object.values(new WebSocketPair());
  const words = "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages.";
  equal(throws("TypeError", () => client.send("x")).message, words);
  equal(throws("TypeError", () => client.close()).message, words);
});

test("codes and reasons are checked", () => {
  const [client] = pair();
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 5000]) throws("InvalidAccessError", () => client.close(code));
  throws("InvalidAccessError", () => client.close(undefined, "why"));
  throws("SyntaxError", () => client.close(1000, "é".repeat(62)));
  client.close(1000, "é".repeat(61));
  client.close(4000, "a second close does nothing");
});

test("the constructor checks its URL and protocols", () => {
  for (const url of ["/relative", "http://example.com", "ws://example.com/#x"]) throws("SyntaxError", () => new WebSocket(url));
  for (const protocols of ["", "a b", ["a", "a"], ["a", "(b)"]]) throws("SyntaxError", () => new WebSocket("ws://example.com", protocols));
  equal([WebSocket.OPEN, WebSocket.READY_STATE_CLOSED, WebSocket.prototype.CONNECTING], [1, 3, 0]);
});

test("a connection that fails is told", async () => {
  const socket = new WebSocket("ws://outside.test/status/404");
  equal([socket.readyState, socket.url], [0, "ws://outside.test/status/404"]);
  throws("InvalidStateError", () => socket.send("x"));
  const [failed, closed] = await Promise.all([event(socket, "error"), event(socket, "close")]);
  equal([failed.message.includes("but received 404 instead"), closed.code, closed.wasClean, socket.readyState], [true, 1006, false, 3]);
});

test("a Response takes a socket with status 101 alone, and is not cloned", () => {
  const [client, server] = Object.values(new WebSocketPair());
  throws("RangeError", () => new Response(null, { webSocket: client }));
  throws("RangeError", () => new Response(null, { status: 101 }));
  throws("TypeError", () => new Response("body", { status: 101, webSocket: client }));
  const response = new Response(null, { status: 101, webSocket: client });
  equal([response.webSocket === client, response.status], [true, 101]);
  throws("TypeError", () => response.clone());
  server.accept();
});

test("attachments are copies", () => {
  const [client] = pair();
  equal(client.deserializeAttachment(), null);
  const value = { a: [1] };
  client.serializeAttachment(value);
  value.a.push(2);
  equal(client.deserializeAttachment(), { a: [1] });
});
