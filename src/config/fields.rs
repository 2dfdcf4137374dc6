//! Reads the fields of one table by hand: each mistake is noted and reading goes on, so that all are told at once.
//!
//! A field that is asked for is a known field: [`Fields::finish`] warns about every other one.

use super::node::{Located, Node};
use crate::error::{Problem, Problems, nearest};

/// The table being read, and what was found wrong in it.
pub struct Fields<'a> {
    node: &'a Node,
    problems: &'a mut Problems,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// None, with an error noted, when the node is no table.
    pub fn of(node: &'a Node, problems: &'a mut Problems) -> Option<Self> {
        if node.is_table() {
            return Some(Self { node, problems, asked: Vec::new() });
        }
        problems.push(node.must_be("a table"));
        None
    }

    /// The field as it is, whatever it is.
    pub fn raw(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        self.node.get(key)
    }

    /// The node these fields are read from.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub fn string(&mut self, key: &'static str) -> Option<Located<String>> {
        let node = self.raw(key)?;
        let text = self.converted(node, Node::as_str, "a string")?;
        Some(Located::new(text.to_owned(), node))
    }

    /// A string that must be there and must say something.
    pub fn required_string(&mut self, key: &'static str) -> Option<Located<String>> {
        if self.node.get(key).is_none() {
            self.asked.push(key);
            let what = format!("`{}` has no `{key}`", self.node.path);
            self.problems.push(self.node.error(what, format!("`{key}` is missing here")));
            return None;
        }
        let text = self.string(key)?;
        if text.value.is_empty() {
            let node = self.node.get(key)?;
            self.problems.push(node.error(format!("`{}` must not be empty", node.path), ""));
            return None;
        }
        Some(text)
    }

    pub fn bool(&mut self, key: &'static str) -> Option<bool> {
        let node = self.raw(key)?;
        self.converted(node, Node::as_bool, "true or false")
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, key: &'static str, bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let node = self.raw(key)?;
        let value = self.converted(node, Node::as_integer, "a whole number")?;
        if bounds.contains(&value) {
            return Some(value);
        }
        let what = format!("`{}` must be between {} and {}", node.path, bounds.start(), bounds.end());
        self.problems.push(node.error(what, ""));
        None
    }

    /// The fields of a table in this one.
    pub fn table(&mut self, key: &'static str) -> Option<Fields<'_>> {
        let node = self.raw(key)?;
        Fields::of(node, self.problems)
    }

    /// A list of strings; empty when absent.
    pub fn strings(&mut self, key: &'static str) -> Vec<Located<String>> {
        self.raw(key).map(|node| strings(node, self.problems)).unwrap_or_default()
    }

    /// One of a few words.
    pub fn one_of(&mut self, key: &'static str, choices: &[&str]) -> Option<String> {
        let text = self.string(key)?;
        if choices.contains(&text.value.as_str()) {
            return Some(text.value);
        }
        let node = self.node.get(key)?;
        let all = choices.iter().map(|choice| format!("{choice:?}")).collect::<Vec<_>>().join(", ");
        let mut problem = node.error(format!("`{}` must be one of {all}", node.path), "");
        if let Some(meant) = nearest(&text.value, choices.iter().copied()) {
            problem = problem.help(format!("did you mean {meant:?}?"));
        }
        self.problems.push(problem);
        None
    }

    /// Every field as a list of strings: for tables whose keys are names.
    #[must_use]
    pub fn into_lists(self) -> Vec<(String, Vec<Located<String>>)> {
        let entries = self.node.entries().iter();
        entries.map(|(key, node)| (key.clone(), strings(node, self.problems))).collect()
    }

    /// Warns about the fields that nobody asked for.
    pub fn finish(self) {
        for (key, node) in self.node.entries() {
            if !self.asked.contains(&key.as_str()) {
                self.problems.push(unknown_key(key, node, self.asked.iter().copied()));
            }
        }
    }

    fn converted<T>(&mut self, node: &'a Node, convert: fn(&'a Node) -> Option<T>, expected: &str) -> Option<T> {
        let value = convert(node);
        if value.is_none() {
            self.problems.push(node.must_be(expected));
        }
        value
    }
}

/// A list of strings, each of the wrong kind noted.
pub fn strings(node: &Node, problems: &mut Problems) -> Vec<Located<String>> {
    if !node.is_array() {
        problems.push(node.must_be("a list of strings"));
        return Vec::new();
    }
    let mut texts = Vec::new();
    for item in node.items() {
        match item.as_str() {
            Some(text) => texts.push(Located::new(text.to_owned(), item)),
            None => problems.push(item.must_be("a string")),
        }
    }
    texts
}

/// The warning about a key that nobody knows.
pub(super) fn unknown_key<'k>(key: &str, node: &Node, known: impl IntoIterator<Item = &'k str>) -> Problem {
    let mut problem = Problem::warning(format!("unknown key `{}`", node.path));
    problem.places.push(node.key_place(""));
    match nearest(key, known) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    }
}
