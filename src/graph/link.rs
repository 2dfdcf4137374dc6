//! The link pass: from the entry on, what each import turned out to be, and what has to change because of it.
//!
//! Modules are loaded as they are asked for. A queue, not recursion: chains of ten thousand imports are legal.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use super::kind::Kind;
use super::loader::{Edge, Linked, Loader, Node};
use super::names::Names;
use super::order::targets;
use super::prune::prune;
use super::{Body, check, circle, failure};
use crate::compile::{Cache, Compiled, DefaultExport, Export, INTEROP_NAME, Import, ImportKind, Links, Required};
use crate::error::{Problem, Source};

/// Passes over the graph until packages are settled; each settles at least one.
const PASSES: usize = 8;

/// Loads and links everything from the modules that are there on.
pub(super) fn link(loader: &mut Loader<'_>) {
    let mut pass = Pass::over(loader);
    for _ in 1..PASSES {
        if !loader.settle(|node| pass.links.contains_key(&node)) {
            break;
        }
        pass = Pass::over(loader);
    }
    for index in forwarding(&loader.nodes, &pass.links) {
        pass.links.entry(index).or_default().forward = true;
    }
    for (index, specifier) in circle::closing(&loader.nodes, &pass.links) {
        pass.links.entry(index).or_default().later.push(specifier);
    }
    for problem in pass.problems {
        loader.report(problem);
    }
    let mut needs_interop = false;
    for (index, links) in pass.links {
        needs_interop |= put_in(&mut loader.nodes[index], links, loader.cache);
    }
    if needs_interop {
        loader.helper(INTEROP_NAME);
    }
    for problem in std::mem::take(&mut loader.disk.problems) {
        loader.report(problem);
    }
}

/// Modules that one with several `export *` passes on, and that export what they import.
fn forwarding(nodes: &[Node], reached: &BTreeMap<usize, Links>) -> BTreeSet<usize> {
    let passes_on = reached.keys().map(|index| &nodes[*index]);
    let passes_on = passes_on.filter(|node| node.compiled().is_some_and(|compiled| compiled.stars.len() > 1));
    let stars = passes_on.flat_map(|node| {
        let stars = node.compiled().into_iter().flat_map(|compiled| &compiled.stars);
        stars.filter_map(|star| match node.edges[*star] {
            Edge::Module(target) => Some(target),
            _ => None,
        })
    });
    stars.filter(|target| nodes[*target].exports_an_import()).collect()
}

/// Whether the module now imports the helpers for CommonJS.
fn put_in(node: &mut Node, links: Links, cache: &Cache) -> bool {
    let Some(compiled) = node.compiled().filter(|compiled| compiled.is_common_js() || !links.is_empty()) else {
        return false;
    };
    let (Some(source), Some(options)) = (&node.source, &node.options) else { return false };
    let is_service_worker = links.default_export == Some(DefaultExport::Listeners);
    let needs_interop = compiled.is_common_js() || !links.common_js.is_empty() || !links.requires.is_empty();
    node.body = Some(Body::Code(cache.link(source, options, compiled, links)));
    (node.linked.needs_interop, node.linked.is_service_worker) = (needs_interop, is_service_worker);
    needs_interop
}

/// One walk over the graph. All links are found before any is put in: linked code has other tables.
#[derive(Default)]
struct Pass {
    names: Names,
    /// By module, of all that are reached.
    links: BTreeMap<usize, Links>,
    problems: Vec<Problem>,
}

/// One import: the module that it is in, its place among that module's imports, and where it leads.
#[derive(Clone, Copy)]
pub(super) struct One<'a> {
    pub(super) node: usize,
    pub(super) place: usize,
    pub(super) source: &'a Source,
    pub(super) import: &'a Import,
    pub(super) target: usize,
}

impl Pass {
    fn over(loader: &mut Loader<'_>) -> Self {
        let mut pass = Self::default();
        let roots = 0..loader.nodes.len();
        let mut open: VecDeque<usize> = roots.filter(|node| *node == 0 || loader.nodes[*node].is_root).collect();
        while let Some(index) = open.pop_front() {
            if !pass.links.contains_key(&index) {
                let links = pass.module(loader, index);
                pass.links.insert(index, links);
                open.extend(targets(&loader.nodes[index]).map(|(_, target)| target));
            }
        }
        if !loader.nodes.is_empty() {
            pass.problems.extend(check::entry(loader, &mut pass.names));
        }
        pass
    }

    /// What a module's imports turned out to be.
    fn module(&mut self, loader: &mut Loader<'_>, index: usize) -> Links {
        loader.nodes[index].linked = Linked::default();
        let Some(compiled) = loader.compiled(index) else { return Links::default() };
        let Some(source) = loader.nodes[index].source.clone() else { return Links::default() };
        let default_export = match index {
            0 if compiled.is_service_worker() => Some(DefaultExport::Listeners),
            0 if compiled.is_common_js() => Some(DefaultExport::Whole),
            _ => None,
        };
        let mut links = Links { node_mode: loader.is_node_mode(index), default_export, ..Links::default() };
        for (place, import) in compiled.imports.iter().enumerate() {
            match loader.edge(index, place) {
                Edge::Module(target) => {
                    let one = One { node: index, place, source: &source, import, target };
                    match import.kind {
                        ImportKind::Require => self.require(loader, &one, &mut links),
                        _ => self.import(loader, &one, &mut links),
                    }
                }
                Edge::Builtin(name) if import.kind == ImportKind::Require => {
                    let how = if name.starts_with("node:") { Required::Default } else { Required::Esm };
                    links.requires.push((import.specifier.clone(), how));
                }
                _ => {}
            }
        }
        links
    }

    fn import(&mut self, loader: &mut Loader<'_>, one: &One<'_>, links: &mut Links) {
        let is_free = loader.is_free_of_effects(one.target);
        let is_unused =
            is_free && one.import.kind == ImportKind::Static && one.import.names.iter().all(|name| !name.used);
        let is_common_js = !is_unused && loader.compiled(one.target).is_some_and(|compiled| compiled.is_common_js());
        if !is_common_js {
            self.problems.extend(check::names((loader, &mut self.names), one, !is_free, links));
        }
        if let Some(pruned) = prune(loader, &mut self.names, one.target, one.import)
            && (pruned.is_dropped || !is_common_js)
        {
            links.moved.extend(pruned.moved);
            links.free.push(one.import.specifier.clone());
            let linked = &mut loader.nodes[one.node].linked;
            linked.added.extend(pruned.added);
            if pruned.is_dropped {
                linked.dropped.insert(one.place);
                return;
            }
        }
        if is_common_js {
            links.common_js.push(one.import.specifier.clone());
            let importer = loader.compiled(one.node).filter(|importer| importer.stars.contains(&one.place));
            if let Some(importer) = importer {
                links.stars.push((one.import.specifier.clone(), star_names(loader, one.target, &importer)));
            }
        }
    }

    fn require(&mut self, loader: &mut Loader<'_>, one: &One<'_>, links: &mut Links) {
        let is_common_js = loader.compiled(one.target).is_some_and(|compiled| compiled.is_common_js());
        let how = match loader.nodes[one.target].kind {
            Kind::Esm if is_common_js => Required::CommonJs,
            Kind::Esm => Required::Esm,
            Kind::Json | Kind::Text | Kind::Data | Kind::Wasm => Required::Default,
        };
        links.requires.push((one.import.specifier.clone(), how));
        if how == Required::Esm && awaits(loader, one.target) {
            let target = &loader.nodes[one.target].name;
            self.problems.push(failure::required_await(one.source, one.import, target));
        }
    }
}

/// Whether a module or one that it imports awaits at top level; then it cannot be had at once.
fn awaits(loader: &mut Loader<'_>, target: usize) -> bool {
    let mut open = vec![target];
    let mut seen = HashSet::new();
    while let Some(index) = open.pop() {
        let Some(compiled) = loader.compiled(index).filter(|_| seen.insert(index)) else { continue };
        if compiled.has_top_level_await {
            return true;
        }
        let imports = compiled.imports.iter().enumerate().filter(|(_, import)| import.kind != ImportKind::Dynamic);
        open.extend(imports.filter_map(|(place, _)| match loader.edge(index, place) {
            Edge::Module(target) => Some(target),
            _ => None,
        }));
    }
    false
}

/// The names that `export * from` a CommonJS module brings, but for those that the file exports itself.
fn star_names(loader: &mut Loader<'_>, target: usize, importer: &Compiled) -> Vec<Arc<str>> {
    let mut open = vec![target];
    let mut seen = HashSet::new();
    let mut names = BTreeSet::new();
    while let Some(index) = open.pop() {
        let Some(compiled) = loader.compiled(index).filter(|_| seen.insert(index)) else { continue };
        names.extend(compiled.exports.keys().cloned());
        open.extend(compiled.stars.iter().filter_map(|star| match loader.edge(index, *star) {
            Edge::Module(next) => Some(next),
            _ => None,
        }));
    }
    names.retain(|name| !matches!(&**name, "default" | "__esModule") && !importer.exports.contains_key(name));
    names.into_iter().collect()
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

    pub(super) fn is_typescript(&self) -> bool {
        self.options.as_ref().is_some_and(crate::compile::Options::is_typescript)
    }
}
