// The Worker Loader binding: Workers made from code at run time.
import { host, lazy } from "internal:host";
import { fetcherOf, isFetcher, targetOf } from "internal:fetch";
import { illegalConstructor, interface_, internal, isObject, requiredArguments } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const given = lazy("given_values");
const { entries } = Object;
const { isArray } = Array;
const { stringify } = JSON;

const TYPES = ["js", "cjs", "text", "data", "json", "py", "wasm"];
const MAX_CODE = 64 << 20;
const MAX_ENV = 1 << 20;

/** `[name, type, text or bytes]` */
function moduleOf(name, value) {
  if (typeof value === "string") {
    if (name.endsWith(".py")) throw noPython(name);
    if (name.endsWith(".js")) return [name, "js", value];
    const typed = /\.(ts|tsx|jsx)$/.test(name) ? ". If you're trying to load TypeScript, bundle it first with '@cloudflare/worker-bundler' and pass the generated JavaScript modules." : "";
    throw new TypeError(`Module name must end with '.js' or '.py' (or the content must be an object indicating the type explicitly). Got: ${name}${typed}`);
  }
  const types = TYPES.filter((type) => isObject(value) && value[type] !== undefined);
  if (types.length !== 1) {
    throw new TypeError(`Each module must contain exactly one of 'js', 'cjs', 'text', 'data', 'json', 'py', or 'wasm'. Module '${name}' contained ${types.length} properties.`);
  }
  const [type] = types;
  if (type === "py") throw noPython(name);
  const content = value[type];
  if (type === "json") return [name, type, stringify(content)];
  if (type !== "data" && type !== "wasm") return [name, type, `${content}`];
  if (!isBufferSource(content)) throw new TypeError(`Module '${name}' of type '${type}' must be an ArrayBuffer or a view of one.`);
  return [name, type, bytesOf(content).slice()];
}

const noPython = (name) => new TypeError(`devflare cannot run Python: ${name}`);

function modulesOf({ mainModule, modules }) {
  if (typeof mainModule !== "string") throw new TypeError("Dynamic Worker code must name its 'mainModule'.");
  const all = isObject(modules) ? entries(modules).map(([name, value]) => moduleOf(name, value)) : [];
  if (all.length === 0) throw new TypeError("Dynamic Worker code must contain at least one module.");
  const size = all.reduce((sum, [, , content]) => sum + content.length, 0);
  if (size > MAX_CODE) throw new Error(`Dynamic Worker code size (${size} bytes) exceeds the maximum allowed size of ${MAX_CODE} bytes.`);
  return all;
}

function envOf(env) {
  if (env === undefined) return [];
  if (!isObject(env)) throw new TypeError("'env' must be an object.");
  const { pack } = given();
  const packed = entries(env).map(([name, value]) => [name, pack(value)]);
  const bytes = packed.reduce((sum, [, parcel]) => sum + host.parcelSize(parcel), 0);
  if (bytes > MAX_ENV) throw new Error(`Dynamic Worker env size (${bytes} bytes) exceeds the maximum allowed size of ${MAX_ENV} bytes.`);
  return packed;
}

// undefined: that of the one who loads; null: none.
function outboundOf({ globalOutbound }) {
  if (globalOutbound === undefined || globalOutbound === null) return globalOutbound;
  if (!isFetcher(globalOutbound)) throw new TypeError("'globalOutbound' must be a Fetcher, or null.");
  return targetOf(globalOutbound);
}

function factsOf({ mainModule, compatibilityDate, compatibilityFlags, limits }) {
  if (typeof compatibilityDate !== "string") throw new TypeError("Dynamic Worker code must have a 'compatibilityDate'.");
  if (compatibilityFlags !== undefined && !isArray(compatibilityFlags)) throw new TypeError("'compatibilityFlags' must be an array.");
  return stringify({ main: mainModule, date: compatibilityDate, flags: (compatibilityFlags ?? []).map(String), cpu: limits?.cpuMs, subrequests: limits?.subRequests });
}

function give(worker, code) {
  if (!isObject(code)) throw new TypeError("A Worker's code must be an object.");
  worker.give(factsOf(code), modulesOf(code), envOf(code.env), outboundOf(code));
}

async function provide(worker, getCode) {
  try {
    give(worker, await getCode());
  } catch (error) {
    worker.fail(`${error?.name ?? "Error"}`, `${error?.message ?? error}`);
  }
}

const propsOf = (options) => (options?.props === undefined ? undefined : stringify(options.props));
const nameOf = (name) => (name === undefined || name === null ? "default" : `${name}`);

class WorkerStub {
  #worker;

  constructor(token, worker) {
    illegalConstructor(token);
    this.#worker = worker;
  }

  getEntrypoint(name = undefined, options = undefined) {
    return fetcherOf(this.#worker.target(nameOf(name), propsOf(options)));
  }

  getDurableObjectClass() {
    void this.#worker;
    throw new Error("getDurableObjectClass() is not emulated.");
  }
}

class WorkerLoader {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  get(name, getCode) {
    requiredArguments(arguments.length, 2, "Failed to execute 'get' on 'WorkerLoader'");
    if (typeof getCode !== "function") throw new TypeError("Failed to execute 'get' on 'WorkerLoader': parameter 2 is not of type 'function'.");
    const worker = this.#handle.open(name === undefined || name === null ? undefined : `${name}`);
    if (worker.claim()) provide(worker, getCode);
    return new WorkerStub(internal, worker);
  }

  load(code) {
    const worker = this.#handle.open(undefined);
    worker.claim();
    give(worker, code);
    return new WorkerStub(internal, worker);
  }
}

for (const Class of [WorkerStub, WorkerLoader]) interface_(Class);

export const make = (handle) => new WorkerLoader(internal, handle);
