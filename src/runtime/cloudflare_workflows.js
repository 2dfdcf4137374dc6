// What Workers see when they import `cloudflare:workflows`.
export { NonRetryableError } from "internal:workflow_errors";
