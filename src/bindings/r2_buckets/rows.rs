//! Rows of the database that tells what is in the buckets.

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;

use super::objects::{R2Meta, R2Object};
use crate::store::Schema;

/// `blobs`: pairs of a blob's name and its length, in their order. Parts are blobs of an upload that is not complete.
pub(super) const SCHEMA: Schema = &["CREATE TABLE objects (
        bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
        checksums TEXT NOT NULL, uploaded INTEGER NOT NULL, meta TEXT NOT NULL, blobs TEXT NOT NULL,
        PRIMARY KEY (bucket, key)
    ) WITHOUT ROWID;
    CREATE TABLE uploads (
        id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, meta TEXT NOT NULL
    );
    CREATE TABLE parts (
        upload TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL, md5 TEXT NOT NULL, size INTEGER NOT NULL,
        blob TEXT NOT NULL, PRIMARY KEY (upload, number)
    );"];

const SELECT: &str = "SELECT key, version, size, etag, checksums, uploaded, meta, blobs FROM objects WHERE bucket = ?1";

fn object(row: &Row<'_>) -> rusqlite::Result<R2Object> {
    let json =
        |at: usize| row.get::<_, String>(at).map(|text| serde_json::from_str::<Value>(&text).unwrap_or_default());
    let meta: String = row.get(6)?;
    let blobs: String = row.get(7)?;
    Ok(R2Object {
        key: row.get(0)?,
        version: row.get(1)?,
        size: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
        etag: row.get(3)?,
        checksums: json(4)?,
        uploaded: row.get(5)?,
        meta: serde_json::from_str(&meta).unwrap_or_default(),
        blobs: serde_json::from_str(&blobs).unwrap_or_default(),
    })
}

pub(super) fn find(open: &Connection, bucket: &str, key: &str) -> rusqlite::Result<Option<R2Object>> {
    open.prepare_cached(&format!("{SELECT} AND key = ?2"))?.query_row((bucket, key), object).optional()
}

/// Each with the number of its objects and their bytes.
pub(super) fn buckets(open: &Connection) -> rusqlite::Result<Vec<(String, u64, u64)>> {
    let query = "SELECT bucket, count(*), sum(size) FROM objects GROUP BY bucket ORDER BY bucket";
    let number = |row: &Row<'_>, at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    open.prepare(query)?.query_map([], |row| Ok((row.get(0)?, number(row, 1)?, number(row, 2)?)))?.collect()
}

/// From `from` on, in the order of keys.
pub(super) fn page(open: &Connection, bucket: &str, from: &str, limit: usize) -> rusqlite::Result<Vec<R2Object>> {
    let mut statement = open.prepare_cached(&format!("{SELECT} AND key >= ?2 ORDER BY key LIMIT ?3"))?;
    statement.query_map((bucket, from, i64::try_from(limit).unwrap_or(i64::MAX)), object)?.collect()
}

pub(super) fn insert(open: &Connection, bucket: &str, object: &R2Object) -> rusqlite::Result<()> {
    let statement = "INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let text = |value: Result<String, serde_json::Error>| value.expect("plain data is JSON");
    open.prepare_cached(statement)?
        .execute((
            bucket,
            &object.key,
            &object.version,
            i64::try_from(object.size).unwrap_or(i64::MAX),
            &object.etag,
            object.checksums.to_string(),
            object.uploaded,
            text(serde_json::to_string(&object.meta)),
            text(serde_json::to_string(&object.blobs)),
        ))
        .map(|_| ())
}

/// Answers the blobs that nobody names any more.
pub(super) fn delete(open: &Connection, bucket: &str, key: &str) -> rusqlite::Result<Vec<String>> {
    let Some(found) = find(open, bucket, key)? else { return Ok(Vec::new()) };
    open.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?.execute((bucket, key))?;
    Ok(found.blobs.into_iter().map(|(blob, _)| blob).collect())
}

/// The metadata that an upload's object will have.
pub(super) fn upload(open: &Connection, bucket: &str, key: &str, id: &str) -> rusqlite::Result<Option<R2Meta>> {
    let mut statement = open.prepare_cached("SELECT meta FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3")?;
    let meta: Option<String> = statement.query_row((id, bucket, key), |row| row.get(0)).optional()?;
    Ok(meta.map(|meta| serde_json::from_str(&meta).unwrap_or_default()))
}

pub(super) struct Part {
    pub(super) number: u32,
    pub(super) etag: String,
    pub(super) md5: String,
    pub(super) size: u64,
    pub(super) blob: String,
}

pub(super) fn parts(open: &Connection, upload: &str) -> rusqlite::Result<Vec<Part>> {
    let mut statement =
        open.prepare_cached("SELECT number, etag, md5, size, blob FROM parts WHERE upload = ?1 ORDER BY number")?;
    let part = |row: &Row<'_>| {
        let size = u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default();
        Ok(Part { number: row.get(0)?, etag: row.get(1)?, md5: row.get(2)?, size, blob: row.get(4)? })
    };
    statement.query_map([upload], part)?.collect()
}

pub(super) fn forget_upload(open: &Connection, upload: &str) -> rusqlite::Result<()> {
    open.prepare_cached("DELETE FROM parts WHERE upload = ?1")?.execute([upload])?;
    open.prepare_cached("DELETE FROM uploads WHERE id = ?1")?.execute([upload]).map(|_| ())
}
