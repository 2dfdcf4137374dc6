//! `wrangler.json` and `wrangler.jsonc` -> the spanned tree: JSON with comments and trailing commas, in both, as wrangler.

use std::ops::Range;

use jsonc_parser::ast::{Object, ObjectProp, ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::node::{Node, Value, path_of_key};
use crate::error::{Problem, Problems, Source};

/// The tree, or the first mistake of the syntax, or every duplicate key.
pub(super) fn read(source: &Source) -> Result<Node, Problems> {
    let parsed = parse_to_ast(&source.text, &CollectOptions::default(), &dialect());
    let value = parsed.map_err(|error| {
        let range = error.range();
        let what = format!("invalid JSON: {}", lower_first(&error.kind().to_string()));
        Problems::from(Problem::error(what).at(source, range.start..range.end, ""))
    })?;
    let mut reader = Reader { source, problems: Problems::default() };
    let root = match value.value {
        Some(value) => reader.node(&value, String::new(), None),
        // wrangler reads an empty file as an empty table.
        None => Node {
            value: Value::Table(Vec::new()),
            path: String::new(),
            source: source.clone(),
            key_span: None,
            span: 0..0,
        },
    };
    if !root.is_table() {
        let problem = root.error("the configuration must be a JSON object", format!("this is {}", root.kind()));
        reader.problems.push(problem);
    }
    if reader.problems.has_errors() { Err(reader.problems) } else { Ok(root) }
}

/// What wrangler's own parser accepts.
fn dialect() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

struct Reader<'a> {
    source: &'a Source,
    problems: Problems,
}

impl Reader<'_> {
    fn node(&mut self, value: &Ast<'_>, path: String, key_span: Option<Range<usize>>) -> Node {
        let range = value.range();
        let value = match value {
            Ast::NullKeyword(_) => Value::Null,
            Ast::BooleanLit(literal) => Value::Bool(literal.value),
            Ast::NumberLit(literal) => number(literal.value),
            Ast::StringLit(literal) => Value::String(literal.value.to_string()),
            Ast::Array(array) => {
                let items = array.elements.iter().enumerate();
                Value::Array(items.map(|(at, item)| self.node(item, format!("{path}[{at}]"), None)).collect())
            }
            Ast::Object(object) => self.table(object, &path),
        };
        Node { value, path, source: self.source.clone(), key_span, span: range.start..range.end }
    }

    fn table(&mut self, object: &Object<'_>, path: &str) -> Value {
        let mut entries: Vec<(String, Node)> = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            let (key, key_span) = key_of(property);
            let node = self.node(&property.value, path_of_key(path, &key), Some(key_span.clone()));
            if let Some((_, first)) = entries.iter().find(|(name, _)| *name == key) {
                let first = first.key_span.clone().unwrap_or_default();
                let problem = Problem::error(format!("`{}` is written twice", node.path))
                    .at(self.source, key_span, "again here")
                    .at(self.source, first, "first here")
                    .help("remove one of the two");
                self.problems.push(problem);
                continue;
            }
            entries.push((key, node));
        }
        Value::Table(entries)
    }
}

fn key_of(property: &ObjectProp<'_>) -> (String, Range<usize>) {
    let range = property.name.range();
    let key = match &property.name {
        ObjectPropName::String(literal) => literal.value.to_string(),
        ObjectPropName::Word(word) => word.value.to_owned(),
    };
    (key, range.start..range.end)
}

fn number(text: &str) -> Value {
    if let Ok(value) = text.parse() { Value::Integer(value) } else { Value::Float(text.parse().unwrap_or(f64::NAN)) }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
