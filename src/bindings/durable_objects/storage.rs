//! What an object keeps: keys and values, SQL tables and an alarm, in one database of its own.
//!
//! All of it is synchronous, so that nothing else can happen in the object meanwhile; what is written in one message of the
//! isolate is saved at its end, before anybody hears of it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, IntoJs as _, JsLifetime, Result, Value};
use rusqlite::{Connection, OptionalExtension as _};

use crate::bindings::sql_values::{datum, value_of};
use crate::engine::text::usv;
use crate::engine::{save_at_end, throw_error};
use crate::store::OwnDatabase;
use crate::store::sql::{self, Datum, Guard, Rows, SqlError};
use crate::web::serial::ParcelHandle;
use crate::worker::{Failure, Parcel};

/// One life of an object, from its first event to its eviction.
pub struct ObjectRecord {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    pub class: Arc<str>,
    pub has_sql: bool,
    pub database: Arc<OwnDatabase>,
    /// Its web sockets, which the runtime keeps.
    pub sockets: Arc<dyn Any + Send + Sync>,
    /// The life is over: nothing may be written any more.
    pub ended: AtomicBool,
    /// Told of each alarm that is set (milliseconds since 1970) or taken away, once that is saved.
    pub on_alarm: Box<dyn Fn(Option<i64>) + Send + Sync>,
    /// Ends the life with a failure.
    pub abort: Box<dyn Fn(Failure) + Send + Sync>,
}

/// The record, as JavaScript holds it.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct StorageHandle {
    #[qjs(skip_trace)]
    record: Arc<ObjectRecord>,
}

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB);";

/// Rows of `_cf_METADATA`.
const ALARM: i64 = 1;
/// The alarm's handler runs.
const RINGING: i64 = 2;

/// Key and value together, as on Cloudflare.
const MAX_BYTES_OF_VALUE: usize = 2_200_000;

/// When an object's alarm is due.
pub fn alarm_of(open: &Connection) -> rusqlite::Result<Option<i64>> {
    prepared(open)?;
    metadata(open, ALARM)
}

fn prepared(open: &Connection) -> rusqlite::Result<()> {
    open.execute_batch(SCHEMA)
}

fn metadata(open: &Connection, key: i64) -> rusqlite::Result<Option<i64>> {
    let mut statement = open.prepare_cached("SELECT value FROM _cf_METADATA WHERE key = ?1")?;
    statement.query_row([key], |row| row.get(0)).optional()
}

fn set_metadata(open: &Connection, key: i64, value: Option<i64>) -> rusqlite::Result<()> {
    match value {
        Some(value) => {
            open.prepare_cached("INSERT OR REPLACE INTO _cf_METADATA VALUES (?1, ?2)")?.execute((key, value))
        }
        None => open.prepare_cached("DELETE FROM _cf_METADATA WHERE key = ?1")?.execute([key]),
    }
    .map(|_| ())
}

impl StorageHandle {
    pub fn instance<'js>(ctx: &Ctx<'js>, record: Arc<ObjectRecord>) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { record })
    }

    fn live(&self, ctx: &Ctx<'_>) -> Result<&Arc<ObjectRecord>> {
        if self.record.ended.load(Ordering::Acquire) {
            return Err(throw_error(ctx, "This Durable Object has been reset; its storage can be used no more."));
        }
        Ok(&self.record)
    }

    /// Reads with statements of our own.
    fn read<T>(&self, ctx: &Ctx<'_>, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let result = self.live(ctx)?.database.with(|open, guard| {
            guard.trusted(|| {
                if is_new(open)? {
                    prepared(open)?;
                }
                work(open)
            })
        });
        result.map_err(|error| failed(ctx, &error))
    }

    /// Writes with statements of our own.
    fn write<T>(&self, ctx: &Ctx<'_>, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let result = self.live(ctx)?.database.write(|open, guard| {
            guard.trusted(|| {
                if is_new(open)? {
                    prepared(open)?;
                }
                work(open)
            })
        });
        let (value, begins) = result.map_err(|error| failed(ctx, &error))?;
        if begins {
            self.save_later(ctx);
        }
        Ok(value)
    }

    fn save_later(&self, ctx: &Ctx<'_>) {
        let record = self.record.clone();
        save_at_end(
            ctx,
            Box::new(move |well| {
                if !well || record.ended.load(Ordering::Acquire) {
                    record.database.reset();
                    return Err(Failure::error("The Durable Object's writes were undone."));
                }
                record.database.save().map_err(|error| {
                    let failure = Failure::error(SqlError::from(error).0);
                    (record.abort)(failure.clone());
                    failure
                })
            }),
        );
    }

    fn store_alarm(&self, ctx: &Ctx<'_>, at: Option<i64>) -> Result<()> {
        self.write(ctx, |open| {
            set_metadata(open, RINGING, None)?;
            set_metadata(open, ALARM, at)
        })?;
        let record = self.record.clone();
        // Told before it is saved: an alarm that is not there does no harm, one that is forgotten does.
        if at.is_some() {
            (record.on_alarm)(at);
        } else {
            save_at_end(
                ctx,
                Box::new(move |well| {
                    if well {
                        (record.on_alarm)(None);
                    }
                    Ok(())
                }),
            );
        }
        Ok(())
    }
}

/// The tables are made when they are first needed, and are gone after `deleteAll()`.
fn is_new(open: &Connection) -> rusqlite::Result<bool> {
    let mut statement = open.prepare_cached("SELECT 1 FROM sqlite_master WHERE name = '_cf_METADATA'")?;
    statement.exists([]).map(|exists| !exists)
}

fn failed(ctx: &Ctx<'_>, error: &rusqlite::Error) -> rquickjs::Error {
    throw_error(ctx, &sql::words_of(error))
}

/// A stored value, or undefined.
fn parcel<'js>(ctx: &Ctx<'js>, bytes: Option<Vec<u8>>) -> Result<Value<'js>> {
    match bytes {
        Some(bytes) => ParcelHandle::instance(ctx, Parcel { bytes, ..Parcel::default() })?.into_js(ctx),
        None => Ok(Value::new_undefined(ctx.clone())),
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl StorageHandle {
    fn get<'js>(&self, ctx: Ctx<'js>, key: Value<'js>) -> Result<Value<'js>> {
        let key = usv(&ctx, &key)?;
        let found = self.read(&ctx, |open| {
            let mut statement = open.prepare_cached("SELECT value FROM _cf_KV WHERE key = ?1")?;
            statement.query_row([&key], |row| row.get(0)).optional()
        })?;
        parcel(&ctx, found)
    }

    fn put<'js>(&self, ctx: Ctx<'js>, key: Value<'js>, value: Class<'js, ParcelHandle>) -> Result<()> {
        let key = usv(&ctx, &key)?;
        let value = value.borrow().take(&ctx)?.bytes;
        if key.len() + value.len() > MAX_BYTES_OF_VALUE {
            return Err(throw_error(&ctx, "string or blob too big: SQLITE_TOOBIG"));
        }
        self.write(&ctx, |open| {
            open.prepare_cached("INSERT OR REPLACE INTO _cf_KV VALUES (?1, ?2)")?.execute((key, value)).map(|_| ())
        })
    }

    fn delete<'js>(&self, ctx: Ctx<'js>, key: Value<'js>) -> Result<bool> {
        let key = usv(&ctx, &key)?;
        self.write(&ctx, |open| {
            open.prepare_cached("DELETE FROM _cf_KV WHERE key = ?1")?.execute([key]).map(|count| count > 0)
        })
    }

    /// Keys and values in turn, from `start` up to and without `end`.
    fn list<'js>(&self, ctx: Ctx<'js>, bounds: Array<'js>, reverse: bool, limit: Option<i64>) -> Result<Array<'js>> {
        let bound = |at: usize| -> Result<Option<String>> {
            let value: Value<'js> = bounds.get(at)?;
            if value.is_undefined() { Ok(None) } else { usv(&ctx, &value).map(Some) }
        };
        let (start, after, end, prefix) = (bound(0)?, bound(1)?, bound(2)?, bound(3)?);
        let after_prefix = prefix.as_deref().and_then(next_prefix);
        let order = if reverse { "DESC" } else { "ASC" };
        let query = format!(
            "SELECT key, value FROM _cf_KV WHERE (?1 IS NULL OR key >= ?1) AND (?2 IS NULL OR key > ?2)
             AND (?3 IS NULL OR key < ?3) AND (?4 IS NULL OR key >= ?4) AND (?5 IS NULL OR key < ?5)
             ORDER BY key {order} LIMIT ?6"
        );
        let found: Vec<(String, Vec<u8>)> = self.read(&ctx, |open| {
            let mut statement = open.prepare_cached(&query)?;
            let bounds = (start, after, end, prefix, after_prefix, limit.unwrap_or(-1));
            statement.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let list = Array::new(ctx.clone())?;
        for (at, (key, value)) in found.into_iter().enumerate() {
            list.set(2 * at, key)?;
            list.set(2 * at + 1, parcel(&ctx, Some(value))?)?;
        }
        Ok(list)
    }

    fn delete_all(&self, ctx: Ctx<'_>) -> Result<()> {
        self.write(&ctx, |open| {
            open.execute_batch("PRAGMA defer_foreign_keys = ON")?;
            let mut names = open.prepare(
                "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite@_%' ESCAPE '@'
                 ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC",
            )?;
            let found: Vec<(String, String)> =
                names.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
            drop(names);
            for (kind, name) in found {
                let name = name.replace('"', "\"\"");
                // A table that belonged to a virtual one is gone with it.
                open.execute_batch(&format!("DROP {kind} IF EXISTS \"{name}\""))?;
            }
            Ok(())
        })?;
        let record = self.record.clone();
        save_at_end(
            &ctx,
            Box::new(move |well| {
                if well {
                    (record.on_alarm)(None);
                }
                Ok(())
            }),
        );
        Ok(())
    }

    /// Milliseconds since 1970, or null.
    #[allow(clippy::cast_precision_loss, reason = "times are below 2^53")]
    fn get_alarm(&self, ctx: Ctx<'_>) -> Result<Option<f64>> {
        let alarm =
            self.read(&ctx, |open| if metadata(open, RINGING)?.is_some() { Ok(None) } else { metadata(open, ALARM) })?;
        Ok(alarm.map(|at| at as f64))
    }

    #[allow(clippy::cast_possible_truncation, reason = "a float that is too large saturates")]
    fn set_alarm(&self, ctx: Ctx<'_>, at: f64) -> Result<()> {
        self.store_alarm(&ctx, Some(at as i64))
    }

    fn delete_alarm(&self, ctx: Ctx<'_>) -> Result<()> {
        self.store_alarm(&ctx, None)
    }

    /// The handler is about to run: true if there is an alarm.
    fn alarm_begins(&self, ctx: Ctx<'_>) -> Result<bool> {
        self.write(&ctx, |open| {
            let is_set = metadata(open, ALARM)?.is_some();
            set_metadata(open, RINGING, is_set.then_some(1))?;
            Ok(is_set)
        })
    }

    /// The handler is done for good, unless it set another alarm.
    fn alarm_ends(&self, ctx: Ctx<'_>) -> Result<()> {
        let rings = self.read(&ctx, |open| metadata(open, RINGING))?.is_some();
        if rings { self.store_alarm(&ctx, None) } else { Ok(()) }
    }

    /// Begins a part that can be undone.
    fn enter(&self, ctx: Ctx<'_>) -> Result<usize> {
        self.write(&ctx, |_| Ok(()))?;
        self.live(&ctx)?.database.enter().map_err(|error| failed(&ctx, &error))
    }

    fn leave(&self, ctx: Ctx<'_>, depth: usize, well: bool) -> Result<()> {
        self.live(&ctx)?.database.leave(depth, well).map_err(|error| failed(&ctx, &error))?;
        self.save_later(&ctx);
        Ok(())
    }

    /// `[columns, rows, rowsRead, rowsWritten]`.
    fn exec<'js>(&self, ctx: Ctx<'js>, text: Value<'js>, parameters: Array<'js>) -> Result<Array<'js>> {
        let text = usv(&ctx, &text)?;
        let parameters: Vec<Datum> =
            parameters.iter::<Value<'js>>().map(|value| datum(&ctx, &value?)).collect::<Result<_>>()?;
        let database = &self.live(&ctx)?.database;
        let run = |open: &Connection, guard: &Guard| Ok(sql::run(open, guard, &text, &parameters));
        let answered = if sql::only_reads(&text) {
            database.with(run)
        } else {
            database.write(run).map(|(value, begins)| {
                if begins {
                    self.save_later(&ctx);
                }
                value
            })
        };
        let rows = answered.map_err(|error| failed(&ctx, &error))?.map_err(|error| throw_error(&ctx, &error.0))?;
        answer(&ctx, rows)
    }

    fn size(&self, ctx: Ctx<'_>) -> Result<i64> {
        self.read(&ctx, sql::size)
    }

    #[qjs(get)]
    fn has_sql(&self) -> bool {
        self.record.has_sql
    }
}

/// The least text that is greater than all with this prefix; none if there is none.
fn next_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = (u32::from(last) + 1..=0x0010_ffff).find_map(char::from_u32);
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

fn answer<'js>(ctx: &Ctx<'js>, rows: Rows) -> Result<Array<'js>> {
    let parts = Array::new(ctx.clone())?;
    parts.set(0, rows.columns)?;
    let list = Array::new(ctx.clone())?;
    for (at, row) in rows.rows.into_iter().enumerate() {
        let values = Array::new(ctx.clone())?;
        for (column, value) in row.into_iter().enumerate() {
            values.set(column, value_of(ctx, value)?)?;
        }
        list.set(at, values)?;
    }
    parts.set(1, list)?;
    parts.set(2, rows.rows_read)?;
    parts.set(3, rows.rows_written)?;
    Ok(parts)
}
