//! Modules of which nothing is used are not loaded, where their package says `"sideEffects": false`.
//!
//! A name that such a module only passes on is imported from where it comes from, as in esbuild's bundles: a barrel
//! with hundreds of modules behind it costs no more than what is taken from it.

use std::sync::Arc;

use super::loader::{Edge, Loader};
use super::names::{Names, Spot};
use crate::compile::{Compiled, Export, Import, ImportKind, Moved};

/// What is left of one import.
pub(super) struct Pruned {
    pub(super) moved: Vec<Moved>,
    /// What is imported instead.
    pub(super) added: Vec<(Arc<str>, usize)>,
    /// Nothing of the statement is left.
    pub(super) is_dropped: bool,
}

/// Takes out of an import what is unused or only passed on by `target`; `None` if everything stays.
pub(super) fn prune(loader: &mut Loader<'_>, names: &mut Names, target: usize, import: &Import) -> Option<Pruned> {
    let is_star = import.kind == ImportKind::Reexport && import.names.is_empty();
    let is_statement = matches!(import.kind, ImportKind::Static | ImportKind::Reexport);
    if is_star || !is_statement || !loader.is_free_of_effects(target) {
        return None;
    }
    let (mut moved, mut added) = (Vec::new(), Vec::new());
    for name in &import.names {
        let origin = if name.used { origin(loader, names, (target, name.name.clone())) } else { None };
        let to = origin.map(|(module, name)| {
            let specifier: Arc<str> = format!("graph:{}", loader.nodes[module].name).into();
            added.push((specifier.clone(), module));
            (specifier, name)
        });
        if to.is_some() || !name.used {
            moved.push(Moved { specifier: import.specifier.clone(), name: name.name.clone(), to });
        }
    }
    let is_dropped = moved.len() == import.names.len();
    (is_dropped || !moved.is_empty()).then_some(Pruned { moved, added, is_dropped })
}

/// Where a name is made, or the first module on the way there that must be evaluated; `None` if that is where it is
/// imported from anyway.
fn origin(loader: &mut Loader<'_>, names: &mut Names, start: Spot) -> Option<Spot> {
    let mut at = start.clone();
    let mut steps = 0;
    while let Some(next) = next(loader, names, &at) {
        at = next;
        steps += 1;
        // No way through the modules is longer than there are modules: this is a cycle, and leads nowhere.
        if &*at.1 == "*" || steps > loader.nodes.len() {
            break;
        }
    }
    Some(at).filter(|at| *at != start)
}

fn next(loader: &mut Loader<'_>, names: &mut Names, (module, name): &Spot) -> Option<Spot> {
    if !loader.is_free_of_effects(*module) {
        return None;
    }
    let compiled = loader.compiled(*module).filter(|compiled| !compiled.is_common_js())?;
    if does_more(loader, *module, &compiled) {
        return None;
    }
    match compiled.exports.get(name) {
        Some(Export::Local) => None,
        Some(Export::From { import, name }) => es_module(loader, *module, *import).map(|target| (target, name.clone())),
        None if &**name == "default" => None,
        None => compiled.stars.iter().find_map(|star| {
            let target = es_module(loader, *module, *star)?;
            names.knows(loader, target, name).then(|| (target, name.clone()))
        }),
    }
}

/// Whether a module does more than to pass on names: esbuild evaluates it then if it passes on one that is used.
fn does_more(loader: &mut Loader<'_>, module: usize, compiled: &Compiled) -> bool {
    let bare = |(_, import): &(usize, &Import)| import.kind == ImportKind::Static && import.names.is_empty();
    let places: Vec<usize> = compiled.imports.iter().enumerate().filter(bare).map(|(place, _)| place).collect();
    compiled.acts
        || places.into_iter().any(|place| match loader.edge(module, place) {
            Edge::Module(target) => !loader.is_free_of_effects(target),
            _ => false,
        })
}

/// Where an import leads, if that is no CommonJS module: those need another kind of import.
fn es_module(loader: &mut Loader<'_>, module: usize, import: usize) -> Option<usize> {
    match loader.edge(module, import) {
        Edge::Module(target) => {
            let is_common_js = loader.compiled(target).is_some_and(|compiled| compiled.is_common_js());
            Some(target).filter(|_| !is_common_js)
        }
        _ => None,
    }
}
