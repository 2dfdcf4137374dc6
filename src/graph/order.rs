//! Puts the modules found into the order in which an engine can declare them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::walk::{Edge, Node, Walk};
use super::{Failed, Graph, Module, Target};
use crate::compile::{INTEROP_NAME, ImportKind, required};

/// # Errors
/// The walk's problems, if there is an error among them.
pub(super) fn finish(walk: Walk<'_>) -> Result<Graph, Failed> {
    let watch = walk.disk.watch;
    if walk.problems.has_errors() {
        return Err(Failed { problems: walk.problems, watch });
    }
    let order = post_order(&walk.nodes);
    let names: Vec<_> = walk.nodes.iter().map(|node| node.name.clone()).collect();
    let mut nodes: Vec<Option<Node>> = walk.nodes.into_iter().map(Some).collect();
    let modules = order.into_iter().map(|index| {
        let node = nodes[index].take().expect("the order holds each module once");
        Arc::new(module(node, &names))
    });
    let modules: Vec<Arc<Module>> = modules.collect();
    let by_name: HashMap<_, _> = modules.iter().enumerate().map(|(index, one)| (one.name.clone(), index)).collect();
    Ok(Graph { entry: names[0].clone(), modules, watch, warnings: walk.problems, by_name })
}

fn module(node: Node, names: &[Arc<str>]) -> Module {
    let compiled = node.compiled().cloned();
    let imports = compiled.iter().flat_map(|compiled| &compiled.imports);
    let mut resolved: HashMap<Arc<str>, Target> = HashMap::new();
    for (import, edge) in imports.zip(&node.edges) {
        let specifier = match import.kind {
            ImportKind::Require => required(&import.specifier).into(),
            _ => import.specifier.clone(),
        };
        match edge {
            Some(Edge::Module(index)) => drop(resolved.insert(specifier, Target::Module(names[*index].clone()))),
            Some(Edge::Builtin(name)) => drop(resolved.insert(specifier, Target::Builtin(name.clone()))),
            None => {}
        }
    }
    if node.linked {
        resolved.insert(INTEROP_NAME.into(), Target::Module(INTEROP_NAME.into()));
    }
    let body = node.body.expect("a module without a body is among the problems");
    Module { name: node.name, path: node.path, kind: node.kind, body, resolved, source: node.source }
}

/// Depth first over static imports with a stack of our own: the helpers, the entry, then what `import()` reaches.
fn post_order(nodes: &[Node]) -> Vec<usize> {
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
    order
}

/// The modules that are loaded before this one.
pub(super) fn static_targets(node: &Node) -> impl Iterator<Item = usize> {
    targets(node).filter(|(kind, _)| *kind != ImportKind::Dynamic).map(|(_, target)| target)
}

fn dynamic_targets(node: &Node) -> impl Iterator<Item = usize> {
    targets(node).filter(|(kind, _)| *kind == ImportKind::Dynamic).map(|(_, target)| target)
}

fn targets(node: &Node) -> impl Iterator<Item = (ImportKind, usize)> {
    let imports = node.compiled().into_iter().flat_map(|compiled| &compiled.imports);
    imports.zip(&node.edges).filter_map(|(import, edge)| match edge {
        Some(Edge::Module(index)) => Some((import.kind, *index)),
        _ => None,
    })
}
