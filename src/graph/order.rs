//! Puts the modules found into the order in which an engine can declare them.

use std::collections::HashMap;
use std::sync::Arc;

use super::walk::{Edge, Node, Walk};
use super::{Failed, Graph, Module, Target};
use crate::compile::ImportKind;

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
    Ok(Graph { entry: names[0].clone(), modules, watch, by_name })
}

fn module(node: Node, names: &[Arc<str>]) -> Module {
    let imports = node.compiled().map(Arc::clone);
    let specifiers = imports.iter().flat_map(|compiled| &compiled.imports).map(|import| import.specifier.clone());
    let targets = node.edges.iter().flatten().map(|edge| match edge {
        Edge::Module(index) => Target::Module(names[*index].clone()),
        Edge::Builtin(name) => Target::Builtin(name.clone()),
    });
    let resolved = specifiers.zip(targets).collect();
    let body = node.body.expect("a module without a body is among the problems");
    Module { name: node.name, path: node.path, kind: node.kind, body, resolved, source: node.source }
}

/// Depth first over static imports from the entry, then from each module not yet reached, with a stack of our own.
fn post_order(nodes: &[Node]) -> Vec<usize> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut entered = vec![false; nodes.len()];
    for root in 0..nodes.len() {
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
                    stack.pop();
                }
            }
        }
    }
    order
}

fn static_targets(node: &Node) -> impl Iterator<Item = usize> {
    let imports = node.compiled().into_iter().flat_map(|compiled| &compiled.imports);
    imports.zip(&node.edges).filter_map(|(import, edge)| match edge {
        Some(Edge::Module(index)) if import.kind != ImportKind::Dynamic => Some(*index),
        _ => None,
    })
}
