//! How a project is built; the default is wrangler's.

use std::collections::BTreeMap;

use crate::compile::{Jsx, Settings};
use crate::config::{Modules, WorkerConfig};
use crate::node;

/// From this date on `nodejs_compat` means its second version.
const NODE_V2: &str = "2024-09-23";
/// From this date on the timers of the global scope are Node.js's, where its modules are.
const NODE_TIMERS: &str = "2026-02-10";
/// From this date on a Worker has Node.js's modules without asking for them.
const NODE_BY_DEFAULT: &str = "2026-08-04";

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The project's word on rules, definitions, aliases and the like.
    pub modules: Modules,
    /// `process.env.NODE_ENV`; "development" if not given, as in `wrangler dev`.
    pub node_env: Option<String>,
    pub node: Node,
    /// The `cloudflare:` and `node:` modules that there are; every `cloudflare:` module if not given.
    pub builtins: Option<Vec<String>>,
    /// The entry module need have no default export: other entrypoints are asked.
    pub named_entrypoints: bool,
}

/// Which modules of Node.js a Worker may import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Node {
    #[default]
    None,
    /// `nodejs_als`: `node:async_hooks` only.
    AsyncLocalStorage,
    /// `nodejs_compat` of old: only by names that begin with `node:`.
    V1,
    V2,
    /// The same, and the timers of the global scope are Node.js's.
    V2WithTimers,
}

impl Options {
    /// As the configuration has it.
    #[must_use]
    pub fn of(config: &WorkerConfig) -> Self {
        let node = Node::of(&config.compatibility_flags, &config.compatibility_date);
        let modules = config.modules.clone();
        Self { node_env: modules.node_env.clone(), modules, node, ..Self::default() }
    }

    /// For modules that were bundled elsewhere: nothing is put into them.
    #[must_use]
    pub fn of_upload(flags: &[String], date: &str) -> Self {
        Self { node: Node::of(flags, date), ..Self::default() }
    }

    pub(super) fn settings(&self) -> Settings {
        // What is not bundled is loaded as it is.
        if self.modules.no_bundle {
            return Settings::default();
        }
        let (factory, fragment) = (self.modules.jsx_factory.clone(), self.modules.jsx_fragment.clone());
        Settings { define: self.defines(), jsx: Jsx { factory, fragment, ..Jsx::default() }, ..Settings::default() }
    }

    fn defines(&self) -> Vec<(String, String)> {
        let environment = self.node_env.as_deref().unwrap_or("development");
        let names = ["process", "global.process", "globalThis.process"];
        let node_env = names.map(|process| {
            let value = serde_json::Value::from(environment).to_string();
            (format!("{process}.env.NODE_ENV"), value)
        });
        let mut define: BTreeMap<String, String> = node_env.into_iter().collect();
        define.extend(self.modules.define.iter().cloned());
        define.into_iter().collect()
    }
}

impl Node {
    fn of(flags: &[String], date: &str) -> Self {
        let has = |flag: &str| flags.iter().any(|one| one == flag);
        let second = has("nodejs_compat_v2") || (date >= NODE_V2 && !has("no_nodejs_compat_v2"));
        let asked = has("nodejs_compat") || has("nodejs_compat_v2");
        let timers = has("enable_nodejs_global_timers") || (date >= NODE_TIMERS && !has("no_nodejs_global_timers"));
        match (asked || (date >= NODE_BY_DEFAULT && !has("no_nodejs_compat")), second) {
            (true, true) if timers => Self::V2WithTimers,
            (true, true) => Self::V2,
            (true, false) => Self::V1,
            (false, _) if has("nodejs_als") => Self::AsyncLocalStorage,
            (false, _) => Self::None,
        }
    }

    /// What a running Worker may import by a name that is computed: as written, and the module.
    #[must_use]
    pub fn importable(self) -> Vec<(&'static str, &'static str)> {
        let plain = |name: &'static str| name.strip_prefix("node:").unwrap_or(name);
        let names = node::modules().flat_map(|name| [(name, name), (plain(name), name)]);
        names.filter(|(written, _)| self.allows(written)).collect()
    }

    /// The globals that come with the modules, by the module that exports them.
    #[must_use]
    pub fn globals(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::V2 => node::GLOBALS,
            Self::V2WithTimers => node::GLOBALS_WITH_TIMERS,
            _ => &[],
        }
    }

    /// Whether the Worker may import a module of Node.js under this name.
    pub(super) fn allows(self, specifier: &str) -> bool {
        match self {
            Self::None => false,
            Self::AsyncLocalStorage => specifier == "node:async_hooks",
            Self::V1 => specifier.starts_with("node:"),
            Self::V2 | Self::V2WithTimers => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_nodejs_compat_follows_the_date_and_the_flags() {
        let node = |flags: &[&str], date| Node::of(&flags.iter().map(ToString::to_string).collect::<Vec<_>>(), date);
        assert_eq!(node(&["nodejs_compat"], "2024-09-23"), Node::V2);
        assert_eq!(node(&["nodejs_compat"], "2024-09-22"), Node::V1);
        assert_eq!(node(&["nodejs_compat", "no_nodejs_compat_v2"], "2025-01-01"), Node::V1);
        assert_eq!(node(&["nodejs_als"], "2025-01-01"), Node::AsyncLocalStorage);
        assert_eq!(node(&[], "2025-01-01"), Node::None);
        assert_eq!(node(&["nodejs_compat"], "2026-02-10"), Node::V2WithTimers);
        assert_eq!(node(&["nodejs_compat", "no_nodejs_global_timers"], "2026-02-10"), Node::V2);
        assert_eq!(node(&[], "2026-08-04"), Node::V2WithTimers);
        assert_eq!(node(&["no_nodejs_compat", "no_nodejs_compat_v2"], "2026-08-04"), Node::None);
    }
}
