// Speaks to a Worker's WebSocket as clients do: with `ws`, and with the WebSocket of Node.js where it
// has one. Prints what it saw as JSON.
import WebSocketOfPackage from "ws";

const [url] = process.argv.slice(2);

const opened = (socket) => new Promise((resolve, reject) => {
  socket.addEventListener("open", resolve);
  socket.addEventListener("error", (event) => reject(event.error ?? new Error(event.message)));
});
const message = (socket) => new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data), { once: true }));
const closed = (socket) => new Promise((resolve) => socket.addEventListener("close", ({ code, reason, wasClean }) => resolve([code, reason, wasClean])));

async function talk(Client) {
  const socket = new Client(url, ["chat", "other"]);
  socket.binaryType = "arraybuffer";
  await opened(socket);
  const seen = { protocol: socket.protocol, echoes: [] };
  for (const sent of ["hello", "", "é".repeat(40_000)]) {
    socket.send(sent);
    seen.echoes.push((await message(socket)) === sent);
  }
  const bytes = new Uint8Array(1 << 20).map((_, at) => at % 251);
  socket.send(bytes);
  seen.echoes.push(Buffer.from(await message(socket)).equals(Buffer.from(bytes)));
  const end = closed(socket);
  socket.close(4001, "client's words");
  seen.closed = await end;
  const other = new Client(url);
  await opened(other);
  const ended = closed(other);
  other.send("close me");
  seen.closedByWorker = await ended;
  return seen;
}

const clients = [WebSocketOfPackage, globalThis.WebSocket].filter((client) => client !== undefined);
console.log(JSON.stringify(await Promise.all(clients.map(talk))));
