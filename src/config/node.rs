//! A configuration file as a tree in which every value knows where it was written.
//!
//! TOML and JSON both become this tree (`read_toml`, `read_json`), so that nothing after them asks which it was. A node
//! makes the [`Problem`]s about itself: it carries its source and its path (`kv_namespaces[0].id`).

use std::ops::Range;

use crate::error::{Place, Problem, Source};

/// One value, its place, and its path from the root.
#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    /// `env.staging.vars.NAME`; empty for the root.
    pub path: String,
    pub source: Source,
    /// Where its key stands; none for the root and for items of arrays.
    pub key_span: Option<Range<usize>>,
    pub span: Range<usize>,
}

#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    /// A TOML date or time, as written.
    Date(String),
    Array(Vec<Node>),
    /// Keys in the order of the file.
    Table(Vec<(String, Node)>),
}

/// A value with the place it was written at.
#[derive(Debug, Clone)]
pub struct Located<T> {
    pub value: T,
    pub place: Place,
}

impl Node {
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The keys and values of a table; none for anything else.
    #[must_use]
    pub fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The items of an array; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A whole number, also when written as `10.0`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the guard leaves only whole numbers far inside i64")]
    pub fn as_integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(value) => Some(value),
            Value::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Some(value as i64),
            _ => None,
        }
    }

    #[must_use]
    pub fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }

    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self.value, Value::Array(_))
    }

    /// The kind of value, with its article: `a string`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Date(_) => "a date",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The same data as JSON. Dates become strings, numbers that JSON cannot say become null.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => Json::from(*value),
            Value::Float(value) => Json::from(*value),
            Value::String(text) | Value::Date(text) => Json::String(text.clone()),
            Value::Array(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Table(entries) => {
                Json::Object(entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect())
            }
        }
    }

    /// An error about this value, its caret under the value.
    pub fn error(&self, what: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem::error(what).at(&self.source, self.span.clone(), label)
    }

    /// A warning about this value, its caret under the value.
    pub fn warning(&self, what: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem::warning(what).at(&self.source, self.span.clone(), label)
    }

    /// "`port` must be a whole number", with what it is instead under the caret.
    #[must_use]
    pub fn must_be(&self, expected: &str) -> Problem {
        self.error(format!("`{}` must be {expected}", self.path), format!("this is {}", self.kind()))
    }

    /// Where its key stands, or itself where it has none.
    #[must_use]
    pub fn key_place(&self, label: impl Into<String>) -> Place {
        let span = self.key_span.clone().unwrap_or_else(|| self.span.clone());
        Place { source: self.source.clone(), span, label: label.into() }
    }

    #[must_use]
    pub fn place(&self, label: impl Into<String>) -> Place {
        Place { source: self.source.clone(), span: self.span.clone(), label: label.into() }
    }
}

impl<T> Located<T> {
    pub fn new(value: T, node: &Node) -> Self {
        Self { value, place: node.place("") }
    }
}

/// The path of a key below `path`: quoted where it is not a plain word.
pub(super) fn path_of_key(path: &str, key: &str) -> String {
    let plain =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || b == b'$');
    let key = if plain { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
