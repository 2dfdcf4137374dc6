//! `scheduled */5 * * * * ok 1.2 ms  my-worker`: an event of the platform's own.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Line;
use super::request::milliseconds;
use crate::term::{Level, Style, visible};

/// One event that ended.
#[derive(Debug, Clone)]
pub struct HappenedLine {
    /// `scheduled`, `queue`.
    pub kind: &'static str,
    /// The cron expression, the queue and how many messages.
    pub what: String,
    pub well: bool,
    pub took: Duration,
    pub worker: Arc<str>,
    /// The ids of the requests that led to it; for machines.
    pub rays: Vec<String>,
}

impl Line for HappenedLine {
    fn level(&self) -> Level {
        Level::Log
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let outcome = if self.well { style.strong("ok") } else { style.failed("exception") };
        let (what, worker) = (visible(&self.what), visible(&self.worker));
        let took = style.detail(milliseconds(self.took));
        writeln!(out, "{} {what} {outcome} {took}  {}", self.kind, style.detail(worker)).expect(super::STRING);
    }

    fn json(&self, _: &Style) -> Value {
        let outcome = if self.well { "ok" } else { "exception" };
        let mut told = json!({
            "event": self.kind, "what": self.what, "outcome": outcome, "ms": super::rounded(self.took), "worker": &*self.worker,
        });
        if !self.rays.is_empty() {
            told["rays"] = json!(self.rays);
        }
        told
    }

    fn size(&self) -> usize {
        128 + self.what.len() + self.worker.len()
    }
}
