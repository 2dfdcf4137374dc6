//! `d1_databases`: SQL databases. Each is a file of its own; `store::sql` confines what Workers write.

mod face;
pub mod migrations;

use std::sync::Arc;

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::json;

use super::attach::make;
use super::upload::{as_item, renamed};
use super::{Binding, Environment, Resource, ResourceKind, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::store::{OwnDatabase, Store};
use crate::worker::WorkerId;
use face::D1Handle;

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct D1Database {
    pub name: String,
    pub database_name: Option<String>,
    pub id: Option<String>,
    /// Where its migrations are, from the configuration's folder.
    pub migrations_dir: String,
    /// The table that tells which of them were applied.
    pub migrations_table: String,
    pub place: Place,
}

/// Where wrangler looks for migrations, and where it notes them.
const MIGRATIONS: (&str, &str) = ("migrations", "d1_migrations");

impl D1Database {
    /// The database that holds the data: Workers with the same id share it. Without an id the name decides, and without
    /// either each Worker has one of its own.
    #[must_use]
    pub fn database(&self, worker: &WorkerId) -> String {
        let known = self.id.as_ref().or(self.database_name.as_ref());
        known.cloned().unwrap_or_else(|| format!("{worker}-{}", self.name.to_lowercase()))
    }
}

/// The file of a database by its id.
#[must_use]
pub fn d1_file(store: &Store, id: &str) -> Arc<OwnDatabase> {
    store.shared("d1", id)
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "d1_databases"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["d1"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, |fields| one(fields).map(|database| Box::new(database) as Box<dyn Binding>))
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        as_item(self, renamed(item, &[("name", "binding"), ("id", "database_id")]), problems)
    }
}

/// The databases that a configuration declares, for commands.
#[must_use]
pub fn d1_databases(node: Option<&Node>, problems: &mut Problems) -> Vec<D1Database> {
    let items = node.map(Node::items).unwrap_or_default();
    items.iter().filter_map(|item| one(&mut Fields::of(item, problems)?)).collect()
}

fn one(fields: &mut Fields<'_>) -> Option<D1Database> {
    let name = fields.required_string("binding");
    let database_name = text(fields.string("database_name"));
    let id = text(fields.string("database_id"));
    let preview_id = text(fields.string("preview_database_id"));
    let (folder, table) = (text(fields.string("migrations_dir")), text(fields.string("migrations_table")));
    // Names for tools of wrangler's own.
    let (_, _) = (fields.string("database_internal_env"), fields.string("migrations_pattern"));
    let name = name?;
    Some(D1Database {
        name: name.value,
        database_name,
        id: id.or(preview_id),
        migrations_dir: folder.unwrap_or_else(|| MIGRATIONS.0.to_owned()),
        migrations_table: table.unwrap_or_else(|| MIGRATIONS.1.to_owned()),
        place: name.place,
    })
}

impl Binding for D1Database {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "d1"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("id", self.id.as_ref().or(self.database_name.as_ref()).map(|id| json!(id)))])
    }

    fn resource(&self, worker: &WorkerId) -> Option<Resource> {
        Some(Resource::new(ResourceKind::D1, self.database(worker), self.database_name.as_ref()))
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let database = d1_file(&around.store(), &self.database(around.worker()));
        make(ctx, "d1_databases", (D1Handle::instance(ctx, database)?,))
    }

    fn summary(&self) -> Summary {
        let known = self.database_name.as_ref().or(self.id.as_ref());
        Summary::emulated("D1 Database", known.cloned().unwrap_or_default())
    }
}
