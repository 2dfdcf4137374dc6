//! What a file's imports turned out to be: the input of the second step, found out by the graph.

use std::sync::Arc;

/// What the graph found out about a file's imports; part of the cache's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Links {
    /// Specifiers that mean CommonJS modules.
    pub common_js: Vec<Arc<str>>,
    /// Those of them that lead back to the file: they run after it, or when it first uses them.
    pub later: Vec<Arc<str>>,
    /// The file sees them as Node.js does: `default` is always the whole `module.exports`.
    pub node_mode: bool,
    /// What each `require()` leads to; one that is not listed throws.
    pub requires: Vec<(Arc<str>, Required)>,
    /// `(specifier, name)` that is exported again although it is only a type.
    pub types: Vec<(Arc<str>, Arc<str>)>,
    /// `(specifier, name)` that does not exist, in a module without exports: the name is `undefined`.
    pub absent: Vec<(Arc<str>, Arc<str>)>,
    /// For `export * from` a CommonJS module: the names that it is known to export.
    pub stars: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// Names that are imported from elsewhere, or not at all.
    pub moved: Vec<Moved>,
    /// Specifiers of modules that need not be evaluated: an import of nothing goes.
    pub free: Vec<Arc<str>>,
    /// `import { a } from "b"; export { a }` is to become `export { a } from "b"`. By the standard they are the same;
    /// QuickJS takes the first for a binding of its own, which clashes where two `export *` bring it.
    pub forward: bool,
    /// What becomes the default export of a Worker's entry that has none.
    pub default_export: Option<DefaultExport>,
}

/// A name that a module only passes on is imported from where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Moved {
    pub specifier: Arc<str>,
    pub name: Arc<str>,
    /// Specifier and name; `None` for what nothing uses.
    pub to: Option<(Arc<str>, Arc<str>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefaultExport {
    /// All that a CommonJS module exports.
    Whole,
    /// The handlers that stand for the listeners of service-worker syntax.
    Listeners,
}

/// How `require()` takes a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Required {
    CommonJs,
    Esm,
    /// JSON, text, data: its default export.
    Default,
}

impl Links {
    /// Nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { node_mode: self.node_mode, ..Self::default() }
    }
}
