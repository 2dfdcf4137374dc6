//! `✓ Deployed customer-a to staging`: what a command did, or the list that was asked for.

use std::fmt::Write as _;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::Line;
use crate::term::{Level, Style, visible};

/// The end of a command that does one thing.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// What was done; empty where only rows were asked for.
    pub what: String,
    /// A name and what is known of it.
    pub rows: Vec<(String, String)>,
    /// What to do next, or what else there is to know.
    pub hints: Vec<String>,
    /// The same for machines.
    pub result: Value,
}

impl Done {
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    #[must_use]
    pub fn row(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rows.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub fn result(self, result: Value) -> Self {
        Self { result, ..self }
    }
}

impl Line for Done {
    fn level(&self) -> Level {
        Level::Error
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        if !self.what.is_empty() {
            writeln!(out, "{} {}", style.live("✓"), visible(&self.what)).expect(super::STRING);
        }
        let indent = if self.what.is_empty() { "" } else { "  " };
        let rows: Vec<_> = self.rows.iter().map(|(name, value)| (visible(name), visible(value))).collect();
        let width = rows.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        for (name, value) in rows {
            // Nothing to line up with.
            let gap = if value.is_empty() { 0 } else { width - name.width() + 2 };
            let name = if self.what.is_empty() { style.strong(name) } else { style.detail(name) };
            writeln!(out, "{indent}{name}{:gap$}{value}", "").expect(super::STRING);
        }
        for hint in &self.hints {
            writeln!(out, "{indent}{}", style.detail(visible(hint))).expect(super::STRING);
        }
    }

    fn json(&self, _: &Style) -> Value {
        json!({ "event": "done", "message": self.what, "hints": self.hints, "result": self.result })
    }

    fn size(&self) -> usize {
        4096
    }

    fn may_drop(&self) -> bool {
        false
    }
}
