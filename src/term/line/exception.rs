//! An uncaught exception, with the author's source and stack.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Line;
use crate::error::{Place, Severity};
use crate::term::{Frame, Level, Style, plain, visible};

/// What a Worker did wrong while it ran: it threw, or reached a limit.
#[derive(Debug, Clone)]
pub struct Exception {
    pub worker: Arc<str>,
    /// `TypeError`; empty for what is no error object, and for limits.
    pub name: String,
    pub message: String,
    /// The frames alone, one a line, with the author's files.
    pub stack: String,
    /// The topmost of the author's own places.
    pub place: Option<Place>,
    pub help: Option<String>,
    /// The id of the request that it ended; for machines.
    pub ray: Option<String>,
}

/// Frames shown; a runaway recursion has thousands.
const MAX_FRAMES: usize = 12;

impl Exception {
    /// `TypeError: cannot read ...`
    #[must_use]
    pub fn headline(&self) -> String {
        if self.name.is_empty() { self.message.clone() } else { format!("{}: {}", self.name, self.message) }
    }
}

impl Line for Exception {
    fn level(&self) -> Level {
        Level::Error
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let headline = plain(super::cut(&self.headline(), 4096).0);
        let worker = visible(&self.worker);
        writeln!(out, "{} {} {headline}", style.failed("✖"), style.strong(worker)).expect(super::STRING);
        if let Some(place) = &self.place {
            Frame::of(place).pretty(style, Severity::Error, out);
        }
        let mut frames = self.stack.lines().filter(|line| !line.trim().is_empty());
        for frame in frames.by_ref().take(MAX_FRAMES) {
            writeln!(out, "   {}", style.detail(visible(frame.trim()))).expect(super::STRING);
        }
        let more = frames.count();
        if more > 0 {
            writeln!(out, "   {}", style.detail(format!("… {more} more frames"))).expect(super::STRING);
        }
        if let Some(help) = &self.help {
            writeln!(out, "   {} {}", style.detail("help:"), plain(help)).expect(super::STRING);
        }
        out.push('\n');
    }

    fn json(&self, style: &Style) -> Value {
        let stack: Vec<_> = self.stack.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut value = json!({
            "event": "exception", "worker": &*self.worker, "name": self.name, "message": self.message, "stack": stack,
        });
        if let Some(place) = &self.place {
            let (line, column) = place.source.line_column(place.span.start);
            value["file"] = json!(style.path(&place.source.path));
            value["line"] = json!(line);
            value["column"] = json!(column);
        }
        super::with_ray(value, self.ray.as_deref())
    }

    fn size(&self) -> usize {
        256 + self.message.len() + self.stack.len()
    }
}
