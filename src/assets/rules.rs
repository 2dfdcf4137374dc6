//! The files `_headers` and `_redirects`.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use regex::Regex;

/// Cloudflare's limits; what is beyond is ignored.
const MAX_HEADER_RULES: usize = 100;
const MAX_STATIC_REDIRECTS: usize = 2_000;
const MAX_DYNAMIC_REDIRECTS: usize = 100;
const MAX_LINE: usize = 2_000;

/// A path or URL with `*` and `:placeholders`.
#[derive(Debug)]
struct Pattern {
    matcher: Regex,
    has_host: bool,
}

/// What a rule of `_headers` does.
#[derive(Debug)]
enum Change {
    /// The value may name the pattern's parts.
    Set(HeaderName, String),
    Unset(HeaderName),
}

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Headers(Vec<(Pattern, Vec<Change>)>);

#[derive(Debug)]
struct Redirect {
    from: Pattern,
    to: String,
    status: u16,
}

/// See the module's text; without placeholders first, each in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Redirects(Vec<Redirect>);

/// Where a rule leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// `Location`, and the status.
    To(String, u16),
    /// Another path's asset answers.
    Inside(String),
}

impl Headers {
    pub(super) fn parse(text: &str) -> Self {
        let mut rules: Vec<(Pattern, Vec<Change>)> = Vec::new();
        // Headers below a line that is no pattern belong to nobody.
        let mut in_rule = false;
        for line in lines(text) {
            if line.starts_with('/') || line.starts_with("https://") || line.starts_with("http://") {
                let pattern = Pattern::new(line).filter(|_| rules.len() < MAX_HEADER_RULES);
                in_rule = pattern.is_some();
                rules.extend(pattern.map(|pattern| (pattern, Vec::new())));
            } else if let (true, Some(change), Some((_, changes))) = (in_rule, change(line), rules.last_mut()) {
                changes.push(change);
            }
        }
        Self(rules)
    }

    /// Applies every rule that matches to an answer's headers.
    pub(super) fn apply(&self, host: &str, path: &str, headers: &mut HeaderMap) {
        let mut set = Vec::new();
        for (pattern, changes) in &self.0 {
            let Some(parts) = pattern.parts(host, path) else { continue };
            for change in changes {
                match change {
                    Change::Unset(name) => drop(headers.remove(name)),
                    Change::Set(name, value) => {
                        let Ok(value) = HeaderValue::from_str(&filled(value, &parts)) else { continue };
                        // What several rules set is joined; what the file itself has is replaced.
                        let before = headers.get(name).filter(|_| set.contains(&name)).map(HeaderValue::as_bytes);
                        let joined = before.map(|before| [before, b", ", value.as_bytes()].concat());
                        let joined = joined.and_then(|joined| HeaderValue::from_bytes(&joined).ok());
                        headers.insert(name, joined.unwrap_or(value));
                        set.push(name);
                    }
                }
            }
        }
    }
}

fn change(line: &str) -> Option<Change> {
    if let Some(name) = line.strip_prefix('!') {
        return name.trim().parse().ok().map(Change::Unset);
    }
    let (name, value) = line.split_once(':')?;
    Some(Change::Set(name.trim().parse().ok()?, value.trim().to_owned()))
}

impl Redirects {
    pub(super) fn parse(text: &str) -> Self {
        let (mut fixed, mut dynamic) = (Vec::new(), Vec::new());
        for line in lines(text) {
            let mut words = line.split_whitespace();
            let (Some(from), Some(to)) = (words.next(), words.next()) else { continue };
            let status = words.next().map_or(Some(302), |status| status.parse().ok());
            let Some(status @ (200 | 301 | 302 | 303 | 307 | 308)) = status else { continue };
            let (Some(pattern), true) = (Pattern::new(from), is_target(to, status)) else { continue };
            let (rules, most) = if from.contains('*') || from.contains("/:") {
                (&mut dynamic, MAX_DYNAMIC_REDIRECTS)
            } else {
                (&mut fixed, MAX_STATIC_REDIRECTS)
            };
            if rules.len() < most {
                rules.push(Redirect { from: pattern, to: to.to_owned(), status });
            }
        }
        fixed.append(&mut dynamic);
        Self(fixed)
    }

    /// Where the first rule that matches leads. `search` is `?...` or empty.
    pub(super) fn find(&self, host: &str, path: &str, search: &str) -> Option<Leads> {
        self.0.iter().find_map(|rule| {
            let to = filled(&rule.to, &rule.from.parts(host, path)?);
            if rule.status == 200 {
                return Some(Leads::Inside(to));
            }
            // To itself: a loop.
            if to == path {
                return None;
            }
            let (start, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
            let search = if start.contains('?') { "" } else { search };
            Some(Leads::To(format!("{start}{search}{fragment}"), rule.status))
        })
    }
}

/// A rewrite stays inside.
fn is_target(to: &str, status: u16) -> bool {
    to.starts_with('/') || (status != 200 && (to.starts_with("https://") || to.starts_with("http://")))
}

impl Pattern {
    fn new(text: &str) -> Option<Self> {
        let has_host = !text.starts_with('/');
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let mut expression = String::from("^");
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            rest = &rest[next.len_utf8()..];
            let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            match next {
                '*' => expression.push_str("(?P<splat>.*)"),
                ':' if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    expression.extend(["(?P<", name, ">[^/]+)"]);
                    rest = &rest[name.len()..];
                }
                _ => expression.push_str(&regex::escape(&next.to_string())),
            }
        }
        expression.push('$');
        // Two splats or a placeholder twice: no rule, as on Cloudflare.
        Some(Self { matcher: Regex::new(&expression).ok()?, has_host })
    }

    /// What its placeholders stand for in a path, if it matches.
    fn parts<'a>(&'a self, host: &str, path: &str) -> Option<HashMap<&'a str, String>> {
        let whole = if self.has_host { format!("{host}{path}") } else { path.to_owned() };
        let found = self.matcher.captures(&whole)?;
        let names = self.matcher.capture_names().flatten();
        Some(names.map(|name| (name, found.name(name).map_or("", |part| part.as_str()).to_owned())).collect())
    }
}

/// A text with `:name` replaced.
fn filled(text: &str, parts: &HashMap<&str, String>) -> String {
    let mut names: Vec<_> = parts.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.into_iter().fold(text.to_owned(), |text, name| text.replace(&format!(":{name}"), &parts[name]))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#') && line.len() <= MAX_LINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_fill_in_what_their_patterns_match() {
        let rules = "# moved\n/old /new\n/u/:name /x/:name 308\n/bl/* /news/:splat 302\n/rw/* /folder/ 200\n\
                     https://a.example/h /there\n/bad /x 999\n/out //x 200\n/loop /loop 301";
        let rules = Redirects::parse(rules);
        let find = |path| rules.find("b.example", path, "?q=1");
        assert_eq!(find("/old"), Some(Leads::To("/new?q=1".into(), 302)));
        assert_eq!(find("/u/bob"), Some(Leads::To("/x/bob?q=1".into(), 308)));
        assert_eq!(find("/bl/a/b"), Some(Leads::To("/news/a/b?q=1".into(), 302)));
        assert_eq!(find("/rw/z"), Some(Leads::Inside("/folder/".into())));
        assert_eq!(rules.find("a.example", "/h", ""), Some(Leads::To("/there".into(), 302)));
        for path in ["/h", "/bad", "/loop", "/u/a/b", "/older"] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn headers_are_set_joined_and_taken_away() {
        let rules =
            "  X-Lost: no rule\n/*\n  X-All: a\n  X-All: b\n  ETag: mine\n/folder/*\n  ! X-All\n  X-Splat: <:splat>\n";
        let rules = Headers::parse(rules);
        let at = |path| {
            let mut headers = HeaderMap::new();
            headers.insert("etag", HeaderValue::from_static("theirs"));
            rules.apply("a.example", path, &mut headers);
            headers
        };
        let text = |headers: &HeaderMap, name: &str| headers.get(name).map(|value| format!("{value:?}"));
        assert_eq!(text(&at("/file"), "x-all").as_deref(), Some("\"a, b\""));
        assert_eq!(text(&at("/file"), "etag").as_deref(), Some("\"mine\""));
        assert_eq!(text(&at("/file"), "x-lost"), None);
        assert_eq!(text(&at("/folder/x/y"), "x-all"), None);
        assert_eq!(text(&at("/folder/x/y"), "x-splat").as_deref(), Some("\"<x/y>\""));
    }
}
