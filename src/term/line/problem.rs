//! A mistake with its place: what, where, how to fix.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Line;
use crate::error::{Problem, Severity};
use crate::term::{Frame, Level, Style, plain};

impl Line for Problem {
    fn level(&self) -> Level {
        match self.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warn,
        }
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let word = match self.severity {
            Severity::Error => style.failed("error:"),
            Severity::Warning => style.differs("warning:"),
        };
        writeln!(out, "{word} {}", style.strong(plain(&self.what).trim_end())).expect(super::STRING);
        for place in &self.places {
            Frame::of(place).pretty(style, self.severity, out);
        }
        if let Some(file) = self.file.as_ref().filter(|_| self.places.is_empty()) {
            writeln!(out, "   {} {}", style.detail("in"), style.path(file)).expect(super::STRING);
        }
        if let Some(help) = &self.help {
            let help = plain(help).replace('\n', "\n         ");
            writeln!(out, "   {} {help}", style.detail("help:")).expect(super::STRING);
        }
        out.push('\n');
    }

    fn json(&self, style: &Style) -> Value {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut value = json!({ "event": "problem", "severity": severity, "message": self.what });
        if let Some(place) = self.places.first() {
            let (line, column) = place.source.line_column(place.span.start);
            value["file"] = json!(style.path(&place.source.path));
            value["line"] = json!(line);
            value["column"] = json!(column);
            value["label"] = json!(place.label);
        } else if let Some(file) = &self.file {
            value["file"] = json!(style.path(file));
        }
        if let Some(help) = &self.help {
            value["help"] = json!(help);
        }
        value
    }

    fn size(&self) -> usize {
        512
    }

    fn may_drop(&self) -> bool {
        false
    }
}
