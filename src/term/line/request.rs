//! `GET /hello 200 1.2 ms  my-dispatcher → customer-worker-1`

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Line;
use crate::term::{Level, Style, visible};

/// One answered request.
#[derive(Debug, Clone)]
pub struct RequestLine {
    pub method: String,
    /// Path and query; with the host in front where it chose the Worker.
    pub target: String,
    pub status: u16,
    pub took: Duration,
    /// The Workers it went through, the first one asked first.
    pub workers: Vec<Arc<str>>,
    /// The id that all bears that the request led to; for machines.
    pub ray: Option<String>,
}

/// Longer targets are cut: a data URL must not fill the screen.
const MAX_TARGET: usize = 200;

impl Line for RequestLine {
    fn level(&self) -> Level {
        Level::Log
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let target: String = visible(&self.target);
        let cut = target.char_indices().nth(MAX_TARGET).map_or(target.len(), |(at, _)| at);
        let dots = if cut < target.len() { "…" } else { "" };
        let status = self.status.to_string();
        let status = if self.status >= 500 { style.failed(status) } else { style.strong(status) };
        let method = visible(&self.method);
        let took = milliseconds(self.took);
        write!(out, "{method:<4} {}{dots} {status} {}", &target[..cut], style.detail(took)).expect(super::STRING);
        if !self.workers.is_empty() {
            let workers: Vec<_> = self.workers.iter().map(|name| visible(name)).collect();
            write!(out, "  {}", style.detail(workers.join(" → "))).expect(super::STRING);
        }
        out.push('\n');
    }

    fn json(&self, _: &Style) -> Value {
        let workers: Vec<&str> = self.workers.iter().map(AsRef::as_ref).collect();
        let told = json!({
            "event": "request", "method": self.method, "target": self.target, "status": self.status,
            "ms": super::rounded(self.took), "workers": workers,
        });
        super::with_ray(told, self.ray.as_deref())
    }

    fn size(&self) -> usize {
        128 + self.target.len() + self.method.len()
    }
}

/// `0.4 ms`, `12 ms`, `1.5 s`.
pub(super) fn milliseconds(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        ..1000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
}
