// node:_http_common: the old place of http.METHODS.
export * from "node:http";
export { default } from "node:http";
