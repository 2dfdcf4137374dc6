//! Static assets: files that answer requests beside a Worker, or in place of one.

mod folder;
mod paths;
mod rules;
mod settings;

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub use folder::Folder;
pub use settings::{HtmlHandling, NotFoundHandling, Settings, WorkerFirst, html_handling, not_found_handling, read};

use crate::store::{Blobs, Piece};
use crate::worker::{Body, Request, Response};
use paths::Meaning;
use rules::{Headers, Leads, Redirects};

/// Where the files are.
pub trait Files: Send + Sync {
    /// The file of a decoded path that begins with `/`.
    fn find(&self, path: &str) -> Option<Asset>;

    /// `_headers` or `_redirects`, as it is now.
    fn text(&self, name: &str) -> Option<String>;
}

/// One file.
pub struct Asset {
    /// Decoded.
    pub path: String,
    pub length: u64,
    /// The same as long as the file is the same; none where its bytes are to tell.
    pub tag: Option<String>,
    /// By its name where nothing else is said.
    pub content_type: Option<String>,
    pub content: Content,
}

/// Where its bytes are.
pub enum Content {
    File(PathBuf),
    Blob(Arc<Blobs>, String),
}

impl Content {
    /// A part of them; of many, never all in memory.
    fn read(&self, part: Range<u64>) -> io::Result<Body> {
        match self {
            Self::File(path) => folder::read(path, part),
            Self::Blob(blobs, id) => {
                blobs.read(vec![Piece { id: id.clone(), offset: part.start, length: part.end - part.start }])
            }
        }
    }
}

/// The assets of one Worker.
pub struct Site {
    settings: Settings,
    files: Arc<dyn Files>,
    has_worker: bool,
    headers: Parsed<Headers>,
    redirects: Parsed<Redirects>,
}

/// Rules, with the text that they were read from.
struct Parsed<T>(Mutex<Option<(String, Arc<T>)>>);

impl<T> Parsed<T> {
    fn of(&self, text: String, parse: fn(&str) -> T) -> Arc<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((same, rules)) if *same == text => rules.clone(),
            _ => {
                let rules = Arc::new(parse(&text));
                *known = Some((text, rules.clone()));
                rules
            }
        }
    }
}

/// No files at all.
struct Nothing;

impl Files for Nothing {
    fn find(&self, _: &str) -> Option<Asset> {
        None
    }

    fn text(&self, _: &str) -> Option<String> {
        None
    }
}

/// As `encodeURIComponent`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=0, must-revalidate");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cf-cache-status");

/// What is asked for.
struct Asked<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    host: String,
    /// As it came.
    path: String,
    decoded: String,
    /// `?...` or empty.
    search: String,
}

enum Found {
    File(Asset, StatusCode),
    Redirect { location: String, status: u16 },
    Nothing,
}

impl Site {
    #[must_use]
    pub fn new(settings: Settings, files: Arc<dyn Files>, has_worker: bool) -> Self {
        let (headers, redirects) = (Parsed(Mutex::default()), Parsed(Mutex::default()));
        Self { settings, files, has_worker, headers, redirects }
    }

    /// Of a Worker that has a binding to files, and none.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Settings::default(), Arc::new(Nothing), true)
    }

    /// The answer to a request that comes for the Worker; none where the Worker is to answer.
    #[must_use]
    pub fn answer_before_worker(&self, request: &Request) -> Option<Response> {
        let asked = Asked::of(request)?;
        if self.has_worker && self.settings.worker_first.is_at(&asked.path) {
            return None;
        }
        let excepted = self.settings.worker_first.is_excepted(&asked.path);
        match self.find(&asked) {
            Found::Nothing if self.has_worker && !excepted && !self.is_page_of_assets(&asked) => None,
            Found::Nothing => Some(self.nothing(&asked)),
            found => Some(self.respond(&asked, found)),
        }
    }

    /// The answer to a request through the binding: never the Worker's.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Response {
        let Some(asked) = Asked::of(request) else { return empty(StatusCode::NOT_FOUND) };
        match self.find(&asked) {
            Found::Nothing => self.nothing(&asked),
            found => self.respond(&asked, found),
        }
    }

    /// A browser opens a page that is not there, and the assets have something to show for it.
    fn is_page_of_assets(&self, asked: &Asked<'_>) -> bool {
        let navigates = asked.headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
        let shows = self.settings.worker_first.is_list() || (navigates && self.settings.pages_before_worker);
        let exists = |file: &str| self.files.find(file).is_some();
        shows && paths::not_found(self.settings.not_found, &asked.decoded, &exists).is_some()
    }

    fn find(&self, asked: &Asked<'_>) -> Found {
        let redirects = self.files.text("_redirects").map(|text| self.redirects.of(text, Redirects::parse));
        match redirects.and_then(|rules| rules.find(&asked.host, &asked.path, &asked.search)) {
            Some(Leads::To(location, status)) => Found::Redirect { location, status },
            Some(Leads::Inside(path)) => match self.by_path(&path, &decoded(&path), &asked.search) {
                Found::Nothing => Found::Redirect { location: String::new(), status: 404 },
                found => found,
            },
            None => self.by_path(&asked.path, &asked.decoded, &asked.search),
        }
    }

    fn by_path(&self, path: &str, decoded: &str, search: &str) -> Found {
        let exists = |file: &str| self.files.find(file).is_some();
        let to = |path: &str| Found::Redirect { location: format!("{}{search}", encoded(path)), status: 307 };
        match paths::meaning(self.settings.html, decoded, &exists) {
            None => Found::Nothing,
            Some(Meaning::Redirect(path)) => to(&path),
            // One spelling of each path.
            Some(Meaning::File(_)) if encoded(decoded) != path => to(decoded),
            Some(Meaning::File(file)) => {
                self.files.find(&file).map_or(Found::Nothing, |file| Found::File(file, StatusCode::OK))
            }
        }
    }

    fn nothing(&self, asked: &Asked<'_>) -> Response {
        let exists = |file: &str| self.files.find(file).is_some();
        let page = paths::not_found(self.settings.not_found, &asked.decoded, &exists);
        let page = page.and_then(|(file, status)| Some((self.files.find(&file)?, StatusCode::from_u16(status).ok()?)));
        match page {
            Some((file, status)) => self.respond(asked, Found::File(file, status)),
            None => self.with_headers(asked, empty(StatusCode::NOT_FOUND)),
        }
    }

    fn respond(&self, asked: &Asked<'_>, found: Found) -> Response {
        let response = match found {
            Found::Redirect { location, status } => redirect(&location, status),
            Found::File(..) if ![Method::GET, Method::HEAD].contains(asked.method) => {
                empty(StatusCode::METHOD_NOT_ALLOWED)
            }
            Found::File(file, status) => file_response(asked, &file, status),
            Found::Nothing => empty(StatusCode::NOT_FOUND),
        };
        self.with_headers(asked, response)
    }

    fn with_headers(&self, asked: &Asked<'_>, mut response: Response) -> Response {
        if let Some(text) = self.files.text("_headers") {
            self.headers.of(text, Headers::parse).apply(&asked.host, &asked.path, &mut response.headers);
        }
        response
    }
}

impl<'a> Asked<'a> {
    fn of(request: &'a Request) -> Option<Self> {
        let url = url::Url::parse(&request.url).ok()?;
        let path = url.path().to_owned();
        Some(Self {
            method: &request.method,
            headers: &request.headers,
            host: url.host_str().unwrap_or_default().to_owned(),
            decoded: decoded(&path),
            path,
            search: url.query().map(|query| format!("?{query}")).unwrap_or_default(),
        })
    }
}

/// Decoded, with runs of slashes as one; a path that is no UTF-8 stays as it came.
fn decoded(path: &str) -> String {
    let plain = percent_decode_str(path).decode_utf8().map_or_else(|_| path.to_owned(), Into::into);
    let mut slash = false;
    plain.chars().filter(|c| !(std::mem::replace(&mut slash, *c == '/') && *c == '/')).collect()
}

fn encoded(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(|part| utf8_percent_encode(part, COMPONENT).to_string()).collect();
    parts.join("/")
}

fn file_response(asked: &Asked<'_>, file: &Asset, status: StatusCode) -> Response {
    let mut headers = HeaderMap::new();
    let by_name = mime_guess::from_path(&file.path).first_raw().map(with_charset);
    let content_type = file
        .content_type
        .clone()
        .or(by_name)
        .filter(|known| !known.is_empty())
        .and_then(|known| HeaderValue::try_from(known).ok());
    headers.extend(content_type.map(|value| (header::CONTENT_TYPE, value)));
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    headers.insert(CACHE_STATUS, HeaderValue::from_static("HIT"));
    let Ok((tag, small)) = tag_of(file) else { return empty(StatusCode::NOT_FOUND) };
    headers.extend(HeaderValue::try_from(&tag).ok().map(|value| (header::ETAG, value)));
    let mut response = Response { headers, ..empty(status) };
    if status == StatusCode::OK && is_known(asked.headers, &tag) {
        response.status = StatusCode::NOT_MODIFIED.as_u16();
        return response;
    }
    let length = small.as_ref().map_or(file.length, |bytes| bytes.len() as u64);
    let whole = 0..length;
    let part = if status == StatusCode::OK { part(asked.headers, &tag, length) } else { Some(whole.clone()) };
    let Some(part) = part else {
        response.status = StatusCode::RANGE_NOT_SATISFIABLE.as_u16();
        response.headers.insert(header::CONTENT_RANGE, number_header(&format!("bytes */{length}")));
        return response;
    };
    if part != whole {
        response.status = StatusCode::PARTIAL_CONTENT.as_u16();
        let range = format!("bytes {}-{}/{}", part.start, part.end - 1, length);
        response.headers.insert(header::CONTENT_RANGE, number_header(&range));
    }
    response.headers.insert(header::CONTENT_LENGTH, number_header(&(part.end - part.start).to_string()));
    if asked.method == Method::HEAD {
        return response;
    }
    let body = match small {
        Some(bytes) => Ok(Body::bytes(bytes.slice(as_index(part.start)..as_index(part.end)))),
        None => file.content.read(part),
    };
    // It may have gone away in between.
    body.map_or_else(|_| empty(StatusCode::NOT_FOUND), |body| Response { body: Some(body), ..response })
}

/// What is read at once; more is streamed.
const SMALL: u64 = 128 * 1024;

/// A file's tag in quotes, and its bytes where they are few. Times of files are too coarse to tell two saves apart, so
/// what is read anyway is known by its content.
fn tag_of(file: &Asset) -> io::Result<(String, Option<Bytes>)> {
    let (tag, bytes) = match (&file.tag, &file.content) {
        (Some(tag), _) => (tag.clone(), None),
        (None, Content::File(path)) if file.length <= SMALL => {
            let bytes = Bytes::from(std::fs::read(path)?);
            (hexadecimal(&Md5::digest(&bytes)), Some(bytes))
        }
        (None, Content::File(path)) => (folder::tag_of(&std::fs::metadata(path)?), None),
        (None, Content::Blob(_, id)) => (id.clone(), None),
    };
    Ok((format!("\"{tag}\""), bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn as_index(count: u64) -> usize {
    usize::try_from(count).expect("it is a place in what is in memory")
}

fn number_header(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits and signs are allowed in headers")
}

fn with_charset(known: &str) -> String {
    if known.starts_with("text/") { format!("{known}; charset=utf-8") } else { known.to_owned() }
}

/// `If-None-Match`, weakly compared.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|sent| sent == "*" || sent.trim_start_matches("W/") == tag)
}

/// The bytes that are asked for: all of them unless one range is; none if that is not within.
fn part(headers: &HeaderMap, tag: &str, length: u64) -> Option<Range<u64>> {
    let whole = 0..length;
    if headers.get(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return Some(whole);
    }
    let ranges = headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    // Several parts would need a multipart answer; the whole is a right answer too, as to what makes no sense.
    let Some((first, last)) =
        ranges.filter(|ranges| !ranges.contains(',')).and_then(|range| range.trim().split_once('-'))
    else {
        return Some(whole);
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return Some(whole),
    };
    (range.start < range.end).then_some(range)
}

fn redirect(location: &str, status: u16) -> Response {
    let mut response = empty(StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND));
    if let Some(value) = HeaderValue::try_from(location).ok().filter(|_| !location.is_empty()) {
        response.headers.insert(header::LOCATION, value);
    }
    response
}

fn empty(status: StatusCode) -> Response {
    let status = status.as_u16();
    Response {
        status,
        status_text: String::new(),
        headers: HeaderMap::new(),
        body: None,
        encode_body: false,
        socket: None,
    }
}
