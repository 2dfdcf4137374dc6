//! What an exported name is, followed through the modules that pass it on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Body;
use super::loader::{Edge, Loader};
use crate::compile::Export;

/// What a name of a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Exactly one binding, or one that only the running module knows.
    Found,
    Missing,
    /// Exported again by TypeScript and found nowhere: a type.
    Type,
    /// Several `export *` bring different bindings of the name; the modules that do.
    Ambiguous(Vec<usize>),
}

/// A name in a module.
pub(super) type Spot = (usize, Arc<str>);

/// The bindings that a name of a module leads to: one, if all is well.
#[derive(Debug, Clone, Default)]
struct Bindings {
    found: Vec<Spot>,
    /// A TypeScript file on the way exports the name again.
    by_typescript: bool,
}

/// What was found out about names so far: a chain of re-exports is followed once, however many import from it.
#[derive(Default)]
pub(super) struct Names(HashMap<Spot, Arc<Bindings>>);

impl Names {
    pub(super) fn meaning(&mut self, loader: &mut Loader<'_>, module: usize, name: &Arc<str>) -> Meaning {
        let bindings = self.follow(loader, (module, name.clone()));
        match bindings.found.as_slice() {
            [] if bindings.by_typescript => Meaning::Type,
            [] => Meaning::Missing,
            [_] => Meaning::Found,
            several => Meaning::Ambiguous(several.iter().map(|(module, _)| *module).collect()),
        }
    }

    /// Whether a module has the name in some way.
    pub(super) fn knows(&mut self, loader: &mut Loader<'_>, module: usize, name: &Arc<str>) -> bool {
        !self.follow(loader, (module, name.clone())).found.is_empty()
    }

    /// Follows a name through re-exports to its bindings. A worklist, not recursion: chains may be long.
    fn follow(&mut self, loader: &mut Loader<'_>, start: Spot) -> Arc<Bindings> {
        let mut open = vec![start.clone()];
        let mut seen = HashSet::new();
        let mut bindings = Bindings::default();
        let mut is_chain = true;
        while let Some(spot) = open.pop() {
            if let Some(known) = self.0.get(&spot) {
                bindings.add(known);
            } else if seen.insert(spot.clone()) {
                step(loader, spot, &mut open, &mut bindings);
                is_chain &= open.len() <= 1;
            }
        }
        let bindings = Arc::new(bindings);
        let known: Vec<Spot> = if is_chain { seen.into_iter().collect() } else { vec![start] };
        self.0.extend(known.into_iter().map(|spot| (spot, bindings.clone())));
        bindings
    }
}

impl Bindings {
    fn add(&mut self, other: &Self) {
        self.by_typescript |= other.by_typescript;
        for spot in &other.found {
            self.bind(spot.clone());
        }
    }

    fn bind(&mut self, spot: Spot) {
        if !self.found.contains(&spot) {
            self.found.push(spot);
        }
    }
}

/// One step from a name in a module: to a binding, or to where it comes from.
fn step(loader: &mut Loader<'_>, (module, name): Spot, open: &mut Vec<Spot>, bindings: &mut Bindings) {
    let Some(compiled) = loader.compiled(module).filter(|compiled| !compiled.is_common_js()) else {
        // Text and data have a default export only. What CommonJS exports shows when it runs; a module that failed
        // has been told about already.
        if !matches!(loader.nodes[module].body, Some(Body::Text(_) | Body::Data(_))) || &*name == "default" {
            bindings.bind((module, name));
        }
        return;
    };
    match compiled.exports.get(&name) {
        Some(Export::Local) => bindings.bind((module, name)),
        Some(Export::From { import, name: from }) => {
            bindings.by_typescript |= loader.nodes[module].is_typescript();
            match loader.edge(module, *import) {
                Edge::Module(target) if &**from != "*" => open.push((target, from.clone())),
                _ => bindings.bind((module, name)),
            }
        }
        None if &*name == "default" => {}
        None => {
            for star in &compiled.stars {
                match loader.edge(module, *star) {
                    Edge::Module(target) => open.push((target, name.clone())),
                    _ => bindings.bind((module, name.clone())),
                }
            }
        }
    }
}
