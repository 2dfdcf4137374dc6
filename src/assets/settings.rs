//! The `assets` section of a configuration.

use std::path::PathBuf;

use crate::config::{Fields, Node, WorkerConfig};
use crate::error::{Problem, Problems};

/// How paths and HTML files match: `html_handling`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HtmlHandling {
    #[default]
    AutoTrailingSlash,
    ForceTrailingSlash,
    DropTrailingSlash,
    None,
}

/// What answers where nothing matches: `not_found_handling`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NotFoundHandling {
    #[default]
    None,
    NotFoundPage,
    SinglePageApplication,
}

/// Where the Worker runs even if a file matches: `run_worker_first`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WorkerFirst {
    Everywhere,
    /// Nowhere, where nothing is said.
    #[default]
    Nowhere,
    /// Patterns with `*`; those that begin with `!` are exceptions.
    At(Vec<String>),
}

/// See the module's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pub html: HtmlHandling,
    pub not_found: NotFoundHandling,
    pub worker_first: WorkerFirst,
    /// Whether a browser that opens a page gets what `not_found` says, not the Worker.
    pub pages_before_worker: bool,
}

/// From this compatibility date on, browsers that open a page are answered without the Worker.
const NAVIGATION_DATE: &str = "2025-04-01";
const NAVIGATION_FLAG: &str = "assets_navigation_prefers_asset_serving";
const NO_NAVIGATION_FLAG: &str = "assets_navigation_has_no_effect";

const HTML: [&str; 4] = ["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"];
const NOT_FOUND: [&str; 3] = ["none", "404-page", "single-page-application"];

/// The directory of a project's assets, absolute, and what is said about them; none where there are none.
pub fn read(config: &WorkerConfig, problems: &mut Problems) -> Option<(PathBuf, Settings)> {
    let mut fields = Fields::of(config.section("assets")?, problems)?;
    let _the_bindings = fields.string("binding");
    let directory = fields.string("directory");
    let html = fields.one_of("html_handling", &HTML);
    let not_found = fields.one_of("not_found_handling", &NOT_FOUND);
    let worker_first = fields.raw("run_worker_first").map(|node| worker_first(node, &mut fields));
    let settings = Settings {
        html: html_handling(html.as_deref()),
        not_found: not_found_handling(not_found.as_deref()),
        worker_first: worker_first.unwrap_or_default(),
        pages_before_worker: pages_before_worker(&config.compatibility_date, &config.compatibility_flags),
    };
    let Some(directory) = directory else {
        let what = "`assets.directory` is missing: where are the files?";
        fields.push(Problem::error(what).in_file(&config.file).help("add directory = \"./public\""));
        return None;
    };
    let path = config.directory.join(&directory.value);
    if !path.is_dir() {
        let what = format!("the directory of `assets` does not exist: {}", path.display());
        let place = &directory.place;
        fields.push(Problem::warning(what).at(&place.source, place.span.clone(), "no such directory, so no files"));
    }
    fields.finish();
    Some((path, settings))
}

/// By the words of a configuration or of an upload; anything else is the default.
pub fn html_handling(word: Option<&str>) -> HtmlHandling {
    match word {
        Some("force-trailing-slash") => HtmlHandling::ForceTrailingSlash,
        Some("drop-trailing-slash") => HtmlHandling::DropTrailingSlash,
        Some("none") => HtmlHandling::None,
        _ => HtmlHandling::AutoTrailingSlash,
    }
}

/// Likewise.
pub fn not_found_handling(word: Option<&str>) -> NotFoundHandling {
    match word {
        Some("404-page") => NotFoundHandling::NotFoundPage,
        Some("single-page-application") => NotFoundHandling::SinglePageApplication,
        _ => NotFoundHandling::None,
    }
}

fn worker_first(node: &Node, fields: &mut Fields<'_>) -> WorkerFirst {
    if let Some(everywhere) = node.as_bool() {
        return if everywhere { WorkerFirst::Everywhere } else { WorkerFirst::Nowhere };
    }
    if !node.is_array() {
        fields.push(node.must_be("true, false or a list of paths"));
        return WorkerFirst::Nowhere;
    }
    let mut patterns = Vec::new();
    for item in node.items() {
        match item.as_str() {
            Some(text) if text.starts_with('/') || text.starts_with("!/") => patterns.push(text.to_owned()),
            _ => fields.push(item.error("a path begins with `/`, an exception with `!/`", "")),
        }
    }
    if !patterns.is_empty() && patterns.iter().all(|pattern| pattern.starts_with('!')) {
        fields.push(node.error("only exceptions: the Worker would never run first", "add a path without `!`"));
    }
    WorkerFirst::At(patterns)
}

fn pages_before_worker(date: &str, flags: &[String]) -> bool {
    let has = |flag| flags.iter().any(|set| set == flag);
    has(NAVIGATION_FLAG) || (date >= NAVIGATION_DATE && !has(NO_NAVIGATION_FLAG))
}

impl Settings {
    /// Those of an upload.
    #[must_use]
    pub fn of_upload(config: &serde_json::Value, date: &str, flags: &[String]) -> Self {
        let word = |key: &str| config.get(key).and_then(serde_json::Value::as_str);
        let first = &config["run_worker_first"];
        let patterns =
            |list: &Vec<serde_json::Value>| list.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect();
        let ahead = first == true || config["serve_directly"] == false;
        Self {
            html: html_handling(word("html_handling")),
            not_found: not_found_handling(word("not_found_handling")),
            worker_first: match first.as_array() {
                Some(list) => WorkerFirst::At(patterns(list)),
                None if ahead => WorkerFirst::Everywhere,
                None => WorkerFirst::Nowhere,
            },
            pages_before_worker: pages_before_worker(date, flags),
        }
    }
}

impl WorkerFirst {
    /// Whether the Worker runs first at this path.
    pub(super) fn is_at(&self, path: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Nowhere => false,
            Self::At(patterns) => !self.is_excepted(path) && patterns.iter().any(|pattern| matches(pattern, path)),
        }
    }

    /// Whether files alone answer at this path.
    pub(super) fn is_excepted(&self, path: &str) -> bool {
        let Self::At(patterns) = self else { return false };
        patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(|pattern| matches(pattern, path))
    }

    /// Then all paths that are not the Worker's are those of files.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::At(_))
    }
}

/// `*` stands for any characters.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == path };
    let Some(path) = path.strip_prefix(start) else { return false };
    rest.is_empty() || path.char_indices().map(|(at, _)| at).chain([path.len()]).any(|at| matches(rest, &path[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_say_where_the_worker_runs_first() {
        let first = WorkerFirst::At(["/api/*", "!/api/docs/*", "/exact"].map(str::to_owned).to_vec());
        for path in ["/api/", "/api/users/1", "/exact"] {
            assert!(first.is_at(path), "{path}");
        }
        for path in ["/", "/api", "/api/docs/", "/api/docs/x", "/exact/"] {
            assert!(!first.is_at(path), "{path}");
        }
        assert!(WorkerFirst::Everywhere.is_at("/"));
        assert!(matches("/*/edit", "/a/b/edit") && !matches("/*/edit", "/edit"));
    }
}
