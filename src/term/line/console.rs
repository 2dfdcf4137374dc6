//! `customer-worker-1 │ hello`: what a Worker wrote to its console.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Line;
use crate::term::{Level, Style, escape, visible};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleLevel {
    Debug,
    Log,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Clone)]
pub struct Console {
    pub worker: Arc<str>,
    pub level: ConsoleLevel,
    /// May have several lines.
    pub message: String,
    /// The id of the request that it was written for; for machines.
    pub ray: Option<String>,
}

/// One message longer than this is cut.
const MAX_MESSAGE: usize = 64 << 10;

impl Line for Console {
    fn level(&self) -> Level {
        match self.level {
            ConsoleLevel::Debug => Level::Debug,
            ConsoleLevel::Log => Level::Log,
            ConsoleLevel::Info => Level::Info,
            ConsoleLevel::Warn => Level::Warn,
            ConsoleLevel::Error => Level::Error,
        }
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let (cut, rest) = super::cut(&self.message, MAX_MESSAGE);
        let message = escape::guest(cut, style.color);
        let worker = visible(&self.worker);
        let prefix = match self.level {
            ConsoleLevel::Error => format!("{} {}", style.strong(&worker), style.failed("error │")),
            ConsoleLevel::Warn => format!("{} {}", style.strong(&worker), style.detail("warn │")),
            ConsoleLevel::Debug => format!("{} {}", style.strong(&worker), style.detail("debug │")),
            ConsoleLevel::Log | ConsoleLevel::Info => format!("{} {}", style.strong(&worker), style.detail("│")),
        };
        for line in message.split('\n') {
            writeln!(out, "{prefix} {line}").expect(super::STRING);
        }
        if rest > 0 {
            writeln!(out, "{prefix} {}", style.detail(format!("… {rest} more bytes"))).expect(super::STRING);
        }
    }

    fn json(&self, _: &Style) -> Value {
        let level = match self.level {
            ConsoleLevel::Debug => "debug",
            ConsoleLevel::Log => "log",
            ConsoleLevel::Info => "info",
            ConsoleLevel::Warn => "warn",
            ConsoleLevel::Error => "error",
        };
        let told = json!({ "event": "console", "worker": &*self.worker, "level": level, "message": self.message });
        super::with_ray(told, self.ray.as_deref())
    }

    fn size(&self) -> usize {
        64 + self.message.len()
    }
}
