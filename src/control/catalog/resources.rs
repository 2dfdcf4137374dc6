//! What Workers store things in: what clients have made, and what uploads have bound.

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;

use super::Catalog;
use crate::bindings::{Resource, ResourceKind};
use crate::control::envelope::ApiError;

/// One that is stored. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::control) struct StoredResource {
    pub(in crate::control) resource: Resource,
    pub(in crate::control) created: i64,
    /// What a client has said of it beside its name.
    pub(in crate::control) settings: Value,
}

const INSERT: &str = "INSERT OR IGNORE INTO resources (kind, id, name, created, settings) VALUES (?1, ?2, ?3, ?4, ?5)";

fn stored(kind: ResourceKind, row: &Row<'_>) -> rusqlite::Result<StoredResource> {
    let settings: String = row.get(3)?;
    Ok(StoredResource {
        resource: Resource { kind, id: row.get(0)?, name: row.get(1)? },
        created: row.get(2)?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
    })
}

fn insert(open: &Connection, one: &StoredResource) -> rusqlite::Result<bool> {
    let StoredResource { resource: Resource { kind, id, name }, created, settings } = one;
    let changed = open.prepare_cached(INSERT)?.execute((kind.word(), id, name, created, settings.to_string()))?;
    Ok(changed == 1)
}

impl Catalog {
    /// All of a kind, by name.
    pub(in crate::control) async fn resources(&self, kind: ResourceKind) -> Result<Vec<StoredResource>, ApiError> {
        let query = "SELECT id, name, created, settings FROM resources WHERE kind = ?1 ORDER BY name";
        let all = move |open: &Connection| {
            open.prepare_cached(query)?.query_map([kind.word()], |row| stored(kind, row))?.collect()
        };
        self.read(all).await
    }

    /// By its id, or else by its name.
    pub(in crate::control) async fn resource(
        &self,
        kind: ResourceKind,
        wanted: &str,
    ) -> Result<Option<StoredResource>, ApiError> {
        let wanted = wanted.to_owned();
        let query = "SELECT id, name, created, settings FROM resources WHERE kind = ?1 AND (id = ?2 OR name = ?2)
            ORDER BY id = ?2 DESC LIMIT 1";
        let find = move |open: &Connection| {
            open.prepare_cached(query)?.query_row((kind.word(), wanted), |row| stored(kind, row)).optional()
        };
        self.read(find).await
    }

    /// False when there is one of that name or id.
    pub(in crate::control) async fn create_resource(&self, one: StoredResource) -> Result<bool, ApiError> {
        self.write(0, move |open| insert(open, &one)).await
    }

    /// Makes those known that an upload binds.
    pub(in crate::control) async fn imply_resources(&self, all: Vec<Resource>, created: i64) -> Result<(), ApiError> {
        if all.is_empty() {
            return Ok(());
        }
        let imply = move |open: &Connection| {
            all.into_iter().try_for_each(|resource| {
                insert(open, &StoredResource { resource, created, settings: Value::Null }).map(drop)
            })
        };
        self.write(0, imply).await
    }

    /// Another name, or other settings. False when the name is another one's.
    pub(in crate::control) async fn change_resource(&self, one: StoredResource) -> Result<bool, ApiError> {
        let change = move |open: &Connection| {
            insert(open, &one)?;
            let StoredResource { resource: Resource { kind, id, name }, settings, .. } = &one;
            let mut update = open.prepare_cached(
                "UPDATE OR IGNORE resources SET name = ?3, settings = ?4 WHERE kind = ?1 AND id = ?2",
            )?;
            Ok(update.execute((kind.word(), id, name, settings.to_string()))? == 1)
        };
        self.write(0, change).await
    }

    pub(in crate::control) async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<(), ApiError> {
        let id = id.to_owned();
        let delete = move |open: &Connection| {
            open.prepare_cached("DELETE FROM resources WHERE kind = ?1 AND id = ?2")?
                .execute((kind.word(), id))
                .map(drop)
        };
        self.write(0, delete).await
    }
}
