// Runs a Worker's handlers: what the host calls for each event, and what handlers get (`request`, `env`, `ctx`).
import { host } from "internal:host";
import { abortIncoming, incoming } from "internal:request";
import { responseParts } from "internal:response";
import { payloadOf } from "internal:body";
import { WorkerEntrypoint, setEnv, setWaitUntil } from "internal:workers";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const { allowTime, finish, fulfilled, respond, threw } = host;

/** Open events by the number of their invocation. */
const events = new Map();

let env;
let exported;

/** Called once, before the modules are evaluated: they see `env` of `cloudflare:workers` in their global scope. */
export function bind(bindings) {
  env = bindings;
  setEnv(env);
  setWaitUntil((promise) => {
    const event = events.get(host.invocationId());
    if (event === undefined) throw new Error("waitUntil() can only be called while a request is handled.");
    event.waitUntil(promise);
  });
}

/** Called once, when the modules have been evaluated. */
export const start = (namespace) => void (exported = namespace);

/** One open event, which no user code sees: it ends when nothing it promised is left. */
class Event {
  /** `props` is JSON, until somebody asks for it. */
  constructor(id, request, props) {
    this.id = id;
    this.request = request;
    this.props = props;
    this.pending = 1;
    events.set(id, this);
  }

  readProps() {
    if (typeof this.props !== "object") this.props = this.props === undefined ? {} : JSON.parse(this.props);
    return this.props;
  }

  waitUntil(promise) {
    this.pending++;
    Promise.resolve(promise).then(
      () => this.done(),
      (error) => {
        host.reportError(error);
        this.done();
      },
    );
  }

  /** The answer is out, to its last byte; what was promised beyond it has limited time. */
  answered() {
    this.done();
    if (this.pending > 0) allowTime(this.id);
  }

  done() {
    if (--this.pending > 0) return;
    events.delete(this.id);
    finish(this.id);
  }
}

class ExecutionContext {
  #event;

  constructor(token, event) {
    illegalConstructor(token);
    this.#event = event;
  }

  get props() { return this.#event.readProps(); }

  waitUntil(promise) {
    this.#event.waitUntil(promise);
  }

  passThroughOnException() {
    void this.#event;
  }
}
interface_(ExecutionContext);

function call(entrypoint, request, ctx) {
  const value = exported[entrypoint];
  if (value === undefined) throw new Error(`The Worker exports no entrypoint named "${entrypoint}".`);
  const isClass = typeof value === "function" && value.prototype instanceof WorkerEntrypoint;
  const handler = isClass ? new value(ctx, env) : value;
  if (typeof handler?.fetch !== "function") throw new Error("Handler does not export a fetch() function.");
  return isClass ? handler.fetch(request) : handler.fetch(request, env, ctx);
}

/** A request for the Worker: the host is told of the answer by `respond` or `threw`, then by `finish`. */
export function onFetch(id, entrypoint, props, method, url, headers, body, cf) {
  const request = incoming(method, url, headers, body, cf);
  const event = new Event(id, request, props);
  const ctx = new ExecutionContext(internal, event);
  let answer;
  try {
    answer = call(entrypoint, request, ctx);
  } catch (error) {
    fail(id, event, error);
    return;
  }
  // A handler that did not wait for anything has its answer already.
  const response = responseParts(answer) === undefined ? fulfilled(answer) : answer;
  if (response !== undefined) deliver(id, event, response);
  else Promise.resolve(answer).then((response) => deliver(id, event, response), (error) => fail(id, event, error));
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

function deliver(id, event, response) {
  const state = responseParts(response);
  if (state === undefined) return fail(id, event, notAResponse());
  if (state.type === "error") return fail(id, event, new TypeError("Return value from the fetch() handler is an error response."));
  let sent;
  try {
    sent = payloadOf(state.body);
  } catch (error) {
    return fail(id, event, error);
  }
  const nothingLeft = sent.done === undefined && event.pending === 1;
  const how = (state.encodeBody === "automatic" ? ENCODE : 0) | (nothingLeft ? FINISH : 0);
  respond(id, state.status, state.statusText, state.list, sent.payload, how);
  if (nothingLeft) events.delete(id);
  else if (sent.done === undefined) event.answered();
  else sent.done.then(() => event.answered(), (error) => broken(event, error));
}

// The stream of a response failed, or its reader left.
function broken(event, error) {
  if (error?.message === "The client disconnected.") abortIncoming(event.request);
  else host.reportError(error);
  event.answered();
}

/** The caller of an event went away. */
export function onGone(id, answered) {
  const event = events.get(id);
  if (event === undefined) return;
  abortIncoming(event.request);
  if (!answered) event.answered();
}
