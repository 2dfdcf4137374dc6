//! Colours by meaning, and paths as a person would write them.

use std::env;
use std::fmt::Display;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use owo_colors::Styled;

use super::{Options, escape};

/// How lines are rendered.
#[derive(Debug, Clone)]
pub struct Style {
    pub(super) color: bool,
    base: PathBuf,
}

impl Style {
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { color: options.color, base: options.base.clone() }
    }

    /// Without colours; paths below `base` are shown relative to it.
    #[must_use]
    pub fn plain(base: &Path) -> Self {
        Self { color: false, base: base.to_owned() }
    }

    fn paint<T: Display>(&self, style: owo_colors::Style, text: T) -> Styled<T> {
        if self.color { style.style(text) } else { owo_colors::Style::new().style(text) }
    }

    pub(super) fn failed<T: Display>(&self, text: T) -> Styled<T> {
        self.paint(owo_colors::Style::new().red(), text)
    }

    pub(super) fn differs<T: Display>(&self, text: T) -> Styled<T> {
        self.paint(owo_colors::Style::new().yellow(), text)
    }

    pub(super) fn live<T: Display>(&self, text: T) -> Styled<T> {
        self.paint(owo_colors::Style::new().green(), text)
    }

    pub(super) fn detail<T: Display>(&self, text: T) -> Styled<T> {
        self.paint(owo_colors::Style::new().dimmed(), text)
    }

    pub(super) fn strong<T: Display>(&self, text: T) -> Styled<T> {
        self.paint(owo_colors::Style::new().bold(), text)
    }

    pub(super) fn link<T: Display>(&self, text: T) -> Styled<T> {
        self.paint(owo_colors::Style::new().underline(), text)
    }

    /// A path relative to where devflare was started, if below it; made safe.
    #[must_use]
    pub fn path(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.base).unwrap_or(path);
        let short = if short.as_os_str().is_empty() { Path::new(".") } else { short };
        escape::visible(&short.to_string_lossy())
    }
}

/// Whether a stream wants colours: `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb`, a terminal or not.
#[must_use]
pub fn wants_color(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    match (set("NO_COLOR"), set("FORCE_COLOR")) {
        (Some(_), _) => false,
        (None, Some(value)) => value != "0",
        (None, None) => stream.is_terminal() && set("TERM").is_none_or(|term| term != "dumb"),
    }
}
