//! What a bucket does: objects put, found and listed, uploads in parts; with production's limits and words.
//!
//! A body is stored before the row that names it, and removed after the row is gone: a crash leaves at most a blob that
//! nobody names.

use std::sync::Arc;

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hashes::{hasher, hex, unhex};
use super::rows;
use crate::store::{Access, Blobs, Database, Piece, Store, StoreError};
use crate::worker::Body;

/// A refusal: Cloudflare's words and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct R2Error {
    pub message: String,
    pub code: u32,
}

type Answer<T> = Result<T, R2Error>;

fn refuse<T>(code: u32, message: impl Into<String>) -> Answer<T> {
    Err(R2Error { message: message.into(), code })
}

/// What an object is described with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct R2Meta {
    pub http: Map<String, Value>,
    pub custom: Map<String, Value>,
    pub storage_class: String,
    /// MD5 of the client's own key, if it gave one.
    pub ssec: Option<String>,
}

/// An object without its bytes.
#[derive(Debug, Clone, Serialize)]
pub struct R2Object {
    pub key: String,
    pub version: String,
    pub size: u64,
    pub etag: String,
    pub checksums: Value,
    /// Milliseconds since 1970.
    pub uploaded: i64,
    pub meta: R2Meta,
    #[serde(skip)]
    pub blobs: Vec<(String, u64)>,
}

/// Conditions, each on its own; all must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct R2If {
    pub etag_matches: Option<Vec<String>>,
    pub etag_does_not_match: Option<Vec<String>>,
    pub uploaded_before: Option<i64>,
    pub uploaded_after: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct R2Get {
    pub only_if: R2If,
    pub offset: Option<u64>,
    pub length: Option<u64>,
    pub suffix: Option<u64>,
    pub ssec: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct R2Put {
    pub only_if: Option<R2If>,
    pub meta: R2Meta,
    /// The name of a hash and the digest that the bytes must have, in hexadecimal digits.
    pub hash: Option<(String, String)>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct R2List {
    pub prefix: String,
    pub delimiter: String,
    pub limit: Option<i64>,
    pub cursor: Option<String>,
    pub start_after: Option<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct R2Page {
    pub objects: Vec<R2Object>,
    pub truncated: bool,
    pub cursor: Option<String>,
    pub delimited_prefixes: Vec<String>,
}

/// What was found: the object, and its bytes with their range where the conditions held.
pub type R2Found = Option<(R2Object, Option<(Body, u64, u64)>)>;

const MAX_KEY: usize = 1024;
const MAX_META: usize = 2048;
const MAX_LIST: i64 = 1000;
const MIN_PART: u64 = 5 << 20;

/// See the module's text. All of it blocks, but for what it awaits.
#[derive(Clone)]
pub struct R2Bucket {
    name: Arc<str>,
    rows: Arc<Database>,
    blobs: Arc<Blobs>,
    store: Arc<Store>,
}

impl R2Bucket {
    pub fn of(store: &Arc<Store>, name: &str) -> Self {
        let (rows, blobs) = (store.database("r2", rows::SCHEMA), store.blobs("r2"));
        Self { name: name.into(), rows, blobs, store: store.clone() }
    }

    /// All buckets that hold anything: how many objects each, and their bytes.
    pub async fn all(store: &Store) -> Result<Vec<(String, u64, u64)>, StoreError> {
        store.database("r2", rows::SCHEMA).run(Access::Read, rows::buckets).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let name = self.name.clone();
        self.rows.run(Access::Read, move |open| work(open, &name)).await.map_err(internal)
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let name = self.name.clone();
        self.rows.run(Access::Write { bytes: MAX_META }, move |open| work(open, &name)).await.map_err(internal)
    }

    pub async fn head(&self, key: String) -> Answer<Option<R2Object>> {
        check_key(&key)?;
        self.read(move |open, bucket| rows::find(open, bucket, &key)).await
    }

    pub async fn get(&self, key: String, options: R2Get) -> Answer<R2Found> {
        // An object may be replaced between its row and its bytes.
        for _ in 0..4 {
            let Some(object) = self.head(key.clone()).await? else { return Ok(None) };
            if !holds(&options.only_if, Some(&object)) {
                return Ok(Some((object, None)));
            }
            if object.meta.ssec != options.ssec {
                return refuse(10_000, "The provided encryption parameters are incorrect for this object.");
            }
            let (offset, length) = range(&options, object.size)?;
            let (blobs, pieces) = (self.blobs.clone(), pieces(&object, offset, length));
            let body = match blobs.at_hand(&pieces) {
                Some(body) => Ok(body),
                None => tokio::task::spawn_blocking(move || blobs.read(pieces)).await.map_err(internal)?,
            };
            if let Ok(body) = body {
                return Ok(Some((object, Some((body, offset, length)))));
            }
        }
        refuse(10_001, "We encountered an internal error. Please try again.")
    }

    /// None where a condition does not hold.
    pub async fn put(&self, key: String, body: Body, options: R2Put) -> Answer<Option<R2Object>> {
        check_key(&key)?;
        check_meta(&options.meta)?;
        let (blob, size, md5, checked) = self.keep(body, options.hash.clone()).await?;
        let mut checksums = Map::new();
        checksums.insert("md5".to_owned(), md5.clone().into());
        checksums.extend(checked.map(|(name, digest)| (name, digest.into())));
        let blobs = vec![(blob.clone(), size)];
        let object = self.object((key, md5), size, checksums.into(), (options.meta, blobs));
        let stored = self.change(move |open, bucket| {
            let before = rows::find(open, bucket, &object.key)?;
            if options.only_if.is_some_and(|only_if| !holds(&only_if, before.as_ref())) {
                return Ok((None, vec![blob]));
            }
            rows::insert(open, bucket, &object)?;
            Ok((Some(object), before.into_iter().flat_map(|object| object.blobs).map(|(blob, _)| blob).collect()))
        });
        let (stored, unnamed) = stored.await?;
        self.remove(unnamed);
        Ok(stored)
    }

    fn object(
        &self,
        (key, etag): (String, String),
        size: u64,
        checksums: Value,
        (meta, blobs): (R2Meta, Vec<(String, u64)>),
    ) -> R2Object {
        let version = uuid::Uuid::new_v4().simple().to_string();
        let uploaded = i64::try_from(self.store.clock().now().as_millis()).unwrap_or(i64::MAX);
        R2Object { key, version, size, etag, checksums, uploaded, meta, blobs }
    }

    /// Stores bytes: their blob, length and MD5, and the hash that was asked for.
    #[allow(clippy::type_complexity, reason = "it is taken apart at once")]
    async fn keep(
        &self,
        body: Body,
        hash: Option<(String, String)>,
    ) -> Answer<(String, u64, String, Option<(String, String)>)> {
        let blobs = self.blobs.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let mut md5 = hasher("md5");
            let mut other = hash.as_ref().filter(|(name, _)| name != "md5").map(|(name, _)| hasher(name));
            let (blob, size) = blobs
                .write(body, |chunk| {
                    md5.update(chunk);
                    if let Some(other) = &mut other {
                        other.update(chunk);
                    }
                })
                .map_err(|message| R2Error { message, code: 0 })?;
            let md5 = hex(&md5.finalize());
            let Some((name, wanted)) = hash else { return Ok((blob, size, md5, None)) };
            let actual = other.map_or_else(|| md5.clone(), |other| hex(&other.finalize()));
            if actual == wanted {
                return Ok((blob, size, md5, Some((name, actual))));
            }
            blobs.remove(&blob);
            let shown = if name == "md5" { "MD5".to_owned() } else { name.replace("sha", "SHA-") };
            refuse(
                10_037,
                format!(
                    "The {shown} checksum you specified did not match what we received.\nYou provided a {shown} checksum \
                     with value: {wanted}\nActual {shown} was: {actual}"
                ),
            )
        });
        kept.await.map_err(internal)?
    }

    fn remove(&self, unnamed: Vec<String>) {
        if !unnamed.is_empty() {
            let blobs = self.blobs.clone();
            self.store.tokio().spawn_blocking(move || unnamed.iter().for_each(|blob| blobs.remove(blob)));
        }
    }

    pub async fn delete(&self, keys: Vec<String>) -> Answer<()> {
        if keys.len() > 1000 {
            return refuse(10_022, "Delete requests may contain at most 1000 keys.");
        }
        keys.iter().try_for_each(|key| check_key(key))?;
        let deleted = self.change(move |open, bucket| {
            let deleted: rusqlite::Result<Vec<_>> = keys.iter().map(|key| rows::delete(open, bucket, key)).collect();
            deleted.map(|lists| lists.concat())
        });
        self.remove(deleted.await?);
        Ok(())
    }

    pub async fn list(&self, options: R2List) -> Answer<R2Page> {
        let limit = options.limit.unwrap_or(MAX_LIST);
        if !(1..=MAX_LIST).contains(&limit) {
            return refuse(10_022, "MaxKeys params must be positive integer <= 1000.");
        }
        let limit = usize::try_from(limit).unwrap_or_default();
        self.read(move |open, bucket| list(open, bucket, &options, limit)).await
    }

    pub async fn create_upload(&self, key: String, meta: R2Meta) -> Answer<String> {
        check_key(&key)?;
        check_meta(&meta)?;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (made, meta) = (id.clone(), serde_json::to_string(&meta).expect("plain data is JSON"));
        self.change(move |open, bucket| {
            open.prepare_cached("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4)")?
                .execute((made, bucket, key, meta))
                .map(|_| ())
        })
        .await?;
        Ok(id)
    }

    /// The part's etag.
    pub async fn upload_part(&self, (key, id): (String, String), number: u32, body: Body) -> Answer<String> {
        let (blob, size, md5, _) = self.keep(body, None).await?;
        let etag = uuid::Uuid::new_v4().simple().to_string();
        let (made, kept) = (etag.clone(), blob.clone());
        let stored = self.change(move |open, bucket| {
            if rows::upload(open, bucket, &key, &id)?.is_none() {
                return Ok(None);
            }
            let before = rows::parts(open, &id)?.into_iter().find(|part| part.number == number);
            let statement = "INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            open.prepare_cached(statement)?.execute((&id, number, made, md5, size, kept))?;
            Ok(Some(before.map(|part| part.blob)))
        });
        if let Some(before) = stored.await? {
            self.remove(before.into_iter().collect());
            return Ok(etag);
        }
        self.remove(vec![blob]);
        refuse(10_024, NO_UPLOAD)
    }

    pub async fn complete(&self, (key, id): (String, String), wanted: Vec<(u32, String)>) -> Answer<R2Object> {
        let (bucket, upload) = (self.clone(), id);
        let done = self.change(move |open, name| {
            let Some(meta) = rows::upload(open, name, &key, &upload)? else { return Ok(refuse(10_024, NO_UPLOAD)) };
            let parts = rows::parts(open, &upload)?;
            let chosen = match choose(&parts, wanted) {
                Ok(chosen) => chosen,
                Err(error) => return Ok(Err(error)),
            };
            let digests: Vec<u8> = chosen.iter().flat_map(|part| unhex(&part.md5)).collect();
            let etag = format!("{}-{}", hex(&Md5::digest(digests)), chosen.len());
            let blobs: Vec<_> = chosen.iter().map(|part| (part.blob.clone(), part.size)).collect();
            let mut unnamed = rows::delete(open, name, &key)?;
            unnamed.extend(
                parts.iter().map(|part| part.blob.clone()).filter(|blob| !blobs.iter().any(|(one, _)| one == blob)),
            );
            let size = chosen.iter().map(|part| part.size).sum();
            let object = bucket.object((key, etag), size, Value::Object(Map::new()), (meta, blobs));
            rows::insert(open, name, &object)?;
            rows::forget_upload(open, &upload)?;
            Ok(Ok((object, unnamed)))
        });
        let (object, unnamed) = done.await??;
        self.remove(unnamed);
        Ok(object)
    }

    pub async fn abort(&self, (key, id): (String, String)) -> Answer<()> {
        let ended = self.change(move |open, bucket| {
            if rows::upload(open, bucket, &key, &id)?.is_none() {
                return Ok(Vec::new());
            }
            let parts = rows::parts(open, &id)?;
            rows::forget_upload(open, &id)?;
            Ok(parts.into_iter().map(|part| part.blob).collect())
        });
        self.remove(ended.await?);
        Ok(())
    }
}

const NO_UPLOAD: &str = "The specified multipart upload does not exist.";

fn internal(error: impl std::fmt::Display) -> R2Error {
    R2Error { message: error.to_string(), code: 10_001 }
}

fn check_key(key: &str) -> Answer<()> {
    if key.len() > MAX_KEY { refuse(10_020, "The specified object name is not valid.") } else { Ok(()) }
}

fn check_meta(meta: &R2Meta) -> Answer<()> {
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let size: usize = meta.custom.iter().map(|(key, value)| key.len() + text(value)).sum();
    if size > MAX_META {
        return refuse(10_012, "Your metadata headers exceed the maximum allowed metadata size.");
    }
    Ok(())
}

/// Parts in their order: all there, of one size but for the last, and none too small.
fn choose(parts: &[rows::Part], mut wanted: Vec<(u32, String)>) -> Answer<Vec<&rows::Part>> {
    wanted.sort_unstable();
    if wanted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return refuse(10_001, "We encountered an internal error. Please try again.");
    }
    let mut chosen = Vec::with_capacity(wanted.len());
    for (number, etag) in &wanted {
        let Some(part) = parts.iter().find(|part| part.number == *number && part.etag == *etag) else {
            return refuse(10_025, "One or more of the specified parts could not be found.");
        };
        chosen.push(part);
    }
    let Some((last, others)) = chosen.split_last() else { return Ok(chosen) };
    if others.iter().any(|part| part.size < MIN_PART) {
        return refuse(10_011, "Your proposed upload is smaller than the minimum allowed object size.");
    }
    let first = others.first().map_or(last.size, |part| part.size);
    if others.iter().any(|part| part.size != first) || last.size > first {
        return refuse(10_048, "There was a problem with the multipart upload.");
    }
    Ok(chosen)
}

fn holds(only_if: &R2If, object: Option<&R2Object>) -> bool {
    let named =
        |list: &Vec<String>| object.is_some_and(|object| list.iter().any(|etag| etag == "*" || *etag == object.etag));
    let matches = only_if.etag_matches.as_ref().is_none_or(named);
    let differs = only_if.etag_does_not_match.as_ref().is_none_or(|list| !named(list));
    let uploaded = object.map(|object| object.uploaded);
    let before = only_if.uploaded_before.is_none_or(|at| uploaded.is_some_and(|uploaded| uploaded < at));
    let after = only_if.uploaded_after.is_none_or(|at| uploaded.is_some_and(|uploaded| uploaded > at));
    matches && differs && before && after
}

/// The offset and the length that are meant.
fn range(options: &R2Get, size: u64) -> Answer<(u64, u64)> {
    let (offset, length) = match (options.suffix, options.offset, options.length) {
        (Some(suffix), ..) => (size.saturating_sub(suffix), suffix.min(size)),
        (None, None, None) => return Ok((0, size)),
        (None, offset, length) => {
            let offset = offset.unwrap_or(0);
            (offset, length.unwrap_or(u64::MAX).min(size.saturating_sub(offset)))
        }
    };
    if length == 0 { refuse(10_039, "The requested range is not satisfiable") } else { Ok((offset, length)) }
}

fn pieces(object: &R2Object, offset: u64, length: u64) -> Vec<Piece> {
    let (mut skip, mut left) = (offset, length);
    let mut pieces = Vec::new();
    for (id, size) in &object.blobs {
        let start = skip.min(*size);
        let taken = (size - start).min(left);
        pieces.push(Piece { id: id.clone(), offset: start, length: taken });
        skip -= start;
        left -= taken;
    }
    pieces
}

fn list(open: &rusqlite::Connection, bucket: &str, options: &R2List, limit: usize) -> rusqlite::Result<R2Page> {
    let R2List { prefix, delimiter, cursor, start_after, .. } = options;
    let after =
        cursor.as_ref().and_then(|cursor| String::from_utf8(unhex(cursor)).ok()).or_else(|| start_after.clone());
    let mut from = after.map_or_else(String::new, |key| key + "\0").max(prefix.clone());
    let mut page = R2Page::default();
    let mut last = String::new();
    loop {
        let found = rows::page(open, bucket, &from, limit + 1)?;
        let is_end = found.len() <= limit;
        let Some(final_key) = found.last().map(|object| object.key.clone()) else { return Ok(page) };
        let mut skipped = false;
        for object in found {
            if !object.key.starts_with(prefix.as_str()) {
                return Ok(page);
            }
            let rest = &object.key[prefix.len()..];
            let folder = Some(delimiter)
                .filter(|text| !text.is_empty())
                .and_then(|text| Some(rest.find(text.as_str())? + text.len()));
            let name = folder.map(|end| format!("{prefix}{}", &rest[..end]));
            if name.is_some() && name == page.delimited_prefixes.last().cloned() {
                continue;
            }
            if page.objects.len() + page.delimited_prefixes.len() == limit {
                page.truncated = true;
                page.cursor = Some(hex(last.as_bytes()));
                return Ok(page);
            }
            if let Some(name) = name {
                // What follows all keys of the folder.
                last = format!("{name}\u{10ffff}");
                from.clone_from(&last);
                page.delimited_prefixes.push(name);
                skipped = true;
                break;
            }
            last.clone_from(&object.key);
            page.objects.push(object);
        }
        if !skipped {
            if is_end {
                return Ok(page);
            }
            from = final_key + "\0";
        }
    }
}
