// Durable Objects as their callers see them: the namespace of a class, ids, and stubs.
import { Fetcher } from "internal:fetch";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";

const { defineProperty } = Object;
const missing = (method, type) =>
  new TypeError(`Failed to execute '${method}' on 'DurableObjectNamespace': parameter 1 is not of type '${type}'.`);

let textOf;

class DurableObjectId {
  #text;

  constructor(token, text, name, jurisdiction) {
    illegalConstructor(token);
    this.#text = text;
    if (name !== undefined) defineProperty(this, "name", { value: name, enumerable: true });
    if (jurisdiction !== undefined) defineProperty(this, "jurisdiction", { value: jurisdiction, enumerable: true });
  }

  toString() {
    return this.#text;
  }

  equals(other) {
    return textOf(other) === this.#text;
  }

  static {
    textOf = (value) => (isObject(value) && #text in value ? value.#text : undefined);
  }
}
interface_(DurableObjectId);

/** An id of whose text the host is sure. */
export const idOf = (text, name) => new DurableObjectId(internal, text, name);

class Stub extends Fetcher {
  constructor(token, target, id) {
    super(token, target);
    defineProperty(this, "id", { value: id, enumerable: true });
    if (id.name !== undefined) defineProperty(this, "name", { value: id.name, enumerable: true });
  }
}
interface_(Stub, { name: "DurableObject" });

// Accepted for what production knows; on one machine all of them are here.
const JURISDICTIONS = ["eu", "fedramp", "fedramp-high"];

function jurisdictionOf(value) {
  if (value === undefined || value === null) return undefined;
  if (!JURISDICTIONS.includes(`${value}`)) throw new TypeError(`Unknown jurisdiction: ${value}`);
  return `${value}`;
}

class DurableObjectNamespace {
  #natives;
  #jurisdiction;

  constructor(token, natives, jurisdiction) {
    illegalConstructor(token);
    this.#natives = natives;
    this.#jurisdiction = jurisdiction;
  }

  newUniqueId(options = undefined) {
    return new DurableObjectId(internal, this.#natives[1](), undefined, jurisdictionOf(options?.jurisdiction) ?? this.#jurisdiction);
  }

  idFromName(name) {
    if (arguments.length === 0) throw missing("idFromName", "string");
    return new DurableObjectId(internal, this.#natives[0](`${name}`.toWellFormed()), `${name}`, this.#jurisdiction);
  }

  idFromString(text) {
    if (arguments.length === 0) throw missing("idFromString", "string");
    return new DurableObjectId(internal, this.#natives[2](`${text}`), undefined, this.#jurisdiction);
  }

  get(id, options = undefined) {
    const text = textOf(id);
    if (text === undefined) throw missing("get", "DurableObjectId");
    if (options !== undefined && options !== null) void options.locationHint;
    this.#natives[2](text);
    return new Stub(internal, this.#natives[3](text, id.name), id);
  }

  getByName(name, options = undefined) {
    if (arguments.length === 0) throw missing("getByName", "string");
    return this.get(this.idFromName(name), options);
  }

  jurisdiction(jurisdiction) {
    return new DurableObjectNamespace(internal, this.#natives, jurisdictionOf(jurisdiction));
  }
}
interface_(DurableObjectNamespace);

export const make = (natives) => new DurableObjectNamespace(internal, natives, undefined);
