//! The link pass: does each imported name exist in the module that it is imported from?
//!
//! Finds what an engine would refuse one error at a time and without a place, and the names that TypeScript exports
//! again although they are only types: esbuild leaves those out, and so do we.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Body;
use super::kind::Kind;
use super::walk::{Edge, Node, Walk};
use crate::compile::{Compiled, Export, ImportKind, ImportedName};
use crate::error::{Problem, Source};

/// What a name of a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// Exactly one binding, or one that only the running module knows.
    Found,
    Missing,
    /// Exported again by TypeScript and found nowhere: a type.
    Type,
    /// Several `export *` bring different bindings of the name; the modules that do.
    Ambiguous(Vec<usize>),
}

/// A name in a module.
type Spot = (usize, Arc<str>);

/// The bindings that a name of a module leads to: one, if all is well.
#[derive(Debug, Clone, Default)]
struct Bindings {
    found: Vec<Spot>,
    /// A TypeScript file on the way exports the name again.
    by_typescript: bool,
}

/// What was found out about names so far: a chain of re-exports is followed once, however many import from it.
#[derive(Default)]
struct Names(HashMap<Spot, Arc<Bindings>>);

pub(super) fn link(walk: &mut Walk<'_>) {
    let mut names = Names::default();
    for index in 0..walk.nodes.len() {
        link_module(walk, &mut names, index);
    }
    check_entry(walk, &mut names);
}

fn link_module(walk: &mut Walk<'_>, names: &mut Names, index: usize) {
    let node = &walk.nodes[index];
    let Some(compiled) = node.compiled().cloned() else { return };
    let Some(source) = node.source.clone() else { return };
    let typescript = node.is_typescript();
    let mut types: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    let mut problems = Vec::new();
    for (import, edge) in compiled.imports.iter().zip(&node.edges) {
        let Some(Edge::Module(target)) = edge else { continue };
        for name in import.names.iter().filter(|name| &*name.name != "*") {
            match names.meaning(&walk.nodes, *target, &name.name) {
                Meaning::Found => {}
                Meaning::Missing | Meaning::Type if typescript && name.exported => {
                    types.push((import.specifier.clone(), name.name.clone()));
                }
                Meaning::Missing | Meaning::Type => {
                    problems.push(no_export(&source, &walk.nodes[*target], &import.specifier, name, import.kind));
                }
                Meaning::Ambiguous(modules) => {
                    let modules: Vec<&str> = modules.iter().map(|module| &*walk.nodes[*module].name).collect();
                    problems.push(ambiguous(&source, &import.specifier, name, &modules));
                }
            }
        }
    }
    for problem in problems {
        walk.report(problem);
    }
    if !types.is_empty() {
        compile_again(walk, index, types);
    }
}

fn compile_again(walk: &mut Walk<'_>, index: usize, types: Vec<(Arc<str>, Arc<str>)>) {
    let node = &mut walk.nodes[index];
    let (Some(source), Some(options)) = (&node.source, &mut node.options) else { return };
    options.types = types;
    match walk.cache.compile(source, options) {
        Ok(compiled) => node.body = Some(Body::Code(compiled)),
        Err(problems) => problems.0.into_iter().for_each(|problem| walk.report(problem)),
    }
}

impl Node {
    pub(super) fn compiled(&self) -> Option<&Arc<Compiled>> {
        match &self.body {
            Some(Body::Code(compiled)) => Some(compiled),
            _ => None,
        }
    }

    fn is_typescript(&self) -> bool {
        self.options.as_ref().is_some_and(crate::compile::Options::is_typescript)
    }
}

impl Names {
    fn meaning(&mut self, nodes: &[Node], module: usize, name: &Arc<str>) -> Meaning {
        let bindings = self.follow(nodes, (module, name.clone()));
        match bindings.found.as_slice() {
            [] if bindings.by_typescript => Meaning::Type,
            [] => Meaning::Missing,
            [_] => Meaning::Found,
            several => Meaning::Ambiguous(several.iter().map(|(module, _)| *module).collect()),
        }
    }

    /// Follows a name through re-exports to its bindings. A worklist, not recursion: chains may be long.
    fn follow(&mut self, nodes: &[Node], start: Spot) -> Arc<Bindings> {
        let mut open = vec![start.clone()];
        let mut seen = HashSet::new();
        let mut bindings = Bindings::default();
        let mut is_chain = true;
        while let Some(spot) = open.pop() {
            if let Some(known) = self.0.get(&spot) {
                bindings.add(known);
            } else if seen.insert(spot.clone()) {
                step(nodes, spot, &mut open, &mut bindings);
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
fn step(nodes: &[Node], (module, name): Spot, open: &mut Vec<Spot>, bindings: &mut Bindings) {
    let node = &nodes[module];
    let Some(compiled) = node.compiled() else {
        // Text and data have a default export only; a module that failed has been told about already.
        if node.body.is_none() || &*name == "default" {
            bindings.bind((module, name));
        }
        return;
    };
    match compiled.exports.get(&name) {
        Some(Export::Local) => bindings.bind((module, name)),
        Some(Export::From { import, name: from }) => {
            bindings.by_typescript |= node.is_typescript();
            match &node.edges[*import] {
                Some(Edge::Module(target)) if &**from != "*" => open.push((*target, from.clone())),
                _ => bindings.bind((module, name)),
            }
        }
        None if &*name == "default" => {}
        None => {
            for star in &compiled.stars {
                match &node.edges[*star] {
                    Some(Edge::Module(target)) => open.push((*target, name.clone())),
                    _ => bindings.bind((module, name.clone())),
                }
            }
        }
    }
}

fn no_export(source: &Source, target: &Node, specifier: &str, name: &ImportedName, kind: ImportKind) -> Problem {
    let label = if kind == ImportKind::Reexport { "exported from there" } else { "imported here" };
    let wanted = &*name.name;
    let problem =
        Problem::error(format!("\"{specifier}\" has no export \"{wanted}\"")).at(source, name.span.clone(), label);
    let exports: Vec<&str> = match target.compiled() {
        Some(compiled) => compiled.exports.keys().map(|key| &**key).collect(),
        None => vec!["default"],
    };
    if wanted == "default" {
        return match exports.as_slice() {
            [] => problem.help(format!("{} exports nothing.", target.name)),
            [first, ..] => {
                problem.help(format!("{} has no default export; it has named ones: import {{ {first} }}.", target.name))
            }
        };
    }
    let alike = exports.iter().map(|export| (strsim::jaro_winkler(export, wanted), *export));
    match alike.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, best)) if score > 0.8 => problem.help(format!("Did you mean \"{best}\"?")),
        Some(_) if exports.len() <= 8 => problem.help(format!("{} exports {}.", target.name, exports.join(", "))),
        None => problem.help(format!("{} exports nothing.", target.name)),
        Some(_) => problem,
    }
}

fn ambiguous(source: &Source, specifier: &str, name: &ImportedName, modules: &[&str]) -> Problem {
    Problem::error(format!("\"{specifier}\" has several exports \"{}\"", name.name))
        .at(source, name.span.clone(), "imported here")
        .help(format!("`export *` brings it from {}. Export it by name from one of them.", modules.join(" and ")))
}

/// A module Worker is its default export.
fn check_entry(walk: &mut Walk<'_>, names: &mut Names) {
    let Some(entry) = walk.nodes.first() else { return };
    let (Some(source), Some(compiled)) = (&entry.source, entry.compiled()) else { return };
    if entry.kind == Kind::Esm && names.meaning(&walk.nodes, 0, &"default".into()) == Meaning::Found {
        return;
    }
    let problem = match &compiled.fetch_listener {
        Some(span) if compiled.exports.is_empty() => {
            Problem::error("this Worker is written in service-worker syntax, which devflare cannot run yet")
                .at(source, span.clone(), "listens for requests here")
                .help("Write it as a module: export default { async fetch(request, env, ctx) { ... } }")
        }
        _ => {
            let end = source.text.trim_end().len();
            Problem::error("the Worker has no default export")
                .at(source, end..end, "the file ends without `export default`")
                .help("Add the handler: export default { async fetch(request, env, ctx) { ... } }")
        }
    };
    walk.report(problem);
}
