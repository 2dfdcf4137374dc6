// The `process` object.
import { host, lazy } from "internal:host";
import { EventEmitter } from "node:events";
import {
  ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_METHOD_NOT_IMPLEMENTED, ERR_OUT_OF_RANGE,
  ERR_UNSUPPORTED_OPERATION,
} from "node:internal/errors";
import { natives } from "node:internal/natives";
import { parseFileMode, validateFunction, validateNumber, validateObject, validateString } from "node:internal/validators";

const standardStreams = lazy("node:internal/stdio");
const directory_ = lazy("node:internal/cwd");
const { apply } = Reflect;
const nativeQueue = host.builtin.queueMicrotask;
const reporter = lazy("event");

// ---- the environment

function environment() {
  const env = {};
  for (const [name, value] of Object.entries(host.bindings?.() ?? {})) {
    if (typeof value === "string") env[name] = value;
    else if (isPlain(value)) env[name] = JSON.stringify(value);
  }
  return new Proxy(env, {
    set(target, key, value) {
      if (typeof key === "symbol") throw new TypeError("Cannot convert a Symbol value to a string");
      target[key] = `${value}`;
      return true;
    },
    defineProperty(target, key, descriptor) {
      if ("value" in descriptor) {
        if (!descriptor.configurable || !descriptor.writable || !descriptor.enumerable) {
          throw new ERR_INVALID_ARG_VALUE("descriptor", descriptor, "'process.env' only accepts a configurable, writable, and enumerable data descriptor");
        }
        return Reflect.defineProperty(target, key, { ...descriptor, value: `${descriptor.value}` });
      }
      throw new ERR_INVALID_ARG_VALUE("descriptor", descriptor, "'process.env' does not accept an accessor(getter/setter) descriptor");
    },
  });
}

/** Values of `vars` that JSON can say; bindings are objects of classes. */
function isPlain(value) {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return true;
  if (typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || Array.isArray(value);
}

let env;

// ---- ticks

let ticks = [];

/** All callbacks given so far, in order; what they add comes after. */
function runTicks() {
  const due = ticks;
  ticks = [];
  for (const callback of due) {
    try {
      callback();
    } catch (error) {
      reporter().reportException(error);
    }
  }
}

function nextTick(callback, ...args) {
  validateFunction(callback, "callback");
  const bound = host.bindContext === undefined ? callback : host.bindContext(callback);
  if (ticks.push(() => apply(bound, undefined, args)) === 1) nativeQueue(runTicks);
}

// ---- warnings

function emitWarning(warning, typeOrOptions = undefined, code = undefined, ctor = undefined) {
  let detail;
  let type = typeOrOptions;
  let id = code;
  if (type !== null && typeof type === "object" && !Array.isArray(type)) {
    ({ code: id, detail } = type);
    ctor = type.ctor;
    type = type.type || "Warning";
    if (typeof detail !== "string") detail = undefined;
  } else if (typeof type === "function") {
    ctor = type;
    id = "";
    type = "Warning";
  }
  if (type !== undefined) validateString(type, "type");
  if (typeof id === "function") {
    ctor = id;
    id = "";
  } else if (id !== undefined) {
    validateString(id, "code");
  }
  let given = warning;
  if (typeof given === "string") {
    given = Object.assign(new Error(given), { name: String(type || "Warning") });
    if (id !== undefined) given.code = id;
    if (detail !== undefined) given.detail = detail;
    if (typeof ctor === "function") Error.captureStackTrace(given, ctor);
  } else if (!(given instanceof Error)) {
    throw new ERR_INVALID_ARG_TYPE("warning", ["Error", "string"], given);
  }
  if (given.name === "DeprecationWarning" && process.noDeprecation) return;
  nextTick(() => {
    if (process.emit("warning", given)) return;
    const text = given.code ? `[${given.code}] ` : "";
    console.warn(`(node:1) ${text}${given.name}: ${given.message}${given.detail ? `\n${given.detail}` : ""}`);
  });
}

// ---- time

const started = Date.now();

function hrtime(previous = undefined) {
  const now = performance.now() + started;
  let seconds = Math.floor(now / 1000);
  let nanos = Math.floor((now % 1000) * 1e6);
  if (previous !== undefined) {
    if (!Array.isArray(previous)) throw new ERR_INVALID_ARG_TYPE("time", "Array", previous);
    if (previous.length !== 2) throw new ERR_OUT_OF_RANGE("time", 2, previous.length);
    seconds -= previous[0];
    nanos -= previous[1];
    if (nanos < 0) {
      seconds--;
      nanos += 1e9;
    }
  }
  return [seconds, nanos];
}
hrtime.bigint = () => BigInt(Math.floor((performance.now() + started) * 1000)) * 1000n;

// ---- the object

function process_() {}
process_.prototype = Object.create(EventEmitter.prototype, {
  constructor: { value: { process: function process() {} }.process, writable: true, configurable: true },
  [Symbol.toStringTag]: { value: "process", configurable: true },
});

export const process = Object.create(process_.prototype);
EventEmitter.call(process);

let umask = 0o22;
const unavailable = (name) => ({
  [name]() { throw new ERR_UNSUPPORTED_OPERATION(); },
})[name];
const usage = () => ({
  userCPUTime: 0, systemCPUTime: 0, maxRSS: 0, sharedMemorySize: 0, unsharedDataSize: 0, unsharedStackSize: 0, minorPageFault: 0,
  majorPageFault: 0, swappedOut: 0, fsRead: 0, fsWrite: 0, ipcSent: 0, ipcReceived: 0, signalsCount: 0, voluntaryContextSwitches: 0,
  involuntaryContextSwitches: 0,
});
const memory = () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 });
memory.rss = () => 0;

const VERSION = "22.19.0";
export const versions = Object.freeze({ node: VERSION });
export const release = Object.freeze({
  name: "node", lts: "Jod",
  sourceUrl: `https://nodejs.org/download/release/v${VERSION}/node-v${VERSION}.tar.gz`,
  headersUrl: `https://nodejs.org/download/release/v${VERSION}/node-v${VERSION}-headers.tar.gz`,
});
export const features = Object.freeze({
  inspector: false, debug: false, uv: false, ipv6: true, tls_alpn: true, tls_sni: true, tls_ocsp: true, tls: true,
  openssl_is_boringssl: true, cached_builtins: true, require_module: true, typescript: false,
});


function chdir(directory) {
  validateString(directory, "directory");
  directory_().chdir(directory);
}

function kill(pid, signal = "SIGTERM") {
  validateNumber(pid, "pid");
  throw new ERR_METHOD_NOT_IMPLEMENTED(`process.kill ${signal}`);
}

Object.assign(process, {
  version: `v${VERSION}`,
  versions,
  arch: "x64",
  platform: "linux",
  release,
  features,
  title: "workerd",
  argv: ["workerd"],
  argv0: "workerd",
  execArgv: [],
  execPath: "",
  exitCode: undefined,
  pid: 1,
  ppid: 0,
  debugPort: 0,
  noDeprecation: false,
  throwDeprecation: false,
  traceDeprecation: false,
  sourceMapsEnabled: false,
  connected: false,
  domain: undefined,
  config: Object.freeze({ target_defaults: Object.freeze({}), variables: Object.freeze({ napi_build_version: "9", node_builtin_shareable_builtins: "", node_byteorder: "little" }) }),
  moduleLoadList: [],
  allowedNodeEnvironmentFlags: new Set(),
  report: undefined,
  permission: undefined,
  finalization: { register() {}, registerBeforeExit() {}, unregister() {} },
  nextTick,
  emitWarning,
  hrtime,
  exit(code = undefined) {
    if (code !== undefined) process.exitCode = code;
    host.processExit?.(Number(code ?? 0));
    throw new Error(`process.exit(${code ?? 0}) was called: the request ends here`);
  },
  reallyExit(code) { process.exit(code); },
  abort() { throw new Error("process.abort() was called: the request ends here"); },
  kill,
  cwd: () => directory_().cwd(),
  chdir,
  umask(mask = undefined) {
    const before = umask;
    if (mask !== undefined) umask = parseFileMode(mask, "mask") & 0o777;
    return before;
  },
  uptime: () => performance.now() / 1000,
  memoryUsage: memory,
  resourceUsage: usage,
  constrainedMemory: () => 0,
  availableMemory: () => 0,
  cpuUsage(previous = undefined) {
    if (previous !== undefined) {
      validateObject(previous, "prevValue");
      for (const key of ["user", "system"]) {
        if (typeof previous[key] !== "number") throw new ERR_INVALID_ARG_TYPE(`prevValue.${key}`, "number", previous[key]);
        if (!(previous[key] >= 0 && previous[key] <= Number.MAX_SAFE_INTEGER)) throw new ERR_INVALID_ARG_VALUE(`prevValue.${key}`, previous[key]);
      }
    }
    return { user: 0, system: 0 };
  },
  threadCpuUsage: () => ({ user: 0, system: 0 }),
  getegid: () => 0,
  geteuid: () => 0,
  getgid: () => 0,
  getgroups: () => [],
  getuid: () => 0,
  setegid: unavailable("setegid"),
  seteuid: unavailable("seteuid"),
  setgid: unavailable("setgid"),
  setgroups: unavailable("setgroups"),
  setuid: unavailable("setuid"),
  initgroups: unavailable("initgroups"),
  dlopen: unavailable("dlopen"),
  binding: unavailable("binding"),
  loadEnvFile: unavailable("loadEnvFile"),
  execve: unavailable("execve"),
  ref(value) { (value?.[Symbol.for("nodejs.ref")] ?? value?.ref)?.call(value); },
  unref(value) { (value?.[Symbol.for("nodejs.unref")] ?? value?.unref)?.call(value); },
  setUncaughtExceptionCaptureCallback() {},
  hasUncaughtExceptionCaptureCallback: () => false,
  addUncaughtExceptionCaptureCallback() {},
  setSourceMapsEnabled(enabled) {
    if (typeof enabled !== "boolean") throw new ERR_INVALID_ARG_TYPE("enabled", "boolean", enabled);
  },
  getActiveResourcesInfo: () => [],
  _getActiveRequests: () => [],
  _getActiveHandles: () => [],
  _debugProcess() {},
  _debugEnd() {},
  _startProfilerIdleNotifier() {},
  _stopProfilerIdleNotifier() {},
  _tickCallback: runTicks,
  _rawDebug() {},
  _kill() {},
  _linkedBinding: unavailable("_linkedBinding"),
  openStdin: () => process.stdin,
  getBuiltinModule(id) {
    validateString(id, "id");
    return natives.builtinModule(id);
  },
  assert(value, message = undefined) {
    if (!value) throw Object.assign(new Error(message || "assertion error"), { code: "ERR_ASSERTION" });
  },
});

Object.defineProperties(process, {
  env: {
    get() { return (env ??= environment()); },
    set(value) { env = value; },
    enumerable: true,
    configurable: true,
  },
  ...Object.fromEntries(["stdin", "stdout", "stderr"].map((name) => [name, { get: () => standardStreams()[name], enumerable: true, configurable: true }])),
  [Symbol.toStringTag]: { value: "process", configurable: true },
});

export default process;
