// node:cluster: there is one process, the primary.
import { EventEmitter } from "node:events";
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { process } from "node:internal/process";

export const SCHED_NONE = 1;
export const SCHED_RR = 2;
export const isMaster = true;
export const isPrimary = true;
export const isWorker = false;
export const schedulingPolicy = SCHED_RR;
export const settings = {};
export const workers = {};

export class Worker extends EventEmitter {
  _connected = false;
  id = 0;
  exitedAfterDisconnect = false;

  get process() { return process; }
  isConnected() { return this._connected; }
  isDead() { return true; }
  send() { return false; }
  kill() { this._connected = false; }
  destroy() { this._connected = false; }

  disconnect() {
    this._connected = false;
    return this;
  }
}

const refused = (name) => ({
  [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`cluster.${name}`); },
})[name];
export const [fork, disconnect, setupPrimary, setupMaster] = ["fork", "disconnect", "setupPrimary", "setupMaster"].map(refused);

export class Cluster extends EventEmitter {
  constructor() {
    super();
    Object.assign(this, { SCHED_NONE, SCHED_RR, isMaster, isPrimary, isWorker, schedulingPolicy, settings, workers, Worker, fork, disconnect, setupPrimary, setupMaster });
  }
}

const cluster = new Cluster();
export const { _events, _eventsCount, _maxListeners } = cluster;
export default cluster;
