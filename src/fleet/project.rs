//! One project as it is on disk: its configuration, its bindings, and what its `package.json` says about its place.

use std::fs;
use std::path::{Path, PathBuf};

use super::links::{self, Link};
use crate::assets;
use crate::bindings::{self, Binding, QueueConsumer, queue_consumers};
use crate::config::{self, WorkerConfig};
use crate::error::Problems;

/// A project that loaded.
#[derive(Debug)]
pub struct Project {
    pub config: WorkerConfig,
    pub bindings: Vec<Box<dyn Binding>>,
    /// The queues that it reads.
    pub consumers: Vec<QueueConsumer>,
    pub warnings: Problems,
    /// Its static files: their directory, and what is said about them.
    pub assets: Option<(PathBuf, assets::Settings)>,
    /// The namespaces and Workers that it leads to.
    pub(super) links: Vec<Link>,
    /// Namespaces that `wrangler deploy --dispatch-namespace` in a script of `package.json` names: script, namespace.
    pub(super) scripts: Vec<(String, String)>,
}

impl Project {
    /// The project in a directory, or with a configuration file.
    pub(super) fn load(path: &Path, options: &config::Options) -> Result<Self, Problems> {
        let (config, mut problems) = config::load(path, options);
        let Some(config) = config else { return Err(problems) };
        let mut found = Problems::default();
        let bindings = bindings::declare(&config, &mut found);
        let assets = assets::read(&config, &mut found);
        problems.extend(found);
        if problems.has_errors() {
            return Err(problems);
        }
        let scripts = deploy_scripts(&config.directory, options.environment.as_deref());
        let links = links::of(&config, &bindings);
        // Its mistakes were told with the bindings'.
        let consumers = queue_consumers(config.section("queues"), &mut Problems::default());
        Ok(Self { config, bindings, consumers, warnings: problems, assets, links, scripts })
    }

    /// Whether it reads from queues.
    pub(super) fn consumes_queues(&self) -> bool {
        !self.consumers.is_empty()
    }
}

fn deploy_scripts(directory: &Path, environment: Option<&str>) -> Vec<(String, String)> {
    // A package.json that cannot be read says nothing: it is not ours to complain about.
    let Ok(text) = fs::read_to_string(directory.join("package.json")) else { return Vec::new() };
    let Ok(package) = serde_json::from_str::<serde_json::Value>(&text) else { return Vec::new() };
    let scripts = package.get("scripts").and_then(serde_json::Value::as_object);
    let commands = scripts.into_iter().flatten().filter_map(|(name, command)| Some((name, command.as_str()?)));
    let found: Vec<_> = commands
        .filter_map(|(name, command)| {
            let namespace = flag(command, &["--dispatch-namespace"]).filter(|_| command.contains("wrangler"))?;
            Some((name.clone(), namespace, flag(command, &["--env", "-e"])))
        })
        .collect();
    // Scripts for the chosen environment count before those for none.
    let wanted = found.iter().any(|(.., of)| of.as_deref() == environment);
    let counts = |of: &Option<String>| !wanted || of.as_deref() == environment;
    found.into_iter().filter(|(.., of)| counts(of)).map(|(name, namespace, _)| (name, namespace)).collect()
}

/// The value of a flag in a command, unless the shell would fill it in.
fn flag(command: &str, names: &[&str]) -> Option<String> {
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let value = names.iter().find_map(|name| match word.strip_prefix(name)? {
            "" => words.clone().next(),
            rest => rest.strip_prefix('='),
        });
        if let Some(value) = value {
            let value = value.trim_matches(['"', '\'']);
            return (!value.is_empty() && !value.contains('$')).then(|| value.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::flag;

    #[test]
    fn flags_are_found_in_commands_unless_the_shell_fills_them_in() {
        let namespace = |command| flag(command, &["--dispatch-namespace"]);
        assert_eq!(namespace("npx wrangler deploy --dispatch-namespace staging").as_deref(), Some("staging"));
        assert_eq!(namespace("wrangler deploy --dispatch-namespace='a' -e x").as_deref(), Some("a"));
        assert_eq!(namespace("wrangler deploy --dispatch-namespace $NS"), None);
        assert_eq!(namespace("wrangler deploy --dispatch-namespaces x"), None);
        assert_eq!(namespace("wrangler deploy"), None);
        assert_eq!(flag("wrangler deploy -e live", &["--env", "-e"]).as_deref(), Some("live"));
    }
}
