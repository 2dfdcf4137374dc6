//! `dispatch_namespaces`: the door to the user Workers of a namespace.

use super::{Binding, Edge, Summary, each, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};

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
