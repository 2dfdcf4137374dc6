//! Scripts, of the account and of namespaces.

use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use serde_json::Value;

use super::tags::TagFilter;
use super::{Catalog, columns, forget_contents, hashes, id_of};
use crate::control::envelope::ApiError;
use crate::worker::WorkerId;

/// A script with what is true of all its versions. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub(in crate::control) struct Script {
    pub(in crate::control) row: i64,
    pub(in crate::control) id: WorkerId,
    /// Stays the same for as long as the script exists.
    pub(in crate::control) tag: String,
    pub(in crate::control) created: i64,
    pub(in crate::control) modified: i64,
    /// The version that is served.
    pub(in crate::control) version: Option<String>,
    /// What is set for the script, not for a version: observability, subdomain ...
    pub(in crate::control) settings: Value,
    pub(in crate::control) tags: Vec<String>,
}

/// What is known of every script from the start on.
#[derive(Debug, Clone)]
pub(in crate::control) struct Indexed {
    pub(in crate::control) id: WorkerId,
    pub(in crate::control) version: String,
    pub(in crate::control) cpu_ms: Option<u64>,
    pub(in crate::control) subrequests: Option<u64>,
    /// It has a dispatch namespace bound.
    pub(in crate::control) dispatches: bool,
    /// Of the account's own; user Workers have no hosts.
    pub(in crate::control) settings: Option<Value>,
    /// What became of its classes of Durable Objects: a list of steps, or null.
    pub(in crate::control) migrations: Value,
    /// What of the version's metadata tells its assets; empty without any.
    pub(in crate::control) assets: Value,
    /// The versions of the deployment, itself among them, where it has more than one; the newest comes first.
    pub(in crate::control) portions: Vec<Portion>,
}

/// A version's part of the requests, in percent.
#[derive(Debug, Clone)]
pub(in crate::control) struct Portion {
    pub(in crate::control) percentage: f64,
    pub(in crate::control) of: Indexed,
}

impl Indexed {
    /// What is known of a version before it is loaded.
    pub(in crate::control) fn of(id: WorkerId, version: &str, metadata: &Value) -> Self {
        let limit = |key: &str| metadata.get("limits")?.get(key)?.as_u64();
        let bindings = metadata.get("bindings").and_then(Value::as_array);
        Self {
            id,
            version: version.to_owned(),
            cpu_ms: limit("cpu_ms"),
            subrequests: limit("subrequests"),
            dispatches: bindings.into_iter().flatten().any(|item| item["type"] == "dispatch_namespace"),
            settings: None,
            migrations: Value::Null,
            assets: metadata.get("assets").map(|_| metadata.clone()).unwrap_or_default(),
            portions: Vec::new(),
        }
    }

    /// As it is kept: see [`portions`].
    pub(super) fn kept_portions(&self) -> Option<String> {
        let one = |portion: &Portion| serde_json::json!({ "version_id": portion.of.version, "percentage": portion.percentage });
        (!self.portions.is_empty()).then(|| self.portions.iter().map(one).collect::<Value>().to_string())
    }
}

/// The versions of a deployment, as its script keeps them.
fn portions(open: &Connection, id: &WorkerId, kept: &Value) -> rusqlite::Result<Vec<Portion>> {
    let mut found = Vec::new();
    for one in kept.as_array().into_iter().flatten() {
        let version = one["version_id"].as_str().unwrap_or_default();
        let query = "SELECT metadata FROM versions WHERE id = ?1";
        let metadata = open.prepare_cached(query)?.query_row([version], |row| row.get(0)).optional()?;
        let Some(metadata) = json(metadata) else { continue };
        let percentage = one["percentage"].as_f64().unwrap_or_default();
        found.push(Portion { percentage, of: Indexed::of(id.clone(), version, &metadata) });
    }
    Ok(found)
}

/// Which scripts of a list.
#[derive(Debug, Clone, Default)]
pub(in crate::control) struct Page {
    pub(in crate::control) filter: TagFilter,
    /// Those after this name.
    pub(in crate::control) after: String,
    pub(in crate::control) limit: usize,
}

fn json(stored: Option<String>) -> Option<Value> {
    serde_json::from_str(&stored?).ok()
}

fn limit(stored: Option<i64>) -> Option<u64> {
    stored.and_then(|limit| u64::try_from(limit).ok())
}

impl Page {
    /// All of them.
    pub(in crate::control) fn all() -> Self {
        Self { limit: usize::MAX - 1, ..Self::default() }
    }
}

const COLUMNS: &str = "id, namespace, name, tag, created, modified, version, settings,
    (SELECT json_group_array(tag) FROM tags WHERE tags.script = scripts.id)";

fn script(row: &Row<'_>) -> rusqlite::Result<Script> {
    let (settings, tags): (String, String) = (row.get(7)?, row.get(8)?);
    let mut tags: Vec<String> = serde_json::from_str(&tags).unwrap_or_default();
    tags.sort_unstable();
    Ok(Script {
        row: row.get(0)?,
        id: id_of(&row.get::<_, String>(1)?, &row.get::<_, String>(2)?),
        tag: row.get(3)?,
        created: row.get(4)?,
        modified: row.get(5)?,
        version: row.get(6)?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        tags,
    })
}

pub(super) fn find(open: &Connection, id: &WorkerId) -> rusqlite::Result<Option<Script>> {
    let query = format!("SELECT {COLUMNS} FROM scripts WHERE namespace = ?1 AND name = ?2");
    open.prepare_cached(&query)?.query_row(columns(id), script).optional()
}

impl Catalog {
    /// Every script that is served, without its contents.
    pub(in crate::control) async fn index(&self) -> Result<Vec<Indexed>, ApiError> {
        let all = |open: &Connection| {
            let query = "SELECT namespace, name, version, cpu_ms, subrequests, dispatches,
                CASE WHEN namespace = '' OR settings LIKE '%schedules%' THEN settings END, json_extract(settings, '$.migrations'),
                (SELECT metadata FROM versions WHERE versions.id = scripts.version AND json_type(metadata, '$.assets') = 'object'),
                json_extract(settings, '$.portions')
                FROM scripts WHERE version IS NOT NULL ORDER BY created";
            let indexed = |row: &Row<'_>| {
                let id = id_of(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?);
                let kept = json(row.get(9)?).unwrap_or_default();
                Ok(Indexed {
                    portions: portions(open, &id, &kept)?,
                    id,
                    version: row.get(2)?,
                    cpu_ms: limit(row.get(3)?),
                    subrequests: limit(row.get(4)?),
                    dispatches: row.get(5)?,
                    settings: json(row.get(6)?),
                    migrations: json(row.get(7)?).unwrap_or_default(),
                    assets: json(row.get(8)?).unwrap_or_default(),
                })
            };
            open.prepare_cached(query)?.query_map([], indexed)?.collect()
        };
        self.read(all).await
    }

    pub(in crate::control) async fn script(&self, id: &WorkerId) -> Result<Option<Script>, ApiError> {
        let id = id.clone();
        self.read(move |open| find(open, &id)).await
    }

    /// Those that have, or had, tail Workers.
    pub(in crate::control) async fn tailed_scripts(&self) -> Result<Vec<Script>, ApiError> {
        let tailed = |open: &Connection| {
            let query = format!("SELECT {COLUMNS} FROM scripts WHERE settings LIKE '%tail_consumers%'");
            open.prepare_cached(&query)?.query_map([], script)?.collect()
        };
        self.read(tailed).await
    }

    /// Scripts of a namespace, or of the account where it is empty, by name; one more than asked for if there are more.
    pub(in crate::control) async fn scripts(&self, namespace: &str, page: Page) -> Result<Vec<Script>, ApiError> {
        let namespace = namespace.to_owned();
        self.read(move |open| select(open, &namespace, &page)).await
    }

    /// Deletes scripts with all that belongs to them, and tells which there were.
    pub(in crate::control) async fn delete_scripts(&self, ids: Vec<WorkerId>) -> Result<Vec<WorkerId>, ApiError> {
        let delete = move |open: &Connection| {
            let mut gone = Vec::new();
            for id in ids {
                let Some(script) = find(open, &id)? else { continue };
                let contents = hashes(open, "SELECT id FROM versions WHERE script = ?1", script.row)?;
                open.prepare_cached("DELETE FROM scripts WHERE id = ?1")?.execute([script.row])?;
                forget_contents(open, &contents)?;
                gone.push(id);
            }
            Ok(gone)
        };
        self.write(0, delete).await
    }

    /// Puts keys into what is set for a script; a null takes the key out.
    pub(in crate::control) async fn set(
        &self,
        id: &WorkerId,
        changes: serde_json::Map<String, Value>,
        now: i64,
    ) -> Result<(), ApiError> {
        let id = id.clone();
        let update = move |open: &Connection| {
            let Some(mut script) = find(open, &id)? else { return Ok(()) };
            for (key, value) in changes {
                script.settings[key] = value;
            }
            let update = "UPDATE scripts SET settings = ?2, modified = ?3 WHERE id = ?1";
            open.prepare_cached(update)?.execute((script.row, script.settings.to_string(), now)).map(drop)
        };
        self.write(0, update).await
    }
}

fn select(open: &Connection, namespace: &str, page: &Page) -> rusqlite::Result<Vec<Script>> {
    let (condition, tags) = page.filter.condition(4);
    let query =
        format!("SELECT {COLUMNS} FROM scripts WHERE namespace = ?1 AND name > ?2{condition} ORDER BY name LIMIT ?3");
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX).saturating_add(1);
    let fixed = [namespace.to_owned().into(), page.after.clone().into(), limit.into()];
    let parameters = fixed.into_iter().chain(tags.into_iter().map(rusqlite::types::Value::from));
    let mut statement = open.prepare_cached(&query)?;
    statement.query_map(params_from_iter(parameters), script)?.collect()
}
