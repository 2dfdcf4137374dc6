//! Which handler a method and a path belong to.
//!
//! Patterns are paths below `/client/v4`: words, `{name}` for one segment, and as the last one `{*name}` for all the
//! rest. Segments arrive decoded.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;

use super::Control;
use super::ask::Ask;
use super::envelope::Answer;

type Handler = Box<dyn Fn(Arc<Control>, Ask) -> BoxFuture<'static, Answer> + Send + Sync>;

/// One endpoint.
pub(super) struct Route {
    method: Method,
    segments: Vec<Segment>,
    /// False where whoever knows the path may ask.
    pub(super) needs_token: bool,
    pub(super) handler: Handler,
}

enum Segment {
    Word(&'static str),
    One(&'static str),
    Rest(&'static str),
}

/// What the segments of a path stand for.
pub(super) type Params = Vec<(&'static str, String)>;

/// What was found for a path.
pub(super) enum Found<'a> {
    Route(&'a Route, Params),
    /// The path is known, but not with this method.
    OtherMethods(Vec<&'a Method>),
    Nothing,
}

/// An endpoint at a path of its own.
pub(super) fn at<H, F>(method: Method, pattern: &'static str, handler: H) -> Route
where
    H: Fn(Arc<Control>, Ask) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let handler: Handler = Box::new(move |control, ask| handler(control, ask).boxed());
    Route { method, segments: segments(pattern).collect(), needs_token: true, handler }
}

/// An endpoint below `/accounts/{account}`.
pub(super) fn of_account<H, F>(method: Method, pattern: &'static str, handler: H) -> Route
where
    H: Fn(Arc<Control>, Ask) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    below(ACCOUNT, at(method, pattern, handler))
}

/// An endpoint of scripts: of the account's own, and of those in dispatch namespaces.
pub(super) fn of_script<H, F>(method: &Method, pattern: &'static str, handler: H) -> [Route; 2]
where
    H: Fn(Arc<Control>, Ask) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    [SCRIPT, USER_SCRIPT].map(|prefix| below(ACCOUNT, below(prefix, at(method.clone(), pattern, handler))))
}

const ACCOUNT: &str = "/accounts/{account}";
const SCRIPT: &str = "/workers/scripts/{script}";
const USER_SCRIPT: &str = "/workers/dispatch/namespaces/{namespace}/scripts/{script}";

fn below(prefix: &'static str, mut route: Route) -> Route {
    route.segments.splice(0..0, segments(prefix));
    route
}

fn segments(pattern: &'static str) -> impl Iterator<Item = Segment> {
    pattern.split('/').filter(|word| !word.is_empty()).map(|word| {
        let name = word.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        match name {
            None => Segment::Word(word),
            Some(name) => name.strip_prefix('*').map_or(Segment::One(name), Segment::Rest),
        }
    })
}

/// The route for a path, its segments decoded.
pub(super) fn find<'a>(routes: &'a [Route], method: &Method, path: &[String]) -> Found<'a> {
    let mut others = Vec::new();
    for route in routes {
        let Some(params) = route.matches(path) else { continue };
        if route.method == *method {
            return Found::Route(route, params);
        }
        others.push(&route.method);
    }
    if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
}

impl Route {
    /// For paths that nobody guesses.
    pub(super) fn without_token(self) -> Self {
        Self { needs_token: false, ..self }
    }

    fn matches(&self, path: &[String]) -> Option<Params> {
        let mut params = Params::new();
        let mut rest = path.iter();
        for segment in &self.segments {
            match segment {
                Segment::Word(word) => drop(rest.next().filter(|found| found == word)?),
                Segment::One(name) => params.push((name, rest.next().filter(|found| !found.is_empty())?.clone())),
                Segment::Rest(name) => {
                    let all: Vec<_> = rest.by_ref().map(String::as_str).collect();
                    params.push((name, all.join("/")));
                }
            }
        }
        // A slash at the end changes nothing, unless it belongs to a key.
        rest.all(String::is_empty).then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::envelope::Reply;

    fn found(method: &Method, path: &str) -> String {
        let nothing = |_, _| async { Ok(Reply::nothing()) };
        let routes = [
            at(Method::GET, "/user", nothing),
            at(Method::PUT, "/kv/{id}/values/{*key}", nothing),
            of_account(Method::DELETE, "/x/{y}", nothing),
        ];
        let path: Vec<_> = path.split('/').map(str::to_owned).collect();
        match find(&routes, method, &path) {
            Found::Route(_, params) => format!("{params:?}"),
            Found::OtherMethods(methods) => format!("{methods:?}"),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn paths_find_their_routes() {
        assert_eq!(found(&Method::GET, "user"), "[]");
        assert_eq!(found(&Method::POST, "user"), "[GET]");
        assert_eq!(found(&Method::PUT, "kv/1/values/a/b"), r#"[("id", "1"), ("key", "a/b")]"#);
        assert_eq!(found(&Method::DELETE, "accounts/a/x/b"), r#"[("account", "a"), ("y", "b")]"#);
        for path in ["", "users", "user/x", "accounts/a/x", "accounts//x/b", "accounts/a/x/b/c"] {
            assert_eq!(found(&Method::DELETE, path), "nothing", "{path}");
        }
    }
}
