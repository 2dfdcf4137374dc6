//! The banner: what serves where, who is who by which rule, and what is not emulated.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Line, request::milliseconds};
use crate::term::{Level, Style, visible};

/// Told once everything serves.
#[derive(Debug, Clone, Default)]
pub struct Banner {
    pub version: String,
    /// From the process' start.
    pub took: Duration,
    /// `http://localhost:8787`.
    pub url: String,
    /// `http://localhost:8788/client/v4`, if the control plane runs.
    pub api_url: Option<String>,
    /// What points clients of the control plane at it.
    pub variables: Vec<(&'static str, String)>,
    /// How many Workers of each namespace are uploaded; ordinary ones stand under no name.
    pub uploads: BTreeMap<Option<String>, usize>,
    /// Ordinary Workers first, the one that answers `url` first of all; then by namespace.
    pub workers: Vec<WorkerRow>,
    /// Namespaces that are bound, with or without Workers.
    pub namespaces: Vec<String>,
    pub cpu_factor: f64,
    /// The keys are read.
    pub keys: bool,
}

/// A Worker.
#[derive(Debug, Clone, Default)]
pub struct WorkerRow {
    pub name: String,
    /// Of a user Worker.
    pub namespace: Option<String>,
    /// Where it answers: URLs, hosts, routes.
    pub answers: Vec<String>,
    /// Why it has this role: `binds namespace staging`, `the only namespace bound`.
    pub rule: String,
    pub bindings: Vec<BindingRow>,
    /// It does not build; the error is told below.
    pub broken: bool,
    /// There is an upload of this name, which is not served because of it.
    pub hides_upload: bool,
}

/// A binding of a Worker.
#[derive(Debug, Clone, Default)]
pub struct BindingRow {
    /// `dispatcher`.
    pub name: String,
    /// `Dispatch Namespace`.
    pub kind: String,
    /// `staging`.
    pub detail: String,
    pub emulated: bool,
}

/// User Workers listed per namespace; the rest is counted.
const MAX_USERS: usize = 12;

impl Line for Banner {
    fn level(&self) -> Level {
        Level::Info
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        self.head(style, out);
        for worker in self.workers.iter().filter(|worker| worker.namespace.is_none()) {
            out.push('\n');
            worker.pretty(style, true, out);
        }
        for namespace in &self.namespaces {
            self.namespace(namespace, style, out);
        }
        self.uploaded(style, out);
        self.foot(style, out);
    }

    fn json(&self, _: &Style) -> Value {
        let workers: Vec<_> = self.workers.iter().map(WorkerRow::json).collect();
        json!({
            "event": "ready", "url": self.url, "api_url": self.api_url, "workers": workers,
            "uploads": self.uploads.values().sum::<usize>(),
            "version": self.version, "ms": super::rounded(self.took), "cpu_factor": self.cpu_factor,
        })
    }

    fn size(&self) -> usize {
        4096
    }

    fn may_drop(&self) -> bool {
        false
    }

    fn opens(&self) -> bool {
        true
    }
}

impl Banner {
    fn head(&self, style: &Style, out: &mut String) {
        let ready = style.detail(format!("{} · ready in {}", self.version, milliseconds(self.took)));
        writeln!(out, "\n  {} {ready}\n", style.strong("devflare")).expect(super::STRING);
        writeln!(out, "  {}  {}", style.live("Workers"), style.link(&self.url)).expect(super::STRING);
        if let Some(api) = &self.api_url {
            writeln!(out, "  {}      {}", style.live("API"), style.link(api)).expect(super::STRING);
        }
        for (at, (name, value)) in self.variables.iter().enumerate() {
            let lead = if at == 0 { "export" } else { "      " };
            let end = if at + 1 < self.variables.len() { " \\" } else { "" };
            let line = format!("{lead} {name}={}{end}", visible(value));
            writeln!(out, "           {}", style.detail(line)).expect(super::STRING);
        }
    }

    /// What is served without being watched.
    fn uploaded(&self, style: &Style, out: &mut String) {
        if self.uploads.is_empty() {
            return;
        }
        writeln!(out, "\n  {}", style.strong("uploaded")).expect(super::STRING);
        for (namespace, count) in &self.uploads {
            let noun = if *count == 1 { "Worker" } else { "Workers" };
            let text = match namespace {
                Some(namespace) => format!("{count} user {noun} of namespace {}", visible(namespace)),
                None => format!("{count} ordinary {noun}"),
            };
            writeln!(out, "    {}", style.detail(text)).expect(super::STRING);
        }
    }

    fn namespace(&self, namespace: &str, style: &Style, out: &mut String) {
        let mine = || self.workers.iter().filter(|worker| worker.namespace.as_deref() == Some(namespace));
        let count = match mine().count() {
            0 => "no user Workers yet".to_owned(),
            1 => "1 user Worker".to_owned(),
            count => format!("{count} user Workers"),
        };
        let first = mine().next().map_or("", |worker| worker.rule.as_str());
        // One reason for all is said once.
        let shared = mine().all(|worker| worker.rule == first);
        let rule = if shared && !first.is_empty() { format!(" · {}", visible(first)) } else { String::new() };
        let title = style.strong(visible(namespace));
        writeln!(out, "\n  {title}  {}", style.detail(format!("namespace · {count}{rule}"))).expect(super::STRING);
        for worker in mine().take(MAX_USERS) {
            out.push_str("  ");
            worker.pretty(style, !shared, out);
        }
        let more = mine().count().saturating_sub(MAX_USERS);
        if more > 0 {
            writeln!(out, "    {}", style.detail(format!("… and {more} more"))).expect(super::STRING);
        }
    }

    fn foot(&self, style: &Style, out: &mut String) {
        out.push('\n');
        if self.cpu_factor > 1.0 {
            let text =
                format!("CPU limits are {}x Cloudflare's, as QuickJS has no JIT (--cpu-factor)", self.cpu_factor);
            writeln!(out, "  {}", style.differs(text)).expect(super::STRING);
        }
        if self.keys {
            let keys = [("o", "open"), ("r", "reload"), ("c", "clear"), ("q", "quit")];
            let keys = keys.map(|(key, what)| format!("{} {}", style.strong(key), style.detail(what)));
            writeln!(out, "  {}", keys.join("  ")).expect(super::STRING);
        }
        out.push('\n');
    }
}

impl WorkerRow {
    fn pretty(&self, style: &Style, tells_rule: bool, out: &mut String) {
        let name = visible(&self.name);
        write!(out, "  {}", if self.broken { style.failed(&name) } else { style.strong(&name) }).expect(super::STRING);
        if self.broken {
            write!(out, "  {}", style.failed("does not build")).expect(super::STRING);
        }
        if tells_rule && !self.rule.is_empty() {
            write!(out, "  {}", style.detail(visible(&self.rule))).expect(super::STRING);
        }
        out.push('\n');
        if self.hides_upload {
            let text = "served in place of an upload of this name";
            writeln!(out, "    {}", style.differs(text)).expect(super::STRING);
        }
        let indent = if self.namespace.is_some() { "      " } else { "    " };
        for answer in &self.answers {
            writeln!(out, "{indent}{} {}", style.detail("at"), visible(answer)).expect(super::STRING);
        }
        let width = |text: fn(&BindingRow) -> &str| self.bindings.iter().map(|row| text(row).chars().count()).max();
        let widths = (width(|row| &row.name).unwrap_or(0).min(32), width(|row| &row.kind).unwrap_or(0).min(32));
        for binding in &self.bindings {
            binding.pretty(style, indent, widths, out);
        }
    }

    pub(super) fn json(&self) -> Value {
        let bindings: Vec<_> = self.bindings.iter().map(BindingRow::json).collect();
        json!({
            "name": self.name, "namespace": self.namespace, "answers": self.answers, "rule": self.rule,
            "broken": self.broken, "hides_upload": self.hides_upload, "bindings": bindings,
        })
    }
}

impl BindingRow {
    /// `widths`: of the longest name and kind beside it.
    fn pretty(&self, style: &Style, indent: &str, widths: (usize, usize), out: &mut String) {
        let (name, kind) = (visible(&self.name), visible(&self.kind));
        let (name_width, kind_width) = widths;
        let name = format!("{indent}env.{name:<name_width$}  ");
        let what = format!("{kind:<kind_width$}  {}", visible(&self.detail));
        if self.emulated {
            writeln!(out, "{name}{}", style.detail(what.trim_end())).expect(super::STRING);
        } else {
            let text = format!("{}  not emulated: throws when used", what.trim_end());
            writeln!(out, "{name}{}", style.differs(text)).expect(super::STRING);
        }
    }

    fn json(&self) -> Value {
        json!({ "name": self.name, "kind": self.kind, "detail": self.detail, "emulated": self.emulated })
    }
}
