//! `↻ customer-worker-1  src/index.js  4 ms`: what changed, and how long until it was live.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Line, request::milliseconds};
use crate::term::{Level, Style, visible};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadKind {
    Changed,
    Added,
    Removed,
    /// It had failed to build; now it does not.
    Healed,
}

/// A Worker whose next answer comes from other code or wiring than its last.
#[derive(Debug, Clone)]
pub struct Reload {
    pub worker: String,
    pub kind: ReloadKind,
    /// The files that changed.
    pub files: Vec<PathBuf>,
    pub took: Duration,
}

/// Files named on one line.
const MAX_FILES: usize = 3;

impl Line for Reload {
    fn level(&self) -> Level {
        Level::Info
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let (mark, word) = match self.kind {
            ReloadKind::Changed => (style.live("↻"), ""),
            ReloadKind::Added => (style.live("+"), " added"),
            ReloadKind::Removed => (style.live("−"), " removed"),
            ReloadKind::Healed => (style.live("✓"), " works again"),
        };
        write!(out, "{mark} {}{word}", style.strong(visible(&self.worker))).expect(super::STRING);
        let mut files: Vec<_> = self.files.iter().take(MAX_FILES).map(|file| style.path(file)).collect();
        if self.files.len() > MAX_FILES {
            files.push(format!("{} more", self.files.len() - MAX_FILES));
        }
        if !files.is_empty() {
            write!(out, "  {}", files.join(", ")).expect(super::STRING);
        }
        writeln!(out, "  {}", style.detail(milliseconds(self.took))).expect(super::STRING);
    }

    fn json(&self, style: &Style) -> Value {
        let kind = match self.kind {
            ReloadKind::Changed => "changed",
            ReloadKind::Added => "added",
            ReloadKind::Removed => "removed",
            ReloadKind::Healed => "healed",
        };
        let files: Vec<_> = self.files.iter().map(|file| style.path(file)).collect();
        json!({
            "event": "reload", "worker": self.worker, "kind": kind, "files": files, "ms": super::rounded(self.took),
        })
    }

    fn size(&self) -> usize {
        256
    }

    fn may_drop(&self) -> bool {
        false
    }
}
