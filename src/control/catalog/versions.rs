//! Versions of scripts, what is in them, and deployments of them.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::scripts::{Indexed, find};
use super::{Catalog, columns, forget_contents, hashes, tags};
use crate::control::envelope::ApiError;
use crate::runtime::Exported;
use crate::worker::WorkerId;

/// A version without its contents.
#[derive(Debug, Clone)]
pub(in crate::control) struct Version {
    /// A UUID.
    pub(in crate::control) id: String,
    pub(in crate::control) number: i64,
    /// Milliseconds since 1970.
    pub(in crate::control) created: i64,
    pub(in crate::control) etag: String,
    pub(in crate::control) startup_ms: i64,
    /// `wrangler`, `api`.
    pub(in crate::control) source: String,
    pub(in crate::control) handlers: Exported,
    /// As uploaded, with what was inherited put in; secrets are in it as they are.
    pub(in crate::control) metadata: Value,
}

/// A module of a version.
#[derive(Debug, Clone)]
pub(in crate::control) struct StoredModule {
    pub(in crate::control) name: String,
    pub(in crate::control) part: String,
    pub(in crate::control) content_type: String,
    pub(in crate::control) bytes: Bytes,
}

/// Which versions were served from some time on.
#[derive(Debug, Clone)]
pub(in crate::control) struct Deployment {
    pub(in crate::control) id: String,
    /// Milliseconds since 1970.
    pub(in crate::control) created: i64,
    pub(in crate::control) source: String,
    /// `[{version_id, percentage}]`
    pub(in crate::control) versions: Value,
    pub(in crate::control) annotations: Value,
}

/// A version to be stored, with its script if that is new.
pub(in crate::control) struct Publication {
    pub(in crate::control) id: WorkerId,
    /// Of the script, if it is new.
    pub(in crate::control) tag: String,
    /// Its number is given when it is stored.
    pub(in crate::control) version: Version,
    pub(in crate::control) modules: Vec<StoredModule>,
    /// The script's new tags, where they are said.
    pub(in crate::control) tags: Option<Vec<String>>,
    /// Keys of the script's settings.
    pub(in crate::control) settings: serde_json::Map<String, Value>,
    /// It is served from now on.
    pub(in crate::control) deployment: Option<Deployment>,
    pub(in crate::control) indexed: Indexed,
}

/// Versions that a script keeps: as many as Cloudflare can roll back to.
const KEPT_VERSIONS: i64 = 100;
/// Deployments that a script remembers.
const KEPT_DEPLOYMENTS: i64 = 100;

const COLUMNS: &str = "id, number, created, etag, startup_ms, source, handlers, metadata";

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    let json = |at| row.get::<_, String>(at).map(|text| serde_json::from_str(&text).unwrap_or_default());
    let handlers: String = row.get(6)?;
    Ok(Version {
        id: row.get(0)?,
        number: row.get(1)?,
        created: row.get(2)?,
        etag: row.get(3)?,
        startup_ms: row.get(4)?,
        source: row.get(5)?,
        handlers: Exported::read(&handlers),
        metadata: json(7)?,
    })
}

fn deployment(row: &Row<'_>) -> rusqlite::Result<Deployment> {
    let json = |at| row.get::<_, String>(at).map(|text| serde_json::from_str(&text).unwrap_or_default());
    Ok(Deployment {
        id: row.get(0)?,
        created: row.get(1)?,
        source: row.get(2)?,
        versions: json(3)?,
        annotations: json(4)?,
    })
}

/// The hash that a module's content is kept by.
pub(in crate::control) fn hash_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Catalog {
    /// Stores a version, and answers its number; all of it or nothing.
    pub(in crate::control) async fn publish(&self, publication: Publication) -> Result<i64, ApiError> {
        let bytes = publication.modules.iter().map(|module| module.bytes.len()).sum();
        self.write(bytes, move |open| publish(open, &publication)).await
    }

    pub(in crate::control) async fn versions(&self, script: i64) -> Result<Vec<Version>, ApiError> {
        let query = format!("SELECT {COLUMNS} FROM versions WHERE script = ?1 ORDER BY number DESC");
        self.read(move |open| open.prepare_cached(&query)?.query_map([script], version)?.collect()).await
    }

    pub(in crate::control) async fn version(&self, id: &str) -> Result<Option<Version>, ApiError> {
        let id = id.to_owned();
        let query = format!("SELECT {COLUMNS} FROM versions WHERE id = ?1");
        self.read(move |open| open.prepare_cached(&query)?.query_row([id], version).optional()).await
    }

    pub(in crate::control) async fn modules(&self, version: &str) -> Result<Vec<StoredModule>, ApiError> {
        let version = version.to_owned();
        self.read(move |open| modules(open, &version)).await
    }

    /// The version and its contents, in one look.
    pub(in crate::control) async fn load(&self, id: &str) -> Result<Option<(Version, Vec<StoredModule>)>, ApiError> {
        let id = id.to_owned();
        let query = format!("SELECT {COLUMNS} FROM versions WHERE id = ?1");
        let load = move |open: &Connection| {
            let found = open.prepare_cached(&query)?.query_row([&id], version).optional()?;
            found.map(|version| Ok((version, modules(open, &id)?))).transpose()
        };
        self.read(load).await
    }

    /// The latest one first.
    pub(in crate::control) async fn deployments(&self, script: i64) -> Result<Vec<Deployment>, ApiError> {
        let query = "SELECT id, created, source, versions, annotations FROM deployments WHERE script = ?1
            ORDER BY created DESC, rowid DESC";
        self.read(move |open| open.prepare_cached(query)?.query_map([script], deployment)?.collect()).await
    }

    /// Has a version served that is stored already.
    pub(in crate::control) async fn deploy(
        &self,
        id: &WorkerId,
        indexed: Indexed,
        deployment: Deployment,
    ) -> Result<(), ApiError> {
        let id = id.clone();
        let deploy = move |open: &Connection| {
            let Some(script) = find(open, &id)? else { return Ok(()) };
            serve(open, script.row, &indexed, &deployment)
        };
        self.write(0, deploy).await
    }
}

fn modules(open: &Connection, version: &str) -> rusqlite::Result<Vec<StoredModule>> {
    let query = "SELECT name, part, type, bytes FROM modules JOIN contents USING (hash) WHERE version = ?1
        ORDER BY position";
    let module = |row: &Row<'_>| {
        Ok(StoredModule {
            name: row.get(0)?,
            part: row.get(1)?,
            content_type: row.get(2)?,
            bytes: row.get::<_, Vec<u8>>(3)?.into(),
        })
    };
    open.prepare_cached(query)?.query_map([version], module)?.collect()
}

fn publish(open: &Connection, new: &Publication) -> rusqlite::Result<i64> {
    let script = script_row(open, new)?;
    let number = open
        .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM versions WHERE script = ?1")?
        .query_row([script], |row| row.get(0))?;
    let Version { id, created, etag, startup_ms, source, handlers, metadata, .. } = &new.version;
    let insert = "INSERT INTO versions (id, script, number, created, etag, startup_ms, source, handlers, metadata)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let handlers = handlers.text();
    let row = (id, script, number, created, etag, startup_ms, source, handlers, metadata.to_string());
    open.prepare_cached(insert)?.execute(row)?;
    for (position, module) in new.modules.iter().enumerate() {
        insert_module(open, id, i64::try_from(position).unwrap_or(i64::MAX), module)?;
    }
    if let Some(tags) = &new.tags {
        tags::replace(open, script, tags)?;
    }
    if let Some(deployment) = &new.deployment {
        serve(open, script, &new.indexed, deployment)?;
    }
    forget_versions(open, script)?;
    Ok(number)
}

/// The row of the script that a version belongs to, made if it is the first one.
fn script_row(open: &Connection, new: &Publication) -> rusqlite::Result<i64> {
    let (namespace, name) = columns(&new.id);
    let now = new.version.created;
    let known = find(open, &new.id)?;
    let mut settings = known.map_or_else(|| serde_json::json!({}), |script| script.settings);
    for (key, value) in &new.settings {
        settings[key] = value.clone();
    }
    let upsert =
        "INSERT INTO scripts (namespace, name, tag, created, modified, settings) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
        ON CONFLICT (namespace, name) DO UPDATE SET modified = excluded.modified, settings = excluded.settings
        RETURNING id";
    let row = (&namespace, &name, &new.tag, now, settings.to_string());
    open.prepare_cached(upsert)?.query_row(row, |row| row.get(0))
}

fn insert_module(open: &Connection, version: &str, position: i64, module: &StoredModule) -> rusqlite::Result<()> {
    let hash = hash_of(&module.bytes);
    open.prepare_cached("INSERT INTO contents (hash, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((&hash[..], &module.bytes[..]))?;
    let insert = "INSERT INTO modules (version, position, name, part, type, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = (version, position, &module.name, &module.part, &module.content_type, &hash[..]);
    open.prepare_cached(insert)?.execute(row).map(drop)
}

fn serve(open: &Connection, script: i64, indexed: &Indexed, deployment: &Deployment) -> rusqlite::Result<()> {
    let Deployment { id, created, source, versions, annotations } = deployment;
    let insert = "INSERT INTO deployments (id, script, created, source, versions, annotations)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = (id, script, created, source, versions.to_string(), annotations.to_string());
    open.prepare_cached(insert)?.execute(row)?;
    let update = "UPDATE scripts SET version = ?2, modified = ?3, cpu_ms = ?4, subrequests = ?5, dispatches = ?6,
        settings = iif(?7 IS NULL, json_remove(settings, '$.portions'), json_set(settings, '$.portions', json(?7)))
        WHERE id = ?1";
    let limit = |limit: Option<u64>| limit.and_then(|limit| i64::try_from(limit).ok());
    let (cpu, subrequests) = (limit(indexed.cpu_ms), limit(indexed.subrequests));
    let row = (script, &indexed.version, created, cpu, subrequests, indexed.dispatches, indexed.kept_portions());
    open.prepare_cached(update)?.execute(row)?;
    let forget = "DELETE FROM deployments WHERE script = ?1 AND id NOT IN
        (SELECT id FROM deployments WHERE script = ?1 ORDER BY created DESC, rowid DESC LIMIT ?2)";
    open.prepare_cached(forget)?.execute((script, KEPT_DEPLOYMENTS)).map(drop)
}

/// Drops versions beyond those that are kept, but never those that are served.
fn forget_versions(open: &Connection, script: i64) -> rusqlite::Result<()> {
    let old = format!(
        "SELECT id FROM versions WHERE script = ?1
            AND number <= (SELECT max(number) FROM versions WHERE script = ?1) - {KEPT_VERSIONS}
            AND id IS NOT (SELECT version FROM scripts WHERE id = ?1)
            AND id NOT IN (SELECT json_extract(value, '$.version_id')
                FROM scripts, json_each(scripts.settings, '$.portions') WHERE scripts.id = ?1)"
    );
    let count: i64 =
        open.prepare_cached(&format!("SELECT count(*) FROM ({old})"))?.query_row([script], |row| row.get(0))?;
    if count == 0 {
        return Ok(());
    }
    let contents = hashes(open, &old, script)?;
    open.prepare_cached(&format!("DELETE FROM versions WHERE id IN ({old})"))?.execute([script])?;
    forget_contents(open, &contents)
}
