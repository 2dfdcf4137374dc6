//! `wrangler.toml`, `wrangler.json` or `wrangler.jsonc` -> one spanned tree -> [`WorkerConfig`].
//!
//! Reads files, starts nothing. Must not know which bindings exist: their keys stay raw in the tree, for
//! [`WorkerConfig::section`]. Checked by hand, so that several mistakes are told at once, each with its place.

mod date;
mod dotenv;
mod environment;
mod fields;
mod find;
mod keys;
mod node;
mod read_json;
mod read_toml;
mod routes;
pub mod saved;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
mod variables;
mod worker_config;

use std::fs;
use std::path::Path;

pub use fields::{Fields, strings};
pub use find::{FILE_NAMES, is_project, missing_directory, names_in, read};
pub use node::{Located, Node, Value};
pub use routes::{Fit, Pattern, Route};
pub use settings::{BuildCommand, Dev, Limits, Modules, Rule};
pub use variables::{Origin, Variable};
pub use worker_config::WorkerConfig;

use crate::error::{Problems, Source};

/// What the command line and the surroundings add to every project's own configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--env`, or else `CLOUDFLARE_ENV`.
    pub environment: Option<String>,
    /// `--var NAME:VALUE`.
    pub variables: Vec<(String, String)>,
    /// `--define NAME:EXPRESSION`.
    pub defines: Vec<(String, String)>,
    /// `--alias SPECIFIER:OTHER`.
    pub aliases: Vec<(String, String)>,
    /// `--compatibility-date`.
    pub compatibility_date: Option<String>,
    /// `YYYY-MM-DD`, from the clock.
    pub today: String,
    /// The variables of the process.
    pub process_env: Vec<(String, String)>,
}

impl Options {
    /// A variable of the process that says true or false.
    fn flag(&self, name: &str) -> Option<bool> {
        self.variable(name)?.to_lowercase().parse().ok()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.process_env.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }
}

/// Loads the project in a directory, or with a given configuration file.
///
/// The second half holds everything noted on the way; the configuration is there exactly when no error is among it.
#[must_use]
pub fn load(project: &Path, options: &Options) -> (Option<WorkerConfig>, Problems) {
    let mut problems = Problems::default();
    let config = load_noting(project, options, &mut problems);
    problems.sort_by_place();
    (config, problems)
}

fn load_noting(project: &Path, options: &Options, problems: &mut Problems) -> Option<WorkerConfig> {
    let file = find::file_of(project, problems)?;
    let root = match read(&file) {
        Ok(root) => root,
        Err(found) => {
            problems.extend(found);
            return None;
        }
    };
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A directory that was just read from exists; a race leaves the path as it was given.
    let directory = fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned());
    let options = Options { environment: options.environment.clone().filter(|_| !is_built(&root)), ..options.clone() };
    worker_config::build(file, directory, root, &options, problems)
}

/// Whether a build tool has written it: then the environment was chosen when it was built.
fn is_built(root: &node::Node) -> bool {
    root.get("userConfigPath").is_some() || root.get("configPath").is_some() || root.get("topLevelName").is_some()
}

/// Reads a JSON object that is no file: what else may be in a configuration's tree.
///
/// # Errors
/// It is no JSON, or no object, or names a key twice.
pub fn read_value(source: &Source) -> Result<Node, Problems> {
    read_json::read(source)
}

/// The names in a project's directory whose appearance, change or end can change its configuration.
#[must_use]
pub fn watched_names(options: &Options) -> Vec<String> {
    let mut names: Vec<_> = FILE_NAMES.iter().map(|&name| name.to_owned()).collect();
    names.push(find::REDIRECT.to_owned());
    names.extend(variables::file_names(options.environment.as_deref()));
    names
}
