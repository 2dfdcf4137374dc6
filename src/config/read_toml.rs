//! `wrangler.toml` and `devflare.toml` -> the spanned tree.
//!
//! The parser recovers from a mistake and goes on, so one reading tells all of them.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::node::{Node, Value, path_of_key};
use crate::error::{Problem, Problems, Source};

/// After this many mistakes in one file the rest is likely to follow from them.
const MAX_ERRORS: usize = 5;

/// The tree, or every mistake of the syntax.
pub(super) fn read(source: &Source) -> Result<Node, Problems> {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let mut problems = Problems::default();
    let mut errors: Vec<_> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    for error in errors.into_iter().take(MAX_ERRORS) {
        let span = error.span().unwrap_or(0..0);
        problems.push(Problem::error(format!("invalid TOML: {}", error.message())).at(source, span, ""));
    }
    let reader = Reader { source };
    let span = document.span();
    let value = reader.table(document.into_inner(), "", &mut problems);
    if problems.has_errors() {
        return Err(problems);
    }
    Ok(Node { value, path: String::new(), source: source.clone(), key_span: None, span })
}

struct Reader<'a> {
    source: &'a Source,
}

impl Reader<'_> {
    fn table(&self, table: DeTable<'_>, path: &str, problems: &mut Problems) -> Value {
        let mut entries: Vec<_> = table
            .into_iter()
            .map(|(key, value)| {
                let key_span = key.span();
                let key = key.into_inner().into_owned();
                let node = self.node(value, path_of_key(path, &key), Some(key_span), problems);
                (key, node)
            })
            .collect();
        // The parser sorts by name; the order of the file is the order of the keys' places.
        entries.sort_by_key(|(_, node)| node.key_span.as_ref().map_or(0, |span| span.start));
        Value::Table(entries)
    }

    fn node(
        &self,
        value: Spanned<DeValue<'_>>,
        path: String,
        key_span: Option<Range<usize>>,
        problems: &mut Problems,
    ) -> Node {
        let span = value.span();
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(number) => self.integer(&number, &span, problems),
            DeValue::Float(number) => Value::Float(float(&number)),
            DeValue::Boolean(value) => Value::Bool(value),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(items) => Value::Array(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(at, item)| self.node(item, format!("{path}[{at}]"), None, problems))
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table, &path, problems),
        };
        Node { value, path, source: self.source.clone(), key_span, span }
    }

    fn integer(&self, number: &DeInteger<'_>, span: &Range<usize>, problems: &mut Problems) -> Value {
        let digits = number.as_str().replace('_', "");
        if let Ok(value) = i64::from_str_radix(&digits, number.radix()) {
            return Value::Integer(value);
        }
        let problem = Problem::error("invalid TOML: the number does not fit into 64 bits");
        problems.push(problem.at(self.source, span.clone(), ""));
        Value::Null
    }
}

fn float(number: &DeFloat<'_>) -> f64 {
    number.as_str().replace('_', "").parse().unwrap_or(f64::NAN)
}
