//! `--live-reload`: open HTML pages load themselves anew when the Workers that made them change.
//!
//! A page gets a script tag at its end. The script opens [`PATH`], an event stream, and says which Workers made the
//! page and how many changes there had been; so a change between the page and its stream is not missed. State, not
//! events, is kept: for each Worker the last change and its failure, if it failed.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use serde_json::json;
use tokio::sync::watch;

use crate::worker::{Body, BodyError, Response};

/// The event stream.
pub const PATH: &str = "/cdn-cgi/devflare/live";
/// The script.
pub const SCRIPT_PATH: &str = "/cdn-cgi/devflare/live.js";

const SCRIPT: &str = include_str!("live.js");

/// A comment that often keeps a quiet stream alive, and finds out when its page is gone.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// What has changed, and who wants to know. Clones share it.
#[derive(Clone)]
pub struct Live {
    state: Arc<Mutex<HashMap<String, Changed>>>,
    count: Arc<watch::Sender<u64>>,
}

/// The last that happened to a Worker.
struct Changed {
    at: u64,
    failure: Option<String>,
}

/// Why a page gets no script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untouched {
    /// It is no complete, plain HTML page.
    NotHtml,
    /// Its Content-Security-Policy would not let the script run.
    Policy,
}

/// A page that is made while others change: what it must know about itself.
#[derive(Debug, Clone, Copy)]
pub struct Since(u64);

impl Default for Live {
    fn default() -> Self {
        Self { state: Arc::default(), count: Arc::new(watch::Sender::new(0)) }
    }
}

impl Live {
    /// To be called when a request arrives, before its Workers run.
    #[must_use]
    pub fn now(&self) -> Since {
        Since(*self.count.borrow())
    }

    /// A Worker's next answer may differ from its last.
    pub fn reloaded(&self, worker: &str) {
        self.note(worker, None);
    }

    /// A Worker's change does not build; `text` says why.
    pub fn failed(&self, worker: &str, text: &str) {
        self.note(worker, Some(text.to_owned()));
    }

    fn note(&self, worker: &str, failure: Option<String>) {
        // Under the lock, so that nobody sees the count before the change.
        let mut state = self.state();
        let at = *self.count.borrow() + 1;
        state.insert(worker.to_owned(), Changed { at, failure });
        self.count.send_replace(at);
    }

    fn state(&self) -> MutexGuard<'_, HashMap<String, Changed>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the script at the end of an HTML page. `workers` is asked when the page has been written: only then is it
    /// known who took part.
    pub fn inject<W>(&self, response: &mut Response, since: Since, workers: W) -> Result<(), Untouched>
    where
        W: FnOnce() -> Vec<Arc<str>> + Send + Unpin + 'static,
    {
        let nonce = check(response)?;
        let Some(body) = response.body.take() else { return Err(Untouched::NotHtml) };
        let tail = move || tag(since, &workers(), nonce.as_deref());
        response.body = Some(Body::stream(Appended { body, tail: Some(tail) }, None));
        // Kept by the browser, the page would come back with its old count, and load itself anew without end.
        for name in [CONTENT_LENGTH, ETAG, LAST_MODIFIED] {
            response.headers.remove(name);
        }
        response.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(())
    }

    /// Answers [`PATH`] and [`SCRIPT_PATH`]; `None` for any other path.
    #[must_use]
    pub fn answer(&self, path: &str, query: &str) -> Option<Response> {
        match path {
            SCRIPT_PATH => Some(answer("text/javascript; charset=utf-8", Body::bytes(SCRIPT))),
            PATH => Some(answer("text/event-stream", self.stream(query))),
            _ => None,
        }
    }

    fn stream(&self, query: &str) -> Body {
        let mut since = 0;
        let mut workers = BTreeSet::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "since" => since = value.parse().unwrap_or(0),
                "workers" => workers = value.split(',').map(str::to_owned).collect(),
                _ => {}
            }
        }
        let (live, mut counts) = (self.clone(), self.count.subscribe());
        let (sender, body) = Body::channel(None, || ());
        tokio::spawn(async move {
            // The first words open the stream, later ones find out whether anybody listens.
            let mut words = ": devflare\n\n".to_owned();
            while sender.send(words.into()).await.is_ok() {
                words = loop {
                    counts.mark_unchanged();
                    if let Some((at, event)) = live.event(since, &workers) {
                        since = at;
                        break event;
                    }
                    if tokio::time::timeout(HEARTBEAT, counts.changed()).await.is_err() {
                        break ": still here\n\n".to_owned();
                    }
                };
            }
        });
        body
    }

    /// The last change after `since` to one of the Workers.
    fn event(&self, since: u64, workers: &BTreeSet<String>) -> Option<(u64, String)> {
        let state = self.state();
        let changed = state.iter().filter(|(worker, changed)| changed.at > since && workers.contains(*worker));
        let (worker, last) = changed.max_by_key(|(_, changed)| changed.at)?;
        let event = match &last.failure {
            None => "event: reload\ndata: {}\n\n".to_owned(),
            Some(text) => format!("event: failed\ndata: {}\n\n", json!({ "worker": worker, "text": text })),
        };
        Some((last.at, event))
    }
}

fn answer(content_type: &'static str, body: Body) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response { headers, body: Some(body), ..Response::text(200, "") }
}

/// The script tag. The workers' names are escaped: they come from configurations.
fn tag(since: Since, workers: &[Arc<str>], nonce: Option<&str>) -> Bytes {
    let names: BTreeSet<&str> = workers.iter().map(AsRef::as_ref).collect();
    let names = super::pages::escape(&names.into_iter().collect::<Vec<_>>().join(","));
    let nonce = nonce.map(|nonce| format!(" nonce=\"{}\"", super::pages::escape(nonce))).unwrap_or_default();
    format!("\n<script src=\"{SCRIPT_PATH}\" data-since=\"{}\" data-workers=\"{names}\"{nonce}></script>\n", since.0)
        .into()
}

/// Whether the script may be put into a page, and the nonce that it needs there.
fn check(response: &Response) -> Result<Option<String>, Untouched> {
    let header = |name| response.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or("");
    let kind = header(CONTENT_TYPE).to_ascii_lowercase();
    let encoded = !matches!(header(CONTENT_ENCODING), "" | "identity");
    let download = header(CONTENT_DISPOSITION).to_ascii_lowercase().starts_with("attachment");
    if !kind.starts_with("text/html") || kind.contains("utf-16") || encoded || download || response.status == 206 {
        return Err(Untouched::NotHtml);
    }
    let mut nonce = None;
    for policy in response.headers.get_all(CONTENT_SECURITY_POLICY) {
        // A list of policies: each of them must agree.
        for policy in policy.to_str().map_err(|_| Untouched::Policy)?.split(',') {
            nonce = allows(policy)?.or(nonce);
        }
    }
    Ok(nonce)
}

/// Whether a policy lets the script load and talk to us, and with which nonce.
fn allows(policy: &str) -> Result<Option<String>, Untouched> {
    let policy = directives(policy);
    let sources = |names: &[&str]| names.iter().find_map(|name| policy.get(*name));
    if policy.contains_key("sandbox") {
        return Err(Untouched::Policy);
    }
    if let Some(sources) = sources(&["connect-src", "default-src"])
        && !sources.iter().any(|source| is_here(source))
    {
        return Err(Untouched::Policy);
    }
    let Some(sources) = sources(&["script-src-elem", "script-src", "default-src"]) else { return Ok(None) };
    let nonce = sources.iter().find_map(|source| source.strip_prefix("'nonce-")?.strip_suffix('\''));
    let strict = sources.contains(&"'strict-dynamic'");
    match nonce {
        Some(nonce) => Ok(Some(nonce.to_owned())),
        None if !strict && sources.iter().any(|source| is_here(source)) => Ok(None),
        None => Err(Untouched::Policy),
    }
}

/// A source that our own paths belong to.
fn is_here(source: &str) -> bool {
    matches!(source.to_ascii_lowercase().as_str(), "'self'" | "*" | "http:" | "https:")
}

/// A policy's directives; the first of a name counts.
fn directives(policy: &str) -> HashMap<String, Vec<&str>> {
    let mut found = HashMap::new();
    for directive in policy.split(';') {
        let mut words = directive.split_ascii_whitespace();
        if let Some(name) = words.next() {
            found.entry(name.to_ascii_lowercase()).or_insert_with(|| words.collect());
        }
    }
    found
}

/// A body with something after its end.
struct Appended<T> {
    body: Body,
    tail: Option<T>,
}

impl<T: FnOnce() -> Bytes + Unpin> http_body::Body for Appended<T> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(None) => Poll::Ready(self.tail.take().map(|tail| Ok(Frame::data(tail())))),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(headers: &[(&str, &str)]) -> Response {
        let mut response = Response::text(200, "<h1>Hello</h1></body></html>");
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            response.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        }
        response
    }

    async fn injected(live: &Live, headers: &[(&str, &str)]) -> Result<String, Untouched> {
        let mut response = page(headers);
        live.inject(&mut response, live.now(), || vec!["b\"<".into(), "a".into(), "a".into()])?;
        assert!(!response.headers.contains_key(ETAG) && !response.headers.contains_key(CONTENT_LENGTH));
        let bytes = response.body.expect("a body").collect_to(10_000).await.expect("read");
        Ok(String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn the_script_comes_after_the_page_and_names_its_workers() {
        let live = Live::default();
        live.reloaded("a");
        let text = injected(&live, &[("content-length", "28"), ("etag", "\"x\"")]).await.expect("injected");
        let tag = "<script src=\"/cdn-cgi/devflare/live.js\" data-since=\"1\" data-workers=\"a,b&quot;&lt;\"></script>";
        assert_eq!(text, format!("<h1>Hello</h1></body></html>\n{tag}\n"));
    }

    #[tokio::test]
    async fn what_is_no_plain_page_is_left_alone() {
        let live = Live::default();
        for (name, value) in [
            ("content-type", "application/json"),
            ("content-type", "text/html; charset=utf-16le"),
            ("content-encoding", "gzip"),
            ("content-disposition", "attachment; filename=a.html"),
        ] {
            assert_eq!(injected(&live, &[(name, value)]).await, Err(Untouched::NotHtml), "{name}: {value}");
        }
    }

    #[tokio::test]
    async fn a_policy_is_kept_or_the_page_left_alone() {
        let live = Live::default();
        for (policy, expected) in [
            ("default-src 'self'", Ok("")),
            ("img-src *", Ok("")),
            ("script-src 'nonce-R4nd0m' 'strict-dynamic'; connect-src 'self'", Ok(" nonce=\"R4nd0m\"")),
            ("default-src *, script-src 'nonce-abc'", Ok(" nonce=\"abc\"")),
            ("default-src 'none'", Err(Untouched::Policy)),
            ("Script-Src 'sha256-xyz'", Err(Untouched::Policy)),
            ("script-src 'self' 'strict-dynamic'", Err(Untouched::Policy)),
            ("script-src 'self'; connect-src https://api.example.com", Err(Untouched::Policy)),
            ("sandbox allow-scripts", Err(Untouched::Policy)),
        ] {
            match (injected(&live, &[("content-security-policy", policy)]).await, expected) {
                (Ok(text), Ok(nonce)) => assert!(text.contains(&format!("{nonce}></script>")), "{policy}: {text}"),
                (found, expected) => assert_eq!(found.map(|_| ""), expected.map(|_| ""), "{policy}"),
            }
        }
    }

    async fn next(body: &mut Body) -> String {
        let chunk = tokio::time::timeout(Duration::from_secs(5), body.chunk()).await.expect("something was said");
        String::from_utf8(chunk.expect("a chunk").expect("no error").to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn a_page_hears_of_its_own_workers_also_of_what_it_missed() {
        let live = Live::default();
        let since = live.now().0;
        live.reloaded("mine");
        let query = format!("since={since}&workers=mine%2Cother");
        let mut stream = live.answer(PATH, &query).expect("the stream").body.expect("a body");
        assert_eq!(next(&mut stream).await, ": devflare\n\n");
        assert_eq!(next(&mut stream).await, "event: reload\ndata: {}\n\n");
        live.reloaded("foreign");
        live.failed("other", "line 1\nline 2");
        let failed = "event: failed\ndata: {\"worker\":\"other\",\"text\":\"line 1\\nline 2\"}\n\n";
        assert_eq!(next(&mut stream).await, failed);
        assert!(live.answer("/cdn-cgi/devflare/other", "").is_none());
        assert!(live.answer(SCRIPT_PATH, "").is_some());
    }
}
