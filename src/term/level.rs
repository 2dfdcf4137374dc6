//! `--log-level`, with wrangler's names and order.

use std::str::FromStr;

/// How much is told. A line is shown if its level is not above the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    None,
    Error,
    Warn,
    Info,
    #[default]
    Log,
    Debug,
}

impl Level {
    pub const NAMES: [&str; 6] = ["none", "error", "warn", "info", "log", "debug"];
}

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let levels = [Self::None, Self::Error, Self::Warn, Self::Info, Self::Log, Self::Debug];
        let found = Self::NAMES.iter().position(|known| *known == name);
        found.map(|at| levels[at]).ok_or_else(|| format!("one of {}", Self::NAMES.join(", ")))
    }
}
