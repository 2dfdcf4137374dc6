// What Workers see when they import `cloudflare:workers`.
export { DurableObject, WorkerEntrypoint, WorkflowEntrypoint, env, exports, waitUntil } from "internal:workers";
export { RpcPromise, RpcProperty, RpcStub, RpcTarget, ServiceStub } from "internal:rpc";
