//! oxc's diagnostics -> [`Problems`] with places in the source.

use std::ops::Range;

use oxc::diagnostics::{Diagnostics, OxcDiagnostic, Severity};

use crate::error::{Problem, Problems, Source};

/// No file has its errors listed beyond this many: one missing bracket can cause hundreds.
const LISTED: usize = 10;

/// The errors among `diagnostics`; warnings are the linter's business, not ours.
pub(super) fn problems(source: &Source, diagnostics: Diagnostics) -> Problems {
    let errors = diagnostics.into_vec().into_iter().filter(|one| one.severity == Severity::Error);
    Problems(errors.take(LISTED).map(|one| problem(source, &one)).collect())
}

fn problem(source: &Source, diagnostic: &OxcDiagnostic) -> Problem {
    let mut problem = Problem::error(diagnostic.message.to_string());
    for label in &diagnostic.labels {
        let (start, length) = (label.offset() as usize, label.len() as usize);
        let end = (start + length).min(source.text.len());
        let span: Range<usize> = start.min(end)..end;
        problem = problem.at(source, span, label.label().unwrap_or_default());
    }
    if problem.places.is_empty() {
        problem = problem.in_file(source.path.to_path_buf());
    }
    match &diagnostic.help {
        Some(help) => problem.help(help.to_string()),
        None => problem,
    }
}
