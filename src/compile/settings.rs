//! Everything besides a file's text that decides what it is compiled to.

use std::path::Path;
use std::sync::Arc;

/// Part of the cache's key, with the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Options {
    pub language: Language,
    pub hint: Hint,
    pub settings: Arc<Settings>,
}

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

/// The same for many files of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Settings {
    /// `process.env.NODE_ENV` -> `"development"`: expressions of names, and the JavaScript put in their place.
    pub define: Vec<(String, String)>,
    pub jsx: Jsx,
    /// Decorators as TypeScript had them before the standard.
    pub legacy_decorators: bool,
    /// Class fields of TypeScript are assigned, not defined.
    pub assign_class_fields: bool,
    /// TypeScript's imports stay even if only types use them, unless they say `type`.
    pub keep_imports: bool,
}

/// What JSX becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Jsx {
    /// Calls of functions that are imported for it, rather than of `factory`.
    pub automatic: bool,
    pub development: bool,
    /// `React.createElement` if not given.
    pub factory: Option<String>,
    /// `React.Fragment` if not given.
    pub fragment: Option<String>,
    /// `react` if not given.
    pub import_source: Option<String>,
}

impl Options {
    /// By the file's extension; `None` if it is not a language of this compiler.
    #[must_use]
    pub fn for_path(path: &Path, settings: &Arc<Settings>) -> Option<Self> {
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
        Some(Self { language, hint, settings: settings.clone() })
    }

    /// Plain JavaScript whatever the file is called.
    #[must_use]
    pub fn javascript(settings: &Arc<Settings>) -> Self {
        Self { language: Language::Js, hint: Hint::None, settings: settings.clone() }
    }

    #[must_use]
    pub fn is_typescript(&self) -> bool {
        matches!(self.language, Language::Ts | Language::Tsx)
    }
}
