// Durable Objects as Workers see them; each claim was checked against workerd.
import { DurableObject, RpcTarget, env, exports } from "cloudflare:workers";

const rejectsWith = async (name, message, promise) => equal((await rejects(name, promise)).message, message);
const throwsWith = (name, message, body) => equal(throws(name, body).message, message);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

class Handle extends RpcTarget {
  #object;
  constructor(object) { super(); this.#object = object; }
  up() { return ++this.#object.memory; }
}

export class Room extends DurableObject {
  memory = 0;
  log = [];

  constructor(ctx, env) {
    super(ctx, env);
    this.started = false;
    ctx.blockConcurrencyWhile(async () => {
      await sleep(2);
      this.started = true;
    });
  }

  async fetch(request) { return new Response(`${request.method} ${new URL(request.url).pathname} ${await request.text()} ${this.started}`); }
  up() { return ++this.memory; }
  handle() { return new Handle(this); }
  ids() { return [String(this.ctx.id), this.ctx.id.name]; }
  abort(why) { this.ctx.abort(why); }
  fails() { throw new RangeError("no"); }
  hangs() { return new Promise(() => {}); }

  async increment() {
    const value = (await this.ctx.storage.get("n")) ?? 0;
    await this.ctx.storage.put("n", value + 1);
    return value + 1;
  }

  // Between a fetch and its answer others may enter, between a get and a put nobody.
  async slow() {
    this.log.push("in");
    await sleep(3);
    this.log.push("out");
    return this.log.join(" ");
  }

  async alone() {
    return this.ctx.blockConcurrencyWhile(async () => {
      this.log.push("in");
      await sleep(3);
      this.log.push("out");
      return this.log.join(" ");
    });
  }

  async failAlone() { await this.ctx.blockConcurrencyWhile(async () => { throw new Error("blocked"); }); }

  async run(code, ...args) {
    return await tasks[code](this.ctx, this.ctx.storage, ...args);
  }

  async alarm(info) {
    this.rang = [...(this.rang ?? []), info.retryCount];
    this.inside = await this.ctx.storage.getAlarm();
    if (this.failures-- > 0) throw new Error("alarm failed");
  }
  ring(failures = 0) {
    this.failures = failures;
    return this.ctx.storage.setAlarm(Date.now() + 1);
  }
  async rung() { return [this.rang, this.inside, await this.ctx.storage.getAlarm()]; }
}

export class Plain {
  async fetch() { return new Response("plain"); }
  method() { return 1; }
}

export class Broken extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    throw new TypeError("cannot start");
  }
  method() { return 1; }
}

const attempt = async (body) => {
  try { return (await body()) ?? null; } catch (error) { return `${error.name}: ${error.message}`; }
};

const tasks = {
  async values(ctx, storage) {
    await storage.put("a", { list: [1, new Date(5)], map: new Map([[1, new Set([2])]]) });
    await storage.put({ b: 1, "é": 2, A: 3 });
    const a = await storage.get("a");
    return [a.list[1] instanceof Date, [...a.map.get(1)], [...(await storage.get(["é", "b", "none"]))], await storage.get("none") === undefined,
      await storage.delete("b"), await storage.delete("b"), await storage.delete(["é", "none"]), [...(await storage.list()).keys()]];
  },
  async lists(ctx, storage) {
    await storage.put({ a: 1, b: 2, ba: 3, bb: 4, c: 5, "😀": 6 });
    const keys = async (options) => [...(await storage.list(options)).keys()].join(" ");
    return [await keys(), await keys({ prefix: "b" }), await keys({ start: "b", end: "c" }), await keys({ startAfter: "b", limit: 2 }),
      await keys({ reverse: true, limit: 2 }), await keys({ prefix: "b", reverse: true, end: "bb" }), await keys({ start: "x" })];
  },
  refused: async (ctx, storage) => [
    await attempt(() => storage.put("x", undefined)), await attempt(() => storage.put()), await attempt(() => storage.put("f", () => 1)),
    await attempt(() => storage.list({ start: "a", startAfter: "b" })), await attempt(() => storage.list({ limit: 0 })),
    await attempt(() => storage.setAlarm(-1)), await attempt(() => storage.setAlarm(NaN)), await attempt(() => storage.setAlarm("x")),
    await attempt(() => storage.get("k".repeat(2049))), await attempt(async () => (await storage.get(Array.from({ length: 129 }, (_, i) => `${i}`))).size),
    await attempt(() => storage.put("big", new Uint8Array(2_200_000))), await attempt(() => storage.getBookmarkForTime(1)),
  ],
  async transactions(ctx, storage) {
    await storage.put("t", 0);
    const thrown = await attempt(() => storage.transaction(async (txn) => { await txn.put("t", 1); await sleep(1); throw new Error("back"); }));
    const after = await storage.get("t");
    await storage.transaction(async (txn) => { await txn.put("t", 2); txn.rollback(); });
    const rolled = await storage.get("t");
    const used = await attempt(() => storage.transaction(async (txn) => { txn.rollback(); await txn.put("t", 3); }));
    const value = await storage.transaction(async (txn) => { await txn.put("t", 4); return txn.get("t"); });
    const both = await Promise.all([1, 2].map((n) => storage.transaction(async (txn) => { const t = await txn.get("t"); await sleep(1); await txn.put("t", t + n); })));
    const sync = storage.transactionSync(() => { storage.kv.put("s", 1); return 9; });
    const syncThrown = await attempt(() => storage.transactionSync(() => { storage.kv.put("s", 2); throw new Error("sync"); }));
    return [thrown, after, rolled, used, value, both.length, await storage.get("t"), sync, syncThrown, storage.kv.get("s")];
  },
  sql(ctx, { sql }) {
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    const all = sql.exec("SELECT * FROM t ORDER BY id");
    const types = sql.exec("SELECT ? a, typeof(?) t, ? b, ? c, 9007199254740993 i", 1, 1, "x", null).one();
    const blob = sql.exec("SELECT ? AS b", new Uint8Array([1, 2])).one().b;
    const cursor = sql.exec("SELECT id FROM t ORDER BY id");
    const first = cursor.next().value;
    return [all.columnNames, all.toArray(), all.toArray(), [...sql.exec("SELECT * FROM t").raw()], types, blob instanceof ArrayBuffer && blob.byteLength,
      first, [...cursor], sql.exec("SELECT 1 AS a, 2 AS a").toArray(), [...sql.exec("SELECT 1 AS a, 2 AS a").raw()],
      sql.exec("INSERT INTO t VALUES (3, 'c')").rowsWritten, sql.exec("SELECT * FROM t").rowsRead, typeof sql.databaseSize,
      sql.exec("SELECT json_extract('{\"a\":[1,2]}', '$.a[1]') AS j, round(sqrt(16)) AS m").one(),
      sql.exec("CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('hello world'); SELECT count(*) AS n FROM f WHERE f MATCH 'world'").one()];
  },
  refusedSql: async (ctx, { sql }) => {
    const results = [];
    for (const text of ["BEGIN", "COMMIT", "SAVEPOINT a", "SELECT * FROM _cf_KV", "CREATE TABLE _cf_x (a)", "ATTACH 'x' AS y", "PRAGMA journal_mode", "SELEC", "", "-- hi",
      "SELECT * FROM nope", "SELECT ?, ?"]) results.push(await attempt(() => sql.exec(text)));
    sql.exec("CREATE TABLE u (id INTEGER PRIMARY KEY); INSERT INTO u VALUES (1)");
    results.push(await attempt(() => sql.exec("INSERT INTO u VALUES (1)")), await attempt(() => sql.exec("SELECT ?; SELECT ?", 1)));
    results.push(await attempt(() => sql.exec("SELECT 1 WHERE 0").one()), await attempt(() => sql.exec("SELECT 1 UNION SELECT 2").one()));
    results.push(await attempt(() => sql.exec("SELECT ?", 1n)));
    return results;
  },
  async clear(ctx, storage) {
    await storage.put("a", 1);
    storage.sql.exec("CREATE TABLE x (a REFERENCES y (b)); CREATE TABLE y (b PRIMARY KEY); INSERT INTO y VALUES (1); INSERT INTO x VALUES (1); CREATE VIEW v AS SELECT 1");
    await storage.setAlarm(Date.now() + 1e6);
    await storage.deleteAll();
    const left = storage.sql.exec("SELECT count(*) AS n FROM sqlite_master WHERE name IN ('x', 'y', 'v')").one().n;
    await storage.put("b", 2);
    return [(await storage.list()).size, left, await storage.getAlarm()];
  },
  async alarms(ctx, storage) {
    const at = Date.now() + 1e6;
    await storage.setAlarm(new Date(at));
    const set = (await storage.getAlarm()) === at;
    await storage.deleteAlarm();
    return [set, await storage.getAlarm()];
  },
  kvSync: (ctx, { kv }) => {
    kv.put("a", [1]);
    kv.put("b", 2);
    return [kv.get("a"), kv.get("none") === undefined, [...kv.list({ prefix: "b" })], kv.delete("a"), kv.delete("a")];
  },
  old: async (ctx, storage) => [await attempt(() => storage.sql), await attempt(() => storage.kv), await storage.put("a", 1), await storage.get("a"),
    await attempt(() => storage.get("k".repeat(2049))), await attempt(() => storage.get(Array.from({ length: 129 }, (_, i) => `${i}`)))],
};

const room = (name) => env.ROOM.getByName(name);

test("ids are of one class, and names always give the same", () => {
  const id = env.ROOM.idFromName("a");
  equal([id.toString().length, id.name, id.equals(env.ROOM.idFromName("a")), id.equals(env.ROOM.newUniqueId()), JSON.stringify(id)], [64, "a", true, false, '{"name":"a"}']);
  equal(env.ROOM.idFromString(String(id)).name, undefined);
  throwsWith("TypeError", "Invalid Durable Object ID: must be 64 hex digits", () => env.ROOM.idFromString("abc"));
  throwsWith("TypeError", "Durable Object ID is not valid for this namespace.", () => env.ROOM.idFromString(String(env.PLAIN.idFromName("a"))));
  throwsWith("TypeError", "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'.", () => env.ROOM.get("x"));
  throws("TypeError", () => env.ROOM.idFromName());
  const stub = env.ROOM.get(id, { locationHint: "weur" });
  equal([stub.constructor.name, stub.name, String(stub.id) === String(id), Object.keys(stub)], ["DurableObject", "a", true, ["id", "name"]]);
});

test("an object is one, and keeps its memory between events", async () => {
  equal([await room("one").up(), await room("one").up(), await room("two").up()], [1, 2, 1]);
  equal(await room("one").ids(), [String(env.ROOM.idFromName("one")), "one"]);
  const unique = env.ROOM.newUniqueId();
  equal(await env.ROOM.get(unique).ids(), [String(unique), undefined]);
  equal(await (await room("one").fetch("http://x/path", { method: "POST", body: "sent" })).text(), "POST /path sent true");
});

test("stubs of an object's parts work as those of Workers", async () => {
  using handle = await room("parts").handle();
  equal([await handle.up(), await room("parts").handle().up()], [1, 2]);
  await rejectsWith("RangeError", "no", room("parts").fails());
});

test("a class that does not extend DurableObject has fetch() alone", async () => {
  equal(await (await env.PLAIN.getByName("p").fetch("http://x/")).text(), "plain");
  equal((await rejects("TypeError", env.PLAIN.getByName("p").method())).message.startsWith("The receiving Durable Object does not support RPC"), true);
});

test("a class that throws when it is made fails its events", async () => {
  await rejectsWith("TypeError", "cannot start", env.BROKEN.getByName("b").method());
  await rejectsWith("TypeError", "cannot start", env.BROKEN.getByName("b").fetch("http://x/"));
});

test("no update is lost between a get and a put", async () => {
  await Promise.all(Array.from({ length: 200 }, () => room("counter").increment()));
  equal(await room("counter").increment(), 201);
});

test("others enter while an event waits, unless it blocks them", async () => {
  equal(await Promise.all([room("gate").slow(), room("gate").slow()]), ["in in out", "in in out out"]);
  equal(await Promise.all([room("alone").alone(), room("alone").alone()]), ["in out", "in out in out"]);
});

test("abort and a failed block reset the object", async () => {
  const stub = room("reset");
  equal([await stub.up(), await stub.up()], [1, 2]);
  const hanging = rejects("Error", stub.hangs());
  await rejectsWith("Error", "enough", stub.abort("enough"));
  equal((await hanging).message, "enough");
  equal(await room("reset").up(), 1);
  await rejectsWith("Error", "blocked", stub.failAlone());
  equal(await room("reset").up(), 1);
});

test("values of any kind are stored, and listed in the order of their keys", async () => {
  equal(await room("values").run("values"), [true, [2], [["b", 1], ["é", 2]], true, true, false, 1, ["A", "a"]]);
  equal(await room("lists").run("lists"), ["a b ba bb c 😀", "b ba bb", "b ba bb", "ba bb", "😀 c", "ba b", "😀"]);
});

test("what storage refuses", async () => {
  equal(await room("refused").run("refused"), [
    "TypeError: put() called with undefined value.",
    "TypeError: Failed to execute 'put' on 'DurableObjectStorage': parameter 1 is not of type 'string or object'.",
    "DataCloneError: () => 1 could not be cloned.",
    "TypeError: list() cannot be called with both start and startAfter values.",
    "TypeError: List limit must be positive.",
    "TypeError: setAlarm() cannot be called with an alarm time <= 0",
    "TypeError: The value cannot be converted because it is not a valid Date.",
    "TypeError: Failed to execute 'setAlarm' on 'DurableObjectStorage': parameter 1 is not of type 'date'.",
    null, 0,
    "Error: string or blob too big: SQLITE_TOOBIG",
    "Error: This Durable Object's storage back-end does not implement point-in-time recovery.",
  ]);
});

test("transactions are done whole or not at all, one after the other", async () => {
  equal(await room("transactions").run("transactions"), ["Error: back", 0, 0, "Error: Cannot put() on rolled back transaction", 4, 2, 7, 9, "Error: sync", 1]);
});

test("SQL", async () => {
  const rows = [{ id: 1, v: "a" }, { id: 2, v: "b" }];
  equal(await room("sql").run("sql"), [
    ["id", "v"], rows, [], [[1, "a"], [2, "b"]], { a: 1, t: "real", b: "x", c: null, i: 9007199254740992 }, 2,
    { id: 1 }, [{ id: 2 }], [{ a: 2 }], [[1, 2]], 1, 3, "number", { j: 2, m: 4 }, { n: 1 },
  ]);
});

test("what SQL refuses, in workerd's words", async () => {
  const transaction = "Error: To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will automatically roll back on exceptions, and because it interacts correctly with Durable Objects' automatic atomic write coalescing.";
  await room("refused").run("kvSync");
  equal(await room("refused").run("refusedSql"), [
    transaction, transaction, transaction, "Error: access to _cf_KV.key is prohibited: SQLITE_AUTH", "Error: not authorized: SQLITE_AUTH", "Error: not authorized: SQLITE_AUTH",
    "Error: not authorized: SQLITE_AUTH", 'Error: near "SELEC": syntax error at offset 0: SQLITE_ERROR', "Error: SQL code did not contain a statement.",
    "Error: SQL code did not contain a statement.", "Error: no such table: nope: SQLITE_ERROR", "Error: Wrong number of parameter bindings for SQL query.",
    "Error: UNIQUE constraint failed: u.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)",
    "Error: When executing multiple SQL statements in a single call, only the last statement can have parameters.",
    "Error: Expected exactly one result from SQL query, but got no results.", "Error: Expected exactly one result from SQL query, but got multiple results.",
    "TypeError: Cannot convert a BigInt value to a number",
  ]);
});

test("deleteAll leaves nothing", async () => {
  equal(await room("clear").run("clear"), [1, 0, null]);
});

test("synchronous keys and values", async () => {
  equal(await room("kv").run("kvSync"), [[1], true, [["b", 2]], true, false]);
});

test("classes from before SQL lack it", async () => {
  const [sql, kv, , value, ...limits] = await env.OLD.getByName("o").run("old");
  equal(limits, ["RangeError: Keys cannot be larger than 2048 bytes. A key of size 2049 was provided.", "RangeError: Maximum number of keys is 128."]);
  equal([sql.startsWith("Error: SQL is not enabled"), kv.startsWith("Error: The storage.kv (synchronous KV) API"), value], [true, true, 1]);
});

test("an alarm rings once, and can be taken away", async () => {
  equal(await room("alarms").run("alarms"), [true, null]);
  await room("ring").ring();
  let rung = [];
  for (let i = 0; i < 500 && !rung[0]; i++) {
    await sleep(10);
    rung = await room("ring").rung();
  }
  equal(rung, [[0], null, null]);
});

test("a Worker's own classes are in ctx.exports", async () => {
  equal([exports.Room.constructor.name, await exports.Room.getByName("exported").up()], ["DurableObjectNamespace", 1]);
  equal(String(exports.Room.idFromName("a")), String(env.ROOM.idFromName("a")));
});

export class Old extends Room {}
