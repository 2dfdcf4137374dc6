// node:perf_hooks: the platform's `performance` with marks, measures and Node.js's additions.
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import {
  PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming, methods,
} from "node:internal/user_timing";

export const { performance } = globalThis;
export const Performance = performance.constructor;
const missing = (name) => ({
  [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(name); },
})[name];

export const eventLoopUtilization = () => ({ idle: 0, active: 0, utilization: 0 });
export const timerify = (callback) => callback;
export const [createHistogram, monitorEventLoopDelay] = ["createHistogram", "monitorEventLoopDelay"].map(missing);

class PerformanceNodeTiming {
  constructor() {
    const zero = { startTime: 0, duration: 0, nodeStart: 0, v8Start: 0, bootstrapComplete: 0, environment: 0, loopStart: 0, loopExit: 0, idleTime: 0 };
    Object.assign(this, { name: "node", entryType: "node", ...zero, uvMetricsInfo: { loopCount: 0, events: 0, eventsWaiting: 0 } });
  }

  toJSON() { return { ...this }; }
}

const additions = { ...Object.getOwnPropertyDescriptors(methods), ...Object.getOwnPropertyDescriptors({ nodeTiming: new PerformanceNodeTiming(), eventLoopUtilization, timerify, markResourceTiming() {} }) };
for (const [name, descriptor] of Object.entries(additions)) {
  if (!(name in Performance.prototype)) Object.defineProperty(Performance.prototype, name, descriptor);
}
const classes = { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming };
for (const [name, value] of Object.entries(classes)) {
  if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

export const constants = Object.freeze({
  NODE_PERFORMANCE_GC_MAJOR: 4, NODE_PERFORMANCE_GC_MINOR: 1, NODE_PERFORMANCE_GC_INCREMENTAL: 8, NODE_PERFORMANCE_GC_WEAKCB: 16,
  NODE_PERFORMANCE_GC_FLAGS_NO: 0, NODE_PERFORMANCE_GC_FLAGS_CONSTRUCT_RETAINED: 2, NODE_PERFORMANCE_GC_FLAGS_FORCED: 4,
  NODE_PERFORMANCE_GC_FLAGS_SYNCHRONOUS_PHANTOM_PROCESSING: 8, NODE_PERFORMANCE_GC_FLAGS_ALL_AVAILABLE_GARBAGE: 16,
  NODE_PERFORMANCE_GC_FLAGS_ALL_EXTERNAL_MEMORY: 32, NODE_PERFORMANCE_GC_FLAGS_SCHEDULE_IDLE: 64, NODE_PERFORMANCE_ENTRY_TYPE_GC: 0,
  NODE_PERFORMANCE_ENTRY_TYPE_HTTP: 1, NODE_PERFORMANCE_ENTRY_TYPE_HTTP2: 2, NODE_PERFORMANCE_ENTRY_TYPE_NET: 3,
  NODE_PERFORMANCE_ENTRY_TYPE_DNS: 4, NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN_TIMESTAMP: 0, NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN: 1,
  NODE_PERFORMANCE_MILESTONE_ENVIRONMENT: 2, NODE_PERFORMANCE_MILESTONE_NODE_START: 3, NODE_PERFORMANCE_MILESTONE_V8_START: 4,
  NODE_PERFORMANCE_MILESTONE_LOOP_START: 5, NODE_PERFORMANCE_MILESTONE_LOOP_EXIT: 6, NODE_PERFORMANCE_MILESTONE_BOOTSTRAP_COMPLETE: 7,
});

export { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming };
export default { performance, Performance, ...classes, createHistogram, monitorEventLoopDelay, eventLoopUtilization, timerify, constants };
