//! Does each imported name exist in the module that it is imported from? Is there a default export to call?
//!
//! An engine would refuse one name at a time and without a place. What TypeScript exports again although it is only a
//! type is found here, too: esbuild leaves it out, and so do we.

use std::sync::Arc;

use super::kind::Kind;
use super::link::One;
use super::loader::{Loader, Node};
use super::names::{Meaning, Names};
use crate::compile::{Format, ImportKind, ImportedName, Links};
use crate::error::{Problem, Source};

/// Looks up the names of one import of an ES module: `all` of them, or those that are used.
pub(super) fn names(
    (loader, names): (&mut Loader<'_>, &mut Names),
    one: &One<'_>,
    all: bool,
    links: &mut Links,
) -> Vec<Problem> {
    let import = one.import;
    let typescript = loader.nodes[one.node].is_typescript();
    let mut problems = Vec::new();
    for name in import.names.iter().filter(|name| &*name.name != "*" && (all || name.used)) {
        let meaning = names.meaning(loader, one.target, &name.name);
        let target = &loader.nodes[one.target];
        let pair = (import.specifier.clone(), name.name.clone());
        match meaning {
            Meaning::Found => {}
            Meaning::Missing | Meaning::Type if typescript && name.exported => links.types.push(pair),
            Meaning::Missing if target.compiled().is_some_and(|compiled| compiled.format == Format::Plain) => {
                links.absent.push(pair);
                problems.push(undefined(one.source, target, name));
            }
            Meaning::Missing | Meaning::Type => {
                problems.push(no_export(one.source, target, &import.specifier, name, import.kind));
            }
            Meaning::Ambiguous(modules) => {
                let modules: Vec<&str> = modules.iter().map(|module| &*loader.nodes[*module].name).collect();
                problems.push(ambiguous(one.source, &import.specifier, name, &modules));
            }
        }
    }
    problems
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

/// Cloudflare's words for an upload that exports nothing.
pub const NO_HANDLERS: &str = "The uploaded script has no registered event handlers.";

/// A module Worker is its default export.
pub(super) fn entry(loader: &mut Loader<'_>, names: &mut Names) -> Option<Problem> {
    let compiled = loader.compiled(0)?;
    let source = loader.nodes[0].source.clone()?;
    let is_module = loader.nodes[0].kind == Kind::Esm;
    if compiled.is_service_worker() && loader.options.modules.find_additional_modules {
        let problem = Problem::error("`find_additional_modules` is for Workers in the syntax of modules");
        return Some(problem.in_file(&*source.path).help("Remove it from the configuration, or export a handler."));
    }
    if compiled.is_common_js()
        || compiled.is_service_worker()
        || (is_module && names.meaning(loader, 0, &Arc::from("default")) == Meaning::Found)
    {
        return None;
    }
    if loader.options.named_entrypoints && is_module && !compiled.exports.is_empty() {
        return None;
    }
    if loader.is_given() {
        return Some(Problem::error(NO_HANDLERS));
    }
    let end = source.text.trim_end().len();
    let problem = Problem::error("the Worker has no default export");
    Some(
        problem
            .at(&source, end..end, "the file ends without `export default`")
            .help("Add the handler: export default { async fetch(request, env, ctx) { ... } }"),
    )
}
