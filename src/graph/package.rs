//! `package.json`: the fields that decide which file an import of the package means.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::kind::matches;
use crate::compile::ImportKind;

use crate::error::{Problem, Source};

/// What wrangler asks of `exports` maps; of its own part `chosen` can take the place.
pub(super) fn conditions(kind: ImportKind, chosen: Option<&[String]>) -> Vec<&str> {
    let own = chosen.map_or_else(|| vec!["workerd", "worker"], |chosen| chosen.iter().map(String::as_str).collect());
    let kind = if kind == ImportKind::Require { "require" } else { "import" };
    own.into_iter().chain(["browser", kind, "default"]).collect()
}

/// What Node.js asks of them where a module is required.
pub(super) const NODE_CONDITIONS: [&str; 3] = ["node", "require", "default"];

#[derive(Debug)]
pub(super) struct Package {
    pub(super) directory: PathBuf,
    pub(super) name: Option<String>,
    pub(super) exports: Option<Value>,
    pub(super) imports: Option<Value>,
    pub(super) browser: Option<String>,
    pub(super) module: Option<String>,
    pub(super) main: Option<String>,
    /// `browser` as a map: what stands in for a file or package.
    pub(super) browser_map: Option<HashMap<String, Substitute>>,
    /// `"type": "module"`.
    pub(super) is_module: bool,
    side_effects: SideEffects,
}

/// Which files do something when they are evaluated, besides making what they export.
#[derive(Debug)]
enum SideEffects {
    Unknown,
    None,
    Only(Vec<String>),
}

/// What a `browser` map puts in the place of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Substitute {
    Path(String),
    /// `false`: a module without anything in it.
    Empty,
}

/// Why an `exports` or `imports` map led nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No key of the map is for this path.
    NotListed,
    /// The map says `null`: the package keeps this path to itself.
    Private,
    /// Nothing for our conditions, only for these.
    NoCondition(Vec<String>),
}

impl Package {
    pub(super) fn parse(file: &Path, bytes: Vec<u8>) -> Result<Self, Problem> {
        let source = crate::compile::read(file, bytes)?;
        let mut value: Value = serde_json::from_str(&source.text).map_err(|error| invalid(&source, &error))?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let (name, browser, module, main) = (text("name"), text("browser"), text("module"), text("main"));
        let browser_map = value.get("browser").and_then(Value::as_object).map(|map| {
            let target = |value: &Value| value.as_str().map_or(Substitute::Empty, |path| Substitute::Path(path.into()));
            let entries = map.iter().filter(|(_, value)| value.is_string() || **value == Value::Bool(false));
            entries.map(|(key, value)| (key.clone(), target(value))).collect()
        });
        let is_module = value.get("type").and_then(Value::as_str) == Some("module");
        let side_effects = SideEffects::of(value.get("sideEffects"));
        let mut map = |key: &str| value.get_mut(key).map(Value::take).filter(|map| !map.is_null());
        Ok(Self {
            directory: file.parent().unwrap_or(file).to_path_buf(),
            name,
            exports: map("exports"),
            imports: map("imports"),
            browser,
            module,
            main,
            browser_map,
            is_module,
            side_effects,
        })
    }

    /// Whether the package says that a file of it need not be evaluated if nothing of it is used.
    pub(super) fn is_free_of_effects(&self, file: &Path) -> bool {
        match &self.side_effects {
            SideEffects::Unknown => false,
            SideEffects::None => true,
            SideEffects::Only(globs) => {
                let Some(path) = file.strip_prefix(&self.directory).ok().and_then(Path::to_str) else { return false };
                !globs.iter().any(|glob| matches(glob, path, true))
            }
        }
    }

    /// The target of `.` or `./sub/path` in `exports`, relative to the package.
    pub(super) fn export(&self, subpath: &str, conditions: &[&str]) -> Result<String, Refusal> {
        let exports = self.exports.as_ref().ok_or(Refusal::NotListed)?;
        let is_map = exports.as_object().is_some_and(|map| map.keys().any(|key| key.starts_with('.')));
        if is_map {
            lookup(exports, subpath, conditions)
        } else if subpath == "." {
            target(exports, None, conditions)
        } else {
            Err(Refusal::NotListed)
        }
    }

    /// The target of `#name` in `imports`: a path relative to the package, or another package.
    pub(super) fn import(&self, specifier: &str, conditions: &[&str]) -> Result<String, Refusal> {
        lookup(self.imports.as_ref().ok_or(Refusal::NotListed)?, specifier, conditions)
    }

    /// The paths that `exports` lists, to name them in an error.
    pub(super) fn listed(&self) -> Vec<&str> {
        let keys = self.exports.as_ref().and_then(Value::as_object).into_iter().flat_map(|map| map.keys());
        keys.map(String::as_str).filter(|key| key.starts_with('.')).collect()
    }
}

impl SideEffects {
    fn of(value: Option<&Value>) -> Self {
        let glob = |pattern: &str| match pattern.strip_prefix("./").unwrap_or(pattern) {
            name if !name.contains('/') && name == pattern => format!("**/{name}"),
            path => path.to_owned(),
        };
        match value {
            Some(Value::Bool(false)) => Self::None,
            Some(Value::Array(files)) => Self::Only(files.iter().filter_map(Value::as_str).map(glob).collect()),
            _ => Self::Unknown,
        }
    }
}

/// An exact key, else the pattern (`./lib/*.js`, or the old `./lib/`) with the longest prefix.
fn lookup(map: &Value, path: &str, conditions: &[&str]) -> Result<String, Refusal> {
    let entries = map.as_object().ok_or(Refusal::NotListed)?;
    if let Some(value) = entries.get(path).filter(|_| !path.contains('*') && !path.ends_with('/')) {
        return target(value, None, conditions);
    }
    let matching = entries.iter().filter_map(|(key, value)| {
        let (prefix, suffix) = match key.split_once('*') {
            Some(split) => split,
            None => (key.strip_suffix('/').map(|_| key.as_str())?, ""),
        };
        let middle = path.strip_prefix(prefix)?.strip_suffix(suffix)?;
        (!middle.is_empty()).then_some((prefix.len(), key.len(), middle, value))
    });
    match matching.max_by_key(|(prefix, key, ..)| (*prefix, *key)) {
        Some((_, _, middle, value)) => target(value, Some(middle), conditions),
        None => Err(Refusal::NotListed),
    }
}

/// The first target that the conditions lead to; of an array, the first that leads anywhere.
fn target(value: &Value, middle: Option<&str>, conditions: &[&str]) -> Result<String, Refusal> {
    match value {
        Value::String(path) => Ok(match middle {
            Some(middle) if path.ends_with('/') => format!("{path}{middle}"),
            Some(middle) => path.replace('*', middle),
            None => path.clone(),
        }),
        Value::Array(choices) => {
            let mut found = choices.iter().map(|choice| target(choice, middle, conditions));
            found.find(Result::is_ok).unwrap_or(Err(Refusal::NoCondition(Vec::new())))
        }
        Value::Object(choices) => {
            for (condition, value) in choices {
                if !conditions.contains(&condition.as_str()) {
                    continue;
                }
                match target(value, middle, conditions) {
                    Err(Refusal::NoCondition(_)) => {}
                    decided => return decided,
                }
            }
            Err(Refusal::NoCondition(choices.keys().cloned().collect()))
        }
        _ => Err(Refusal::Private),
    }
}

fn invalid(source: &Source, error: &serde_json::Error) -> Problem {
    let at = source.offset(error.line(), error.column().max(1));
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or(&message);
    Problem::error("package.json is not valid JSON").at(source, at..(at + 1).min(source.text.len()), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(json: &str) -> Package {
        Package::parse(Path::new("/p/package.json"), json.into()).unwrap()
    }

    #[test]
    fn conditions_are_tried_in_the_order_of_the_package() {
        let package =
            package(r#"{"exports": {".": {"node": "./n.js", "workerd": {"import": "./w.js"}, "default": "./d.js"}}}"#);
        assert_eq!(package.export(".", &conditions(ImportKind::Static, None)), Ok("./w.js".into()));
        assert_eq!(package.export(".", &conditions(ImportKind::Require, None)), Ok("./d.js".into()));
        assert_eq!(package.export("./x", &conditions(ImportKind::Static, None)), Err(Refusal::NotListed));
    }

    #[test]
    fn the_environment_may_choose_other_conditions() {
        let package = package(r#"{"exports": {"workerd": "./w.js", "custom": "./c.js", "default": "./d.js"}}"#);
        let asked = |chosen: &[String]| package.export(".", &conditions(ImportKind::Static, Some(chosen)));
        assert_eq!(asked(&["custom".into()]), Ok("./c.js".into()));
        assert_eq!(asked(&[]), Ok("./d.js".into()));
    }

    #[test]
    fn a_condition_that_leads_nowhere_falls_through_to_the_next() {
        let package = package(r#"{"exports": {"workerd": {"require": "./r.cjs"}, "default": ["./d.js"]}}"#);
        assert_eq!(package.export(".", &conditions(ImportKind::Static, None)), Ok("./d.js".into()));
    }

    #[test]
    fn files_listed_as_having_effects_are_not_free_of_them() {
        let free = |json: &str, file: &str| package(json).is_free_of_effects(&Path::new("/p").join(file));
        assert!(free(r#"{"sideEffects": false}"#, "a.js") && !free("{}", "a.js"));
        let listed = r#"{"sideEffects": ["*.css", "./lib/a.js", "src/**/b.js"]}"#;
        assert!(!free(listed, "x/y.css") && !free(listed, "lib/a.js") && !free(listed, "src/x/b.js"));
        assert!(free(listed, "a.js") && free(listed, "lib/b.js"));
    }

    #[test]
    fn the_pattern_with_the_longest_prefix_wins() {
        let package = package(
            r##"{"exports": {"./*": "./a/*", "./x/*.js": "./b/*.js", "./x/y": null}, "imports": {"#a": "b"}}"##,
        );
        assert_eq!(package.export("./x/q.js", &conditions(ImportKind::Static, None)), Ok("./b/q.js".into()));
        assert_eq!(package.export("./z", &conditions(ImportKind::Static, None)), Ok("./a/z".into()));
        assert_eq!(package.export("./x/y", &conditions(ImportKind::Static, None)), Err(Refusal::Private));
        assert_eq!(package.import("#a", &conditions(ImportKind::Static, None)), Ok("b".into()));
    }
}
