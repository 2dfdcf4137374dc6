// Calls between Workers: stubs, what they send, and how calls are served.
//
// A stub is a function of our own whose prototype ends in `wildcard` (internal:fetch): each name that is no method of ours
// is an RpcProperty, which can be called, awaited, or asked for names of its own. A call answers an RpcPromise, whose names
// may be used before it is settled: they wait for it here.
import { host, lazy } from "internal:host";
import { Fetcher, fetcherOf, isFetcher, targetOf, wildcard } from "internal:fetch";
import { begin, dataCloneError, describe, finish, unserializable } from "internal:serial";
import { illegalConstructor, interfaceOf, interface_, internal, isObject } from "internal:webidl";

const messages = lazy("rpc_messages");
const { setPrototypeOf, getPrototypeOf, hasOwn, defineProperty } = Object;
const { apply } = Reflect;
const nothing = () => {};

const CALL = 0;
const GET = 1;
const HANDLE = 2;

/** What is behind each stub, promise and property. */
const states = new WeakMap();

class StubState {
  constructor(handle) {
    this.handle = handle;
  }
}

class PromiseState {
  constructor(promise) {
    this.promise = promise;
  }
}

class PropertyState {
  constructor(parent, name, depth) {
    this.parent = parent;
    this.name = name;
    this.depth = depth;
  }
}

/** Names that may follow one another. */
const MAX_DEPTH = 64;

function shellOf(Class, state) {
  const shell = (...args) => callThrough(shell, args);
  delete shell.name;
  delete shell.length;
  setPrototypeOf(shell, Class.prototype);
  states.set(shell, state);
  return shell;
}

// ---- what Workers see

export class RpcTarget {}

export class RpcStub {
  constructor(target) {
    if (target === internal) return shellOf(new.target, new StubState(arguments[1]));
    if (typeof target !== "function" && !isTarget(target) && !isPlain(target)) {
      throw new TypeError("Failed to construct 'RpcStub': parameter 1 is not an RpcTarget, a function or a plain object.");
    }
    return shellOf(new.target, new StubState(exported(target, false)));
  }

  dup() {
    return new RpcStub(internal, host.rpcDup(stubState(this).handle));
  }

  [Symbol.dispose]() {
    host.rpcRelease(stubState(this).handle);
  }
}

export class RpcPromise {
  constructor(token, promise) {
    illegalConstructor(token);
    return shellOf(RpcPromise, new PromiseState(promise));
  }

  then(onFulfilled, onRejected) { return promiseOf(this).then(onFulfilled, onRejected); }
  catch(onRejected) { return promiseOf(this).catch(onRejected); }
  finally(onFinally) { return promiseOf(this).finally(onFinally); }

  [Symbol.dispose]() {
    promiseOf(this).then((value) => value?.[Symbol.dispose]?.(), nothing);
  }
}

export class RpcProperty {
  constructor(token, parent, name) {
    illegalConstructor(token);
    const depth = (states.get(parent)?.depth ?? 0) + 1;
    if (depth > MAX_DEPTH) throw new TypeError("The chain of properties of this RPC stub is too deep.");
    return shellOf(RpcProperty, new PropertyState(parent, name, depth));
  }

  then(onFulfilled, onRejected) { return read(this).then(onFulfilled, onRejected); }
  catch(onRejected) { return read(this).catch(onRejected); }
  finally(onFinally) { return read(this).finally(onFinally); }
}

for (const Class of [RpcTarget, RpcStub, RpcPromise, RpcProperty]) interface_(Class);
for (const Class of [RpcStub, RpcPromise, RpcProperty]) setPrototypeOf(Class.prototype, wildcard);

function stubState(value) {
  const state = states.get(value);
  if (!(state instanceof StubState)) throw new TypeError("Illegal invocation");
  return state;
}

function promiseOf(value) {
  const state = states.get(value);
  if (!(state instanceof PromiseState)) throw new TypeError("Illegal invocation");
  return state.promise;
}

/** What `wildcard` answers for a name of `receiver`. */
export function propertyOf(receiver, name) {
  return states.has(receiver) || isFetcher(receiver) ? new RpcProperty(internal, receiver, name) : undefined;
}

// ---- sending

const isStub = (value) => states.get(value) instanceof StubState;
const isRemote = (value) => isFetcher(value) || isStub(value);
const isTarget = (value) => isObject(value) && value instanceof RpcTarget;
const isPlain = (value) => isObject(value) && typeof value === "object" && getPrototypeOf(value) === Object.prototype;

function trace(value) {
  const path = [];
  for (let state; (state = states.get(value)) instanceof PropertyState; value = state.parent) path.unshift(state.name);
  return { root: value, path };
}

function callThrough(shell, args) {
  const { root, path } = trace(shell);
  return new RpcPromise(internal, sent(root, CALL, path, args));
}

const read = (property) => {
  const { root, path } = trace(property);
  return sent(root, GET, path, []);
};

// Everything that fails, fails the promise.
async function sent(root, how, path, args) {
  const parcel = pack(args, false);
  return send(root, how, path, parcel);
}

async function send(root, how, path, parcel) {
  const state = states.get(root);
  if (state instanceof PromiseState) return sendInto(await state.promise, how, path, parcel);
  const handle = state === undefined ? targetOf(root) : state.handle;
  return received(await host.rpcInvoke(handle, how, path, parcel));
}

/** Goes on in a value that has arrived. */
function sendInto(value, how, path, parcel) {
  for (let i = 0; ; i++) {
    if (isRemote(value)) return send(value, how, path.slice(i), parcel);
    if (i === path.length) break;
    if (!isPlain(value) || !hasOwn(value, path[i])) {
      if (how === GET && i === path.length - 1 && isPlain(value)) return undefined;
      throw notImplemented(path[i]);
    }
    value = value[path[i]];
  }
  if (how === GET) return value;
  throw notAFunction(path);
}

/** Delivers an event of the platform's own, such as `scheduled`. */
export const deliver = (target, handler, args) =>
  host.rpcInvoke(target, HANDLE, [handler], pack(args, false)).then(received);

const notImplemented = (name) => new TypeError(`The RPC receiver does not implement the method "${name}".`);
const notAFunction = (path) => new TypeError(`"${path.join(".")}" is not a function.`);

// ---- packing: what is given away

/** What others hold stubs of: `{ target, event }` by key. */
const exports = new Map();
let lastKey = 0;

/** A handle to something that stays here; with `holds` its event goes on while somebody holds it. */
function exported(target, holds) {
  const key = ++lastKey;
  const event = host.eventOf(host.invocationId());
  const [handle, released] = host.rpcExport(key, holds);
  const entry = { target, event, holds };
  exports.set(key, entry);
  event?.gaveAway(exports, key);
  if (holds) event.hold();
  released.then(() => release(key, entry));
  return handle;
}

function release(key, { target, event, holds }) {
  exports.delete(key);
  event?.tookBack(key);
  try {
    const dispose = target[Symbol.dispose];
    if (typeof dispose === "function") apply(dispose, target, []);
  } catch (error) {
    host.reportError(error);
  }
  if (holds) event.letGo();
}

let packing;

function describeToSend(value) {
  if (typeof value === "symbol") throw unserializable(value);
  const state = states.get(value);
  if (state instanceof StubState) {
    packing.stubs.push(value);
    return ["Stub", host.rpcDup(state.handle)];
  }
  if (state !== undefined) throw unserializable(value);
  if (isFetcher(value)) return ["Service", targetOf(value)];
  if (typeof value === "function" || isTarget(value)) return ["Stub", exported(given(value), packing.isResult)];
  // What a proxy makes of its names cannot be copied.
  if (host.proxyTarget(value) !== undefined && isPlain(value)) return ["Stub", exported(value, packing.isResult)];
  if (host.proxyTarget(value) !== undefined) throw dataCloneError(WRONG_PROXY);
  return describe(value, unserializable);
}

const WRONG_PROXY =
  "Proxy could not be serialized because it is not a valid RPC receiver type. The Proxy must emulate either a plain " +
  "object or an RpcTarget, as indicated by the Proxy's prototype chain.";

// What is sent as a parameter may say how it is copied.
function given(target) {
  if (packing.isResult || typeof target.dup !== "function") return target;
  return target.dup();
}

const isPlatform = (value) =>
  typeof value === "object" && getPrototypeOf(value) !== null && !isTarget(value) && !isFetcher(value) &&
  interfaceOf(value) !== undefined;

const describeAny = (value) => (isPlatform(value) ? messages().describePlatform(value) : undefined) ?? describeToSend(value);

function pack(value, isResult, thrown = false) {
  const outer = packing;
  packing = { isResult, stubs: [] };
  try {
    const parcel = host.pack(value, describeAny, thrown);
    if (isResult || !host.flag("rpc_params_dup_stubs")) for (const stub of packing.stubs) host.rpcRelease(states.get(stub).handle);
    return parcel;
  } finally {
    packing = outer;
  }
}

function packResult(value) {
  const disposes = isObject(value) && !isRemote(value) && !isTarget(value) && typeof value !== "function" &&
    typeof value[Symbol.dispose] === "function";
  if (!disposes) return pack([value], true);
  const disposer = { [Symbol.dispose]: () => value[Symbol.dispose](), __proto__: RpcTarget.prototype };
  return pack([value, disposer], true);
}

function packThrown(error) {
  try {
    if (isObject(error) && typeof error.stack === "string") error.stack = host.mapStack(error.stack);
  } catch {
    // A frozen error keeps its stack.
  }
  try {
    return pack([error], true, true);
  } catch {
    return pack([new Error(`${error?.message ?? error}`)], true, true);
  }
}

// ---- unpacking: what is received

let receiving;

function finishReceived(kind, object, values) {
  if (kind === "Stub") {
    const stub = new RpcStub(internal, values[0]);
    receiving.push(stub);
    return stub;
  }
  if (kind === "Service") return fetcherOf(values[0]);
  return messages().revivers[kind]?.(...values) ?? finish(kind, object, values);
}

function unpack(parcel) {
  const outer = receiving;
  const stubs = (receiving = []);
  try {
    return { value: host.unpack(parcel, begin, finishReceived), stubs };
  } finally {
    receiving = outer;
  }
}

const disposeAll = (stubs) => {
  for (const stub of stubs) host.rpcRelease(states.get(stub).handle);
};

function received(parcel) {
  const thrown = host.parcelThrown(parcel);
  const { value: [value], stubs } = unpack(parcel);
  if (thrown) {
    if (value instanceof Error) defineProperty(value, "remote", { value: true, writable: true, enumerable: true, configurable: true });
    throw value;
  }
  const canDispose = isObject(value) && !isRemote(value) && !hasOwn(value, Symbol.dispose);
  if (canDispose) {
    const dispose = () => disposeAll(stubs);
    defineProperty(value, Symbol.dispose, { value: dispose, writable: true, enumerable: false, configurable: true });
  }
  return value;
}

// ---- serving

const RESERVED = new Set([
  "alarm", "connect", "constructor", "dup", "fetch", "webSocketClose", "webSocketError", "webSocketMessage",
]);

/** The member of `value` that callers may see, or an error. */
function memberOf(value, name, isEntrypoint) {
  if (isEntrypoint && RESERVED.has(name)) throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
  if (name in Object.prototype) throw notImplemented(name);
  const isClass = isEntrypoint || isTarget(value);
  // Of an instance its class's members are seen, of anything else its own.
  const found = isClass ? !hasOwn(value, name) && name in value : (typeof value === "function" || isPlain(value)) && hasOwn(value, name);
  if (!found) throw notImplemented(name);
  return value[name];
}

/** Follows the path as far as values are here: `{ parent, value }`, or `{ remote, rest }` where one is elsewhere. */
function follow(root, path, isEntrypoint) {
  let parent;
  let value = root;
  for (let i = 0; i < path.length; i++) {
    if (isRemote(value)) return { remote: value, rest: path.slice(i) };
    if (i > 0 && !isTarget(value) && !isPlain(value) && typeof value !== "function") throw notImplemented(path[i - 1]);
    if (states.has(value)) throw notImplemented(path[i - 1]);
    parent = value;
    value = memberOf(value, path[i], isEntrypoint && i === 0);
  }
  return { parent, value };
}

/** A call of what `root` leads to. `plain`: the root is a handler object, whose functions get `(arg, env, ctx)`. */
function perform(root, { isGet, path, parcel, isEntrypoint = false, plain }, stubs) {
  const found = follow(root, path, isEntrypoint);
  if (found.remote !== undefined) return send(found.remote, isGet ? GET : CALL, found.rest, parcel);
  const { parent, value } = found;
  if (isGet) return value;
  if (typeof value !== "function") throw notAFunction(path);
  if (states.has(value)) {
    const { root: remote, path: rest } = trace(value);
    return send(remote, CALL, rest, parcel);
  }
  const args = unpack(parcel);
  stubs.push(...args.stubs);
  return apply(value, parent, plain === undefined || path.length > 1 ? args.value : oneArgument(value, path[0], args.value, plain));
}

function oneArgument(handler, name, args, extra) {
  if (handler.length > 3) {
    throw new TypeError(
      `Cannot call handler function "${name}" over RPC because it has the wrong number of arguments. A simple function ` +
        "handler can only be called over RPC if it has exactly the arguments (arg, env, ctx), where only the first argument " +
        "comes from the client. To support multi-argument RPC functions, use class-based syntax (extending " +
        "WorkerEntrypoint) instead.",
    );
  }
  if (args.length !== 1) {
    throw new TypeError(
      `Attempted to call RPC function "${name}" with the wrong number of arguments. When calling a top-level handler ` +
        "function that is not declared as part of a class, you must always send exactly one argument. In order to support " +
        "variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.",
    );
  }
  return [args[0], ...extra];
}

/** Answers a call; `rootOf()` answers or throws what is called. */
export async function answer(event, call, rootOf, request) {
  const stubs = [];
  let parcel;
  try {
    parcel = packResult(await perform(rootOf(), request, stubs));
  } catch (error) {
    parcel = packThrown(error);
  }
  try {
    host.rpcReply(event, call, parcel);
  } catch (error) {
    host.rpcReply(event, call, packThrown(error));
  }
  disposeAll(stubs);
}

/** Answers an event of the platform's own; its arguments are packed, or `json` from the host. */
export async function handle(event, parcel, json, handler) {
  let result;
  try {
    const args = json === undefined ? unpack(parcel).value : JSON.parse(json);
    result = pack([await handler(args)], true);
  } catch (error) {
    host.reportError(error);
    result = packThrown(error);
  }
  host.rpcReply(event, 0, result);
}

host.rpcServe((event, call, key, isGet, path, parcel) => {
  const entry = exports.get(key);
  const rootOf = () => {
    if (entry === undefined) throw new Error("RPC stub used after being disposed.");
    return entry.target;
  };
  answer(event, call, rootOf, { isGet, path, parcel });
});

export { Fetcher as ServiceStub };
