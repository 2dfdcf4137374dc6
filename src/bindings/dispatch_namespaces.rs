//! `dispatch_namespaces`: the door to the user Workers of a namespace.

use std::sync::Arc;
use std::time::Duration;

use rquickjs::class::Class;
use rquickjs::{Ctx, Function, Result, Value as JsValue};
use serde_json::json;

use super::attach::{make, stopped};
use super::{Binding, DispatchLimits, Dispatched, Edge, Environment, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::web::fetch::FetchTarget;

pub(super) struct Kind;

/// `env.dispatcher`.
#[derive(Debug, Clone)]
pub struct DispatchNamespace {
    pub name: String,
    pub namespace: String,
    pub outbound: Option<Outbound>,
    pub place: Place,
}

/// The Worker that answers each `fetch()` of the user Workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    pub service: String,
    pub environment: Option<String>,
    /// The names that `get(name, args, { outbound })` may give values to.
    pub parameters: Vec<String>,
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "dispatch_namespaces"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["dispatch_namespace"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        let mut fields = Fields::of(item, problems)?;
        let (name, namespace) = (fields.required_string("name")?, fields.required_string("namespace")?.value);
        let outbound = item.get("outbound").and_then(uploaded_outbound);
        Some(Box::new(DispatchNamespace { name: name.value, namespace, outbound, place: name.place }))
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let namespace = fields.required_string("namespace");
    let outbound = fields.table("outbound").and_then(outbound);
    let (name, namespace) = (name?, namespace?.value);
    Some(Box::new(DispatchNamespace { name: name.value, namespace, outbound, place: name.place }))
}

fn outbound(mut fields: Fields<'_>) -> Option<Outbound> {
    let service = fields.required_string("service");
    let environment = text(fields.string("environment"));
    let parameters = fields.strings("parameters").into_iter().map(|parameter| parameter.value).collect();
    fields.finish();
    Some(Outbound { service: service?.value, environment, parameters })
}

/// `{ worker: { service, environment }, params: [{ name }] }`; the SDK's parameters are names alone.
fn uploaded_outbound(node: &Node) -> Option<Outbound> {
    let worker = node.get("worker")?;
    let field = |key| worker.get(key).and_then(Node::as_str).map(str::to_owned);
    let name = |parameter: &Node| parameter.as_str().or_else(|| parameter.get("name")?.as_str()).map(str::to_owned);
    let parameters = node.get("params").map(Node::items).unwrap_or_default().iter().filter_map(name).collect();
    Some(Outbound { service: field("service")?, environment: field("environment"), parameters })
}

fn open<'js>(
    ctx: &Ctx<'js>,
    around: &Arc<dyn Environment>,
    (namespace, name): (&str, &str),
    how: Dispatched,
) -> Result<Class<'js, FetchTarget>> {
    let target = around.user_worker(namespace, name, how).ok_or_else(|| stopped(ctx))?;
    FetchTarget::instance(ctx, target)
}

/// What `limits` of `get()` mean: milliseconds of CPU time and a number of subrequests, both positive.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float that is too large saturates")]
fn limits(cpu_ms: Option<f64>, subrequests: Option<f64>) -> DispatchLimits {
    let cpu = cpu_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    DispatchLimits { cpu, subrequests: subrequests.map(|count| count as u32) }
}

impl Binding for DispatchNamespace {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "dispatch_namespace"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        let outbound = self.outbound.as_ref().map(|outbound| {
            let parameters = outbound.parameters.iter().map(|name| json!({ "name": name }));
            let worker = fields([
                ("service", Some(json!(outbound.service))),
                ("environment", outbound.environment.as_ref().map(|name| json!(name))),
            ]);
            json!({ "worker": worker, "params": parameters.collect::<Vec<_>>() })
        });
        fields([("namespace", Some(json!(self.namespace))), ("outbound", outbound)])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let (around, namespace, outbound) = (around.shared(), self.namespace.clone(), self.outbound.clone());
        let declared = outbound.as_ref().map(|outbound| outbound.parameters.clone());
        let open = move |ctx: Ctx<'js>, name: String, cpu: Option<f64>, count: Option<f64>, given: Option<String>| {
            let outbound = outbound.clone().map(|outbound| (outbound, given));
            open(&ctx, &around, (&namespace, &name), Dispatched { limits: limits(cpu, count), outbound })
        };
        make(ctx, "dispatch_namespaces", (Function::new(ctx.clone(), open)?, declared))
    }

    fn summary(&self) -> Summary {
        let detail = match &self.outbound {
            Some(outbound) => format!("{} (outbound -> {})", self.namespace, outbound.service),
            None => self.namespace.clone(),
        };
        Summary::emulated("Dispatch Namespace", detail)
    }

    fn edges(&self) -> Vec<Edge> {
        let outbound = self.outbound.as_ref().map(|outbound| Edge::Outbound {
            service: outbound.service.clone(),
            environment: outbound.environment.clone(),
        });
        [Edge::Namespace(self.namespace.clone())].into_iter().chain(outbound).collect()
    }
}
