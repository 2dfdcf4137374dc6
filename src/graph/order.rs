//! Puts the modules found into the order in which an engine can declare them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use super::loader::{Edge, Loader, Node};
use super::{Failed, Graph, Module, Target, failure};
use crate::compile::{INTEROP_NAME, ImportKind, SERVICE_WORKER_NAME, required};
use crate::engine::DEEPEST_IMPORTS;
use crate::error::Problem;

/// # Errors
/// The loader's problems, if there is an error among them.
pub(super) fn finish(mut loader: Loader<'_>) -> Result<Graph, Failed> {
    let order = if loader.problems.has_errors() { Ok(Vec::new()) } else { post_order(&loader.nodes) };
    let order = order.unwrap_or_else(|problem| {
        loader.report(problem);
        Vec::new()
    });
    let watch = loader.disk.watch;
    if loader.problems.has_errors() {
        return Err(Failed { problems: loader.problems, watch });
    }
    let names: Vec<_> = loader.nodes.iter().map(|node| node.name.clone()).collect();
    let mut nodes: Vec<Option<Node>> = loader.nodes.into_iter().map(Some).collect();
    let modules = order.into_iter().map(|index| {
        let node = nodes[index].take().expect("the order holds each module once");
        Arc::new(module(node, &names))
    });
    let modules: Vec<Arc<Module>> = modules.collect();
    let by_name: HashMap<_, _> = modules.iter().enumerate().map(|(index, one)| (one.name.clone(), index)).collect();
    Ok(Graph { entry: names[0].clone(), modules, watch, warnings: loader.problems, node: loader.options.node, by_name })
}

fn module(node: Node, names: &[Arc<str>]) -> Module {
    let compiled = node.compiled().cloned();
    let imports = compiled.iter().flat_map(|compiled| &compiled.imports);
    let mut resolved: HashMap<Arc<str>, Target> = HashMap::new();
    let kept = imports.zip(&node.edges).enumerate().filter(|(place, _)| !node.linked.dropped.contains(place));
    for (_, (import, edge)) in kept {
        let specifier = match import.kind {
            ImportKind::Require => required(&import.specifier).into(),
            _ => import.specifier.clone(),
        };
        match edge {
            Edge::Module(index) => drop(resolved.insert(specifier, Target::Module(names[*index].clone()))),
            Edge::Builtin(name) => drop(resolved.insert(specifier, Target::Builtin(name.clone()))),
            Edge::Unknown | Edge::Nowhere => {}
        }
    }
    resolved.extend(node.linked.added.iter().map(|(specifier, index)| {
        let target = Target::Module(names[*index].clone());
        (specifier.clone(), target)
    }));
    if node.linked.needs_interop {
        resolved.insert(INTEROP_NAME.into(), Target::Module(INTEROP_NAME.into()));
    }
    if node.linked.is_service_worker {
        resolved.insert(SERVICE_WORKER_NAME.into(), Target::Builtin(SERVICE_WORKER_NAME.into()));
    }
    let body = node.body.expect("a module without a body is among the problems");
    Module {
        name: node.name,
        path: node.path,
        kind: node.kind,
        body,
        resolved,
        source: node.source,
        shipped: OnceLock::new(),
    }
}

/// Depth first over static imports with a stack of our own: the helpers, the entry, then what `import()` reaches.
///
/// # Errors
/// A chain of imports too long for the engine, which follows them by recursion.
fn post_order(nodes: &[Node]) -> Result<Vec<usize>, Problem> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut entered = vec![false; nodes.len()];
    let helpers = nodes.iter().position(|node| &*node.name == INTEROP_NAME);
    let additional = (0..nodes.len()).filter(|index| nodes[*index].is_root);
    let mut roots: VecDeque<usize> = helpers.into_iter().chain([0]).chain(additional).collect();
    while let Some(root) = roots.pop_front() {
        if std::mem::replace(&mut entered[root], true) {
            continue;
        }
        let mut stack = vec![(root, static_targets(&nodes[root]))];
        while let Some((node, targets)) = stack.last_mut() {
            match targets.next() {
                Some(next) if !std::mem::replace(&mut entered[next], true) => {
                    if stack.len() == DEEPEST_IMPORTS {
                        return Err(failure::too_deep(&nodes[next], DEEPEST_IMPORTS));
                    }
                    stack.push((next, static_targets(&nodes[next])));
                }
                Some(_) => {}
                None => {
                    order.push(*node);
                    roots.extend(dynamic_targets(&nodes[*node]));
                    stack.pop();
                }
            }
        }
    }
    Ok(order)
}

/// The modules that are loaded before this one.
pub(super) fn static_targets(node: &Node) -> impl Iterator<Item = usize> {
    targets(node).filter(|(kind, _)| *kind != ImportKind::Dynamic).map(|(_, target)| target)
}

fn dynamic_targets(node: &Node) -> impl Iterator<Item = usize> {
    targets(node).filter(|(kind, _)| *kind == ImportKind::Dynamic).map(|(_, target)| target)
}

/// The modules that one leads to, once it is linked.
pub(super) fn targets(node: &Node) -> impl Iterator<Item = (ImportKind, usize)> {
    let imports = node.compiled().into_iter().flat_map(|compiled| &compiled.imports);
    let kept = imports.zip(&node.edges).enumerate().filter(|(place, _)| !node.linked.dropped.contains(place));
    let kept = kept.filter_map(|(_, (import, edge))| match edge {
        Edge::Module(index) => Some((import.kind, *index)),
        _ => None,
    });
    kept.chain(node.linked.added.values().map(|index| (ImportKind::Static, *index)))
}
