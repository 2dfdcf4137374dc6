//! Zones that clients have made, and the custom hostnames of any zone.

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;

use super::Catalog;
use crate::control::envelope::ApiError;

/// A host that a platform's customer has pointed at the platform. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub(in crate::control) struct CustomHostname {
    pub(in crate::control) id: String,
    pub(in crate::control) zone: String,
    pub(in crate::control) hostname: String,
    pub(in crate::control) created: i64,
    /// What the client has said of it.
    pub(in crate::control) settings: Value,
}

const COLUMNS: &str = "SELECT id, zone, hostname, created, settings FROM custom_hostnames";

fn one(row: &Row<'_>) -> rusqlite::Result<CustomHostname> {
    let settings: String = row.get(4)?;
    Ok(CustomHostname {
        id: row.get(0)?,
        zone: row.get(1)?,
        hostname: row.get(2)?,
        created: row.get(3)?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
    })
}

impl Catalog {
    /// Names of zones with the times they were made, by name.
    pub(in crate::control) async fn zones(&self) -> Result<Vec<(String, i64)>, ApiError> {
        let all = |open: &Connection| {
            open.prepare_cached("SELECT name, created FROM zones ORDER BY name")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        self.read(all).await
    }

    /// False when there is one of that name.
    pub(in crate::control) async fn create_zone(&self, name: &str, now: i64) -> Result<bool, ApiError> {
        let name = name.to_owned();
        let insert = "INSERT OR IGNORE INTO zones (name, created) VALUES (?1, ?2)";
        self.write(0, move |open| Ok(open.prepare_cached(insert)?.execute((name, now))? == 1)).await
    }

    pub(in crate::control) async fn delete_zone(&self, name: &str) -> Result<(), ApiError> {
        let name = name.to_owned();
        let delete = "DELETE FROM zones WHERE name = ?1";
        self.write(0, move |open| open.prepare_cached(delete)?.execute([name]).map(drop)).await
    }

    /// Those of a zone, by the time they came.
    pub(in crate::control) async fn custom_hostnames(&self, zone: &str) -> Result<Vec<CustomHostname>, ApiError> {
        let zone = zone.to_owned();
        let query = format!("{COLUMNS} WHERE zone = ?1 ORDER BY created, hostname");
        self.read(move |open| open.prepare_cached(&query)?.query_map([zone], one)?.collect()).await
    }

    pub(in crate::control) async fn custom_hostname(
        &self,
        (zone, id): (&str, &str),
    ) -> Result<Option<CustomHostname>, ApiError> {
        let key = (zone.to_owned(), id.to_owned());
        let query = format!("{COLUMNS} WHERE zone = ?1 AND id = ?2");
        self.read(move |open| open.prepare_cached(&query)?.query_row(key, one).optional()).await
    }

    /// Keeps one, in place of the one with its id; false when another has its name, whatever the zone.
    pub(in crate::control) async fn put_custom_hostname(&self, put: CustomHostname) -> Result<bool, ApiError> {
        let taken = "SELECT 1 FROM custom_hostnames WHERE hostname = ?1 AND id <> ?2";
        let insert = "INSERT OR REPLACE INTO custom_hostnames (id, zone, hostname, created, settings)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let keep = move |open: &Connection| {
            if open.prepare_cached(taken)?.exists((&put.hostname, &put.id))? {
                return Ok(false);
            }
            let row = (put.id, put.zone, put.hostname, put.created, put.settings.to_string());
            open.prepare_cached(insert)?.execute(row).map(|_| true)
        };
        self.write(0, keep).await
    }

    /// False when there is none.
    pub(in crate::control) async fn delete_custom_hostname(&self, (zone, id): (&str, &str)) -> Result<bool, ApiError> {
        let key = (zone.to_owned(), id.to_owned());
        let delete = "DELETE FROM custom_hostnames WHERE zone = ?1 AND id = ?2";
        self.write(0, move |open| Ok(open.prepare_cached(delete)?.execute(key)? == 1)).await
    }
}
