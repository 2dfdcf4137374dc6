//! Circles of CommonJS and ES modules: an ES module that is required, and imports what requires it.
//!
//! esbuild runs such a module where it is required. The engine evaluates it before, for it is an import of the carrier.
//! So what it imports from the circle must not run yet: it would require a module that is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kind::Kind;
use super::loader::{Edge, Node};
use crate::compile::{ImportKind, Links, Required};

/// A module on the way from the entry: its index, and the places of its imports that are still to be followed.
type Step = (usize, std::ops::Range<usize>);

/// Imports by which an ES module leads back to a CommonJS module that is being loaded: the importer and the specifier.
pub(super) fn closing(nodes: &[Node], links: &BTreeMap<usize, Links>) -> Vec<(usize, Arc<str>)> {
    let requires_modules = |links: &Links| links.requires.iter().any(|(_, how)| *how == Required::Esm);
    let mut closing = Vec::new();
    if nodes.is_empty() || !links.values().any(requires_modules) {
        return closing;
    }
    let mut entered = vec![false; nodes.len()];
    let mut open = vec![false; nodes.len()];
    (entered[0], open[0]) = (true, true);
    let mut way: Vec<Step> = vec![(0, places(&nodes[0]))];
    while let Some((index, rest)) = way.last_mut() {
        let (index, Some(place)) = (*index, rest.next()) else {
            open[*index] = false;
            way.pop();
            continue;
        };
        let Some((target, specifier)) = followed(&nodes[index], place) else { continue };
        if open[target] && !is_common_js(&nodes[index]) && is_common_js(&nodes[target]) {
            closing.push((index, specifier.clone()));
        }
        if !std::mem::replace(&mut entered[target], true) {
            open[target] = true;
            way.push((target, places(&nodes[target])));
        }
    }
    closing
}

fn places(node: &Node) -> std::ops::Range<usize> {
    0..node.edges.len()
}

/// Where an import leads that the engine follows before it evaluates the module.
fn followed(node: &Node, place: usize) -> Option<(usize, &Arc<str>)> {
    let import = &node.compiled()?.imports[place];
    let is_followed = import.kind != ImportKind::Dynamic && !node.linked.dropped.contains(&place);
    match &node.edges[place] {
        Edge::Module(target) if is_followed => Some((*target, &import.specifier)),
        _ => None,
    }
}

fn is_common_js(node: &Node) -> bool {
    node.kind == Kind::Esm && node.compiled().is_some_and(|compiled| compiled.is_common_js())
}
