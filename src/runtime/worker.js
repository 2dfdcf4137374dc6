// Runs a Worker's handlers: what the host calls for each event, and what handlers get (`request`, `env`, `ctx`).
import { host, lazy } from "internal:host";
import { abortIncoming, disconnected, incoming } from "internal:request";
import { responseParts, takeSocket } from "internal:response";
import { payloadOf } from "internal:body";
import { WorkerEntrypoint, WorkflowEntrypoint, setEnv, setWaitUntil } from "internal:workers";
import { Event, contextOf, events } from "internal:open_events";
import { fillExports } from "internal:loopback";

const rpc = lazy("rpc");
const objects = lazy("objects");
const platform = lazy("platform_events");
const workflows = lazy("workflow_run");
const { fulfilled, respond, threw } = host;

let env;
/** What the modules export, once they have been evaluated. */
export let exported;
let loopback;
let openRun;

/** Called once, before the modules are evaluated: they see `env` of `cloudflare:workers` in their global scope. */
export function bind(bindings, open, objects, runs) {
  openRun = runs;
  env = bindings;
  loopback = { open, objects };
  setEnv(env);
  host.bindings = () => env;
  setWaitUntil((promise) => {
    host.requireEvent();
    const event = events.get(host.invocationId());
    if (event === undefined) throw new Error("waitUntil() can only be called while a request is handled.");
    event.waitUntil(promise);
  });
}

/** Called once, when the modules have been evaluated. */
export function start(namespace) {
  exported = namespace;
  fillExports(namespace, loopback);
}

/** What answers: an instance of an entrypoint class, or an object of handlers. */
function open(entrypoint, ctx, env) {
  const value = exported[entrypoint];
  if (value === undefined) throw new Error(`The Worker exports no entrypoint named "${entrypoint}".`);
  const isClass = typeof value === "function" && value.prototype instanceof WorkerEntrypoint;
  return { handler: isClass ? new value(ctx, env) : value, isClass };
}

function call(entrypoint, request, ctx, env) {
  const { handler, isClass } = open(entrypoint, ctx, env);
  if (typeof handler?.fetch !== "function") throw new Error("Handler does not export a fetch() function.");
  return isClass ? handler.fetch(request) : handler.fetch(request, env, ctx);
}

/** A request for the Worker: the host is told of the answer by `respond` or `threw`, then by `finish`.
 * `parameters`: what an outbound Worker finds in `env` beside its bindings, JSON. */
export function onFetch(id, entrypoint, props, method, url, headers, body, cf, parameters) {
  const request = incoming(method, url, headers, body, cf);
  const event = new Event(id, request, props);
  let answer;
  try {
    const around = parameters === undefined ? env : { ...env, ...JSON.parse(parameters) };
    answer = call(entrypoint, request, contextOf(event), around);
  } catch (error) {
    fail(id, event, error);
    return;
  }
  reply(id, event, answer);
}

function reply(id, event, answer) {
  // A handler that did not wait for anything has its answer already.
  const response = responseParts(answer) === undefined ? fulfilled(answer) : answer;
  if (response !== undefined) deliver(id, event, response);
  else Promise.resolve(answer).then((response) => deliver(id, event, response), (error) => fail(id, event, error));
}

/** A request for a Durable Object, the one of the invocation `resident`. */
export function onObjectFetch(resident, id, method, url, headers, body, cf) {
  const event = new Event(id, incoming(method, url, headers, body, cf), undefined);
  const run = (instance) => {
    if (typeof instance.fetch !== "function") fail(id, event, new Error("Handler does not export a fetch() function."));
    else replyOf(instance);
  };
  const replyOf = (instance) => {
    let answer;
    try {
      answer = instance.fetch(event.request);
    } catch (error) {
      return fail(id, event, error);
    }
    reply(id, event, answer);
  };
  objects().enter(resident, exported, env, run, (error) => fail(id, event, error));
}

/** A call of a Durable Object, or its alarm. */
export function onObjectErrand(resident, id, how, path, parcel) {
  const event = new Event(id, undefined, undefined);
  const { callable, enter, handlers } = objects();
  const { answer, handle } = rpc();
  const done = (answered) => answered.then(() => event.answered());
  const run = (instance) => {
    if (how === HANDLE) done(handle(id, parcel, path[1], (args) => handlers[path[0]](resident, instance, ...args)));
    else done(answer(id, 0, () => callable(instance), { isGet: how === GET, path, parcel, isEntrypoint: true }));
  };
  const failed = (error) => done(answer(id, 0, () => { throw error; }, {}));
  enter(resident, exported, env, run, failed);
}

/** A Durable Object leaves. */
export const onEvict = (resident) => objects().forget(resident);

/** A call or an event of the platform's own: `rpc.js` answers it. */
export function onErrand(id, entrypoint, props, how, path, parcel) {
  const event = new Event(id, undefined, props);
  const ctx = contextOf(event);
  const answered = how === HANDLE ? handle(event, entrypoint, ctx, path, parcel) : serve(event, entrypoint, ctx, how, path, parcel);
  answered.then(() => event.answered());
}

// As the host numbers them.
const GET = 1;
const HANDLE = 2;

function serve(event, entrypoint, ctx, how, path, parcel) {
  const request = { isGet: how === GET, path, parcel, isEntrypoint: true, plain: undefined };
  const rootOf = () => {
    const { handler, isClass } = open(entrypoint, ctx, env);
    request.isEntrypoint = isClass;
    if (!isClass) request.plain = [env, ctx];
    return handler;
  };
  return rpc().answer(event.id, 0, rootOf, request);
}

/** An instance of a workflow begins or goes on. */
function goOn(event, entrypoint, ctx, json, parcel) {
  const run = (given) => {
    const Class = exported[entrypoint];
    if (typeof Class !== "function") throw new Error(`The Worker exports no workflow named "${entrypoint}".`);
    if (!(Class.prototype instanceof WorkflowEntrypoint)) throw new Error(`The class "${entrypoint}" does not extend WorkflowEntrypoint.`);
    return new Class(ctx, env).run(...given);
  };
  return workflows().run(openRun, json, parcel, run).then((told) => host.rpcTell(event.id, told));
}

function handle(event, entrypoint, ctx, [name, json], parcel) {
  if (name === "workflow") return goOn(event, entrypoint, ctx, json, parcel);
  const call = (given) => {
    const { handler, isClass } = open(entrypoint, ctx, env);
    if (typeof handler[name] !== "function") throw new Error(`Handler does not export a ${name}() function.`);
    return isClass ? handler[name](...given) : handler[name](...given, env, ctx);
  };
  if (!platform().isKnown(name)) return rpc().handle(event.id, parcel, json, call);
  return platform().run(event, name, json, parcel, (given) => call([given])).then((told) => host.rpcTell(event.id, told));
}

function fail(id, event, error) {
  threw(id, error);
  event.done();
}

const notAResponse = () =>
  new TypeError("Incorrect type for Promise: the Promise did not resolve to 'Response'.");

// As the host's `respond` reads them.
const ENCODE = 1;
const FINISH = 2;

// A body, or a WebSocket for one who asked for it: its event goes on while its other end, here, is in use.
function answerOf(event, state) {
  if (state.status !== 101) return payloadOf(state.body, disconnected);
  if (event.request === undefined || event.request.headers.get("upgrade")?.toLowerCase() !== "websocket") throw new TypeError(NO_UPGRADE);
  const { handle, until } = takeSocket(state);
  if (until !== undefined) event.until(until);
  return { payload: handle, done: undefined };
}

const NO_UPGRADE = 'Worker tried to return a WebSocket in a response to a request which did not contain the header "Upgrade: websocket".';

function deliver(id, event, response) {
  const state = responseParts(response);
  if (state === undefined) return fail(id, event, notAResponse());
  if (state.type === "error") return fail(id, event, new TypeError("Return value from serve handler must not be an error response (like Response.error())"));
  let sent;
  try {
    sent = answerOf(event, state);
  } catch (error) {
    return fail(id, event, error);
  }
  const nothingLeft = sent.done === undefined && event.pending === 1 && event.held === 0;
  const how = (state.encodeBody === "automatic" ? ENCODE : 0) | (nothingLeft ? FINISH : 0);
  respond(id, state.status, state.statusText, state.list, sent.payload, how);
  if (nothingLeft) event.forget();
  else if (sent.done === undefined) event.answered();
  else sent.done.then(() => event.answered(), (error) => broken(event, error));
}

// The stream of a response failed, or its reader left.
function broken(event, error) {
  if (error?.message === "The client has disconnected") abortIncoming(event.request);
  else host.reportError(error);
  event.answered();
}

/** The caller of an event went away. */
export function onGone(id, answered) {
  const event = events.get(id);
  if (event === undefined) return;
  if (event.request !== undefined) abortIncoming(event.request);
  if (!answered) event.answered();
}
