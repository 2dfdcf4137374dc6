// node:_http_agent: the old place of http.Agent.
export * from "node:http";
export { default } from "node:http";
