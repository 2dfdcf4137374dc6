//! One source file -> JavaScript that the engine runs, and what the file imports and exports.
//!
//! Pure: no file is read here, no other module is known, nothing of QuickJS. [`Cache`] remembers results by the
//! text itself, never by a file's time. All that touches oxc's syntax tree lives in this layer.

mod cache;
mod diagnose;
mod emit;
mod json;
mod map;
mod record;
mod scan;
mod text;

pub use cache::Cache;
pub use map::{Map, Position, token};
pub use text::read;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Problems, Source};

/// The language of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// JavaScript, with or without JSX.
    Js,
    Ts,
    Tsx,
    Json,
}

/// What the file's name says about its module system; most say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hint {
    /// `.mjs`, `.mts`.
    Esm,
    /// `.cjs`, `.cts`.
    CommonJs,
    None,
}

/// Everything besides the text that decides what comes out; part of the cache's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Options {
    pub language: Language,
    pub hint: Hint,
    /// `(specifier, name)` pairs that TypeScript re-exports although they are only types, as the link pass found.
    pub types: Vec<(Arc<str>, Arc<str>)>,
}

/// The module system a file is written in, judged by its syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Esm,
    CommonJs,
    /// Neither imports nor exports anything.
    Plain,
}

/// What one source file became.
#[derive(Debug)]
pub struct Compiled {
    /// The source itself where nothing had to change.
    pub code: Arc<str>,
    /// From `code` back to the source; `None` where they are the same.
    pub map: Option<Map>,
    pub format: Format,
    /// In source order, one entry per import statement, re-export or literal `import()`.
    pub imports: Vec<Import>,
    pub exports: BTreeMap<Arc<str>, Export>,
    /// Indices in `imports` of each `export * from`.
    pub stars: Vec<usize>,
    pub has_top_level_await: bool,
    /// The first `addEventListener("fetch", ...)` at top level: service-worker syntax.
    pub fetch_listener: Option<Range<usize>>,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    Static,
    Reexport,
    Dynamic,
}

/// `a` of `import { a as b }`; `*` for a namespace.
#[derive(Debug, Clone)]
pub struct ImportedName {
    pub name: Arc<str>,
    pub span: Range<usize>,
    /// Whether the file exports the binding again: in TypeScript it may then be a type.
    pub exported: bool,
}

/// Where an exported name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Export {
    /// A binding of this file.
    Local,
    /// `name` of the module behind `imports[import]`; `*` is its namespace.
    From { import: usize, name: Arc<str> },
}

/// Compiles one file.
///
/// # Errors
/// All syntax errors of the file, with their places.
pub fn compile(source: &Source, options: &Options) -> Result<Compiled, Problems> {
    match options.language {
        Language::Json => json::module(source),
        _ => emit::script(source, options),
    }
}

impl Options {
    /// By the file's extension; `None` if it is not a language of this compiler.
    #[must_use]
    pub fn for_path(path: &Path) -> Option<Self> {
        let (language, hint) = match path.extension()?.to_str()? {
            "js" | "jsx" => (Language::Js, Hint::None),
            "mjs" => (Language::Js, Hint::Esm),
            "cjs" => (Language::Js, Hint::CommonJs),
            "ts" => (Language::Ts, Hint::None),
            "mts" => (Language::Ts, Hint::Esm),
            "cts" => (Language::Ts, Hint::CommonJs),
            "tsx" => (Language::Tsx, Hint::None),
            "json" => (Language::Json, Hint::Esm),
            _ => return None,
        };
        Some(Self { language, hint, types: Vec::new() })
    }

    /// Plain JavaScript whatever the file is called.
    #[must_use]
    pub fn javascript() -> Self {
        Self { language: Language::Js, hint: Hint::None, types: Vec::new() }
    }

    #[must_use]
    pub fn is_typescript(&self) -> bool {
        matches!(self.language, Language::Ts | Language::Tsx)
    }
}
