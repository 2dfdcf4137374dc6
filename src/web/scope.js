// The interfaces of the global scope. The global object is not made by them: it has their members of its own.

import { EventTarget } from "internal:event";
import { interface_ } from "internal:webidl";

export class WorkerGlobalScope extends EventTarget {
  constructor() {
    throw new TypeError("Illegal constructor");
  }

  static [Symbol.hasInstance](value) { return value === globalThis; }
}

export class ServiceWorkerGlobalScope extends WorkerGlobalScope {}

for (const Class of [WorkerGlobalScope, ServiceWorkerGlobalScope]) interface_(Class);
