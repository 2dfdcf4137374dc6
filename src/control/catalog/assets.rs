//! Static assets: contents by their hashes, each once for a namespace, and the manifests of those who use them.

use std::collections::HashMap;
use std::sync::mpsc;

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

use super::Catalog;
use crate::control::envelope::ApiError;
use crate::store::Access;

/// A content that is there.
#[derive(Debug, Clone)]
pub(in crate::control) struct StoredAsset {
    pub(in crate::control) hash: String,
    pub(in crate::control) size: u32,
    /// What it is served as; none where its name says that, empty for nothing at all.
    pub(in crate::control) content_type: Option<String>,
    pub(in crate::control) blob: String,
}

const MISSING: &str = "SELECT DISTINCT json_extract(entry.value, '$.hash'), json_extract(entry.value, '$.size')
    FROM manifests, json_each(manifests.manifest) AS entry WHERE manifests.id = ?1 AND NOT EXISTS
    (SELECT 1 FROM assets WHERE assets.scope = manifests.scope AND assets.hash = json_extract(entry.value, '$.hash'))";

fn missing(open: &Connection, manifest: &str) -> rusqlite::Result<Vec<(String, u32)>> {
    open.prepare_cached(MISSING)?.query_map([manifest], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

impl Catalog {
    /// Keeps a manifest, and answers the hashes and sizes of what is not there yet. A scope is a namespace, or empty.
    pub(in crate::control) async fn open_manifest(
        &self,
        (id, scope): (&str, &str),
        manifest: Value,
        now: i64,
    ) -> Result<Vec<(String, u32)>, ApiError> {
        let (id, scope, text) = (id.to_owned(), scope.to_owned(), manifest.to_string());
        let insert = "INSERT INTO manifests (id, scope, manifest, created) VALUES (?1, ?2, ?3, ?4)";
        let open = move |open: &Connection| {
            open.prepare_cached(insert)?.execute((&id, scope, text, now))?;
            missing(open, &id)
        };
        self.write(0, open).await
    }

    /// Sizes by hash, as the manifest says them.
    pub(in crate::control) async fn manifest_sizes(&self, id: &str) -> Result<HashMap<String, u32>, ApiError> {
        let id = id.to_owned();
        let query = "SELECT json_extract(entry.value, '$.hash'), json_extract(entry.value, '$.size')
            FROM manifests, json_each(manifests.manifest) AS entry WHERE manifests.id = ?1";
        let read = move |open: &Connection| {
            open.prepare_cached(query)?.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        self.read(read).await
    }

    /// Keeps contents; answers those blobs that nobody needs, and whether the manifest's are all there now.
    pub(in crate::control) async fn add_assets(
        &self,
        (manifest, scope): (&str, &str),
        assets: Vec<StoredAsset>,
    ) -> Result<(Vec<String>, bool), ApiError> {
        let (manifest, scope) = (manifest.to_owned(), scope.to_owned());
        let insert = "INSERT OR IGNORE INTO assets (scope, hash, size, type, blob) VALUES (?1, ?2, ?3, ?4, ?5)";
        let add = move |open: &Connection| {
            let mut known = Vec::new();
            for one in assets {
                let row = (&scope, &one.hash, one.size, &one.content_type, &one.blob);
                if open.prepare_cached(insert)?.execute(row)? == 0 {
                    known.push(one.blob);
                }
            }
            Ok((known, missing(open, &manifest)?.is_empty()))
        };
        self.write(0, add).await
    }

    /// Whether a manifest is known and nothing is missing of it.
    pub(in crate::control) async fn is_complete(&self, manifest: &str) -> Result<bool, ApiError> {
        let id = manifest.to_owned();
        let ask = move |open: &Connection| {
            let known = open.prepare_cached("SELECT 1 FROM manifests WHERE id = ?1")?.exists([&id])?;
            Ok(known && missing(open, &id)?.is_empty())
        };
        self.read(ask).await
    }

    /// The contents of a manifest by their paths. Blocks for as long as reading takes; none if it cannot be read.
    pub(in crate::control) fn manifest(&self, id: &str) -> Option<HashMap<String, StoredAsset>> {
        let id = id.to_owned();
        let query = "SELECT entry.key, assets.hash, assets.size, assets.type, assets.blob
            FROM manifests, json_each(manifests.manifest) AS entry
            JOIN assets ON assets.scope = manifests.scope AND assets.hash = json_extract(entry.value, '$.hash')
            WHERE manifests.id = ?1";
        let read = move |open: &Connection| {
            let asset = |row: &rusqlite::Row<'_>| {
                let (hash, size) = (row.get(1)?, row.get(2)?);
                Ok((row.get(0)?, StoredAsset { hash, size, content_type: row.get(3)?, blob: row.get(4)? }))
            };
            open.prepare_cached(query)?.query_map([id], asset)?.collect::<rusqlite::Result<HashMap<_, _>>>().optional()
        };
        let (sender, receiver) = mpsc::channel();
        self.database.submit(Access::Read, read, move |found| drop(sender.send(found)));
        receiver.recv().ok()?.ok()?
    }
}
