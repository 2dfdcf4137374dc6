//! Small things: a remark, lines lost to a flood, a cleared screen.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Line;
use crate::term::{Level, Style, visible};

/// A remark of devflare's own.
#[derive(Debug, Clone)]
pub struct Note(pub String);

impl Line for Note {
    fn level(&self) -> Level {
        Level::Info
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        writeln!(out, "{}", style.detail(visible(&self.0))).expect(super::STRING);
    }

    fn json(&self, _: &Style) -> Value {
        json!({ "event": "note", "message": self.0 })
    }

    fn size(&self) -> usize {
        64 + self.0.len()
    }
}

/// Lines that came faster than they could be written.
#[derive(Debug, Clone, Copy)]
pub struct Dropped {
    pub lines: u64,
}

impl Line for Dropped {
    fn level(&self) -> Level {
        Level::Error
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let lines = if self.lines == 1 { "line was" } else { "lines were" };
        let text = format!("… {} {lines} left out: they came faster than they can be written", self.lines);
        writeln!(out, "{}", style.detail(text)).expect(super::STRING);
    }

    fn json(&self, _: &Style) -> Value {
        json!({ "event": "dropped", "lines": self.lines })
    }

    fn size(&self) -> usize {
        64
    }
}

/// The key `c`.
#[derive(Debug, Clone, Copy)]
pub struct Cleared;

impl Line for Cleared {
    fn level(&self) -> Level {
        Level::None
    }

    fn pretty(&self, _: &Style, out: &mut String) {
        // The screen, the lines above it, and back to the top.
        out.push_str("\x1b[2J\x1b[3J\x1b[H");
    }

    fn json(&self, _: &Style) -> Value {
        json!({ "event": "cleared" })
    }

    fn size(&self) -> usize {
        16
    }

    fn may_drop(&self) -> bool {
        false
    }
}
