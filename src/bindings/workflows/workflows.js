// A workflow, as those see it who start its instances.
import { host } from "internal:host";
import { pack, unpack } from "internal:serial";
import { millis } from "internal:durations";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const MAX_ID = 100;
const ID = /^[a-zA-Z0-9_][a-zA-Z0-9-_]*$/;
const MAX_BATCH = 100;
const MAX_BYTES = 1 << 20;
const TYPE = /^[a-zA-Z0-9_][a-zA-Z0-9-_]*$/;
const MAX_TYPE = 100;
/** As on the paid plan: 30 days. */
const RETENTION = 2_592_000_000;

const failure = (code, message) => new Error(`(${code}) ${message}`);
const missing = () => failure("instance.not_found", "Instance does not exist");

function limited(parcel, what) {
  const size = host.parcelSize(parcel);
  if (size > MAX_BYTES) throw new Error(`${what} of ${size} bytes is too large. Maximum allowed size is 1MiB.`);
  return parcel;
}

const retentionOf = (value) => (value === undefined || value === null ? RETENTION : millis(value));

function item(options) {
  const id = options?.id ?? undefined;
  if (id !== undefined && (typeof id !== "string" || id.length > MAX_ID || !ID.test(id))) {
    throw failure("instance.invalid_id", "Workflow instance has invalid id");
  }
  const { successRetention, errorRetention } = options?.retention ?? {};
  return [id, limited(pack(options?.params ?? {}), "The parameters"), retentionOf(successRetention), retentionOf(errorRetention)];
}

class WorkflowInstance {
  #handle;
  #id;

  constructor(token, handle, id) {
    illegalConstructor(token);
    this.#handle = handle;
    this.#id = id;
  }

  get id() { return this.#id; }

  pause() { return this.#command("pause"); }
  resume() { return this.#command("resume"); }
  terminate() { return this.#command("terminate"); }
  restart() { return this.#command("restart"); }

  async #command(name) {
    const told = await this.#handle.command(this.#id, name);
    if (told === "missing") throw missing();
    if (told === "over") throw failure("instance.cannot_terminate", "Cannot terminate instance since its on a finite state");
  }

  async status() {
    const found = await this.#handle.status(this.#id);
    if (found === undefined) throw missing();
    const [status, output, error] = found;
    return { status, error: error ? JSON.parse(error) : null, output: output ? unpack(host.parcelFrom(output)) : null };
  }

  async sendEvent(event) {
    const type = event?.type;
    if (typeof type !== "string" || type.length > MAX_TYPE || !TYPE.test(type)) {
      throw failure("instance.invalid_event_type", "Event type is invalid");
    }
    const payload = limited(pack(event.payload), "The payload");
    if (!(await this.#handle.sendEvent(this.#id, type, payload))) throw missing();
  }
}
interface_(WorkflowInstance);

class Workflow {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  async get(id) {
    const instance = new WorkflowInstance(internal, this.#handle, `${id}`);
    await instance.status();
    return instance;
  }

  async create(options = undefined) {
    const made = await this.#handle.create([item(options)]);
    if (made.length === 0) throw failure("instance.already_exists", "Instance already exists");
    return new WorkflowInstance(internal, this.#handle, made[0]);
  }

  /** Those that exist already are left out, as in production. */
  async createBatch(batch) {
    const list = [...batch].map(item);
    if (list.length === 0) throw new Error("WorkflowError: batchCreate should have at least 1 instance");
    if (list.length > MAX_BATCH) throw new Error(`WorkflowError: batchCreate should have at most ${MAX_BATCH} instances`);
    const made = await this.#handle.create(list);
    return made.map((id) => new WorkflowInstance(internal, this.#handle, id));
  }
}
interface_(Workflow);

export const make = (handle) => new Workflow(internal, handle);
