// node:_http_client: the old place of http.ClientRequest.
export * from "node:http";
export { default } from "node:http";
