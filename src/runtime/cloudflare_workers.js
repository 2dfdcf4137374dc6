// What Workers see when they import `cloudflare:workers`.
export { DurableObject, RpcTarget, WorkerEntrypoint, WorkflowEntrypoint, env, waitUntil } from "internal:workers";
