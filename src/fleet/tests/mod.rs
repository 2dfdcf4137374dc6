//! Fleets, each in a directory of its own.

mod hosts;
mod projects;
mod reload;
mod roles;
mod workspace;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Fleet, Loaded, Options, load};
use crate::config;
use crate::config::tests::render;
use crate::error::Problems;

/// A working directory with projects in it, and a command line.
struct Desk {
    root: TempDir,
    options: Options,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory for the test");
        let config = config::Options { today: "2026-01-15".into(), ..config::Options::default() };
        let options = Options { directory: root.path().to_owned(), config, ..Options::default() };
        Self { root, options }
    }

    /// A project called after the last part of its directory, with this in its configuration as well.
    fn project(self, directory: &str, more: &str) -> Self {
        let name = directory.rsplit('/').next().unwrap_or(directory);
        self.named(directory, name, more)
    }

    fn named(self, directory: &str, name: &str, more: &str) -> Self {
        let text = format!("name = {name:?}\nmain = \"index.js\"\ncompatibility_date = \"2025-01-01\"\n{more}");
        self.file(&format!("{directory}/wrangler.toml"), &text)
    }

    /// A project that dispatches to a namespace.
    fn dispatcher(self, directory: &str, namespace: &str) -> Self {
        self.project(directory, &dispatches(namespace))
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("inside the desk")).expect("a writable directory");
        fs::write(path, text).expect("a writable directory");
        self
    }

    fn remove(self, directory: &str) -> Self {
        fs::remove_dir_all(self.root.path().join(directory)).expect("it is there");
        self
    }

    fn args(mut self, arguments: &[&str]) -> Self {
        self.options.projects = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self
    }

    fn fleet(&self) -> Fleet {
        match load(&self.options) {
            Ok(loaded) => loaded.fleet,
            Err(problems) => panic!("{}", self.render(&problems)),
        }
    }

    /// What is said, whether it loads or not.
    fn told(&self) -> String {
        match load(&self.options) {
            Ok(loaded) => self.render(&loaded.problems),
            Err(problems) => self.render(&problems),
        }
    }

    /// Each Worker with its role and its rule.
    fn roles(&self) -> Vec<String> {
        roles(&self.fleet())
    }

    fn reload(&self, fleet: &Fleet) -> Loaded {
        fleet.reload(&self.options, &|_| true)
    }

    fn render(&self, problems: &Problems) -> String {
        let text: String = problems.0.iter().map(render).collect();
        text.replace(&format!("{}/", self.root.path().display()), "")
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        let path = self.root.path().join(path);
        path.components().collect::<std::path::PathBuf>()
    }
}

fn dispatches(namespace: &str) -> String {
    format!("dispatch_namespaces = [{{ binding = \"D\", namespace = {namespace:?} }}]\n")
}

fn roles(fleet: &Fleet) -> Vec<String> {
    let line = |id: Option<String>, rule: Option<String>| {
        format!("{} ({})", id.unwrap_or_else(|| "nobody".into()), rule.unwrap_or_else(|| "no rule".into()))
    };
    let members = fleet.members.iter();
    members
        .map(|one| line(one.id.as_ref().map(ToString::to_string), one.rule.as_ref().map(ToString::to_string)))
        .collect()
}

fn ids(fleet: &Fleet) -> Vec<String> {
    fleet.members.iter().filter_map(|member| Some(member.id.as_ref()?.to_string())).collect()
}

fn exists(path: &Path) -> bool {
    path.exists()
}
