// Durable Objects in this isolate: their instances, their `ctx`, and the gate before each that lets events in.
import { host, lazy } from "internal:host";
import { idOf } from "internal:durable_objects";
import { storageOf } from "internal:object_storage";
import { DurableObject, exports } from "internal:workers";
import { events } from "internal:open_events";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const sockets = lazy("object_sockets");

/** By the number of their invocation, which all their events share. */
const residents = new Map();

/** Longer than that nothing may keep events out. */
const MAX_BLOCKED = 30_000;

class Resident {
  constructor(id) {
    const [className, text, name, handle] = host.objectFacts();
    this.id = id;
    this.className = className;
    this.objectId = idOf(text, name);
    this.handle = handle;
    this.instance = undefined;
    this.blocked = 0;
    this.waiting = [];
    this.letting = false;
    this.given = undefined;
    this.alarms = Promise.resolve();
    this.sockets = undefined;
    residents.set(id, this);
    events.set(id, this);
  }

  // What `rpc.js` asks of an event: host work that is pending keeps the object, so there is nothing to count.
  hold() {}
  letGo() {}
  until() {}
  gaveAway(table, key) { (this.given ??= new Map()).set(key, table); }
  tookBack(key) { this.given?.delete(key); }
  waitUntil(promise) { Promise.resolve(promise).catch((error) => host.reportError(error)); }

  /** What it accepted of WebSockets, in this life or an earlier one. */
  openSockets() {
    return (this.sockets ??= new (sockets().ObjectSockets)(() => this.instance));
  }

  /** Runs `callback` once nothing keeps events out. */
  enter(callback) {
    if (this.blocked > 0 || this.waiting.length > 0 || this.letting) this.waiting.push(callback);
    else callback();
  }

  /** Keeps events out while `callback` works. */
  async alone(callback) {
    this.blocked++;
    try {
      return await callback();
    } finally {
      this.blocked--;
      this.letIn();
    }
  }

  /** Those who waited, each in a message of its own: what one does without waiting, no other comes between. */
  async letIn() {
    if (this.letting) return;
    this.letting = true;
    while (this.blocked === 0 && this.waiting.length > 0) {
      await host.nextMessage();
      if (this.blocked === 0) this.waiting.shift()();
    }
    this.letting = false;
  }

  /** One transaction after the other. */
  inTurn(callback) {
    const turn = this.alarms.then(() => this.alone(callback));
    this.alarms = turn.catch(() => {});
    return turn;
  }

  async blockConcurrencyWhile(callback) {
    let late;
    const timeout = new Promise((_, fail) => {
      late = setTimeout(() => fail(new Error("A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the Durable Object was reset.")), MAX_BLOCKED);
    });
    try {
      return await this.alone(() => Promise.race([callback(), timeout]));
    } catch (error) {
      host.objectAbort(error);
      throw error;
    } finally {
      clearTimeout(late);
    }
  }
}

class DurableObjectState {
  #resident;
  #storage;

  constructor(token, resident) {
    illegalConstructor(token);
    this.#resident = resident;
  }

  get id() { return this.#resident.objectId; }
  get exports() { return this.#resident && host.flag("enable_ctx_exports") ? exports : undefined; }
  get props() { return (void this.#resident, {}); }

  get storage() {
    const resident = this.#resident;
    return (this.#storage ??= storageOf({
      handle: resident.handle,
      alone: (callback) => resident.inTurn(callback),
      ringable() {
        if (typeof resident.instance?.alarm !== "function" && resident.instance !== undefined) {
          throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
        }
      },
    }));
  }

  acceptWebSocket(socket, tags = undefined) { this.#resident.openSockets().accept(socket, tags); }
  getWebSockets(tag = undefined) { return this.#resident.openSockets().list(tag); }
  getTags(socket) { return this.#resident.openSockets().tags(socket); }
  setWebSocketAutoResponse(pair = undefined) { this.#resident.openSockets().answer = pair; }
  getWebSocketAutoResponse() { return this.#resident.openSockets().answer; }
  getWebSocketAutoResponseTimestamp(socket) { return this.#resident.openSockets().answered(socket); }
  setHibernatableWebSocketEventTimeout(millis = undefined) { this.#resident.openSockets().timeout = millis; }
  getHibernatableWebSocketEventTimeout() { return this.#resident.openSockets().timeout; }

  waitUntil(promise) { this.#resident.waitUntil(promise); }
  blockConcurrencyWhile(callback) { return this.#resident.blockConcurrencyWhile(callback); }

  abort(reason = undefined) {
    void this.#resident;
    const error = reason instanceof Error ? reason : new Error(reason === undefined ? "Application called abort() to reset Durable Object." : `${reason}`);
    host.objectAbort(error);
    throw error;
  }
}
interface_(DurableObjectState);

/** The object of the current invocation, made if this is its first event. */
function residentOf(id, exported, env) {
  const known = residents.get(id);
  if (known !== undefined) return known;
  const resident = new Resident(id);
  const Class = exported[resident.className];
  try {
    if (typeof Class !== "function") {
      throw new TypeError(`The Worker exports no Durable Object class named "${resident.className}".`);
    }
    resident.instance = new Class(new DurableObjectState(internal, resident), env);
  } catch (error) {
    forget(id);
    host.objectAbort(error);
    throw error;
  }
  return resident;
}

/** Has `callback(instance)` called when the object may be entered; `failed(error)` if it cannot be made. */
export function enter(id, exported, env, callback, failed) {
  let resident;
  try {
    resident = residentOf(id, exported, env);
  } catch (error) {
    failed(error);
    return;
  }
  resident.enter(() => callback(resident.instance));
}

/** The object leaves the isolate. */
export function forget(id) {
  const resident = residents.get(id);
  if (resident === undefined) return;
  residents.delete(id);
  events.delete(id);
  resident.given?.forEach((table, key) => table.delete(key));
}

/** Events of the platform's own, by name. */
export const handlers = {
  __proto__: null,
  socket: (id, instance, number) => residents.get(id).openSockets().receive(number),
  async alarm(id, instance, info) {
    const { handle } = residents.get(id);
    if (!handle.alarmBegins()) return;
    if (typeof instance.alarm !== "function") throw new Error("Handler does not export an alarm() function.");
    await instance.alarm(info);
    handle.alarmEnds();
  },
};

/** Whether methods of the instance may be called by others. */
export function callable(instance) {
  if (instance instanceof DurableObject) return instance;
  throw new TypeError(
    "The receiving Durable Object does not support RPC, because its class was not declared with `extends DurableObject`. In " +
      "order to enable RPC, make sure your class extends the special class `DurableObject`, which can be imported from the " +
      'module "cloudflare:workers".',
  );
}
