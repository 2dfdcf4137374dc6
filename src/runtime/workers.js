// The module `cloudflare:workers`.
import { interface_ } from "internal:webidl";

export class WorkerEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class DurableObject {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class WorkflowEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

for (const Class of [WorkerEntrypoint, DurableObject, WorkflowEntrypoint]) interface_(Class);

/** The Worker's own entrypoints; filled when its modules have been evaluated. */
export const exports = {};

/** The bindings, also outside of handlers. */
export let env = {};
let wait;

export function waitUntil(promise) {
  wait(promise);
}

/** For the runtime alone: users import through a list of names. */
export const setEnv = (bindings) => void (env = bindings);
export const setWaitUntil = (callback) => void (wait = callback);
