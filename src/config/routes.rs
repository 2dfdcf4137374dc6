//! `routes` and `route`: which hosts and paths belong to a Worker.

use super::environment::Sections;
use super::fields::Fields;
use super::node::Node;
use crate::error::{Place, Problem, Problems};

/// One route or custom domain.
#[derive(Debug, Clone)]
pub struct Route {
    pub pattern: Pattern,
    /// The Worker is the origin of the whole host, behind all routes.
    pub custom_domain: bool,
    /// `zone_name`, as written; hosts are matched by the pattern alone.
    pub zone_name: Option<String>,
    pub place: Place,
}

/// `*.example.com/shop/*`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// `https` when the pattern says so.
    pub scheme: Option<String>,
    /// Lower case, without a leading `*`.
    pub host: String,
    /// The host is a suffix: the pattern began with `*`.
    pub any_host: bool,
    /// Begins with `/`; without a trailing `*`.
    pub path: String,
    /// The path is a prefix: the pattern ended in `*`.
    pub any_path: bool,
}

/// How precisely a host and a path are meant; the greatest of those that fit answers.
pub type Fit = (bool, usize, bool, usize);

impl Pattern {
    /// A custom domain stands behind all routes.
    pub const BEHIND_ALL: Fit = (false, 0, false, 0);
    /// A Worker's own name stands before them.
    pub const BEFORE_ALL: Fit = (true, usize::MAX, true, usize::MAX);

    /// None when Cloudflare would refuse it: `*` in the middle, a query, an empty host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let (host, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (path, any_path) = path.strip_suffix('*').map_or((path, false), |path| (path, true));
        let (host, any_host) = host.strip_prefix('*').map_or((host, false), |host| (host, true));
        let plain = !host.contains('*') && !path.contains(['*', '?', '#']) && !rest.contains(char::is_whitespace);
        let scheme_known = scheme.as_deref().is_none_or(|scheme| matches!(scheme, "http" | "https"));
        (plain && scheme_known && (any_host || !host.is_empty())).then(|| Self {
            text: text.to_owned(),
            scheme,
            host: host.to_ascii_lowercase(),
            any_host,
            path: path.to_owned(),
            any_path,
        })
    }

    /// Whether a lower-case host (without port) and a path match. The scheme is not asked: locally all is http.
    #[must_use]
    pub fn matches(&self, host: &str, path: &str) -> bool {
        let host_fits = if self.any_host { host.ends_with(&self.host) } else { host == self.host };
        host_fits && if self.any_path { path.starts_with(&self.path) } else { path == self.path }
    }

    /// The greater, the more specific; of the patterns that match, the greatest answers.
    #[must_use]
    pub fn specificity(&self) -> Fit {
        (!self.any_host, self.host.len(), !self.any_path, self.path.len())
    }
}

pub(super) fn read(sections: &Sections, problems: &mut Problems) -> Vec<Route> {
    if let (Some(routes), Some(route)) = (sections.root().get("routes"), sections.root().get("route")) {
        exclusive(routes, route, problems);
    }
    if let (Some(routes), Some(route)) = (sections.own("routes"), sections.own("route")) {
        exclusive(routes, route, problems);
    }
    let list = sections.get("routes").map(Node::items).unwrap_or_default();
    list.iter().chain(sections.get("route")).filter_map(|node| one(node, problems)).collect()
}

fn exclusive(routes: &Node, route: &Node, problems: &mut Problems) {
    let mut problem = Problem::error("both `route` and `routes`: wrangler takes only one of them");
    problem.places.extend([route.key_place(""), routes.key_place("")]);
    problems.push(problem.help("move the `route` into `routes`"));
}

fn one(node: &Node, problems: &mut Problems) -> Option<Route> {
    if let Some(text) = node.as_str() {
        if text.is_empty() {
            problems.push(node.warning(format!("`{}` is empty and does nothing", node.path), "").help("remove it"));
            return None;
        }
        return built(node, text, false, None, problems);
    }
    if !node.is_table() {
        let help = "write \"example.com/*\" or { pattern = \"example.com/*\", zone_name = \"example.com\" }";
        problems.push(node.must_be("a string or a table with a pattern").help(help));
        return None;
    }
    let mut fields = Fields::of(node, problems)?;
    let pattern = fields.required_string("pattern");
    let custom_domain = fields.bool("custom_domain");
    let zone_name = fields.string("zone_name");
    let zone_id = fields.string("zone_id");
    let enabled = fields.bool("enabled").is_some() | fields.bool("previews_enabled").is_some();
    if let (Some(name), Some(_)) = (&zone_name, &zone_id) {
        let problem = Problem::error(format!("`{}` has both `zone_name` and `zone_id`", node.path));
        fields.push(problem.at(&node.source, name.place.span.clone(), "").help("keep one of them"));
    }
    if zone_name.is_none() && zone_id.is_none() && custom_domain.is_none() {
        let what = format!("`{}` needs `zone_name`, `zone_id` or `custom_domain`", node.path);
        fields.push(node.error(what, "").help("or write just the pattern as a string"));
    } else if enabled && custom_domain.is_none() {
        fields.push(node.error(format!("`{}`: `enabled` is for custom domains only", node.path), ""));
    }
    fields.finish();
    let zone_name = zone_name.map(|zone| zone.value);
    built(node, &pattern?.value, custom_domain == Some(true), zone_name, problems)
}

fn built(
    node: &Node,
    text: &str,
    custom_domain: bool,
    zone_name: Option<String>,
    problems: &mut Problems,
) -> Option<Route> {
    if custom_domain && (text.contains('*') || text.contains('/')) {
        let problem = node.error(format!("a custom domain is a host alone, not `{text}`"), "");
        problems.push(problem.help("write it without `*` and path, or make it a route: leave out custom_domain"));
        return None;
    }
    let Some(pattern) = Pattern::parse(text) else {
        let what = format!("Cloudflare accepts no route like `{text}`: it is not served here");
        let help = "`*` may stand only before the host and at the end of the path: `*.example.com/shop/*`";
        problems.push(node.warning(what, "").help(help));
        return None;
    };
    Some(Route { pattern, custom_domain, zone_name, place: node.place("") })
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn matches(pattern: &str, host: &str, path: &str) -> bool {
        Pattern::parse(pattern).expect("a pattern").matches(host, path)
    }

    #[test]
    fn a_leading_star_stands_for_subdomains() {
        assert!(matches("*.example.com/*", "a.b.example.com", "/x"));
        assert!(!matches("*.example.com/*", "example.com", "/x"));
        assert!(matches("*example.com/*", "example.com", "/"));
        assert!(matches("*/*", "anything", "/"));
    }

    #[test]
    fn without_a_trailing_star_the_path_is_exact() {
        assert!(matches("example.com/a", "example.com", "/a"));
        assert!(!matches("example.com/a", "example.com", "/a/b"));
        assert!(matches("example.com/a*", "example.com", "/a/b"));
        assert!(matches("https://Example.com", "example.com", "/"));
        assert!(!matches("example.com", "example.com", "/x"));
    }

    #[test]
    fn stars_elsewhere_and_queries_are_refused() {
        for text in ["a.*.com/*", "a.com/*/b", "a.com/?x", "ftp://a.com/", "/x", ""] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hosts_count_before_paths_when_patterns_are_compared() {
        let order = ["*/*", "*.example.com/*", "*.example.com/a/*", "a.example.com/*", "a.example.com/a/*"];
        let ranks: Vec<_> = order.map(|text| Pattern::parse(text).expect("a pattern").specificity()).into();
        assert!(ranks.is_sorted());
    }
}
