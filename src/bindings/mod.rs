//! What a Worker finds in `env`: one file per binding, and [`all`] of them in one table.
//!
//! A [`Kind`] is a key of the configuration and knows how its value declares bindings; a [`Binding`] is one declared
//! binding. Knows no HTTP front. Adding a binding means a file here, a line in `ALL`, and one row less in `unsupported`.

mod analytics_engine;
mod assets;
mod attach;
mod blobs;
mod d1_databases;
mod declare;
mod dispatch_namespaces;
mod durable_objects;
mod hyperdrive;
mod images;
mod kv_namespaces;
mod pipelines;
mod queues;
mod r2_buckets;
mod ratelimits;
mod resource;
mod secrets_store;
mod send_email;
mod services;
mod sql_values;
#[cfg(test)]
mod tests;
mod unsupported;
mod upload;
mod vars;
mod version_metadata;
mod worker_loaders;
mod workflows;

use std::fmt::Debug;

pub use attach::{DispatchLimits, Dispatched, Environment};
pub use d1_databases::{D1Database, d1_databases, d1_file, migrations as d1_migrations};
pub use declare::declare;
pub use dispatch_namespaces::{DispatchNamespace, Outbound};
pub use durable_objects::{
    DurableObjects, Migrations, ObjectRecord, Objects, Step, StorageHandle, alarm_of, migrations, namespace,
};
pub use kv_namespaces::{KvEntries, KvEntry, KvError, KvKey, KvNamespace, KvPage, KvPut, KvQuery};
pub use queues::{
    Backlog, Consumer as QueueConsumer, Fate, NewMessage, Queue, QueueMessage, Queues, consumers as queue_consumers,
    refuse_messages,
};
pub use r2_buckets::{R2Binding, R2Bucket, R2Error, R2Found, R2Get, R2If, R2List, R2Meta, R2Object, R2Page, R2Put};
pub use resource::{Resource, ResourceKind};
pub use secrets_store::{SecretsStore, StoredSecret, StoredSecrets};
pub use services::Service;
pub use unsupported::Unsupported;
pub use upload::of_upload;
pub use vars::{Value, Variable};
pub use version_metadata::VersionMetadata;
pub use worker_loaders::{DynamicCode, DynamicOutbound, Loader};
pub use workflows::{
    Command as WorkflowCommand, CommandOutcome, Ending as WorkflowEnding, Flow, Instance as WorkflowInstance,
    InstanceKey, NewInstance, Run as WorkflowRun, RunHandle, RunId, ShownStep, Workflow, Workflows,
    check_id as check_instance_id,
};

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::{Map, Value as Json};

use crate::config::{Fields, Located, Node};
use crate::error::{Place, Problem, Problems};
use crate::worker::WorkerId;

/// The bindings that devflare emulates.
const ALL: &[&dyn Kind] = &[
    &analytics_engine::Kind,
    &assets::Kind,
    &blobs::Kind(blobs::Form::Data),
    &blobs::Kind(blobs::Form::Text),
    &blobs::Kind(blobs::Form::Wasm),
    &d1_databases::Kind,
    &dispatch_namespaces::Kind,
    &durable_objects::Kind,
    &hyperdrive::Kind,
    &images::Kind,
    &kv_namespaces::Kind,
    &pipelines::Kind,
    &queues::Kind,
    &r2_buckets::Kind,
    &ratelimits::Kind,
    &secrets_store::Kind,
    &send_email::Kind,
    &services::Kind,
    &vars::Kind,
    &version_metadata::Kind,
    &worker_loaders::Kind,
    &workflows::Kind,
];

/// A key of the configuration that declares bindings.
pub trait Kind: Sync {
    /// `kv_namespaces`.
    fn key(&self) -> &'static str;

    /// The `type`s that such a binding has in the metadata of an upload.
    fn upload_types(&self) -> &[&'static str];

    /// The bindings that the value declares; what is wrong with the others goes to `problems`.
    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>>;

    /// The binding that an item of an upload's `bindings` declares. Where nothing else is said, its fields are those of
    /// an item of the configuration's list, but that the name stands in `name`.
    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        upload::as_item(self, upload::renamed(item, &[("name", "binding")]), problems)
    }
}

/// One name in `env`, as declared.
pub trait Binding: Send + Sync + Debug {
    fn name(&self) -> &str;

    /// Where it is declared; none when it comes from no file that may be shown.
    fn place(&self) -> Option<&Place>;

    fn upload_type(&self) -> &str;

    /// What the metadata of an upload says of it beside its name and type: what the kind's `upload` reads.
    fn uploaded(&self) -> Map<String, Json> {
        Map::new()
    }

    /// Its line in the banner.
    fn summary(&self) -> Summary;

    /// What the Worker finds in `env`.
    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>>;

    /// What it stores things in, for a Worker.
    fn resource(&self, _worker: &WorkerId) -> Option<Resource> {
        None
    }

    /// The workflow that it leads to, and its class.
    fn workflow(&self, _worker: &WorkerId) -> Option<(Flow, String)> {
        None
    }

    /// The Workers and namespaces that it leads to.
    fn edges(&self) -> Vec<Edge> {
        Vec::new()
    }
}

/// A binding in the banner, in wrangler's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `KV Namespace`.
    pub kind: &'static str,
    /// What it is bound to; may be empty.
    pub detail: String,
    /// False when using it throws.
    pub emulated: bool,
}

/// Where a binding leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    /// A dispatch namespace.
    Namespace(String),
    /// A service binding.
    Service { service: String, environment: Option<String>, entrypoint: Option<String> },
    /// The outbound Worker of a dispatch namespace binding.
    Outbound { service: String, environment: Option<String> },
    /// The Worker that holds a Durable Object's or a Workflow's class.
    Script(String),
}

/// Every kind that a configuration can declare, the emulated ones first.
pub fn all() -> impl Iterator<Item = &'static dyn Kind> {
    ALL.iter().copied().chain(unsupported::all())
}

impl Summary {
    fn emulated(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), emulated: true }
    }
}

/// The tables of a list, each read by `one`.
fn each(
    node: &Node,
    problems: &mut Problems,
    one: fn(&mut Fields<'_>) -> Option<Box<dyn Binding>>,
) -> Vec<Box<dyn Binding>> {
    let mut bindings = Vec::new();
    for item in node.items() {
        let Some(mut fields) = Fields::of(item, problems) else { continue };
        bindings.extend(one(&mut fields));
        note_remote(&mut fields);
        fields.finish();
    }
    bindings
}

/// `remote = true` is read and has no effect here.
fn note_remote(fields: &mut Fields<'_>) {
    if fields.bool("remote") == Some(true)
        && let Some(node) = fields.node().get("remote")
    {
        let mut problem = Problem::warning("`remote` is ignored: devflare emulates this binding on this machine");
        problem.places.push(node.key_place(""));
        fields.push(problem);
    }
}

/// The fields that are there.
fn fields<const N: usize>(all: [(&str, Option<Json>); N]) -> Map<String, Json> {
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The text of a field that may be absent.
fn text(field: Option<Located<String>>) -> Option<String> {
    field.map(|text| text.value)
}
