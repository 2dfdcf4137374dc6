// node:_http_server: the old place of http.Server.
export * from "node:http";
export { default } from "node:http";
