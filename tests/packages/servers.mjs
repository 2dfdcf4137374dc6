// Servers for the clients that tests run in Workers, of MySQL (which answers each query with itself), Redis (set and get) and
// WebSockets (which echo). Prints the three ports as JSON, and ends with its standard input.
import net from "node:net";
import mysql from "mysql2";
import { WebSocketServer } from "ws";

const column = { catalog: "def", schema: "", table: "", orgTable: "", name: "said", orgName: "", characterSet: 33, columnLength: 99, columnType: 253, flags: 0, decimals: 0 };
const database = mysql.createServer();
database.on("connection", (client) => {
  client.serverHandshake({
    protocolVersion: 10, serverVersion: "8.0", connectionId: 1, statusFlags: 2, characterSet: 8, capabilityFlags: 0xffffff,
    authCallback: (user, done) => done(null, user.user === "ann" ? undefined : { message: "nobody you know", code: 1045 }),
  });
  client.on("query", (sql) => {
    client.sequenceId = 1;
    client.writeColumns([column]);
    client.writeTextRow([sql]);
    client.writeEof();
  });
  client.on("quit", () => client.close());
  client.on("error", () => {});
});

/** The commands that are whole in the text, each a list of its words, and what is left. */
function commandsOf(text) {
  const lines = text.split("\r\n");
  const commands = [];
  let at = 0;
  for (;;) {
    const count = Number(/^\*(\d+)$/.exec(lines[at])?.[1]);
    if (!(lines.length > at + 1 + 2 * count)) return [commands, lines.slice(at).join("\r\n")];
    commands.push(Array.from({ length: count }, (_, word) => lines[at + 2 + 2 * word]));
    at += 1 + 2 * count;
  }
}

const store = net.createServer((client) => {
  const values = new Map();
  const bulk = (text) => (text === undefined ? "$-1\r\n" : `$${text.length}\r\n${text}\r\n`);
  const answers = {
    get: (key) => bulk(values.get(key)),
    info: () => bulk("redis_version:7.0.0"),
    set: (key, value) => (values.set(key, value), "+OK\r\n"),
  };
  let waiting = "";
  client.on("error", () => {});
  client.on("data", (chunk) => {
    const [commands, rest] = commandsOf(waiting + chunk);
    waiting = rest;
    for (const [name, ...words] of commands) client.write(answers[name.toLowerCase()]?.(...words) ?? "+OK\r\n");
    if (commands.some(([name]) => name.toLowerCase() === "quit")) client.end();
  });
});

const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
sockets.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));

const listening = (server, begin) => new Promise((resolve) => begin(() => resolve(server.address().port)));
const ports = await Promise.all([
  listening({ address: () => database._server.address() }, (done) => database.listen(0, "127.0.0.1", done)),
  listening(store, (done) => store.listen(0, "127.0.0.1", done)),
  sockets.address()?.port ?? listening(sockets, (done) => sockets.on("listening", done)),
]);
console.log(JSON.stringify(ports));
process.stdin.resume().on("end", () => process.exit());
