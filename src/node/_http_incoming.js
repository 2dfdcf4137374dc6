// node:_http_incoming: the old place of http.IncomingMessage.
export * from "node:http";
export { default } from "node:http";
