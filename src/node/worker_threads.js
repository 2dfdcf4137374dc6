// node:worker_threads: there is one thread, the main one.
import { lazy } from "internal:host";
import { EventEmitter } from "node:events";
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";

const refuse = (name) => { throw new ERR_METHOD_NOT_IMPLEMENTED(`worker_threads.${name}`); };
export const { MessageChannel, MessagePort } = lazy("message_channel")();

export class BroadcastChannel {
  constructor() { refuse("BroadcastChannel"); }
}

export class Worker extends EventEmitter {
  constructor() {
    super();
    refuse("Worker");
  }

  postMessage() { refuse("Worker.postMessage"); }
  postMessageToThread() { refuse("Worker.postMessageToThread"); }
  ref() {}
  unref() {}
  async terminate() { refuse("Worker.terminate"); }
  getHeapSnapshot() { refuse("Worker.getHeapSnapshot"); }
  getHeapStatistics() { refuse("Worker.getHeapStatistics"); }
  async [Symbol.asyncDispose]() {}
}

const data = new Map();
export const SHARE_ENV = Symbol.for("nodejs.worker_threads.SHARE_ENV");
export const isInternalThread = false;
export const isMainThread = true;
export const parentPort = null;
export const resourceLimits = {};
export const threadId = 0;
export const threadName = "";
export const workerData = null;
export const getEnvironmentData = (key) => data.get(key);
export const setEnvironmentData = (key, value) => void data.set(key, value);
export const isMarkedAsUntransferable = () => false;
export const markAsUntransferable = () => {};
export const markAsUncloneable = () => {};
export const moveMessagePortToContext = () => new MessagePort();
export const receiveMessageOnPort = () => undefined;
export function postMessageToThread() { refuse("postMessageToThread"); }

export default {
  BroadcastChannel, MessageChannel, MessagePort, Worker, SHARE_ENV, getEnvironmentData, setEnvironmentData, isInternalThread, isMainThread,
  isMarkedAsUntransferable, markAsUncloneable, markAsUntransferable, moveMessagePortToContext, parentPort, postMessageToThread, receiveMessageOnPort,
  resourceLimits, threadId, threadName, workerData,
};
