//! Where a Worker leads: the namespaces it dispatches to and the Workers it names.

use crate::bindings::{Binding, Edge};
use crate::config::{Node, WorkerConfig};
use crate::error::Place;

/// One mention of a namespace or of a Worker.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) target: Target,
    /// The key that it stands below: `services`.
    pub(super) how: &'static str,
    pub(super) place: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Namespace(String),
    Worker { name: String, environment: Option<String> },
}

impl Target {
    /// The names that the Worker may have, the likelier first: an environment's Worker is called `name-environment`.
    pub(super) fn worker_names(&self) -> Vec<String> {
        match self {
            Self::Namespace(_) => Vec::new(),
            Self::Worker { name, environment } => {
                let own = environment.as_ref().map(|environment| format!("{name}-{environment}"));
                own.into_iter().chain([name.clone()]).collect()
            }
        }
    }
}

pub(super) fn of(config: &WorkerConfig, bindings: &[Box<dyn Binding>]) -> Vec<Link> {
    let mut links = Vec::new();
    for binding in bindings {
        for edge in binding.edges() {
            let (how, target) = target(edge);
            links.push(Link { target, how, place: binding.place().cloned() });
        }
    }
    for how in ["tail_consumers", "streaming_tail_consumers"] {
        for item in config.section(how).map(Node::items).unwrap_or_default() {
            let Some(service) = item.get("service") else { continue };
            let Some(name) = service.as_str().map(str::to_owned) else { continue };
            let target = Target::Worker { name, environment: None };
            links.push(Link { target, how, place: Some(service.place("")) });
        }
    }
    links
}

fn target(edge: Edge) -> (&'static str, Target) {
    match edge {
        Edge::Namespace(name) => ("dispatch_namespaces", Target::Namespace(name)),
        Edge::Service { service, environment, .. } => ("services", Target::Worker { name: service, environment }),
        Edge::Outbound { service, environment } => ("outbound", Target::Worker { name: service, environment }),
        Edge::Script(name) => ("script_name", Target::Worker { name, environment: None }),
    }
}
