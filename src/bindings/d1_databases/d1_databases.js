// D1 databases: `env.DB.prepare(...).bind(...).all()`.
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const { isArray } = Array;
const failure = (kind, message) => new Error(`${kind}: ${message}`, { cause: new Error(message) });

function parameter(value) {
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (isArray(value)) return new Uint8Array(value);
  if (isObject(value) && isBufferSource(value)) return bytesOf(value).slice();
  throw failure("D1_TYPE_ERROR", `Type '${typeof value}' not supported for value '${value}'`);
}

const plain = (value) => (isObject(value) ? [...value] : value);

function objects(columns, rows) {
  return rows.map((row) => {
    const object = {};
    for (let i = 0; i < row.length; i++) object[columns[i]] = plain(row[i]);
    return object;
  });
}

function resultOf([columns, rows, duration, changes, lastRowId, changed, size, read, written]) {
  const meta = {
    served_by: "devflare", duration, changes, last_row_id: lastRowId, changed_db: changed && changes > 0,
    size_after: size, rows_read: read, rows_written: written,
  };
  return { success: true, meta, results: objects(columns, rows) };
}

/** A database, or one of its sessions: what statements run on. */
class Connection {
  constructor(handle, bookmark) {
    this.handle = handle;
    this.bookmark = bookmark;
    this.isSession = bookmark !== undefined;
  }

  async query(batch) {
    if (batch.length === 0) throw failure("D1_ERROR", "No SQL statements detected.");
    try {
      const answers = await this.handle.query(batch);
      if (this.isSession) this.bookmark = nextBookmark();
      return answers;
    } catch (error) {
      const { message } = error;
      const isEmpty = message === "SQL code did not contain a statement." && batch.some(([text]) => text.trim() === "");
      throw failure("D1_ERROR", isEmpty ? "No SQL statements detected." : message);
    }
  }
}

// Every read sees every write that was answered before it, so a bookmark need only grow.
let bookmarks = 0;
const hex = (number, digits) => number.toString(16).padStart(digits, "0");
const nextBookmark = () => `${hex(Math.floor(Date.now() / 1000), 8)}-${hex(++bookmarks, 8)}-${hex(0, 8)}-${hex(0, 32)}`;

let statementOf;

class D1PreparedStatement {
  #connection;
  #statement;
  #parameters;

  constructor(token, connection, statement, parameters = []) {
    illegalConstructor(token);
    this.#connection = connection;
    this.#statement = statement;
    this.#parameters = parameters;
  }

  bind(...values) {
    return new D1PreparedStatement(internal, this.#connection, this.#statement, values.map(parameter));
  }

  async first(column = undefined) {
    const [[columns, rows]] = await this.#run();
    if (rows.length === 0) return null;
    const [row] = objects(columns, rows.slice(0, 1));
    if (column === undefined) return row;
    if (!(column in row)) throw new Error(`D1_COLUMN_NOTFOUND: Column not found (${column})`, { cause: new Error("Column not found") });
    return row[column];
  }

  async run() { return resultOf((await this.#run())[0]); }
  async all() { return resultOf((await this.#run())[0]); }

  async raw(options = undefined) {
    const [[columns, rows]] = await this.#run();
    const values = rows.map((row) => row.map(plain));
    return options?.columnNames ? [columns, ...values] : values;
  }

  #run() {
    return this.#connection.query([[`${this.#statement}`, this.#parameters]]);
  }

  static {
    statementOf = (value) => (isObject(value) && #statement in value ? [`${value.#statement}`, value.#parameters] : undefined);
  }
}

async function batch(connection, statements) {
  const list = [...statements].map((statement) => {
    const parts = statementOf(statement);
    if (parts === undefined) throw failure("D1_ERROR", "batch() takes statements that prepare() has made.");
    return parts;
  });
  return (await connection.query(list)).map(resultOf);
}

class D1DatabaseSession {
  #connection;

  constructor(token, connection) {
    illegalConstructor(token);
    this.#connection = connection;
  }

  prepare(query) { return new D1PreparedStatement(internal, this.#connection, query); }
  batch(statements) { return batch(this.#connection, statements); }
  getBookmark() { return this.#connection.bookmark; }
}

class D1Database {
  #connection;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#connection = new Connection(handle, undefined);
  }

  prepare(query) { return new D1PreparedStatement(internal, this.#connection, query); }
  batch(statements) { return batch(this.#connection, statements); }

  async exec(query) {
    const lines = `${query}`.trim().split("\n");
    let duration = 0;
    let count = 0;
    for (const [index, line] of lines.entries()) {
      if (line.trim() === "" && lines.length > 1) continue;
      try {
        const [answer] = await this.#connection.query([[line, []]]);
        duration += answer[2];
        count++;
      } catch (error) {
        throw failure("D1_EXEC_ERROR", `Error in line ${index + 1}: ${line}: ${error.cause?.message ?? error.message}`);
      }
    }
    return { count, duration };
  }

  withSession(constraintOrBookmark = undefined) {
    const text = constraintOrBookmark === undefined || constraintOrBookmark === null ? "" : `${constraintOrBookmark}`.trim();
    const isConstraint = text === "" || text === "first-primary" || text === "first-unconstrained";
    return new D1DatabaseSession(internal, new Connection(this.#connection.handle, isConstraint ? null : text));
  }

  async dump() { return (await this.#connection.handle.dump()).buffer; }
}
for (const Class of [D1Database, D1DatabaseSession, D1PreparedStatement]) interface_(Class);

export const make = (handle) => new D1Database(internal, handle);
