// node:inspector/promises.
export * from "node:inspector";
export { default } from "node:inspector";
