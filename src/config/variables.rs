//! Variables from outside the configuration: `.dev.vars`, `.env` and their kin, and `--var`.
//!
//! wrangler's rules: `.dev.vars.ENV` replaces `.dev.vars`; only without either are `.env`, `.env.local`, `.env.ENV` and
//! `.env.ENV.local` read, later ones over earlier ones. `secrets.required` picks the names that are wanted.

use std::collections::HashMap;
use std::path::Path;

use super::dotenv::{self, Entry};
use super::find::read_text;
use super::{Options, strings};
use crate::error::{Problem, Problems, Source};

use super::environment::Sections;

/// One variable that no configuration file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A secret; replaces a variable of the configuration, but no other binding.
    File,
    /// `--var`; replaces everything.
    CommandLine,
}

/// The files that are looked for in a project's directory, whether they exist or not.
pub(super) fn file_names(environment: Option<&str>) -> Vec<String> {
    let mut names = dot_env_names(environment);
    names.push(".dev.vars".to_owned());
    names.extend(environment.map(|name| format!(".dev.vars.{name}")));
    names
}

pub(super) fn read(directory: &Path, sections: &Sections, options: &Options, problems: &mut Problems) -> Vec<Variable> {
    let required = sections.get("secrets").and_then(|secrets| secrets.get("required"));
    let required = required.map(|list| strings(list, problems));
    let mut found = from_files(directory, options, required.is_some(), problems);
    if let Some(required) = required {
        let wanted = |name: &str| required.iter().any(|secret| secret.value == name);
        found.retain(|entry| wanted(&entry.name));
        for secret in required.iter().filter(|secret| !found.iter().any(|entry| entry.name == secret.value)) {
            let problem = Problem::warning(format!("the secret `{}` has no value", secret.value))
                .at(&secret.place.source, secret.place.span.clone(), "required here")
                .help("set it in .dev.vars, in .env or in the environment");
            problems.push(problem);
        }
    }
    let from_files = found.into_iter().map(|Entry { name, value }| Variable { name, value, origin: Origin::File });
    let command_line = options.variables.iter().map(|(name, value)| Variable {
        name: name.clone(),
        value: value.clone(),
        origin: Origin::CommandLine,
    });
    from_files.chain(command_line).collect()
}

fn from_files(directory: &Path, options: &Options, with_process: bool, problems: &mut Problems) -> Vec<Entry> {
    let environment = options.environment.as_deref();
    let dev_vars = environment.map(|name| format!(".dev.vars.{name}")).into_iter().chain([".dev.vars".to_owned()]);
    if let Some(file) = dev_vars.map(|name| directory.join(name)).find(|file| file.is_file()) {
        return parsed(&file, problems);
    }
    if options.flag("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV") == Some(false) {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for file in dot_env_names(environment).iter().map(|name| directory.join(name)).filter(|file| file.is_file()) {
        for Entry { name, value } in parsed(&file, problems) {
            dotenv::set(&mut entries, &name, value);
        }
    }
    let with_process = with_process || options.flag("CLOUDFLARE_INCLUDE_PROCESS_ENV") == Some(true);
    let process: HashMap<_, _> =
        if with_process { options.process_env.iter().cloned().collect() } else { HashMap::new() };
    let mut result: Vec<_> =
        process.iter().map(|(name, value)| Entry { name: name.clone(), value: value.clone() }).collect();
    result.sort_by(|a, b| a.name.cmp(&b.name));
    for Entry { name, value } in dotenv::expand(entries, &process) {
        dotenv::set(&mut result, &name, value);
    }
    result
}

fn dot_env_names(environment: Option<&str>) -> Vec<String> {
    let mut names = vec![".env".to_owned(), ".env.local".to_owned()];
    names.extend(environment.into_iter().flat_map(|name| [format!(".env.{name}"), format!(".env.{name}.local")]));
    names
}

fn parsed(file: &Path, problems: &mut Problems) -> Vec<Entry> {
    let source = match read_text(file) {
        Ok(source) => source,
        Err(problem) => {
            problems.push(without_text(problem));
            return Vec::new();
        }
    };
    let parsed = dotenv::parse(&source.text);
    for span in parsed.ignored {
        problems.push(ignored(&source, span));
    }
    parsed.entries
}

fn ignored(source: &Source, span: std::ops::Range<usize>) -> Problem {
    let problem = Problem::warning("this line declares no variable and is ignored").help("write NAME=value");
    without_text(problem.at(source, span, ""))
}

/// These files hold secrets: their lines are named, not shown.
fn without_text(problem: Problem) -> Problem {
    match problem.location() {
        Some(location) => Problem { places: Vec::new(), ..problem }.in_file(location),
        None => problem,
    }
}
