//! `durable_objects`: objects with state, each at one place at a time. Here is how they are named and reached, in
//! `storage` what they keep; who runs them is the runtime's affair.

mod id;
mod migrations;
mod storage;

use std::sync::Arc;

use rquickjs::{Array, Ctx, Function, Result, Value as JsValue};

use super::attach::{make, stopped};
use super::upload::{listed, renamed};
use super::{Binding, Edge, Environment, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::engine::throw_type;
use crate::error::{Place, Problems};
use crate::web::fetch::FetchTarget;
use crate::worker::Fetch;

pub use migrations::{Migrations, Step, migrations};
pub use storage::{ObjectRecord, StorageHandle, alarm_of};

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct DurableObjects {
    pub name: String,
    pub class: String,
    /// The Worker that holds the class, if another one does.
    pub script: Option<String>,
    pub environment: Option<String>,
    pub place: Place,
}

/// The objects of one class.
pub trait Objects: Send + Sync {
    /// What their ids are made with: no two classes share it.
    fn unique_key(&self) -> String;

    fn open(&self, id: &str, name: Option<String>) -> Arc<dyn Fetch>;
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "durable_objects"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["durable_object_namespace"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        node.get("bindings").map(|list| each(list, problems, one)).unwrap_or_default()
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        each(&listed(renamed(item, &[])), problems, one).pop()
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("name");
    let class = fields.required_string("class_name");
    let script = text(fields.string("script_name"));
    let environment = text(fields.string("environment"));
    let (name, class) = (name?, class?.value);
    Some(Box::new(DurableObjects { name: name.value, class, script, environment, place: name.place }))
}

impl Binding for DurableObjects {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "durable_object_namespace"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        let text = |text: &Option<String>| text.as_ref().map(|text| text.as_str().into());
        fields([
            ("class_name", Some(self.class.as_str().into())),
            ("script_name", text(&self.script)),
            ("environment", text(&self.environment)),
        ])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let objects = around.objects(self.script.as_deref(), &self.class).ok_or_else(|| stopped(ctx))?;
        namespace(ctx, objects)
    }

    fn summary(&self) -> Summary {
        let script = self.script.as_ref().map(|script| format!(", defined in {script}")).unwrap_or_default();
        Summary::emulated("Durable Object", format!("{}{script}", self.class))
    }

    fn edges(&self) -> Vec<Edge> {
        self.script.iter().map(|script| Edge::Script(script.clone())).collect()
    }
}

/// The `DurableObjectNamespace` of a class.
pub fn namespace<'js>(ctx: &Ctx<'js>, objects: Arc<dyn Objects>) -> Result<JsValue<'js>> {
    let natives = Array::new(ctx.clone())?;
    let of_name = objects.clone();
    natives.set(0, Function::new(ctx.clone(), move |name: String| id::of_name(&of_name.unique_key(), &name))?)?;
    let fresh = objects.clone();
    natives.set(1, Function::new(ctx.clone(), move || id::fresh(&fresh.unique_key()))?)?;
    let known = objects.clone();
    let check =
        move |ctx: Ctx<'js>, text: String| id::checked(&known.unique_key(), &text).map_err(|why| throw_type(&ctx, why));
    natives.set(2, Function::new(ctx.clone(), check)?)?;
    let open =
        move |ctx: Ctx<'js>, id: String, name: Option<String>| FetchTarget::instance(&ctx, objects.open(&id, name));
    natives.set(3, Function::new(ctx.clone(), open)?)?;
    make(ctx, "durable_objects", (natives,))
}
