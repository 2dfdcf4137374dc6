// D1 databases as Workers see them; each claim was checked against miniflare.
import { env } from "cloudflare:workers";

const db = env.DB;
const rejectsWith = async (message, promise) => {
  const error = await rejects("Error", promise);
  equal(error.message, message);
  return error;
};

test("statements answer what they found and what they did", async () => {
  equal((await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, b BLOB)\nINSERT INTO t (v) VALUES ('a')")).count, 2);
  const run = await db.prepare("INSERT INTO t (v) VALUES (?)").bind("b").run();
  equal([run.success, run.results, run.meta.changes, run.meta.last_row_id, run.meta.changed_db, run.meta.rows_written], [true, [], 1, 2, true, 1]);
  const all = await db.prepare("SELECT id, v FROM t").all();
  equal([all.results, all.meta.changes, all.meta.changed_db, all.meta.rows_read], [[{ id: 1, v: "a" }, { id: 2, v: "b" }], 0, false, 2]);
  equal(Object.keys(all.meta), ["served_by", "duration", "changes", "last_row_id", "changed_db", "size_after", "rows_read", "rows_written"]);
  equal((await db.prepare("INSERT INTO t (v) VALUES ('r') RETURNING id, v").all()).results, [{ id: 3, v: "r" }]);
});

test("first and raw", async () => {
  const query = db.prepare("SELECT id, v FROM t ORDER BY id LIMIT 2");
  equal([await query.first(), await query.first("v"), await query.raw()], [{ id: 1, v: "a" }, "a", [[1, "a"], [2, "b"]]]);
  equal(await query.raw({ columnNames: true }), [["id", "v"], [1, "a"], [2, "b"]]);
  equal([await db.prepare("SELECT 1 WHERE 0").first(), await db.prepare("SELECT 1 a WHERE 0").first("a")], [null, null]);
  await rejectsWith("D1_COLUMN_NOTFOUND: Column not found (nope)", query.first("nope"));
  equal([(await db.prepare("SELECT 1 a, 2 a").all()).results, await db.prepare("SELECT 1 a, 2 a").raw()], [[{ a: 2 }], [[1, 2]]]);
});

test("values keep their types", async () => {
  equal(await db.prepare("SELECT ? a, ? b, ? c, ? d, ? e, typeof(?1) f").bind(1, 1.5, true, "x", null).first(), { a: 1, b: 1.5, c: 1, d: "x", e: null, f: "real" });
  equal(await db.prepare("SELECT ? a, ? b, ? c").bind(new Uint8Array([1, 2]), new Uint8Array([3]).buffer, [4, 5]).first(), { a: [1, 2], b: [3], c: [4, 5] });
  equal(await db.prepare("SELECT 9007199254740993 a, ?2 b, ?1 c").bind(1, 2).first(), { a: 9007199254740992, b: 2, c: 1 });
  equal(await db.prepare("SELECT sqrt(4) a, pow(2, 3) b, json_extract('[1]', '$[0]') j, 7 % 4 m").first(), { a: 2, b: 8, j: 1, m: 3 });
});

test("parameters of other types are refused when they are bound", () => {
  for (const [value, text] of [
    [undefined, "Type 'undefined' not supported for value 'undefined'"], [{}, "Type 'object' not supported for value '[object Object]'"],
    [1n, "Type 'bigint' not supported for value '1'"], [() => 1, "Type 'function' not supported for value '() => 1'"],
  ]) {
    const error = throws("Error", () => db.prepare("SELECT ?").bind(value));
    equal([error.message, error.cause.message], [`D1_TYPE_ERROR: ${text}`, text]);
  }
});

test("a batch is done whole or not at all", async () => {
  const insert = db.prepare("INSERT INTO t (v) VALUES ('c')");
  const [, count] = await db.batch([insert, db.prepare("SELECT count(*) c FROM t")]);
  equal(count.results, [{ c: 4 }]);
  await rejectsWith("D1_ERROR: no such table: nope: SQLITE_ERROR", db.batch([insert, db.prepare("INSERT INTO nope VALUES (1)")]));
  equal(await db.prepare("SELECT count(*) c FROM t").first("c"), 4);
  await rejectsWith("D1_ERROR: No SQL statements detected.", db.batch([]));
});

test("mistakes are told in D1's words", async () => {
  const all = (sql, ...values) => db.prepare(sql).bind(...values).all();
  const error = await rejectsWith('D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR', all("SELEC"));
  equal(error.cause.message, 'near "SELEC": syntax error at offset 0: SQLITE_ERROR');
  await rejectsWith("D1_ERROR: No SQL statements detected.", all(""));
  await rejectsWith("D1_ERROR: Wrong number of parameter bindings for SQL query.", all("SELECT ?, ?", 1));
  await rejectsWith("D1_ERROR: UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)", all("INSERT INTO t (id) VALUES (1)"));
  await db.exec("CREATE TABLE p (id PRIMARY KEY)\nCREATE TABLE q (p REFERENCES p(id))");
  await rejectsWith("D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)", all("INSERT INTO q VALUES (5)"));
  await rejectsWith("D1_ERROR: not authorized: SQLITE_AUTH", all("ATTACH 'x' AS y"));
  for (const text of ["BEGIN", "COMMIT", " end", "ROLLBACK", "SAVEPOINT a", "RELEASE part_1"]) {
    equal([text, (await rejects("Error", all(text))).message.startsWith("D1_ERROR: To execute a transaction")], [text, true]);
  }
  await all("PRAGMA foreign_keys = OFF");
  equal((await all("PRAGMA foreign_keys")).results, [{ foreign_keys: 1 }]);
  await rejectsWith("D1_ERROR: not authorized: SQLITE_AUTH", all("CREATE TEMP TABLE temporary (a)"));
  await rejectsWith("D1_ERROR: not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR", all("SELECT sqlite_version()"));
  await rejectsWith("D1_ERROR: SQL code did not contain a statement.", all("-- nothing"));
  await rejectsWith("D1_ERROR: string or blob too big: SQLITE_TOOBIG", all("SELECT ?", "x".repeat(2200001)));
  equal((await rejects("Error", db.exec("SELECT 1\nSELEC 2"))).message.startsWith("D1_EXEC_ERROR: Error in line 2: SELEC 2: near"), true);
});

test("full text is searched", async () => {
  await db.exec("CREATE VIRTUAL TABLE f USING fts5(body)\nINSERT INTO f VALUES ('hello world'), ('good bye')");
  equal(await db.prepare("SELECT body FROM f WHERE f MATCH ?").bind("world").all().then((r) => r.results), [{ body: "hello world" }]);
});

test("a session has a bookmark once it has asked", async () => {
  const session = db.withSession();
  equal(session.getBookmark(), null);
  await session.prepare("SELECT 1").first();
  const first = session.getBookmark();
  equal(/^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/.test(first), true);
  const later = db.withSession(first);
  equal(later.getBookmark(), first);
  equal((await later.batch([later.prepare("SELECT 1 a")]))[0].results, [{ a: 1 }]);
  equal(later.getBookmark() > first, true);
});

test("a dump is a database", async () => {
  equal(new TextDecoder().decode((await db.dump()).slice(0, 15)), "SQLite format 3");
});
