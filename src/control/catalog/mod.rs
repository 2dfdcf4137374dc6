//! What was uploaded, in the state directory: namespaces, scripts, their versions and what is deployed of them.
//!
//! Rows alone, no runtime. Contents are kept by their hash, so that a version that changes a secret costs no copy of
//! the code. A call that returns has been committed.

mod assets;
mod namespaces;
mod resources;
mod scripts;
mod tags;
mod versions;
mod zones;

use std::sync::Arc;

use rusqlite::Connection;

pub(super) use assets::StoredAsset;
pub(super) use namespaces::{Namespace, NamespaceChange};
pub(super) use resources::StoredResource;
pub(super) use scripts::{Indexed, Page, Portion, Script};
pub(super) use tags::TagFilter;
pub(super) use versions::{Deployment, Publication, StoredModule, Version};
pub(super) use zones::CustomHostname;

use super::envelope::ApiError;
use crate::store::{Access, Database, Schema, Store};
use crate::worker::WorkerId;

/// The database's name.
const NAME: &str = "control";

const SCHEMA: Schema = &[
    "
    CREATE TABLE namespaces (
        name TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        trusted INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE scripts (
        id INTEGER PRIMARY KEY,
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        tag TEXT NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        version TEXT,
        cpu_ms INTEGER,
        subrequests INTEGER,
        dispatches INTEGER NOT NULL DEFAULT 0,
        settings TEXT NOT NULL DEFAULT '{}'
    );
    CREATE UNIQUE INDEX scripts_by_name ON scripts (namespace, name);
    CREATE TABLE versions (
        id TEXT PRIMARY KEY,
        script INTEGER NOT NULL REFERENCES scripts (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        created INTEGER NOT NULL,
        etag TEXT NOT NULL,
        startup_ms INTEGER NOT NULL,
        source TEXT NOT NULL,
        handlers TEXT NOT NULL,
        metadata TEXT NOT NULL
    );
    CREATE INDEX versions_by_script ON versions (script, number);
    CREATE TABLE modules (
        version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        part TEXT NOT NULL,
        type TEXT NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (version, position)
    ) WITHOUT ROWID;
    CREATE INDEX modules_by_hash ON modules (hash);
    CREATE TABLE contents (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE TABLE deployments (
        id TEXT PRIMARY KEY,
        script INTEGER NOT NULL REFERENCES scripts (id) ON DELETE CASCADE,
        created INTEGER NOT NULL,
        source TEXT NOT NULL,
        versions TEXT NOT NULL,
        annotations TEXT NOT NULL
    );
    CREATE INDEX deployments_by_script ON deployments (script, created);
    CREATE TABLE tags (
        script INTEGER NOT NULL REFERENCES scripts (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (tag, script)
    ) WITHOUT ROWID;
    CREATE INDEX tags_by_script ON tags (script);
",
    "
    CREATE TABLE resources (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        settings TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX resources_by_name ON resources (kind, name);
",
    "
    CREATE TABLE assets (
        scope TEXT NOT NULL,
        hash TEXT NOT NULL,
        size INTEGER NOT NULL,
        type TEXT,
        blob TEXT NOT NULL,
        PRIMARY KEY (scope, hash)
    ) WITHOUT ROWID;
    CREATE TABLE manifests (id TEXT PRIMARY KEY, scope TEXT NOT NULL, manifest TEXT NOT NULL, created INTEGER NOT NULL);
",
    "
    CREATE TABLE zones (name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE custom_hostnames (
        id TEXT PRIMARY KEY,
        zone TEXT NOT NULL,
        hostname TEXT NOT NULL,
        created INTEGER NOT NULL,
        settings TEXT NOT NULL
    );
    CREATE UNIQUE INDEX custom_hostnames_by_name ON custom_hostnames (hostname);
",
];

/// The way to the rows; clones share it.
#[derive(Clone)]
pub(super) struct Catalog {
    database: Arc<Database>,
}

impl Catalog {
    pub(super) fn of(store: &Store) -> Self {
        Self { database: store.database(NAME, SCHEMA) }
    }

    /// Whether anything was ever put into it.
    pub(super) fn is_used(store: &Store) -> bool {
        store.has_database(NAME)
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        Ok(self.database.run(Access::Read, work).await?)
    }

    async fn write<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ApiError> {
        Ok(self.database.run(Access::Write { bytes }, work).await?)
    }
}

/// The columns of a script's id: account scripts are in the namespace without a name.
fn columns(id: &WorkerId) -> (String, String) {
    (id.namespace().unwrap_or_default().to_owned(), id.name().to_owned())
}

fn id_of(namespace: &str, name: &str) -> WorkerId {
    if namespace.is_empty() { WorkerId::plain(name) } else { WorkerId::user(namespace, name) }
}

/// Drops contents that no version has any more; `of` are those that may be meant.
fn forget_contents(open: &Connection, of: &[Vec<u8>]) -> rusqlite::Result<()> {
    let mut forget = open.prepare_cached(
        "DELETE FROM contents WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM modules WHERE modules.hash = ?1)",
    )?;
    of.iter().try_for_each(|hash| forget.execute([hash]).map(drop))
}

/// The hashes of what the versions hold that a query with one parameter selects.
fn hashes(open: &Connection, versions: &str, parameter: impl rusqlite::ToSql) -> rusqlite::Result<Vec<Vec<u8>>> {
    let query = format!("SELECT DISTINCT hash FROM modules WHERE version IN ({versions})");
    open.prepare_cached(&query)?.query_map([parameter], |row| row.get(0))?.collect()
}
