//! The top level and `[env.NAME]`, by wrangler's rules of inheritance.

use super::fields::{strings, unknown_key};
use super::keys::{self, Scope, Shape};
use super::node::{Node, Value};
use crate::error::{Problem, Problems, nearest};

/// A configuration seen from one environment.
#[derive(Debug, Clone)]
pub(super) struct Sections {
    root: Node,
    /// The name of the chosen environment; it exists in `root`.
    environment: Option<String>,
}

impl Sections {
    /// Chooses the environment and checks keys and shapes, noting what is wrong.
    ///
    /// A project that declares no environments at all has one that serves for every name: with several projects on one
    /// command line, `--env` is meant for those that know it.
    pub(super) fn choose(root: Node, wanted: Option<&str>, problems: &mut Problems) -> Self {
        check_keys(&root, Level::Top, problems);
        let declared = root.get("env").filter(|env| env.is_table());
        let environment = match (wanted, declared) {
            (Some(name), Some(env)) if !env.entries().is_empty() => match env.get(name) {
                Some(section) if section.is_table() => {
                    check_keys(section, Level::Environment, problems);
                    warn_of_missing(&root, section, name, problems);
                    Some(name.to_owned())
                }
                Some(section) => {
                    problems.push(section.must_be("a table"));
                    None
                }
                None => {
                    problems.push(no_environment(name, env));
                    None
                }
            },
            _ => None,
        };
        Self { root, environment }
    }

    pub(super) fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// The names under `env`.
    pub(super) fn declared(&self) -> impl Iterator<Item = &str> {
        self.root.get("env").into_iter().flat_map(Node::entries).map(|(name, _)| name.as_str())
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// What the environment itself says, without inheritance.
    pub(super) fn own(&self, key: &str) -> Option<&Node> {
        self.section()?.get(key)
    }

    /// The value of a key that is in force.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Some(section) = self.section() else { return self.root.get(key) };
        match keys::find(key) {
            Some((Scope::Inherited, _)) => section.get(key).or_else(|| self.root.get(key)),
            Some((Scope::TopLevel, _)) => self.root.get(key),
            Some((Scope::OwnOnly, _)) | None => section.get(key),
        }
    }

    fn section(&self) -> Option<&Node> {
        self.root.get("env")?.get(self.environment.as_deref()?)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Top,
    Environment,
}

fn check_keys(table: &Node, level: Level, problems: &mut Problems) {
    for (key, node) in table.entries() {
        match keys::find(key) {
            None if key == "node_compat" => problems.push(
                Problem::error("`node_compat` was removed in wrangler 4")
                    .at(&node.source, node.key_place("").span, "")
                    .help("use compatibility_flags = [\"nodejs_compat\"]"),
            ),
            None => problems.push(unknown_key(key, node, keys::names())),
            Some((Scope::TopLevel, _)) if level == Level::Environment => {
                let mut problem = Problem::warning(format!("`{key}` has no effect inside an environment"));
                problem.places.push(node.key_place(""));
                problems.push(problem.help(format!("move `{key}` to the top level")));
            }
            Some((_, shape)) => check_shape(node, shape, problems),
        }
    }
}

fn check_shape(node: &Node, shape: Shape, problems: &mut Problems) {
    let expected = match (shape, &node.value) {
        (Shape::Strings, _) => {
            strings(node, problems);
            return;
        }
        (Shape::Any, _)
        | (Shape::Bool, Value::Bool(_))
        | (Shape::String, Value::String(_))
        | (Shape::List, Value::Array(_))
        | (Shape::Table, Value::Table(_)) => return,
        (Shape::Bool, _) => "true or false",
        (Shape::String, _) => "a string",
        (Shape::List, _) => "a list",
        (Shape::Table, _) => "a table",
    };
    problems.push(node.must_be(expected));
}

fn no_environment(name: &str, env: &Node) -> Problem {
    let names: Vec<_> = env.entries().iter().map(|(name, _)| name.as_str()).collect();
    let mut problem = Problem::error(format!("there is no environment `{name}` in this configuration"));
    problem.places.push(env.entries().first().map_or_else(|| env.key_place(""), |(_, first)| first.key_place("")));
    match nearest(name, names.iter().copied()) {
        Some(near) => problem.help(format!("did you mean --env {near}?")),
        None => problem.help(format!("it has: {}", names.join(", "))),
    }
}

/// Bindings and variables are not inherited: says so where an environment seems to rely on it.
fn warn_of_missing(root: &Node, section: &Node, name: &str, problems: &mut Problems) {
    for key in keys::own_only() {
        let Some(top) = root.get(key) else { continue };
        match section.get(key) {
            None => problems.push(not_inherited(top, section, key, name)),
            Some(own) if key == "vars" || key == "define" => {
                for (variable, node) in top.entries().iter().filter(|(variable, _)| own.get(variable).is_none()) {
                    problems.push(not_inherited(node, own, &format!("{key}.{variable}"), name));
                }
            }
            Some(_) => {}
        }
    }
}

fn not_inherited(top: &Node, section: &Node, key: &str, name: &str) -> Problem {
    let mut problem = Problem::warning(format!("`{key}` is not inherited: `env.{name}` has none"));
    problem.places.push(section.key_place("missing here"));
    problem.places.push(top.key_place("top level"));
    problem.help(format!("repeat `{key}` under `env.{name}`, or leave it if it should be absent there"))
}
