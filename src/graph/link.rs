//! The link pass: does each imported name exist in the module that it is imported from?
//!
//! Finds what an engine would refuse one error at a time and without a place, and the names that TypeScript exports
//! again although they are only types: esbuild leaves those out, and so do we.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::kind::Kind;
use super::order::static_targets;
use super::walk::{Edge, Node, Walk};
use super::{Body, failure};
use crate::compile::{
    Cache, Compiled, Export, Format, INTEROP_NAME, Import, ImportKind, ImportedName, Links, Required,
};
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
    // All links are found before any is put in: linked code has other tables.
    let mut links: Vec<_> = (0..walk.nodes.len()).map(|index| links_of(walk, &mut names, index)).collect();
    for index in forwarding(&walk.nodes) {
        links[index].forward = true;
    }
    check_entry(walk, &mut names);
    let mut linked = false;
    for (node, links) in walk.nodes.iter_mut().zip(links) {
        linked |= put_in(node, links, walk.cache);
    }
    if linked {
        walk.helper(INTEROP_NAME);
    }
}

/// Modules that one with several `export *` passes on, and that export what they import.
fn forwarding(nodes: &[Node]) -> BTreeSet<usize> {
    let passes_on = nodes.iter().filter(|node| node.compiled().is_some_and(|compiled| compiled.stars.len() > 1));
    let stars = passes_on.flat_map(|node| {
        let stars = node.compiled().into_iter().flat_map(|compiled| &compiled.stars);
        stars.filter_map(|star| match node.edges[*star] {
            Some(Edge::Module(target)) => Some(target),
            _ => None,
        })
    });
    stars.filter(|target| nodes[*target].exports_an_import()).collect()
}

/// Whether the module was changed.
fn put_in(node: &mut Node, links: Links, cache: &Cache) -> bool {
    let Some(compiled) = node.compiled().filter(|compiled| compiled.is_common_js() || !links.is_empty()) else {
        return false;
    };
    let (Some(source), Some(options)) = (&node.source, &node.options) else { return false };
    node.body = Some(Body::Code(cache.link(source, options, compiled, links)));
    node.linked = true;
    true
}

/// What a module's imports turned out to be; tells what is wrong with them.
fn links_of(walk: &mut Walk<'_>, names: &mut Names, index: usize) -> Links {
    let node = &walk.nodes[index];
    let (Some(compiled), Some(source)) = (node.compiled().cloned(), node.source.clone()) else {
        return Links::default();
    };
    let edges = node.edges.clone();
    let default_export = index == 0 && compiled.is_common_js();
    let mut links = Links { node_mode: walk.is_node_mode(index), default_export, ..Links::default() };
    let mut problems = Vec::new();
    for (place, (import, edge)) in compiled.imports.iter().zip(&edges).enumerate() {
        let specifier = &import.specifier;
        let target = match edge {
            Some(Edge::Module(target)) => *target,
            Some(Edge::Builtin(_)) if import.kind == ImportKind::Require => {
                links.requires.push((specifier.clone(), Required::Esm));
                continue;
            }
            _ => continue,
        };
        let is_common_js = walk.nodes[target].compiled().is_some_and(|compiled| compiled.is_common_js());
        if import.kind == ImportKind::Require {
            let how = required(&walk.nodes[target], is_common_js);
            links.requires.push((specifier.clone(), how));
            if how == Required::Esm && awaits(&walk.nodes, target) {
                problems.push(failure::required_await(&source, import, &walk.nodes[target].name));
            }
        } else if is_common_js {
            links.common_js.push(specifier.clone());
            if compiled.stars.contains(&place) {
                links.stars.push((specifier.clone(), star_names(&walk.nodes, target, &compiled)));
            }
        } else {
            let check = Check { nodes: &walk.nodes, node: index, source: &source, import, target };
            problems.extend(check.names(names, &mut links));
        }
    }
    for problem in problems {
        walk.report(problem);
    }
    links
}

fn required(target: &Node, is_common_js: bool) -> Required {
    match target.kind {
        Kind::Esm if is_common_js => Required::CommonJs,
        Kind::Esm => Required::Esm,
        Kind::Json | Kind::Text | Kind::Data | Kind::Wasm => Required::Default,
    }
}

/// Whether a module or one that it imports awaits at top level; then it cannot be had at once.
fn awaits(nodes: &[Node], target: usize) -> bool {
    let mut open = vec![target];
    let mut seen = HashSet::new();
    while let Some(index) = open.pop() {
        if !seen.insert(index) {
            continue;
        }
        let Some(compiled) = nodes[index].compiled() else { continue };
        if compiled.has_top_level_await {
            return true;
        }
        open.extend(static_targets(&nodes[index]));
    }
    false
}

/// The names that `export * from` a CommonJS module brings, but for those that the file exports itself.
fn star_names(nodes: &[Node], target: usize, importer: &Compiled) -> Vec<Arc<str>> {
    let mut open = vec![target];
    let mut seen = HashSet::new();
    let mut names = BTreeSet::new();
    while let Some(index) = open.pop() {
        let Some(compiled) = nodes[index].compiled().filter(|_| seen.insert(index)) else { continue };
        names.extend(compiled.exports.keys().cloned());
        for star in &compiled.stars {
            if let Some(Edge::Module(next)) = nodes[index].edges[*star] {
                open.push(next);
            }
        }
    }
    names.retain(|name| !matches!(&**name, "default" | "__esModule") && !importer.exports.contains_key(name));
    names.into_iter().collect()
}

/// One import of an ES module.
struct Check<'a> {
    nodes: &'a [Node],
    node: usize,
    source: &'a Source,
    import: &'a Import,
    target: usize,
}

impl Check<'_> {
    /// Does each imported name exist?
    fn names(&self, names: &mut Names, links: &mut Links) -> Vec<Problem> {
        let (nodes, import) = (self.nodes, self.import);
        let typescript = nodes[self.node].is_typescript();
        let target = &nodes[self.target];
        let mut problems = Vec::new();
        for name in import.names.iter().filter(|name| &*name.name != "*") {
            let pair = (import.specifier.clone(), name.name.clone());
            match names.meaning(nodes, self.target, &name.name) {
                Meaning::Found => {}
                Meaning::Missing | Meaning::Type if typescript && name.exported => links.types.push(pair),
                Meaning::Missing if target.compiled().is_some_and(|compiled| compiled.format == Format::Plain) => {
                    links.absent.push(pair);
                    problems.push(undefined(self.source, target, name));
                }
                Meaning::Missing | Meaning::Type => {
                    problems.push(no_export(self.source, target, &import.specifier, name, import.kind));
                }
                Meaning::Ambiguous(modules) => {
                    let modules: Vec<&str> = modules.iter().map(|module| &*nodes[*module].name).collect();
                    problems.push(ambiguous(self.source, &import.specifier, name, &modules));
                }
            }
        }
        problems
    }
}

impl Node {
    pub(super) fn compiled(&self) -> Option<&Arc<Compiled>> {
        match &self.body {
            Some(Body::Code(compiled)) => Some(compiled),
            _ => None,
        }
    }

    fn exports_an_import(&self) -> bool {
        self.compiled().is_some_and(|compiled| {
            let imports = &compiled.imports;
            let is_import = |import: usize| imports[import].kind == ImportKind::Static;
            compiled.exports.values().any(|export| matches!(export, Export::From { import, .. } if is_import(*import)))
        })
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
    let Some(compiled) = node.compiled().filter(|compiled| !compiled.is_common_js()) else {
        // Text and data have a default export only. What CommonJS exports shows when it runs; a module that failed
        // has been told about already.
        if !matches!(node.body, Some(Body::Text(_) | Body::Data(_))) || &*name == "default" {
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

/// esbuild only warns where the other file has no exports at all.
fn undefined(source: &Source, target: &Node, name: &ImportedName) -> Problem {
    Problem::warning(format!("\"{}\" is undefined: {} exports nothing", name.name, target.name)).at(
        source,
        name.span.clone(),
        "imported here",
    )
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
    if compiled.is_common_js() {
        return;
    }
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
