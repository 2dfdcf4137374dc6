//! `services`: another Worker, to be fetched or called.

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::json;

use super::attach::{make, stopped};
use super::{Binding, Edge, Environment, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::web::fetch::FetchTarget;

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct Service {
    pub name: String,
    /// The name of the bound Worker.
    pub worker: String,
    pub environment: Option<String>,
    /// The exported class that answers; the default export where none is named.
    pub entrypoint: Option<String>,
    /// Arrives as `ctx.props`.
    pub props: Option<serde_json::Value>,
    pub place: Place,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "services"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["service"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let service = fields.required_string("service");
    let environment = text(fields.string("environment"));
    let entrypoint = text(fields.string("entrypoint"));
    let props = fields.raw("props").map(Node::to_json);
    let (name, worker) = (name?, service?.value);
    Some(Box::new(Service { name: name.value, worker, environment, entrypoint, props, place: name.place }))
}

impl Binding for Service {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "service"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([
            ("service", Some(json!(self.worker))),
            ("environment", self.environment.as_ref().map(|name| json!(name))),
            ("entrypoint", self.entrypoint.as_ref().map(|name| json!(name))),
            ("props", self.props.clone()),
        ])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let props = self.props.as_ref().map(ToString::to_string);
        let target = around.service(&self.worker, self.entrypoint.as_deref(), props).ok_or_else(|| stopped(ctx))?;
        make(ctx, "services", (FetchTarget::instance(ctx, target)?,))
    }

    fn summary(&self) -> Summary {
        let environment = self.environment.as_ref().map(|name| format!("@{name}")).unwrap_or_default();
        let entrypoint = self.entrypoint.as_ref().map(|name| format!("#{name}")).unwrap_or_default();
        Summary::emulated("Worker", format!("{}{environment}{entrypoint}", self.worker))
    }

    fn edges(&self) -> Vec<Edge> {
        vec![Edge::Service {
            service: self.worker.clone(),
            environment: self.environment.clone(),
            entrypoint: self.entrypoint.clone(),
        }]
    }
}
