//! The entries of KV namespaces: limits, expiry, and the SQL.
//!
//! All namespaces are in one file. A platform has thousands, mostly idle: this way they cost no file handles, and
//! whoever writes, in whichever namespace, shares one commit. Knows no JavaScript: the control plane comes here too.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::clock::Clock;
use crate::store::{Access, Database, Schema, Store, StoreError};

/// The value comes last: what only lists keys need not read past long ones.
const SCHEMA: Schema = &["
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        namespace TEXT NOT NULL,
        key TEXT NOT NULL,
        expiration INTEGER,
        metadata TEXT,
        value BLOB NOT NULL
    );
    CREATE UNIQUE INDEX entries_by_key ON entries (namespace, key);
    CREATE INDEX entries_by_expiration ON entries (expiration) WHERE expiration IS NOT NULL;
"];

/// Bytes of UTF-8.
const MAX_KEY: usize = 512;
pub(crate) const MAX_VALUE: usize = 25 << 20;
/// Bytes of JSON.
const MAX_METADATA: usize = 1024;
/// Seconds.
const MIN_TTL: i64 = 60;
const MAX_KEYS_OF_LIST: i64 = 1000;
const MAX_KEYS_OF_GET: usize = 100;
const MAX_BYTES_OF_GET: usize = 25 << 20;
/// Expired entries that each write clears away.
const PURGED_PER_WRITE: u32 = 16;

/// One namespace.
#[derive(Clone)]
pub struct KvEntries {
    namespace: Arc<str>,
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
}

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvEntry {
    pub value: Vec<u8>,
    /// JSON.
    pub metadata: Option<String>,
    /// Seconds since 1970.
    pub expiration: Option<i64>,
}

/// What goes with a value that is put, as the caller gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KvPut {
    /// Seconds since 1970; the lifetime goes first.
    pub expiration: Option<i64>,
    /// Seconds from now.
    pub expiration_ttl: Option<i64>,
    /// JSON.
    pub metadata: Option<String>,
}

/// A key in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvKey {
    pub name: String,
    pub expiration: Option<i64>,
    /// JSON.
    pub metadata: Option<String>,
}

/// Some keys in the order of their UTF-8 bytes, and where the next ones start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KvPage {
    pub keys: Vec<KvKey>,
    pub cursor: Option<String>,
}

/// Which keys to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KvQuery {
    pub prefix: String,
    /// None: as many as may be.
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

/// A refusal, as the HTTP status and reason that Cloudflare's KV answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvError {
    pub status: u16,
    pub message: String,
}

type Answer<T> = Result<T, KvError>;

fn refuse<T>(status: u16, message: impl Into<String>) -> Answer<T> {
    Err(KvError { status, message: message.into() })
}

impl From<StoreError> for KvError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self { status: 429, message: "Too Many Requests".to_owned() },
            other => Self { status: 500, message: other.to_string() },
        }
    }
}

impl KvEntries {
    pub fn of(store: &Store, namespace: &str) -> Self {
        let database = store.database("kv", SCHEMA);
        Self { namespace: namespace.into(), database, clock: store.clock().clone() }
    }

    /// All namespaces that hold anything, and how many entries each.
    pub async fn all(store: &Store) -> Result<Vec<(String, u64)>, StoreError> {
        let query = "SELECT namespace, count(*) FROM entries GROUP BY namespace ORDER BY namespace";
        let all = move |open: &Connection| {
            open.prepare(query)?.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?.collect()
        };
        store.database("kv", SCHEMA).run(Access::Read, all).await
    }

    /// `done` is told on a blocking thread, or at once about a refusal; so it is with the other operations.
    pub fn get(&self, key: String, done: impl FnOnce(Answer<Option<KvEntry>>) + Send + 'static) {
        if let Err(refused) = check_key(&key) {
            return done(Err(refused));
        }
        let (namespace, now) = (self.namespace.clone(), self.now());
        let work = move |open: &Connection| select(open, &namespace, &key, now);
        self.database.submit(Access::Read, work, move |result| done(result.map_err(KvError::from)));
    }

    /// Up to a hundred at once, in the order of `keys`.
    pub fn get_many(&self, keys: Vec<String>, done: impl FnOnce(Answer<Vec<Option<KvEntry>>>) + Send + 'static) {
        if let Err(refused) = check_keys(&keys) {
            return done(Err(refused));
        }
        let (namespace, now) = (self.namespace.clone(), self.now());
        let work = move |open: &Connection| select_many(open, &namespace, &keys, now);
        let checked = |found: Option<_>| found.map_or_else(|| refuse(413, TOO_MUCH), Ok);
        self.database.submit(Access::Read, work, move |result| done(result.map_err(KvError::from).and_then(checked)));
    }

    /// Makes or replaces an entry.
    pub fn put(
        &self,
        key: String,
        value: impl AsRef<[u8]> + Send + 'static,
        options: KvPut,
        done: impl FnOnce(Answer<()>) + Send + 'static,
    ) {
        let now = self.now();
        let expiration = match check_put(&key, value.as_ref().len(), &options, now) {
            Ok(expiration) => expiration,
            Err(refused) => return done(Err(refused)),
        };
        let namespace = self.namespace.clone();
        let access = Access::Write { bytes: value.as_ref().len() };
        let work = move |open: &Connection| {
            purge(open, now)?;
            let mut upsert = open.prepare_cached(UPSERT)?;
            upsert.execute((&*namespace, &key, expiration, &options.metadata, value.as_ref())).map(|_| ())
        };
        self.database.submit(access, work, move |result| done(result.map_err(KvError::from)));
    }

    /// It need not be there.
    pub fn delete(&self, key: String, done: impl FnOnce(Answer<()>) + Send + 'static) {
        if let Err(refused) = check_key(&key) {
            return done(Err(refused));
        }
        let namespace = self.namespace.clone();
        let work = move |open: &Connection| {
            let mut delete = open.prepare_cached("DELETE FROM entries WHERE namespace = ?1 AND key = ?2")?;
            delete.execute((&*namespace, &key)).map(|_| ())
        };
        self.database.submit(Access::Write { bytes: 0 }, work, move |result| done(result.map_err(KvError::from)));
    }

    /// Makes or replaces entries: all, or where one is refused none.
    pub fn put_many(&self, puts: Vec<(String, Vec<u8>, KvPut)>, done: impl FnOnce(Answer<()>) + Send + 'static) {
        let now = self.now();
        let check = |(key, value, options): &(String, Vec<u8>, KvPut)| check_put(key, value.len(), options, now);
        let expirations = match puts.iter().map(check).collect::<Answer<Vec<_>>>() {
            Ok(expirations) => expirations,
            Err(refused) => return done(Err(refused)),
        };
        let namespace = self.namespace.clone();
        let access = Access::Write { bytes: puts.iter().map(|(_, value, _)| value.len()).sum() };
        let work = move |open: &Connection| {
            purge(open, now)?;
            let mut upsert = open.prepare_cached(UPSERT)?;
            puts.iter().zip(expirations).try_for_each(|((key, value, options), expiration)| {
                upsert.execute((&*namespace, key, expiration, &options.metadata, value)).map(|_| ())
            })
        };
        self.database.submit(access, work, move |result| done(result.map_err(KvError::from)));
    }

    pub fn delete_many(&self, keys: Vec<String>, done: impl FnOnce(Answer<()>) + Send + 'static) {
        if let Err(refused) = keys.iter().try_for_each(|key| check_key(key)) {
            return done(Err(refused));
        }
        let namespace = self.namespace.clone();
        let work = move |open: &Connection| {
            let mut delete = open.prepare_cached("DELETE FROM entries WHERE namespace = ?1 AND key = ?2")?;
            keys.iter().try_for_each(|key| delete.execute((&*namespace, key)).map(|_| ()))
        };
        self.database.submit(Access::Write { bytes: 0 }, work, move |result| done(result.map_err(KvError::from)));
    }

    /// Deletes all entries.
    pub fn clear(&self, done: impl FnOnce(Answer<()>) + Send + 'static) {
        let namespace = self.namespace.clone();
        let work = move |open: &Connection| {
            open.prepare_cached("DELETE FROM entries WHERE namespace = ?1")?.execute([&*namespace]).map(|_| ())
        };
        self.database.submit(Access::Write { bytes: 0 }, work, move |result| done(result.map_err(KvError::from)));
    }

    pub fn list(&self, query: KvQuery, done: impl FnOnce(Answer<KvPage>) + Send + 'static) {
        let (from, limit) = match check_list(&query) {
            Ok(checked) => checked,
            Err(refused) => return done(Err(refused)),
        };
        let (namespace, now) = (self.namespace.clone(), self.now());
        let work = move |open: &Connection| page(open, (&namespace, &from, now), &query.prefix, limit);
        self.database.submit(Access::Read, work, move |result| done(result.map_err(KvError::from)));
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_secs()).unwrap_or(i64::MAX)
    }
}

// ---- limits, in the order and the words of Cloudflare

/// Whether an entry may have this key.
pub(crate) fn check_key(key: &str) -> Answer<()> {
    match key {
        "" => refuse(400, "Key names must not be empty"),
        "." | ".." => refuse(400, format!("Illegal key name \"{key}\". Please use a different name.")),
        _ => check_length(key),
    }
}

fn check_length(key: &str) -> Answer<()> {
    let length = key.len();
    if length > MAX_KEY {
        return refuse(414, format!("UTF-8 encoded length of {length} exceeds key length limit of {MAX_KEY}."));
    }
    Ok(())
}

fn check_keys(keys: &[String]) -> Answer<()> {
    match keys.len() {
        0 => refuse(400, "You must request a minimum of 1 key"),
        count if count > MAX_KEYS_OF_GET => refuse(400, format!("You can request a maximum of {MAX_KEYS_OF_GET} keys")),
        _ => keys.iter().try_for_each(|key| check_key(key)),
    }
}

const TOO_MUCH: &str = "Total size of request exceeds the limit of 25MB";

/// Answers when the entry expires.
fn check_put(key: &str, length: usize, options: &KvPut, now: i64) -> Answer<Option<i64>> {
    check_key(key)?;
    let expiration = match (options.expiration_ttl, options.expiration) {
        (Some(ttl), _) => Some(now + check_ttl(ttl)?),
        (None, Some(expiration)) => Some(check_expiration(expiration, now)?),
        (None, None) => None,
    };
    let metadata = options.metadata.as_ref().map_or(0, String::len);
    if metadata > MAX_METADATA {
        return refuse(413, format!("Metadata length of {metadata} exceeds limit of {MAX_METADATA}."));
    }
    check_value(length)?;
    Ok(expiration)
}

/// Whether a value may have so many bytes.
pub(crate) fn check_value(length: usize) -> Answer<()> {
    if length > MAX_VALUE {
        return refuse(413, format!("Value length of {length} exceeds limit of {MAX_VALUE}."));
    }
    Ok(())
}

fn check_ttl(ttl: i64) -> Answer<i64> {
    let wanted = match ttl {
        ..=0 => "Please specify integer greater than 0.".to_owned(),
        1..MIN_TTL => format!("Expiration TTL must be at least {MIN_TTL}."),
        _ => return Ok(ttl),
    };
    refuse(400, format!("Invalid expiration_ttl of {ttl}. {wanted}"))
}

fn check_expiration(expiration: i64, now: i64) -> Answer<i64> {
    let wanted = if expiration <= now {
        "Please specify integer greater than the current number of seconds since the UNIX epoch.".to_owned()
    } else if expiration < now + MIN_TTL {
        format!("Expiration times must be at least {MIN_TTL} seconds in the future.")
    } else {
        return Ok(expiration);
    };
    refuse(400, format!("Invalid expiration of {expiration}. {wanted}"))
}

/// Answers the least key that may be listed, and how many.
fn check_list(query: &KvQuery) -> Answer<(String, usize)> {
    let limit = query.limit.unwrap_or(MAX_KEYS_OF_LIST);
    let wanted = match limit {
        ..=0 => "Please specify an integer greater than 0.".to_owned(),
        1..=MAX_KEYS_OF_LIST => String::new(),
        _ => format!("Please specify an integer less than {MAX_KEYS_OF_LIST}."),
    };
    if !wanted.is_empty() {
        return refuse(400, format!("Invalid key_count_limit of {limit}. {wanted}"));
    }
    check_length(&query.prefix)?;
    let after = match query.cursor.as_deref() {
        None | Some("") => None,
        Some(cursor) => Some(from_cursor(cursor).map_or_else(|| refuse(400, "Invalid cursor"), Ok)?),
    };
    // What follows a key at once is that key and a NUL.
    let from = after.map_or_else(String::new, |key| key + "\0").max(query.prefix.clone());
    Ok((from, usize::try_from(limit).expect("it is between 1 and 1,000")))
}

/// The last key of a page, in hexadecimal digits: it passes through any URL.
fn cursor_of(key: &str) -> String {
    key.bytes()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[digit as usize]))
        .collect()
}

fn from_cursor(cursor: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = cursor.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let bytes = digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1])).collect::<Result<_, _>>().ok()?;
    String::from_utf8(bytes).ok()
}

// ---- SQL

const SELECT: &str = "SELECT expiration, metadata, value FROM entries
    WHERE namespace = ?1 AND key = ?2 AND (expiration IS NULL OR expiration > ?3)";

const UPSERT: &str = "INSERT INTO entries (namespace, key, expiration, metadata, value) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (namespace, key)
    DO UPDATE SET expiration = excluded.expiration, metadata = excluded.metadata, value = excluded.value";

const LIST: &str = "SELECT key, expiration, metadata FROM entries
    WHERE namespace = ?1 AND key >= ?2 AND (expiration IS NULL OR expiration > ?3) ORDER BY key";

const PURGE: &str = "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expiration <= ?1 LIMIT ?2)";

fn select(open: &Connection, namespace: &str, key: &str, now: i64) -> rusqlite::Result<Option<KvEntry>> {
    let entry = |row: &Row<'_>| Ok(KvEntry { expiration: row.get(0)?, metadata: row.get(1)?, value: row.get(2)? });
    open.prepare_cached(SELECT)?.query_row((namespace, key, now), entry).optional()
}

/// None when they are more bytes in all than one answer may have.
fn select_many(
    open: &Connection,
    namespace: &str,
    keys: &[String],
    now: i64,
) -> rusqlite::Result<Option<Vec<Option<KvEntry>>>> {
    let mut found = Vec::with_capacity(keys.len());
    let mut bytes = 0;
    for key in keys {
        let entry = select(open, namespace, key, now)?;
        bytes += entry.as_ref().map_or(0, |entry| entry.value.len());
        if bytes > MAX_BYTES_OF_GET {
            return Ok(None);
        }
        found.push(entry);
    }
    Ok(Some(found))
}

fn page(
    open: &Connection,
    (namespace, from, now): (&str, &str, i64),
    prefix: &str,
    limit: usize,
) -> rusqlite::Result<KvPage> {
    let mut statement = open.prepare_cached(LIST)?;
    let mut rows = statement.query((namespace, from, now))?;
    let mut page = KvPage::default();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if !name.starts_with(prefix) {
            break;
        }
        if page.keys.len() == limit {
            page.cursor = page.keys.last().map(|last| cursor_of(&last.name));
            break;
        }
        page.keys.push(KvKey { name, expiration: row.get(1)?, metadata: row.get(2)? });
    }
    Ok(page)
}

/// Nobody sees an expired entry; here it loses its place on the disk.
fn purge(open: &Connection, now: i64) -> rusqlite::Result<()> {
    open.prepare_cached(PURGE)?.execute((now, PURGED_PER_WRITE)).map(|_| ())
}
