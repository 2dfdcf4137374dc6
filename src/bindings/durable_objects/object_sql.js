// `ctx.storage.sql` of a Durable Object.
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

function parameter(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return value;
  if (typeof value === "bigint") throw new TypeError("Cannot convert a BigInt value to a number");
  if (isObject(value) && isBufferSource(value)) return bytesOf(value);
  return `${value}`;
}

const plain = (value) => (isObject(value) ? value.buffer : value);

class Cursor {
  #columns;
  #rows;
  #counts;
  #at = 0;

  constructor(token, [columns, rows, read, written]) {
    illegalConstructor(token);
    this.#columns = columns;
    this.#rows = rows;
    this.#counts = [read, written];
  }

  get columnNames() { return [...this.#columns]; }
  get rowsRead() { return this.#counts[0]; }
  get rowsWritten() { return this.#counts[1]; }

  next() {
    if (this.#at >= this.#rows.length) return { done: true, value: undefined };
    return { done: false, value: this.#object(this.#rows[this.#at++]) };
  }

  toArray() {
    const rest = this.#rows.slice(this.#at);
    this.#at = this.#rows.length;
    return rest.map((row) => this.#object(row));
  }

  one() {
    const left = this.#rows.length - this.#at;
    if (left === 0) throw new Error("Expected exactly one result from SQL query, but got no results.");
    if (left > 1) throw new Error("Expected exactly one result from SQL query, but got multiple results.");
    return this.next().value;
  }

  raw() {
    const step = () => {
      if (this.#at >= this.#rows.length) return { done: true, value: undefined };
      return { done: false, value: this.#rows[this.#at++].map(plain) };
    };
    return new RawIterator(internal, step, this.#columns);
  }

  [Symbol.iterator]() { return this; }

  #object(row) {
    const object = {};
    for (let i = 0; i < row.length; i++) object[this.#columns[i]] = plain(row[i]);
    return object;
  }
}

class RawIterator {
  #step;
  #columns;

  constructor(token, step, columns) {
    illegalConstructor(token);
    this.#step = step;
    this.#columns = columns;
  }

  get columnNames() { return [...this.#columns]; }
  next() { return this.#step(); }
  toArray() { return [...this]; }
  [Symbol.iterator]() { return this; }
}

class SqlStorage {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  exec(query, ...bindings) {
    if (arguments.length === 0) throw new TypeError("Failed to execute 'exec' on 'SqlStorage': parameter 1 is not of type 'string'.");
    return new Cursor(internal, this.#handle.exec(`${query}`, bindings.map(parameter)));
  }

  get databaseSize() { return this.#handle.size(); }
}
Object.defineProperty(SqlStorage.prototype, "Cursor", { value: Cursor, writable: true, configurable: true });
for (const Class of [Cursor, RawIterator, SqlStorage]) interface_(Class);

export const sqlOf = (handle) => new SqlStorage(internal, handle);
