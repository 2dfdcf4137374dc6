//! The text of `.env` and `.dev.vars` -> names and values, as npm's `dotenv` and `dotenv-expand` read them.
//!
//! No crate reads this dialect (quotes without escapes, no errors, values with spaces), and it is the one that wrangler's
//! users write. Lines that `dotenv` skips in silence are reported, with their place.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Expansion of one value stops after this many replacements: `dotenv-expand` would go on for ever.
const MAX_EXPANSIONS: usize = 1_000;

/// One `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
}

/// What a file says, and the lines that say nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// In order; of a name written twice only the last value.
    pub(super) entries: Vec<Entry>,
    pub(super) ignored: Vec<Range<usize>>,
}

pub(super) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| !c.is_whitespace()).map(|skip| at + skip) {
        let end = line_end(text, start);
        if text[start..].starts_with('#') {
            at = end;
        } else if let Some((name, value_at)) = name_of(text, start, end) {
            let (value, next) = value_of(text, value_at);
            set(&mut parsed.entries, name, value);
            at = next;
        } else {
            parsed.ignored.push(start..start + text[start..end].trim_end().len());
            at = end;
        }
    }
    parsed
}

/// Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` by earlier values, `\$` by `$`.
///
/// `known` are the variables of the process, where those take part; they win over the file's.
pub(super) fn expand(entries: Vec<Entry>, known: &HashMap<String, String>) -> Vec<Entry> {
    let mut so_far: HashMap<String, String> = HashMap::new();
    let mut expanded = Vec::with_capacity(entries.len());
    for Entry { name, value } in entries {
        let value = match known.get(&name) {
            Some(outer) if !outer.is_empty() => outer.clone(),
            _ => expand_value(value, known, &so_far),
        };
        let value = value.replace("\\$", "$");
        so_far.insert(name.clone(), value.clone());
        expanded.push(Entry { name, value });
    }
    expanded
}

pub(super) fn set(entries: &mut Vec<Entry>, name: &str, value: String) {
    match entries.iter_mut().find(|entry| entry.name == name) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry { name: name.to_owned(), value }),
    }
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(['\n', '\r']).map_or(text.len(), |length| at + length)
}

/// `export NAME =` or `NAME: `; the name and where the value begins.
fn name_of(text: &str, start: usize, end: usize) -> Option<(&str, usize)> {
    let line = &text[start..end];
    let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(str::trim_start);
    exported.into_iter().chain([line]).find_map(|rest| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let (name, after) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
        let value = after.trim_start().strip_prefix('=');
        let value = value.or_else(|| after.strip_prefix(':').filter(|rest| rest.starts_with([' ', '\t'])))?;
        (!name.is_empty()).then_some((name, end - value.len()))
    })
}

/// The value at `at` and where reading goes on.
fn value_of(text: &str, at: usize) -> (String, usize) {
    let start = at + text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    if let Some(quote) = text[start..].chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))
        && let Some(close) = closing_quote(text, start, quote)
    {
        let inner = text[start + 1..close].replace("\r\n", "\n").replace('\r', "\n");
        let inner = if quote == '"' { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner };
        return (inner, line_end(text, close));
    }
    let end = line_end(text, at);
    let plain = text[at..end].split('#').next().unwrap_or("").trim();
    let value = if plain.starts_with('"') { plain.replace("\\n", "\n").replace("\\r", "\r") } else { plain.to_owned() };
    (value, end)
}

/// The quote that ends the value: followed by nothing but a comment, and not behind a backslash if that can be.
fn closing_quote(text: &str, start: usize, quote: char) -> Option<usize> {
    let mut escaped = Vec::new();
    let mut last = None;
    for (offset, _) in text[start + 1..].match_indices(quote) {
        let at = start + 1 + offset;
        if text[..at].ends_with('\\') {
            escaped.push(at);
        } else {
            last = Some(at);
            break;
        }
    }
    last.into_iter().chain(escaped.into_iter().rev()).find(|close| {
        let rest = text[close + 1..line_end(text, *close)].trim_start();
        rest.is_empty() || rest.starts_with('#')
    })
}

fn expand_value(value: String, known: &HashMap<String, String>, so_far: &HashMap<String, String>) -> String {
    let mut result = value;
    let mut seen = HashSet::new();
    for _ in 0..MAX_EXPANSIONS {
        let Some((range, expression)) = reference(&result) else { break };
        seen.insert(result.clone());
        let (name, operator, other) = operands(&expression);
        let found = known.get(name).or_else(|| so_far.get(name)).filter(|found| !found.is_empty());
        let replacement = match (operator, found) {
            ("+" | ":+", Some(_)) => other.to_owned(),
            ("+" | ":+", None) => String::new(),
            (_, Some(found)) if !seen.contains(found) => found.clone(),
            _ => other.to_owned(),
        };
        result.replace_range(range, &replacement);
        if so_far.get(name) == Some(&result) {
            break;
        }
    }
    result
}

/// The first `$NAME` or `${...}` that no backslash protects: its place and what is inside.
fn reference(text: &str) -> Option<(Range<usize>, String)> {
    text.match_indices('$').filter(|(at, _)| !text[..*at].ends_with('\\')).find_map(|(at, _)| {
        let rest = &text[at + 1..];
        if let Some(braced) = rest.strip_prefix('{')
            && let Some(length) = braced.find(['{', '}']).filter(|length| *length > 0)
            && braced[length..].starts_with('}')
        {
            return Some((at..at + 2 + length + 1, braced[..length].to_owned()));
        }
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let starts_well = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        starts_well.then(|| (at..at + 1 + length, rest[..length].to_owned()))
    })
}

/// `NAME:-default` -> `NAME`, `:-`, `default`.
fn operands(expression: &str) -> (&str, &str, &str) {
    let Some(at) = expression.find(['+', '-']) else { return (expression, "", "") };
    let start = if expression[..at].ends_with(':') { at - 1 } else { at };
    (&expression[..start], &expression[start..=at], &expression[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    fn one(text: &str) -> String {
        pairs(text).pop().expect("one entry").1
    }

    fn expanded(text: &str, known: &[(&str, &str)]) -> String {
        let known = known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        expand(parse(text).entries, &known).pop().expect("one entry").value
    }

    #[test]
    fn plain_values_keep_inner_spaces_and_lose_comments() {
        assert_eq!(one("A=one two  # three"), "one two");
        assert_eq!(one("A=a=b"), "a=b");
        assert_eq!(one("  export A = x "), "x");
        assert_eq!(one("A: x"), "x");
        assert_eq!(one("A="), "");
        assert_eq!(pairs("A=\nB=2"), [("A".into(), String::new()), ("B".into(), "2".into())]);
    }

    #[test]
    fn quotes_protect_and_only_double_quotes_know_newlines() {
        assert_eq!(one("A='x # y'"), "x # y");
        assert_eq!(one("A='x\\ny'"), "x\\ny");
        assert_eq!(one("A=\"x\\ny\" # c"), "x\ny");
        assert_eq!(one("A=`it's \"so\"`"), "it's \"so\"");
        assert_eq!(one("A=\"two\r\nlines\""), "two\nlines");
        assert_eq!(one(r#"A="{\"a\": 1}""#), r#"{\"a\": 1}"#);
        assert_eq!(one("A='unclosed"), "'unclosed");
        assert_eq!(one("A='x' y"), "'x' y");
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        assert_eq!(pairs("A=1\nB=2\nA=3"), [("A".into(), "3".into()), ("B".into(), "2".into())]);
    }

    #[test]
    fn lines_without_a_name_are_reported_with_their_place() {
        let parsed = parse("# fine\nA=1\nnot a variable \n=2\nB=2");
        assert_eq!(parsed.entries.len(), 2);
        assert_eq!(parsed.ignored, [11..25, 27..29]);
    }

    #[test]
    fn references_take_earlier_values_and_defaults() {
        assert_eq!(expanded("A=1\nB=x$A-${A}", &[]), "x1-1");
        assert_eq!(expanded("B=${NO:-d}e", &[]), "de");
        assert_eq!(expanded("B=${NO-d}", &[]), "d");
        assert_eq!(expanded("A=1\nB=${A:+set}", &[]), "set");
        assert_eq!(expanded("B=\\$A", &[("A", "1")]), "$A");
        assert_eq!(expanded("B=$LATER\n", &[]), "");
        assert_eq!(expanded("B=1", &[("B", "outer")]), "outer");
        assert_eq!(expanded("B=5$", &[]), "5$");
    }

    #[test]
    fn a_reference_to_itself_ends() {
        assert!(expanded("B=$A", &[("A", "x$A")]).starts_with('x'));
    }
}
