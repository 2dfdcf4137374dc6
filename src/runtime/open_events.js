// The events that are open in this isolate, and the `ctx` that their handlers get.
import { host } from "internal:host";
import { exports } from "internal:workers";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const { allowTime, finish } = host;

/** Open events by the number of their invocation. */
export const events = new Map();

/** The open event of an invocation, for modules that give things away in its name. */
host.eventOf = (id) => events.get(id);

/** One open event, which no user code sees: it ends when nothing it promised is left. */
export class Event {
  #given = undefined;

  /** `props` is JSON, until somebody asks for it. */
  constructor(id, request, props) {
    this.id = id;
    this.request = request;
    if (props !== undefined) this.props = props;
    events.set(id, this);
  }

  readProps() {
    if (typeof this.props !== "object") this.props = this.props === undefined ? {} : JSON.parse(this.props);
    return this.props;
  }

  waitUntil(promise) {
    this.pending++;
    const settled = Promise.resolve(promise).then(
      () => (this.done(), true),
      (error) => {
        host.reportError(error);
        this.done();
        return false;
      },
    );
    this.promised?.push(settled);
  }

  /** Waits for all that was given to `waitUntil()`; false if some of it failed. For events that collect it in `promised`. */
  async drained() {
    let well = true;
    while (this.promised.length > 0) {
      for (const settled of await Promise.all(this.promised.splice(0))) well &&= settled;
    }
    return well;
  }

  /** The answer is out, to its last byte; what was promised beyond it has limited time. */
  answered() {
    this.done();
    if (this.pending > 0) allowTime(this.id);
  }

  done() {
    if (--this.pending === 0 && this.held === 0) this.end();
  }

  /** Something that others hold keeps the event going, however long. */
  hold() {
    this.held++;
  }

  letGo() {
    if (--this.held === 0 && this.pending === 0) this.end();
  }

  /** The event goes on until a stream has been sent. */
  until(promise) {
    this.hold();
    const over = () => this.letGo();
    promise.then(over, over);
  }

  /** `table` keeps something of the event's under `key`, until the event ends. */
  gaveAway(table, key) {
    (this.#given ??= new Map()).set(key, table);
  }

  tookBack(key) {
    this.#given.delete(key);
  }

  end() {
    this.forget();
    finish(this.id);
  }

  /** For one whom the host has ended. */
  forget() {
    events.delete(this.id);
    this.#given?.forEach((table, key) => table.delete(key));
  }
}

// Defaults on the prototype: most events set none of them.
Object.assign(Event.prototype, { props: undefined, pending: 1, held: 0, promised: undefined });

class ExecutionContext {
  #event;

  constructor(token, event) {
    illegalConstructor(token);
    this.#event = event;
  }

  get props() { return this.#event.readProps(); }
  /** Who was let in by Cloudflare Access: nobody was asked. */
  get access() { return void this.#event; }
  get exports() { return this.#event && host.flag("enable_ctx_exports") ? exports : undefined; }

  waitUntil(promise) {
    this.#event.waitUntil(promise);
  }

  passThroughOnException() {
    void this.#event;
  }
}
interface_(ExecutionContext);

export const contextOf = (event) => new ExecutionContext(internal, event);
