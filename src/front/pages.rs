//! What a client gets when no Worker could answer: a page for browsers, text for everything else.
//!
//! Pure: a [`Page`] is filled in and rendered. Nothing in it is loaded from anywhere; everything in it is escaped.

use std::fmt::Write as _;
use std::path::Path;

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};

use crate::error::{Problem, Problems, Severity};
use crate::term::{Frame, Line as _, Style, plain};
use crate::worker::{Body, Failure, Response, WorkerId};

const STYLE: &str = include_str!("pages.css");

/// Frames shown; a runaway recursion has thousands.
const MAX_FRAMES: usize = 30;

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    /// `Uncaught exception`.
    pub kind: &'static str,
    /// The Worker that it happened in.
    pub worker: Option<String>,
    pub headline: String,
    /// With their source frames; of a build that failed, or one with the place of an exception.
    pub problems: Problems,
    /// Of the exception, one frame a line.
    pub stack: String,
    /// Text that was rendered already, where there are no problems to render.
    pub detail: String,
    pub help: Option<String>,
}

impl Page {
    fn new(status: u16, kind: &'static str, headline: impl Into<String>) -> Self {
        let headline = headline.into();
        Self {
            status,
            kind,
            worker: None,
            headline,
            problems: Problems::default(),
            stack: String::new(),
            detail: String::new(),
            help: None,
        }
    }

    /// A Worker's failure. `problems` has its place in the source, if that is known, or why it does not build.
    #[must_use]
    pub fn of_failure(worker: &WorkerId, failure: &Failure, problems: Problems) -> Self {
        let mut page = Self::kind_of(failure);
        page.worker = Some(worker.to_string());
        page.problems = problems;
        let first = page.told().next().map(|problem| problem.what.clone());
        if let (Failure::Broken { .. }, Some(what)) = (failure, first) {
            page.headline = what;
        }
        page
    }

    fn kind_of(failure: &Failure) -> Self {
        let message = failure.to_string();
        match failure {
            // The statuses are Cloudflare's, for its errors 1101 and 1102.
            Failure::CpuLimit { used, limit } => {
                let (used, limit) = (used.as_millis(), limit.as_millis());
                let help = format!(
                    "It used {used} ms of CPU time, the limit is {limit} ms. `limits.cpu_ms` in its configuration or \
                     `cpuMs` in the dispatcher sets the limit; --cpu-factor multiplies it."
                );
                Self { help: Some(help), ..Self::new(503, "CPU limit", message) }
            }
            Failure::MemoryLimit { limit } => {
                let help = format!("Its isolate may use {} MB, as on Cloudflare.", limit >> 20);
                Self { help: Some(help), ..Self::new(503, "Memory limit", message) }
            }
            Failure::Hung => {
                let help = "Nothing is pending: no timer, no fetch, no other request. The promise that the handler \
                            returned can never settle.";
                Self { help: Some(help.to_owned()), ..Self::new(500, "Hung request", message) }
            }
            Failure::Stopped => Self::new(503, "Restarted", message),
            Failure::Threw { name, message, stack } => {
                let headline = if name.is_empty() { message.clone() } else { format!("{name}: {message}") };
                Self { stack: stack.clone(), ..Self::new(500, "Uncaught exception", headline) }
            }
            Failure::NotFound => Self::new(404, "No such Worker", message),
            Failure::Broken { summary, detail } => {
                Self { detail: detail.clone(), ..Self::new(500, "Build failed", summary) }
            }
            Failure::Cancelled => Self::new(499, "Client gone", message),
        }
    }

    /// No Worker answers at this host.
    #[must_use]
    pub fn no_worker(host: &str, known: &[String]) -> Self {
        let help = match known {
            [] => {
                "Start devflare with an ordinary Worker: user Workers are reached through a dispatcher only.".to_owned()
            }
            known => format!("These answer:\n{}", known.join("\n")),
        };
        Self { help: Some(help), ..Self::new(404, "No Worker", format!("No Worker answers at {host}")) }
    }

    /// The Worker is on its way.
    #[must_use]
    pub fn starting(worker: &WorkerId) -> Self {
        let page = Self::new(503, "Starting", "The Worker is starting. Try again in a moment.");
        Self { worker: Some(worker.to_string()), ..page }
    }

    /// The page in the form that the client asked for; paths below `base` are shown relative to it.
    #[must_use]
    pub fn response(&self, html: bool, base: &Path) -> Response {
        let style = &Style::plain(base);
        let mut headers = HeaderMap::new();
        let (kind, text) = if html {
            // Nothing is to be loaded, whatever a Worker's message says; the live-reload script may be put in.
            let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'";
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            ("text/html; charset=utf-8", self.html(style))
        } else {
            ("text/plain; charset=utf-8", self.text(style))
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == 503 {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Response { headers, body: Some(Body::bytes(text)), ..Response::text(self.status, "") }
    }

    /// As a terminal would show it, without colours.
    fn text(&self, style: &Style) -> String {
        let who = self.worker.as_ref().map(|worker| format!(" in {worker}")).unwrap_or_default();
        let mut out = plain(&format!("{}{who}: {}\n", self.kind, self.headline));
        for problem in self.told() {
            out.push('\n');
            if self.headline.ends_with(&problem.what) {
                for place in &problem.places {
                    Frame::of(place).pretty(style, Severity::Error, &mut out);
                }
                if let Some(help) = &problem.help {
                    writeln!(out, "   help: {}", plain(help)).expect(STRING);
                }
            } else {
                problem.pretty(style, &mut out);
                out.truncate(out.trim_end().len());
                out.push('\n');
            }
        }
        if let Some(detail) = self.detail() {
            write!(out, "\n{}\n", plain(detail.trim_end())).expect(STRING);
        }
        for frame in self.frames() {
            writeln!(out, "    {}", plain(frame)).expect(STRING);
        }
        if let Some(help) = &self.help {
            write!(out, "\n{}\n", plain(help)).expect(STRING);
        }
        out
    }

    fn html(&self, style: &Style) -> String {
        let mut main = String::new();
        let who = self.worker.as_ref().map(|worker| format!(" in <b>{}</b>", escape(worker))).unwrap_or_default();
        write!(main, "<p class=kind>{}{who}</p>\n<h1>{}</h1>\n", self.kind, escape(&self.headline)).expect(STRING);
        for problem in self.told() {
            html_problem(problem, !self.headline.ends_with(&problem.what), style, &mut main);
        }
        if let Some(detail) = self.detail() {
            writeln!(main, "<figure><pre><span>{}</span></pre></figure>", escape(detail.trim_end())).expect(STRING);
        }
        let frames: Vec<_> = self.frames().map(|frame| format!("<li><code>{}</code></li>\n", escape(frame))).collect();
        if !frames.is_empty() {
            write!(main, "<ul class=stack>\n{}</ul>\n", frames.concat()).expect(STRING);
        }
        if let Some(help) = &self.help {
            writeln!(main, "<p class=help>{}</p>", escape(help)).expect(STRING);
        }
        let title = escape(&format!("{}: {}", self.kind, self.headline));
        format!(
            "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
             <meta name=viewport content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
             <main>\n{main}<footer>devflare · the next save is live at once</footer>\n</main>\n"
        )
    }

    /// Errors; warnings would only be in the way here.
    fn told(&self) -> impl Iterator<Item = &Problem> {
        self.problems.0.iter().filter(|problem| problem.severity == Severity::Error)
    }

    fn detail(&self) -> Option<&str> {
        Some(self.detail.as_str()).filter(|detail| !detail.is_empty() && self.told().next().is_none())
    }

    fn frames(&self) -> impl Iterator<Item = &str> {
        self.stack.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_FRAMES)
    }
}

/// Why a `write!` to a string cannot fail.
const STRING: &str = "a string takes everything";

/// Whether a client would rather have a page than text: it names HTML in its `Accept`, as browsers do.
#[must_use]
pub fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

fn html_problem(problem: &Problem, titled: bool, style: &Style, out: &mut String) {
    if titled {
        writeln!(out, "<h2>{}</h2>", escape(&problem.what)).expect(STRING);
    }
    for place in &problem.places {
        html_frame(&Frame::of(place), style, out);
    }
    if let Some(file) = problem.file.as_ref().filter(|_| problem.places.is_empty()) {
        writeln!(out, "<p class=place>{}</p>", escape(&style.path(file))).expect(STRING);
    }
    if let Some(help) = &problem.help {
        writeln!(out, "<p class=help>{}</p>", escape(help)).expect(STRING);
    }
}

fn html_frame(frame: &Frame, style: &Style, out: &mut String) {
    let path = escape(&style.path(&frame.path));
    write!(out, "<figure><figcaption class=place><b>{path}</b>:{}:{}</figcaption><pre>", frame.line, frame.column)
        .expect(STRING);
    let digits = frame.rows.last().map_or(1, |row| row.number.to_string().len());
    let last = frame.rows.iter().rposition(|row| row.mark.is_some());
    for (index, row) in frame.rows.iter().enumerate() {
        let number = format!("<i>{:digits$}</i>", row.number);
        let Some(mark) = &row.mark else {
            write!(out, "<span>{number}{}</span>", escape(&row.text)).expect(STRING);
            continue;
        };
        let (before, rest) = row.text.split_at(mark.bytes.start);
        let (marked, after) = rest.split_at(mark.bytes.len());
        let marked = if marked.is_empty() { " " } else { marked };
        let (before, marked, after) = (escape(before), escape(marked), escape(after));
        write!(out, "<span class=hit>{number}{before}<mark>{marked}</mark>{after}</span>").expect(STRING);
        if last == Some(index) && !frame.label.is_empty() {
            let indent = " ".repeat(mark.columns.start);
            write!(out, "<span><i>{:digits$}</i>{indent}<em>{}</em></span>", "", escape(&frame.label)).expect(STRING);
        }
    }
    out.push_str("</pre></figure>\n");
}

/// Text as HTML, in elements and in quoted attributes; control characters are shown as escapes.
#[must_use]
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in plain(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Source;

    fn shown(page: &Page) -> String {
        let body = |html| {
            let response = page.response(html, Path::new("/home/me"));
            let body = response.body.expect("a body").as_bytes().expect("in memory").clone();
            (response.status, String::from_utf8(body.to_vec()).expect("UTF-8"))
        };
        let ((status, text), (_, html)) = (body(false), body(true));
        let html = html.replace(STYLE, "");
        format!("{status}\n{text}\n--- as HTML ---\n{html}")
    }

    fn customer() -> WorkerId {
        WorkerId::user("staging", "customer-worker-1")
    }

    fn source() -> Source {
        let text = "export default {\n\tasync fetch(request, env) {\n\t\treturn env.<b>.y;\n\t},\n};\n";
        Source::new("/home/me/customer/src/index.js", text)
    }

    #[test]
    fn a_failed_build_shows_its_places() {
        let start = source().text.find("<b>").expect("the place is there");
        let problem = Problem::error("Unexpected token `<`").at(&source(), start..start + 3, "expected a <name>");
        let mut problems = Problems::from(problem.help("Write `env.b`."));
        problems.push(Problem::warning("Not an error."));
        problems.push(Problem::error("No such file.").in_file("/home/me/customer/src/b.js"));
        let failure = Failure::Broken { summary: "customer-worker-1 does not build.".into(), detail: "unused".into() };
        insta::assert_snapshot!(shown(&Page::of_failure(&customer(), &failure, problems)));
    }

    #[test]
    fn an_exception_shows_its_place_and_stack() {
        let stack = "    at fetch (customer/src/index.js:3:14)\n    at <anonymous> (customer/src/index.js:1:1)\n";
        let failure = Failure::Threw {
            name: "TypeError".into(),
            message: "<script>alert(1)</script> & \x1b[31mred".into(),
            stack: stack.into(),
        };
        let headline = "TypeError: <script>alert(1)</script> & \x1b[31mred";
        let problems = Problem::error(headline).at(&source(), 49..50, "").into();
        insta::assert_snapshot!(shown(&Page::of_failure(&customer(), &failure, problems)));
    }

    #[test]
    fn limits_say_what_sets_them() {
        let (used, limit) = (Duration::from_millis(501), Duration::from_millis(500));
        let failures = [
            Failure::CpuLimit { used, limit },
            Failure::MemoryLimit { limit: 128 << 20 },
            Failure::Hung,
            Failure::Stopped,
            Failure::Broken { summary: "It does not start.".into(), detail: "already\n  rendered".into() },
        ];
        let pages = failures.map(|failure| shown(&Page::of_failure(&customer(), &failure, Problems::default())));
        insta::assert_snapshot!(pages.join("\n======\n"));
    }

    #[test]
    fn nobody_and_not_yet() {
        let known = ["http://localhost:8787".to_owned(), "http://shop.localhost:8787".to_owned()];
        let pages = [
            Page::no_worker("evil\".example.com", &known),
            Page::no_worker("localhost:8787", &[]),
            Page::starting(&customer()),
        ];
        insta::assert_snapshot!(pages.map(|page| shown(&page)).join("\n======\n"));
    }

    #[test]
    fn browsers_get_pages_and_other_clients_text() {
        let wants = |accept: &str| {
            let value = HeaderValue::from_str(accept).expect("a header value");
            wants_html(&HeaderMap::from_iter([(ACCEPT, value)]))
        };
        assert!(wants("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!wants("*/*"));
        assert!(!wants("application/json, text/plain"));
        assert!(!wants_html(&HeaderMap::new()));
    }
}
