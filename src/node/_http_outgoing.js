// node:_http_outgoing: the old place of http.OutgoingMessage.
export * from "node:http";
export { default } from "node:http";
