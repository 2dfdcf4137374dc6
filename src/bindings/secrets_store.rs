//! `secrets_store_secrets`: one secret each of a store that several Workers share. Clients of the API put secrets there;
//! a store is there as soon as it has one.

use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Ctx, JsLifetime, Promise, Result, Value as JsValue};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::json;

use super::attach::make;
use super::{Binding, Environment, Summary, each, fields};
use crate::config::{Fields, Node};
use crate::engine::{HostError, require_current, spawn_op};
use crate::error::{Place, Problems};
use crate::store::{Access, Database, Schema, Store, StoreError};

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct StoreSecret {
    name: String,
    store: String,
    secret: String,
    place: Place,
}

const SCHEMA: Schema = &["
    CREATE TABLE secrets (
        id TEXT PRIMARY KEY, store TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, comment TEXT NOT NULL,
        scopes TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, UNIQUE (store, name)
    );
    CREATE TABLE stores (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
"];

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "secrets_store_secrets"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["secrets_store_secret"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let (store, secret) = (fields.required_string("store_id"), fields.required_string("secret_name"));
    let (name, store, secret) = (name?, store?.value, secret?.value);
    Some(Box::new(StoreSecret { name: name.value, store, secret, place: name.place }))
}

impl Binding for StoreSecret {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "secrets_store_secret"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("store_id", Some(json!(self.store))), ("secret_name", Some(json!(self.secret)))])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let secrets = StoredSecrets::of(&around.store());
        let handle = SecretHandle { secrets, store: self.store.clone(), name: self.secret.clone() };
        make(ctx, "secrets_store", (Class::instance(ctx.clone(), handle)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Secrets Store Secret", format!("{}/{}", self.store, self.secret))
    }
}

/// What `secrets_store.js` holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct SecretHandle {
    #[qjs(skip_trace)]
    secrets: StoredSecrets,
    store: String,
    name: String,
}

#[rquickjs::methods]
impl SecretHandle {
    fn get<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        require_current(&ctx)?;
        let (secrets, store, name) = (self.secrets.clone(), self.store.clone(), self.name.clone());
        spawn_op(&ctx, async move {
            let found = secrets.value(&store, &name).await.map_err(|error| HostError::Error(error.to_string()))?;
            found.ok_or_else(|| HostError::Error(format!("Secret \"{name}\" not found")))
        })
    }
}

/// The secrets of all stores.
#[derive(Clone)]
pub struct StoredSecrets(Arc<Database>);

/// One of them, without its value. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    pub id: String,
    pub store: String,
    pub name: String,
    pub comment: String,
    pub scopes: Vec<String>,
    pub created: i64,
    pub modified: i64,
}

/// A store that was made by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsStore {
    pub id: String,
    pub name: String,
    pub created: i64,
}

const COLUMNS: &str = "id, store, name, comment, scopes, created, modified";

type Answer<T> = std::result::Result<T, StoreError>;

impl StoredSecrets {
    pub fn of(store: &Store) -> Self {
        Self(store.database("secrets", SCHEMA))
    }

    pub async fn value(&self, store: &str, name: &str) -> Answer<Option<String>> {
        let of = (store.to_owned(), name.to_owned());
        let query = "SELECT value FROM secrets WHERE store = ?1 AND name = ?2";
        self.read(move |open| open.prepare_cached(query)?.query_row(of, |row| row.get(0)).optional()).await
    }

    /// All of a store, by name.
    pub async fn list(&self, store: &str) -> Answer<Vec<StoredSecret>> {
        let (store, query) =
            (store.to_owned(), format!("SELECT {COLUMNS} FROM secrets WHERE store = ?1 ORDER BY name"));
        self.read(move |open| open.prepare_cached(&query)?.query_map([store], secret)?.collect()).await
    }

    /// Keeps a new one; false when the store has one of this name.
    pub async fn add(&self, one: StoredSecret, value: String) -> Answer<bool> {
        let add = move |open: &Connection| {
            let insert = "INSERT OR IGNORE INTO secrets (id, store, name, value, comment, scopes, created, modified)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let StoredSecret { id, store, name, comment, scopes, created, modified } = one;
            let values = (id, store, name, value, comment, json!(scopes).to_string(), created, modified);
            Ok(open.prepare_cached(insert)?.execute(values)? == 1)
        };
        self.write(add).await
    }

    /// Changes what is said of one, and its value if there is a new one.
    pub async fn change(&self, one: StoredSecret, value: Option<String>) -> Answer<()> {
        let change = move |open: &Connection| {
            let update = "UPDATE secrets SET value = coalesce(?2, value), comment = ?3, scopes = ?4, modified = ?5
                WHERE id = ?1";
            let values = (one.id, value, one.comment, json!(one.scopes).to_string(), one.modified);
            open.prepare_cached(update)?.execute(values).map(drop)
        };
        self.write(change).await
    }

    pub async fn remove(&self, id: &str) -> Answer<()> {
        let id = id.to_owned();
        self.write(move |open| open.prepare_cached("DELETE FROM secrets WHERE id = ?1")?.execute([id]).map(drop)).await
    }

    pub async fn stores(&self) -> Answer<Vec<SecretsStore>> {
        let query = "SELECT id, name, created FROM stores UNION
            SELECT store, store, min(created) FROM secrets WHERE store NOT IN (SELECT id FROM stores) GROUP BY store";
        let of = |row: &Row<'_>| Ok(SecretsStore { id: row.get(0)?, name: row.get(1)?, created: row.get(2)? });
        self.read(move |open| open.prepare_cached(query)?.query_map([], of)?.collect()).await
    }

    /// Makes a store; false when there is one of this name.
    pub async fn add_store(&self, one: SecretsStore) -> Answer<bool> {
        let insert = "INSERT OR IGNORE INTO stores (id, name, created) VALUES (?1, ?2, ?3)";
        let values = (one.id, one.name, one.created);
        self.write(move |open| Ok(open.prepare_cached(insert)?.execute(values)? == 1)).await
    }

    /// With all that is in it.
    pub async fn remove_store(&self, id: &str) -> Answer<()> {
        let id = id.to_owned();
        let remove = move |open: &Connection| {
            open.prepare_cached("DELETE FROM secrets WHERE store = ?1")?.execute([&id])?;
            open.prepare_cached("DELETE FROM stores WHERE id = ?1")?.execute([&id]).map(drop)
        };
        self.write(remove).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        self.0.run(Access::Read, work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        self.0.run(Access::Write { bytes: 0 }, work).await
    }
}

fn secret(row: &Row<'_>) -> rusqlite::Result<StoredSecret> {
    let scopes: String = row.get(4)?;
    Ok(StoredSecret {
        id: row.get(0)?,
        store: row.get(1)?,
        name: row.get(2)?,
        comment: row.get(3)?,
        scopes: serde_json::from_str(&scopes).unwrap_or_default(),
        created: row.get(5)?,
        modified: row.get(6)?,
    })
}
