// Requests of node:http that ask for another protocol: they go over a socket of node:net, which is the asker's after a 101.
// fetch() has no way to hand a connection over.
import { Buffer } from "node:buffer";
import { connect } from "node:internal/net_socket";
import { connect as connectSecurely } from "node:internal/tls_socket";
import { IncomingMessage } from "node:internal/http_messages";
import { isIP } from "node:internal/net_addresses";

/** The longest head of an answer. */
const LONGEST = 16_384;

export const asksForUpgrade = (request) => request.hasHeader("upgrade") && /\bupgrade\b/i.test(`${request.getHeader("connection") ?? ""}`);

/** Sends the request, and gives the answer to its listeners. */
export function upgrade(request, given, secure) {
  const port = Number(request.port ?? (secure ? 443 : 80));
  const servername = given.servername ?? (isIP(request.host) === 0 ? request.host : undefined);
  const options = { ...given, host: request.host, port, path: undefined, servername, headers: undefined, timeout: undefined, signal: undefined };
  const open = given.createConnection ?? (secure ? connectSecurely : connect);
  const socket = open(options);
  const fail = (error) => request.destroy(error);
  const lost = () => fail(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }));
  request.socket = request.connection = socket;
  request.once("close", () => {
    if (request.res === undefined) socket.destroy();
  });
  socket.on("error", fail);
  socket.on("close", lost);
  socket.write(headOf(request, port, secure), "latin1");
  let received = Buffer.alloc(0);
  socket.on("data", function read(chunk) {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf("\r\n\r\n");
    if (end < 0 && received.length < LONGEST) return;
    socket.off("data", read).off("error", fail).off("close", lost);
    socket.readableFlowing = null; // whoever listens next starts it again
    const answer = end < 0 ? undefined : answerOf(received.toString("latin1", 0, end), request);
    if (answer === undefined) fail(Object.assign(new Error("Parse Error: Expected HTTP/"), { code: "HPE_INVALID_CONSTANT" }));
    else settle(request, answer, socket, received.subarray(end + 4));
  });
}

function headOf(request, port, secure) {
  const host = request.host.includes(":") ? `[${request.host}]` : request.host;
  const lines = [`${request.method} ${request.path} HTTP/1.1`];
  if (!request.hasHeader("host")) lines.push(`Host: ${host}${port === (secure ? 443 : 80) ? "" : `:${port}`}`);
  for (const name of request.getRawHeaderNames()) for (const value of [request.getHeader(name)].flat()) lines.push(`${name}: ${value}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function answerOf(head, request) {
  const [first, ...lines] = head.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first);
  if (status === null) return undefined;
  const headers = lines.map((line) => {
    const [name, ...value] = line.split(":");
    return [name.toLowerCase(), value.join(":").trim()];
  });
  return new IncomingMessage({ headers, body: null }, { statusCode: Number(status[1]), statusMessage: status[2] ?? "", req: request, url: "" });
}

function settle(request, answer, socket, rest) {
  answer.socket = answer.connection = socket;
  request.res = answer;
  answer.once("close", () => request.destroy());
  const upgraded = answer.statusCode === 101;
  const heard = upgraded ? request.emit("upgrade", answer, socket, rest) : request.emit("response", answer);
  if (upgraded && heard) return;
  // What was refused has no body here: nobody who asks for an upgrade reads it.
  socket.destroy();
  if (!heard) answer.resume();
}
