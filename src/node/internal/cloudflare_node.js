// The module `cloudflare:node`: requests of Workers for servers of node:http.
export { handleAsNodeRequest, httpServerHandler } from "node:internal/http_server";
