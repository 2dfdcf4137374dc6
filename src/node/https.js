// node:https: node:http over TLS.
import { Agent as HttpAgent, ClientRequest } from "node:internal/http_client";
import { Server, createServer } from "node:internal/http_server";

export class Agent extends HttpAgent {
  constructor(options = {}) {
    super(options);
    this.defaultPort = 443;
    this.protocol = "https:";
  }
}

export const globalAgent = new Agent();
export const request = (input, options = undefined, callback = undefined) => new ClientRequest(input, options, callback, "https:");

export function get(input, options = undefined, callback = undefined) {
  const made = request(input, options, callback);
  made.end();
  return made;
}

export { createServer, Server };
export default { Agent, createServer, get, globalAgent, request, Server };
