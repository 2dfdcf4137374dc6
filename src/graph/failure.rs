//! What a build says when an import cannot be followed: who imports, what, what was tried, what might be meant.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::kind;
use super::loader::{Node, reason};
use super::package::{Refusal, conditions};
use super::resolve::{NotFound, is_package};
use crate::compile::{Import, ImportKind};
use crate::error::{Problem, Source};

/// Paths that are listed as tried.
const TRIED: usize = 8;
/// How much of a name may differ for it to be meant.
const ALIKE: f64 = 0.75;

pub(super) fn no_entry(path: &Path) -> Problem {
    let problem = Problem::error("the main file does not exist").in_file(path);
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    match nearest(path.parent().unwrap_or(path), &wanted) {
        Some(name) => problem.help(format!("Did you mean {}?", path.with_file_name(name).display())),
        None => problem.help("Set `main` in the Worker's configuration to the file that holds `export default`."),
    }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error, from: Option<&(Source, Range<usize>)>) -> Problem {
    let problem = Problem::error(format!("cannot read {}: {}", path.display(), reason(error)));
    match from {
        Some((source, span)) => problem.at(source, span.clone(), "imported here"),
        None => problem.in_file(path),
    }
}

/// One more import than the engine can follow.
pub(super) fn too_deep(node: &Node, limit: usize) -> Problem {
    let problem = Problem::error(format!("more than {limit} imports lead from one to the next"));
    match &node.from {
        Some((source, span)) => problem.at(source, span.clone(), "one too many"),
        None => problem.in_file(&*node.path),
    }
}

/// esbuild's rule: `require` cannot wait.
pub(super) fn required_await(source: &Source, import: &Import, target: &str) -> Problem {
    Problem::error(format!("{target} cannot be required: it, or a module it imports, awaits at top level"))
        .at(source, import.span.clone(), "required here")
        .help("Load it with import() instead.")
}

pub(super) fn ended_rule(source: &Source, import: &Import) -> Problem {
    Problem::error(format!(
        "the rule for \"{}\" does not count: one of the same type comes before it",
        import.specifier
    ))
    .at(source, import.span.clone(), "imported here")
    .help("Add `fallthrough = true` to the rule before it.")
}

pub(super) fn no_rule(source: &Source, import: &Import, path: &Path) -> Problem {
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    Problem::error(format!("no rule says how to load \"{extension}\" files"))
        .at(source, import.span.clone(), "imported here")
        .help(format!(
            "Add a rule to the Worker's configuration: rules = [{{ type = \"Text\", globs = [\"**/*{extension}\"] }}]"
        ))
}

/// Specifiers that mean no file and nothing we have.
pub(super) fn unsupported(source: &Source, import: &Import) -> Option<Problem> {
    let specifier = &*import.specifier;
    if specifier.starts_with("node:") {
        return Some(no_node(source, import));
    }
    let remote =
        ["http://", "https://", "//", "data:", "file:", "devflare:"].iter().any(|scheme| specifier.starts_with(scheme));
    remote.then(|| {
        Problem::error(format!("\"{specifier}\" cannot be imported: a Worker is built from files"))
            .at(source, import.span.clone(), "imported here")
            .help("Install it with a package manager, or save it as a file of the project.")
    })
}

/// A name of the runtime's modules that stands for none.
pub(super) fn not_brought(source: &Source, import: &Import, name: &str) -> Problem {
    Problem::error(format!("devflare has no module \"{name}\" yet")).at(source, import.span.clone(), label(import))
}

/// What is asked for only when a function runs is a mistake only then.
fn no_node(source: &Source, import: &Import) -> Problem {
    let importer = source.path.file_name().unwrap_or_default().to_string_lossy();
    let what = format!("{importer} imports \"{}\", a module of Node.js", import.specifier);
    let problem = match import.kind {
        ImportKind::Static | ImportKind::Reexport => Problem::error(what),
        ImportKind::Dynamic | ImportKind::Require => Problem::warning(what),
    };
    problem
        .at(source, import.span.clone(), label(import))
        .help("Add compatibility_flags = [\"nodejs_compat\"] to the Worker's configuration.")
}

pub(super) fn not_found(
    project: &Path,
    source: &Source,
    import: &Import,
    (why, chosen): (&NotFound, Option<&[String]>),
) -> Problem {
    let specifier = &*import.specifier;
    if kind::node_name(specifier).is_some() && why.refusal.is_none() {
        return no_node(source, import);
    }
    let problem = Problem::error(format!("cannot find \"{specifier}\"")).at(source, import.span.clone(), label(import));
    if let Some((package, path, refusal)) = &why.refusal {
        let name = package.name.clone().unwrap_or_else(|| package.directory.display().to_string());
        return problem.help(match refusal {
            Refusal::NotListed if path.starts_with('#') => {
                format!("The package.json of {name} has no \"imports\" for it.")
            }
            Refusal::NotListed => format!("{name} exports only {}.", package.listed().join(", ")),
            Refusal::Private => format!("{name} does not let \"{path}\" be imported from outside."),
            Refusal::NoCondition(only) => {
                format!(
                    "{name} exports it for {} only; a Worker asks for {}.",
                    only.join(", "),
                    conditions(import.kind, chosen).join(", ")
                )
            }
        });
    }
    if is_package(specifier) {
        return problem.help(missing_package(source, specifier, why));
    }
    match meant(specifier, &why.tried) {
        Some(name) => problem.help(format!("Did you mean \"{name}\"? {}", tried(project, &why.tried))),
        None => problem.help(tried(project, &why.tried)),
    }
}

fn label(import: &Import) -> &'static str {
    match import.kind {
        ImportKind::Reexport => "exported from here",
        ImportKind::Static | ImportKind::Dynamic => "imported here",
        ImportKind::Require => "required here",
    }
}

fn missing_package(source: &Source, specifier: &str, why: &NotFound) -> String {
    let beside = super::disk::join(source.path.parent().unwrap_or(&source.path), specifier);
    let file = ["", ".ts", ".js"].iter().any(|end| PathBuf::from(format!("{}{end}", beside.display())).is_file());
    if file {
        return format!("To import the file beside it, write \"./{specifier}\".");
    }
    let name: Vec<&str> = specifier.splitn(3, '/').take(if specifier.starts_with('@') { 2 } else { 1 }).collect();
    let looked: BTreeSet<_> =
        why.tried.iter().filter_map(|path| path.parent()).map(|dir| dir.display().to_string()).collect();
    match looked.len() {
        0 => format!("Install it: npm install {}. There is no node_modules directory above the file.", name.join("/")),
        _ => format!(
            "Install it: npm install {}. Looked in {}.",
            name.join("/"),
            looked.into_iter().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn tried(project: &Path, paths: &[PathBuf]) -> String {
    let shown = |path: &PathBuf| path.strip_prefix(project).unwrap_or(path).display().to_string();
    let mut list: Vec<String> = paths.iter().take(TRIED).map(shown).collect();
    if paths.len() > TRIED {
        list.push(format!("{} more", paths.len() - TRIED));
    }
    format!("Tried {}.", list.join(", "))
}

/// The specifier of the file most like the one that was asked for.
fn meant(specifier: &str, tried: &[PathBuf]) -> Option<String> {
    let target = tried.first()?;
    let wanted = target.file_name()?.to_str()?;
    let name = nearest(target.parent()?, wanted)?;
    let (head, _) = specifier.rsplit_once('/')?;
    Some(format!("{head}/{name}"))
}

/// The entry of a directory whose name is most like `wanted`, with or without its extension.
fn nearest(directory: &Path, wanted: &str) -> Option<String> {
    let stem = |name: &str| name.rsplit_once('.').map_or(name.to_owned(), |(stem, _)| stem.to_owned());
    let names = std::fs::read_dir(directory).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let scored = names.map(|name| {
        let whole = strsim::jaro_winkler(&name.to_lowercase(), &wanted.to_lowercase());
        let stems = strsim::jaro_winkler(&stem(&name).to_lowercase(), &stem(wanted).to_lowercase()) - 0.01;
        (whole.max(stems), name)
    });
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))?;
    (best.0 >= ALIKE).then_some(best.1)
}
