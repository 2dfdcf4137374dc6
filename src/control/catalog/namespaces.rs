//! Dispatch namespaces.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{Catalog, forget_contents, hashes};
use crate::control::envelope::ApiError;
use crate::worker::WorkerId;

/// A dispatch namespace. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::control) struct Namespace {
    pub(in crate::control) name: String,
    pub(in crate::control) id: String,
    pub(in crate::control) created: i64,
    pub(in crate::control) modified: i64,
    pub(in crate::control) trusted: bool,
    pub(in crate::control) scripts: i64,
}

/// What a change of a namespace says.
#[derive(Debug, Clone, Default)]
pub(in crate::control) struct NamespaceChange {
    pub(in crate::control) name: Option<String>,
    pub(in crate::control) trusted: Option<bool>,
}

const SELECT: &str = "SELECT name, id, created, modified, trusted,
    (SELECT count(*) FROM scripts WHERE scripts.namespace = namespaces.name) FROM namespaces";

fn namespace(row: &Row<'_>) -> rusqlite::Result<Namespace> {
    Ok(Namespace {
        name: row.get(0)?,
        id: row.get(1)?,
        created: row.get(2)?,
        modified: row.get(3)?,
        trusted: row.get(4)?,
        scripts: row.get(5)?,
    })
}

fn find(open: &Connection, name: &str) -> rusqlite::Result<Option<Namespace>> {
    open.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?.query_row([name], namespace).optional()
}

impl Catalog {
    /// All of them, by name.
    pub(in crate::control) async fn namespaces(&self) -> Result<Vec<Namespace>, ApiError> {
        let all = |open: &Connection| {
            open.prepare_cached(&format!("{SELECT} ORDER BY name"))?.query_map([], namespace)?.collect()
        };
        self.read(all).await
    }

    pub(in crate::control) async fn namespace(&self, name: &str) -> Result<Option<Namespace>, ApiError> {
        let name = name.to_owned();
        self.read(move |open| find(open, &name)).await
    }

    /// False when there is one of that name.
    pub(in crate::control) async fn create_namespace(&self, name: &str, id: &str, now: i64) -> Result<bool, ApiError> {
        let (name, id) = (name.to_owned(), id.to_owned());
        let insert = move |open: &Connection| {
            let insert = "INSERT INTO namespaces (name, id, created, modified) VALUES (?1, ?2, ?3, ?3)
                ON CONFLICT DO NOTHING";
            open.prepare_cached(insert)?.execute((&name, &id, now)).map(|rows| rows > 0)
        };
        self.write(0, insert).await
    }

    /// Renames it with all that is in it, and changes its trust; false when the new name is taken.
    pub(in crate::control) async fn change_namespace(
        &self,
        name: &str,
        change: NamespaceChange,
        now: i64,
    ) -> Result<bool, ApiError> {
        let name = name.to_owned();
        let update = move |open: &Connection| {
            let new = change.name.as_ref().unwrap_or(&name);
            if *new != name && find(open, new)?.is_some() {
                return Ok(false);
            }
            let update = "UPDATE namespaces SET name = ?2, trusted = coalesce(?3, trusted), modified = ?4
                WHERE name = ?1";
            open.prepare_cached(update)?.execute((&name, new, change.trusted, now))?;
            let scripts = "UPDATE scripts SET namespace = ?2 WHERE namespace = ?1";
            open.prepare_cached(scripts)?.execute((&name, new))?;
            Ok(true)
        };
        self.write(0, update).await
    }

    /// Deletes it with all its scripts, and tells which these were.
    pub(in crate::control) async fn delete_namespace(&self, name: &str) -> Result<Vec<WorkerId>, ApiError> {
        let name = name.to_owned();
        let delete = move |open: &Connection| {
            let names: Vec<String> = open
                .prepare_cached("SELECT name FROM scripts WHERE namespace = ?1")?
                .query_map([&name], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let of = "SELECT id FROM versions WHERE script IN (SELECT id FROM scripts WHERE namespace = ?1)";
            let contents = hashes(open, of, &name)?;
            open.prepare_cached("DELETE FROM scripts WHERE namespace = ?1")?.execute([&name])?;
            open.prepare_cached("DELETE FROM namespaces WHERE name = ?1")?.execute([&name])?;
            forget_contents(open, &contents)?;
            Ok(names.into_iter().map(|script| WorkerId::user(name.as_str(), script)).collect())
        };
        self.write(0, delete).await
    }
}
