//! `kv_namespaces`: keys and values. What they hold is in `entries`, what JavaScript sees of it in `face`.

mod entries;
mod face;

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::json;

use super::attach::make;
use super::upload::{as_item, renamed};
use super::{Binding, Environment, Resource, ResourceKind, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problem, Problems};
use crate::worker::WorkerId;

pub use entries::{KvEntries, KvEntry, KvError, KvKey, KvPage, KvPut, KvQuery};
use face::KvHandle;

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct KvNamespace {
    pub name: String,
    pub id: Option<String>,
    pub preview_id: Option<String>,
    pub place: Place,
}

impl KvNamespace {
    /// The namespace that holds the data: Workers with the same id share it.
    ///
    /// `preview_id` counts only without an `id`: the ids that a platform's own code passes to the API are the real ones.
    /// Without either each Worker has a namespace of its own, as Cloudflare makes one at the first deploy.
    #[must_use]
    pub fn namespace(&self, worker: &WorkerId) -> String {
        let id = self.id.as_ref().or(self.preview_id.as_ref());
        id.cloned().unwrap_or_else(|| format!("{worker}-{}", self.name.to_lowercase()))
    }
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "kv_namespaces"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["kv_namespace"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        as_item(self, renamed(item, &[("name", "binding"), ("namespace_id", "id")]), problems)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let id = fields.string("id");
    let preview_id = text(fields.string("preview_id"));
    if let Some(id) = id.as_ref().filter(|id| id.value.is_empty()) {
        let problem = Problem::error("a KV namespace's `id` must not be empty");
        let problem = problem.at(&id.place.source, id.place.span.clone(), "");
        fields.push(problem.help("remove it: without an id the Worker has a namespace of its own"));
    }
    let name = name?;
    Some(Box::new(KvNamespace { name: name.value, id: text(id), preview_id, place: name.place }))
}

impl Binding for KvNamespace {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "kv_namespace"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("namespace_id", self.id.as_ref().map(|id| json!(id)))])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let entries = KvEntries::of(&around.store(), &self.namespace(around.worker()));
        make(ctx, "kv_namespaces", (KvHandle::instance(ctx, entries)?,))
    }

    fn resource(&self, worker: &WorkerId) -> Option<Resource> {
        Some(Resource::new(ResourceKind::Kv, self.namespace(worker), None))
    }

    fn summary(&self) -> Summary {
        let id = self.id.as_ref().or(self.preview_id.as_ref());
        Summary::emulated("KV Namespace", id.cloned().unwrap_or_default())
    }
}
