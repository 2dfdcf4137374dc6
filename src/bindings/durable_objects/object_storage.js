// `ctx.storage` of a Durable Object. The host's side is synchronous; what is a promise on Cloudflare is one here that is
// settled already, so that nothing else happens in the object between a call and its answer.
import { lazy } from "internal:host";
import { pack, unpack } from "internal:serial";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";

const sql = lazy("object_sql");
const { isArray } = Array;
const { keys } = Object;
const MAX_KEYS = 128;
const MAX_KEY = 2048;
const { encodeInto } = { encodeInto: (text) => unescape(encodeURIComponent(text)).length };

const wrong = (method, number, type, where) =>
  new TypeError(`Failed to execute '${method}' on '${where}': parameter ${number} is not of type '${type}'.`);

// Objects with SQL have one limit alone, of a key and its value together.
function checkKey({ hasSql }, key) {
  const text = `${key}`.toWellFormed();
  if (!hasSql && text.length * 3 > MAX_KEY) {
    const length = encodeInto(text);
    if (length > MAX_KEY) throw new RangeError(`Keys cannot be larger than ${MAX_KEY} bytes. A key of size ${length} was provided.`);
  }
  return text;
}

function checkCount({ hasSql }, count, what) {
  if (!hasSql && count > MAX_KEYS) throw new RangeError(`Maximum number of ${what} is ${MAX_KEYS}.`);
}

// ---- operations, all at once

function getOne(handle, key) {
  const found = handle.get(checkKey(handle, key));
  return found === undefined ? undefined : unpack(found);
}

function getMany(handle, list) {
  checkCount(handle, list.length, "keys");
  const names = list.map((key) => checkKey(handle, key)).sort();
  const found = new Map();
  for (const key of names) {
    const value = getOne(handle, key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

function putOne(handle, key, value) {
  if (value === undefined) throw new TypeError("put() called with undefined value.");
  handle.put(checkKey(handle, key), pack(value));
}

function putMany(handle, entries) {
  const names = keys(entries);
  checkCount(handle, names.length, "pairs");
  // All are packed before any is stored.
  const packed = [];
  for (const key of names) if (entries[key] !== undefined) packed.push([checkKey(handle, key), pack(entries[key])]);
  for (const [key, value] of packed) handle.put(key, value);
}

function deleteMany(handle, list) {
  checkCount(handle, list.length, "keys");
  let count = 0;
  for (const key of list) if (handle.delete(checkKey(handle, key))) count++;
  return count;
}

function* listed(handle, options) {
  const { start, startAfter, end, prefix, reverse, limit } = options ?? {};
  if (start !== undefined && startAfter !== undefined) {
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  }
  if (limit !== undefined && !(Math.trunc(limit) > 0)) throw new TypeError("List limit must be positive.");
  const text = (value) => (value === undefined || value === null ? undefined : `${value}`);
  const bounds = [text(start), text(startAfter), text(end), text(prefix)];
  const found = handle.list(bounds, !!reverse, limit === undefined ? undefined : Math.trunc(limit));
  for (let i = 0; i < found.length; i += 2) yield [found[i], unpack(found[i + 1])];
}

function alarmTime(value, where) {
  if (value instanceof Date) value = value.getTime();
  else if (typeof value !== "number") throw wrong("setAlarm", 1, "date", where);
  if (Number.isNaN(value)) throw new TypeError("The value cannot be converted because it is not a valid Date.");
  if (value <= 0) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
  return Math.trunc(value);
}

/** What storage and a transaction share; `use(name)` answers the host's side or throws. */
function operations(Class, where, use) {
  const members = {
    async get(key, options = undefined) {
      const handle = use(this, "get");
      if (arguments.length === 0) throw wrong("get", 1, "string or Array", where);
      return isArray(key) ? getMany(handle, key) : getOne(handle, key);
    },
    async list(options = undefined) { return new Map(listed(use(this, "list"), options)); },
    async put(key, value, options = undefined) {
      const handle = use(this, "put");
      if (arguments.length === 0) throw wrong("put", 1, "string or object", where);
      if (isObject(key)) putMany(handle, key);
      else putOne(handle, key, value);
    },
    async delete(key, options = undefined) {
      const handle = use(this, "delete");
      if (arguments.length === 0) throw wrong("delete", 1, "string or Array", where);
      return isArray(key) ? deleteMany(handle, key) : handle.delete(checkKey(handle, key));
    },
    async getAlarm(options = undefined) { return use(this, "getAlarm").getAlarm() ?? null; },
    async setAlarm(time, options = undefined) {
      const handle = use(this, "setAlarm");
      const at = alarmTime(time, where);
      ringable(this);
      handle.setAlarm(at);
    },
    async deleteAlarm(options = undefined) { use(this, "deleteAlarm").deleteAlarm(); },
  };
  Object.defineProperties(Class.prototype, Object.getOwnPropertyDescriptors(members));
  interface_(Class);
}

let partsOf;
let transactionOf;
const ringable = (object) => (partsOf(object) ?? transactionOf(object).parts).ringable();

// ---- ctx.storage

class DurableObjectStorage {
  #parts;
  #sql;
  #kv;

  constructor(token, parts) {
    illegalConstructor(token);
    this.#parts = parts;
  }

  get sql() {
    if (!this.#parts.handle.hasSql) throw new Error(NO_SQL);
    return (this.#sql ??= sql().sqlOf(this.#parts.handle));
  }

  get kv() {
    if (!this.#parts.handle.hasSql) throw new Error(NO_KV);
    return (this.#kv ??= new SyncKvStorage(internal, this.#parts.handle));
  }

  async deleteAll(options = undefined) { this.#parts.handle.deleteAll(); }
  async sync() { void this.#parts; }

  transaction(closure) {
    const { handle, alone } = this.#parts;
    if (typeof closure !== "function") throw wrong("transaction", 1, "function", "DurableObjectStorage");
    return alone(() => within(this.#parts, handle, closure));
  }

  transactionSync(closure) {
    const { handle } = this.#parts;
    const depth = handle.enter();
    let well = false;
    try {
      const value = closure();
      well = true;
      return value;
    } finally {
      handle.leave(depth, well);
    }
  }

  async getCurrentBookmark() { return (void this.#parts, "00000000-00000000-00000000-00000000000000000000000000000000"); }
  async getBookmarkForTime() { throw noRecovery(this.#parts); }
  async onNextSessionRestoreBookmark() { throw noRecovery(this.#parts); }

  static {
    partsOf = (value) => (#parts in value ? value.#parts : undefined);
  }
}
operations(DurableObjectStorage, "DurableObjectStorage", (storage) => partsOf(storage).handle);

const noRecovery = () => new Error("This Durable Object's storage back-end does not implement point-in-time recovery.");

const HOW_TO_HAVE_SQL =
  "to enable SQLite, change `new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or " +
  "wrangler.toml file. Note that this change cannot be made after the class is already deployed to production.";
const NO_SQL = `SQL is not enabled for this Durable Object class: ${HOW_TO_HAVE_SQL}`;
const NO_KV =
  "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this object's namespace is " +
  "not declared to use SQLite. You can use the older, asyncronous interface via methods of `storage` itself (e.g. " +
  `\`storage.get()\`). Alternatively, ${HOW_TO_HAVE_SQL}`;

// ---- transactions

async function within(parts, handle, closure) {
  const state = { parts, handle, rolledBack: false };
  const depth = handle.enter();
  let well = false;
  try {
    const value = await closure(new DurableObjectTransaction(internal, state));
    well = !state.rolledBack;
    return value;
  } finally {
    state.ended = true;
    if (!state.undone) handle.leave(depth, well);
  }
}

class DurableObjectTransaction {
  #state;

  constructor(token, state) {
    illegalConstructor(token);
    this.#state = state;
  }

  rollback() {
    const state = this.#state;
    if (state.rolledBack) return;
    state.rolledBack = true;
  }

  static {
    transactionOf = (value) => value.#state;
  }
}
operations(DurableObjectTransaction, "DurableObjectTransaction", (transaction, method) => {
  const state = transactionOf(transaction);
  if (state.rolledBack) throw new Error(`Cannot ${method}() on rolled back transaction`);
  if (state.ended) throw new Error(`Cannot call ${method}() on transaction that has already committed: did you move \`txn\` outside of the closure?`);
  return state.handle;
});

// ---- ctx.storage.kv

class SyncKvStorage {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  get(key) { return getOne(this.#handle, key); }
  list(options = undefined) { return listed(this.#handle, options); }
  put(key, value) { putOne(this.#handle, key, value); }
  delete(key) { return this.#handle.delete(checkKey(this.#handle, key)); }
}
interface_(SyncKvStorage);

/** `parts`: the host's `handle`; `alone(callback)`, which keeps other events out; `ringable()`, which throws without a handler. */
export const storageOf = (parts) => new DurableObjectStorage(internal, parts);
