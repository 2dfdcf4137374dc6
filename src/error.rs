//! User mistakes as values: what is wrong, where (file, line, column, caret) and how to fix it.
//!
//! Knows no other layer. A [`Problem`] is made where the mistake is seen, collected in [`Problems`] so that several
//! are told at once, and rendered by `term` alone.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The process' exit status after a user mistake at start.
pub const EXIT_USER_MISTAKE: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// A source text with its path, shared by all problems found in it.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: Arc<Path>,
    pub text: Arc<str>,
}

/// A span of bytes in a source.
#[derive(Debug, Clone)]
pub struct Place {
    pub source: Source,
    pub span: Range<usize>,
    /// Text under the caret; may be empty.
    pub label: String,
}

/// One mistake: what, where, how to fix.
#[derive(Debug, Clone)]
pub struct Problem {
    pub severity: Severity,
    pub what: String,
    pub places: Vec<Place>,
    /// A file without a place in it (missing, unreadable).
    pub file: Option<PathBuf>,
    pub help: Option<String>,
}

impl Source {
    pub fn new(path: impl AsRef<Path>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.as_ref().into(), text: text.into() }
    }

    /// One-based line and column (in characters) of a byte offset.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// Byte offset of a one-based line and column (in characters), clamped to the text.
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = self.text[start..].split('\n').next().unwrap_or("");
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
    }
}

impl Place {
    /// The same place with another text under the caret.
    #[must_use]
    pub fn labelled(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }
}

impl Problem {
    pub fn error(what: impl Into<String>) -> Self {
        Self { severity: Severity::Error, what: what.into(), places: Vec::new(), file: None, help: None }
    }

    pub fn warning(what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(what) }
    }

    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>, label: impl Into<String>) -> Self {
        self.places.push(Place { source: source.clone(), span, label: label.into() });
        self
    }

    #[must_use]
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `file:line:column` of the first place, or the file alone.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        if let Some(place) = self.places.first() {
            let (line, column) = place.source.line_column(place.span.start);
            return Some(format!("{}:{line}:{column}", place.source.path.display()));
        }
        self.file.as_ref().map(|file| file.display().to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(location) = self.location() {
            write!(f, " ({location})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// Everything that was found, in order; an `Err` as soon as one of them is an error.
#[derive(Debug, Clone, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub fn extend(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    /// Warnings that say the same become one, with all their places.
    pub fn fold_repeats(&mut self) {
        let mut folded: Vec<Problem> = Vec::with_capacity(self.0.len());
        for problem in self.0.drain(..) {
            let same = |other: &&mut Problem| {
                other.severity == Severity::Warning
                    && problem.severity == Severity::Warning
                    && other.what == problem.what
                    && other.help == problem.help
                    && other.file == problem.file
            };
            match folded.iter_mut().find(same) {
                Some(first) => first.places.extend(problem.places),
                None => folded.push(problem),
            }
        }
        self.0 = folded;
    }

    /// What has no place first, then by file and place: as one reads.
    pub fn sort_by_place(&mut self) {
        self.0.sort_by_cached_key(|problem| {
            problem.places.first().map(|place| (place.source.path.clone(), place.span.start))
        });
    }

    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// The known name that a mistyped one was likely meant to be.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    // One slip per three letters: more than that is another word, and so is any other word of two.
    let limit = (wanted.chars().count() / 3).min(4);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
