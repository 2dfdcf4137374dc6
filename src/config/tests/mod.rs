//! Whole configurations, written into a directory of their own and read back.

mod environments;
mod files;
mod sections;
mod variables;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{Options, WorkerConfig, load};
use crate::error::{Problem, Problems, Severity};

/// A project in a directory called `shop`.
pub(crate) struct Project {
    pub(crate) root: TempDir,
    pub(crate) options: Options,
}

impl Project {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory for the test");
        fs::create_dir(root.path().join("shop")).expect("a fresh directory");
        Self { root, options: Options { today: "2026-01-15".into(), ..Options::default() } }
    }

    /// With a `wrangler.toml` that says name, main and date, and then this.
    pub(crate) fn toml(text: &str) -> Self {
        let head = "name = \"shop\"\nmain = \"index.js\"\ncompatibility_date = \"2025-01-01\"\n";
        Self::new().file("wrangler.toml", format!("{head}{text}"))
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.directory().join(name), content).expect("a writable directory");
        self
    }

    pub(crate) fn env(mut self, name: &str) -> Self {
        self.options.environment = Some(name.into());
        self
    }

    pub(crate) fn process(mut self, name: &str, value: &str) -> Self {
        self.options.process_env.push((name.into(), value.into()));
        self
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.root.path().join("shop")
    }

    pub(crate) fn load(&self) -> (Option<WorkerConfig>, String) {
        let (config, problems) = load(&self.directory(), &self.options);
        assert_eq!(config.is_none(), problems.has_errors());
        (config, self.render(&problems))
    }

    /// The configuration of a project with nothing to complain about.
    pub(crate) fn clean(&self) -> WorkerConfig {
        let (config, told) = self.load();
        assert_eq!(told, "");
        config.expect("no problems, so a configuration")
    }

    pub(crate) fn told(&self) -> String {
        self.load().1
    }

    pub(crate) fn render(&self, problems: &Problems) -> String {
        let text: String = problems.0.iter().map(render).collect();
        text.replace(&format!("{}/", self.root.path().display()), "")
    }

    pub(crate) fn variables(&self) -> Vec<String> {
        let variables = self.clean().variables;
        variables.into_iter().map(|variable| format!("{}={}", variable.name, variable.value)).collect()
    }
}

/// `error: what`, then each place with its line, caret and label, then the help.
pub(crate) fn render(problem: &Problem) -> String {
    use std::fmt::Write;
    let kind = if problem.severity == Severity::Error { "error" } else { "warning" };
    let mut text = format!("{kind}: {}\n", problem.what);
    for place in &problem.places {
        let (line, column) = place.source.line_column(place.span.start);
        let source = place.source.text.lines().nth(line - 1).unwrap_or("");
        let carets = "^".repeat(place.span.len().clamp(1, (source.len() + 2).saturating_sub(column).max(1)));
        let path = place.source.path.display();
        let row =
            format!("  {path}:{line}:{column}\n    {source}\n    {}{carets} {}", " ".repeat(column - 1), place.label);
        writeln!(text, "{}", row.trim_end()).expect("a string takes all");
    }
    if let Some(file) = &problem.file {
        writeln!(text, "  {}", file.display()).expect("a string takes all");
    }
    if let Some(help) = &problem.help {
        writeln!(text, "  help: {help}").expect("a string takes all");
    }
    text
}
