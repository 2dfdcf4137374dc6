//! `✓ 4 Workers can be served`: what `devflare check` found.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Line, WorkerRow, plural};
use crate::error::{Problems, Severity};
use crate::term::{Level, Style};

/// The end of a check, after its problems.
#[derive(Debug, Clone)]
pub struct Checked {
    workers: Vec<WorkerRow>,
    errors: usize,
    warnings: usize,
}

impl Checked {
    #[must_use]
    pub fn of(workers: Vec<WorkerRow>, problems: &Problems) -> Self {
        let count = |severity| problems.0.iter().filter(|problem| problem.severity == severity).count();
        Self { workers, errors: count(Severity::Error), warnings: count(Severity::Warning) }
    }
}

impl Line for Checked {
    fn level(&self) -> Level {
        Level::Error
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        for worker in &self.workers {
            let namespace = worker.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
            let name = crate::term::visible(&format!("{namespace}{}", worker.name));
            writeln!(out, "  {}  {}", style.strong(name), style.detail(&worker.rule)).expect(super::STRING);
        }
        let warnings = match self.warnings {
            0 => String::new(),
            count => format!(", {}", plural(count, "warning")),
        };
        let workers = plural(self.workers.len(), "Worker");
        if self.errors == 0 {
            writeln!(out, "{} {workers} can be served{warnings}", style.live("✓")).expect(super::STRING);
        } else {
            let errors = plural(self.errors, "error");
            writeln!(out, "{} {errors}{warnings} in {workers}", style.failed("✖")).expect(super::STRING);
        }
    }

    fn json(&self, _: &Style) -> Value {
        let workers: Vec<_> = self.workers.iter().map(WorkerRow::json).collect();
        json!({ "event": "checked", "errors": self.errors, "warnings": self.warnings, "workers": workers })
    }

    fn size(&self) -> usize {
        4096
    }

    fn may_drop(&self) -> bool {
        false
    }
}
