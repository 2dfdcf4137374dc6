//! Natives of the Cache API: answers by cache, URL and what they vary by, in the store. What may be kept, how long, and
//! what of it answers a request, is said in JavaScript.

use std::sync::Arc;

use bytes::Bytes;
use rquickjs::function::Func;
use rquickjs::{Array, Ctx, IntoJs, Object, Promise, Result, TypedArray, Value};
use rusqlite::{Connection, Row, params};

use super::body::Chunk;
use super::event::host_of;
use crate::engine::{HostError, bytes::with_bytes, require_current, spawn_op, throw_error};
use crate::store::{Access, Database, Schema, Store, StoreError};

const SCHEMA: Schema = &["
    CREATE TABLE answers (
        cache TEXT NOT NULL,
        url TEXT NOT NULL,
        vary TEXT NOT NULL,
        expires REAL NOT NULL,
        status INTEGER NOT NULL,
        status_text TEXT NOT NULL,
        headers TEXT NOT NULL,
        size INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (cache, url, vary)
    );
    CREATE INDEX answers_by_expiry ON answers (expires);
"];

/// Bytes of all bodies; beyond, those go first that expire first.
const MAX_KEPT: i64 = 1 << 30;

/// The caches that one Worker sees.
pub struct Caches {
    database: Arc<Database>,
    /// Before the names of its own caches.
    prefix: String,
    has_default: bool,
}

impl Caches {
    /// Those of ordinary Workers, who share them.
    pub fn shared(store: &Store) -> Self {
        Self { database: store.database("caches", SCHEMA), prefix: String::new(), has_default: true }
    }

    /// Those that the user Workers of a trusted namespace share.
    pub fn of_trusted(store: &Store, namespace: &str) -> Self {
        // No user Worker's own begin so.
        Self { prefix: format!("{namespace}/\n"), ..Self::shared(store) }
    }

    /// Those of one user Worker in an untrusted namespace: its own, and no default one.
    pub fn of(store: &Store, worker: &str) -> Self {
        Self { prefix: format!("{worker}\n"), has_default: false, ..Self::shared(store) }
    }
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("cacheHasDefault", Func::from(|ctx: Ctx<'_>| host_of(&ctx).caches().is_some_and(|all| all.has_default)))?;
    host.set("cacheMatch", Func::from(find))?;
    host.set("cachePut", Func::from(put))?;
    host.set("cacheDelete", Func::from(delete))
}

/// Where the cache of this name is; only events may ask.
fn place(ctx: &Ctx<'_>, name: &str) -> Result<(Arc<Database>, String)> {
    let invocation = require_current(ctx)?;
    if !invocation.count_subrequest() {
        return Err(throw_error(ctx, "Too many subrequests."));
    }
    let all = host_of(ctx).caches().ok_or_else(|| throw_error(ctx, "There are no caches here."))?;
    Ok((all.database, format!("{}{name}", all.prefix)))
}

fn failed(error: StoreError) -> HostError {
    HostError::Error(error.to_string())
}

/// `[vary, status, statusText, headers, body]`
struct Kept {
    vary: String,
    status: u16,
    status_text: String,
    headers: String,
    body: Vec<u8>,
}

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (vary, status, status_text) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Self { vary, status, status_text, headers: row.get(3)?, body: row.get(4)? })
    }
}

impl<'js> IntoJs<'js> for Kept {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let parts = Array::new(ctx.clone())?;
        parts.set(0, self.vary)?;
        parts.set(1, self.status)?;
        parts.set(2, self.status_text)?;
        parts.set(3, self.headers)?;
        parts.set(4, Chunk(Bytes::from(self.body)))?;
        parts.into_js(ctx)
    }
}

/// A promise of all answers to a URL that are fresh at `now`.
fn find(ctx: Ctx<'_>, name: String, url: String, now: f64) -> Result<Promise<'_>> {
    let (database, cache) = place(&ctx, &name)?;
    let work = move |connection: &Connection| {
        let sql =
            "SELECT vary, status, status_text, headers, body FROM answers WHERE cache = ? AND url = ? AND expires > ?";
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map(params![cache, url, now], Kept::read)?.collect::<rusqlite::Result<Vec<_>>>()
    };
    spawn_op(&ctx, async move { database.run(Access::Read, work).await.map_err(failed) })
}

/// `kept`: `[vary, status, statusText, headers, body, now, expires]`.
fn put<'js>(ctx: Ctx<'js>, name: String, url: String, kept: Array<'js>) -> Result<Promise<'js>> {
    let (database, cache) = place(&ctx, &name)?;
    let (vary, status, status_text): (String, u16, String) = (kept.get(0)?, kept.get(1)?, kept.get(2)?);
    let headers: String = kept.get(3)?;
    let body = with_bytes(&kept.get::<TypedArray<'js, u8>>(4)?, <[u8]>::to_vec);
    let (now, expires): (f64, f64) = (kept.get(5)?, kept.get(6)?);
    let size = i64::try_from(body.len()).unwrap_or(i64::MAX);
    let access = Access::Write { bytes: body.len() };
    let work = move |connection: &Connection| {
        connection.execute("DELETE FROM answers WHERE expires <= ?", [now])?;
        connection.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![cache, url, vary, expires, status, status_text, headers, size, body],
        )?;
        trim(connection)
    };
    spawn_op(&ctx, async move { database.run(access, work).await.map_err(failed) })
}

fn trim(connection: &Connection) -> rusqlite::Result<()> {
    let size = || connection.query_row("SELECT COALESCE(SUM(size), 0) FROM answers", [], |row| row.get::<_, i64>(0));
    let first = "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ORDER BY expires LIMIT 16)";
    while size()? > MAX_KEPT {
        connection.execute(first, [])?;
    }
    Ok(())
}

/// A promise: whether there was a fresh one.
fn delete(ctx: Ctx<'_>, name: String, url: String, now: f64) -> Result<Promise<'_>> {
    let (database, cache) = place(&ctx, &name)?;
    let work = move |connection: &Connection| {
        let is_fresh = "SELECT COUNT(*) FROM answers WHERE cache = ? AND url = ? AND expires > ?";
        let fresh: u32 = connection.query_row(is_fresh, params![cache, url, now], |row| row.get(0))?;
        connection.execute("DELETE FROM answers WHERE cache = ? AND url = ?", params![cache, url])?;
        Ok(fresh > 0)
    };
    spawn_op(&ctx, async move { database.run(Access::Write { bytes: 0 }, work).await.map_err(failed) })
}
