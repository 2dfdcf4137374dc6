//! One source file -> JavaScript that the engine runs, and what the file imports and exports.
//!
//! Pure: no file is read here, no other module is known, nothing of QuickJS. [`Cache`] remembers results by the
//! text itself, never by a file's time. All that touches oxc's syntax tree lives in this layer.
//!
//! Two steps. [`compile`] looks at the file alone: types and JSX become JavaScript, `define`s are put in, the tables
//! of imports and exports are read off. [`link()`] then fits the result to what its imports turned out to be: CommonJS
//! modules, types, other files. Most files need no change in either step and are loaded as they are written; the
//! changes of the second are edits that leave every line in its place.

mod cache;
mod classes;
mod common_js;
mod constant;
mod decorators;
mod diagnose;
mod embedded;
mod json;
mod link;
mod links;
mod map;
mod names;
mod namespaces;
mod notation;
mod record;
mod rename;
mod scan;
mod script;
mod settings;
mod shipped;
mod splice;
mod text;

#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use common_js::required;
pub use embedded::{INTEROP_NAME, SERVICE_WORKER_NAME, helper};
pub use links::{DefaultExport, Links, Moved, Required};
pub use map::{Map, Position, token};
pub use rename::rename_imports;
pub use settings::{Hint, Jsx, Language, Options, Settings};
pub use shipped::Shipped;
pub use text::read;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::error::{Problems, Source};

/// The module system a file is written in, judged by its syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Esm,
    CommonJs,
    /// Neither imports nor exports anything.
    Plain,
}

/// What one source file became.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The source itself where nothing had to change.
    pub code: Arc<str>,
    /// From `code` back to the source; `None` where they are the same.
    pub map: Option<Map>,
    pub format: Format,
    /// One entry per import statement and re-export in source order, then per literal `import()` and `require()`.
    pub imports: Vec<Import>,
    /// Of a CommonJS module only those that can be seen.
    pub exports: BTreeMap<Arc<str>, Export>,
    /// Indices in `imports` of each `export * from`, and of what a CommonJS module passes on as a whole.
    pub stars: Vec<usize>,
    pub has_top_level_await: bool,
    /// It has statements at its top that are no declarations: evaluating it does something.
    pub acts: bool,
    /// The first `addEventListener("fetch", ...)`: service-worker syntax.
    pub fetch_listener: Option<Range<usize>>,
}

impl Compiled {
    #[must_use]
    pub fn is_common_js(&self) -> bool {
        self.format == Format::CommonJs
    }

    /// Whether an entry listens for requests instead of exporting a handler.
    #[must_use]
    pub fn is_service_worker(&self) -> bool {
        self.exports.is_empty() && self.fetch_listener.is_some()
    }
}

/// One place where a file asks for another.
#[derive(Debug, Clone)]
pub struct Import {
    pub specifier: Arc<str>,
    /// The specifier with its quotes, in the source; empty for imports that the compiler added.
    pub span: Range<usize>,
    pub kind: ImportKind,
    /// `json` of `with { type: "json" }`.
    pub attribute: Option<Arc<str>>,
    pub names: Vec<ImportedName>,
    /// Asked for inside `try`: if there is no such module, asking throws and the file copes.
    pub optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportKind {
    Static,
    Reexport,
    Dynamic,
    Require,
}

/// `a` of `import { a as b }`; `*` for a namespace.
#[derive(Debug, Clone)]
pub struct ImportedName {
    pub name: Arc<str>,
    pub span: Range<usize>,
    /// Whether the file exports the binding again: in TypeScript it may then be a type.
    pub exported: bool,
    /// Whether the file mentions the binding at all.
    pub used: bool,
}

/// Where an exported name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Export {
    /// A binding of this file.
    Local,
    /// `name` of the module behind `imports[import]`; `*` is its namespace.
    From { import: usize, name: Arc<str> },
}

/// Compiles one file by itself.
///
/// # Errors
/// All syntax errors of the file, with their places.
pub fn compile(source: &Source, options: &Options) -> Result<Compiled, Problems> {
    match options.language {
        Language::Json => json::module(source),
        _ => script::compile(source, options),
    }
}

/// Fits a compiled file to what its imports mean. Cannot fail: what it reads, the first step has written.
#[must_use]
pub fn link(compiled: &Compiled, links: &Links) -> Compiled {
    match compiled.format {
        Format::CommonJs => common_js::carrier(compiled, links),
        Format::Esm | Format::Plain => link::edit(compiled, links),
    }
}
