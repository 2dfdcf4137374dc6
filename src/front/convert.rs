//! Between hyper's messages and ours.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request as AxumRequest;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};

use super::lingering::Lingering;
use super::pages::wants_html;
use super::serve::Connection;
use crate::worker::{Body, BodyError, Cancel, Coding, Request, Response};

/// What the front itself reads of a request.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) host: String,
    /// Path and query.
    pub(super) path: String,
    pub(super) wants_html: bool,
}

impl Asked {
    pub(super) fn of(request: &AxumRequest) -> Self {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let wants_html = wants_html(request.headers());
        Self { method: request.method().clone(), host: host_of(request).to_owned(), path, wants_html }
    }

    pub(super) fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    pub(super) fn query(&self) -> &str {
        self.path.split_once('?').map_or("", |(_, query)| query)
    }
}

/// HTTP/2 names the host in the URI, HTTP/1.1 in a header; without either it is this port.
fn host_of(request: &AxumRequest) -> &str {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    authority.or(header).filter(|host| !host.is_empty()).unwrap_or("localhost")
}

/// A placeholder where Cloudflare tells where the client is: the same for every request.
const CF: &str = r#"{"asOrganization":"devflare","asn":395747,"clientAcceptEncoding":"gzip, deflate, br","clientTcpRtt":1,"colo":"DFW","country":"US","city":"Austin","continent":"NA","region":"Texas","regionCode":"TX","latitude":"30.27130","longitude":"-97.74260","postalCode":"78701","metroCode":"635","timezone":"America/Chicago","httpProtocol":"HTTP/1.1","requestPriority":"","tlsCipher":"","tlsVersion":"","tlsClientAuth":{"certPresented":"0","certVerified":"NONE","certRevoked":"0","certIssuerDN":"","certSubjectDN":"","certIssuerDNRFC2253":"","certSubjectDNRFC2253":"","certIssuerDNLegacy":"","certSubjectDNLegacy":"","certSerial":"","certIssuerSerial":"","certSKI":"","certIssuerSKI":"","certFingerprintSHA1":"","certFingerprintSHA256":"","certNotBefore":"","certNotAfter":""},"edgeRequestKeepAliveStatus":0,"isEUCountry":"0","botManagement":{"corporateProxy":false,"verifiedBot":false,"score":99,"jsDetection":{"passed":false},"staticResource":false,"detectionIds":{},"ja3Hash":"","ja4":""}}"#;

/// Headers of one hop that a Worker does not see, or may not set.
const HOP_BY_HOP: [HeaderName; 4] = [CONNECTION, TRANSFER_ENCODING, UPGRADE, HeaderName::from_static("keep-alive")];
const CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// The URL that a request is for, as the Worker sees it; `host` takes the place of the one that was asked for. None if
/// what the client says is no host.
pub(crate) fn url_of(request: &AxumRequest, scheme: &str, host: Option<&str>) -> Option<String> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let host = host.unwrap_or_else(|| host_of(request));
    if host.contains(['/', '?', '#', '@', '\\']) {
        return None;
    }
    // Normalises the host's case and default port, as `request.url` shows it.
    url::Url::parse(&format!("{scheme}://{host}{path}")).ok().map(String::from)
}

/// The request as the Worker sees it.
pub(crate) fn incoming(request: AxumRequest, url: String, connection: &Connection, host: Option<&str>) -> Request {
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    let has_body = !body.is_end_stream();
    headers.remove(TRANSFER_ENCODING);
    headers.insert(CONNECTING_IP, connection.ip_header());
    if let Some(host) = host.and_then(|host| HeaderValue::from_str(host).ok()) {
        headers.insert(HOST, host);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // Who waits to be asked for a body is not asked for one that nobody reads.
    let body = has_body.then(|| {
        let waits = headers.contains_key(EXPECT);
        if waits { Body::stream(body, length) } else { Body::stream(Lingering::new(body), length) }
    });
    let bodiless = parts.method == Method::GET || parts.method == Method::HEAD;
    Request { method: parts.method, url, headers, body: body.filter(|_| !bodiless), cf: Some(cf()) }
}

fn cf() -> std::sync::Arc<str> {
    static SHARED: std::sync::OnceLock<std::sync::Arc<str>> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| CF.into()).clone()
}

pub(crate) fn outgoing(response: Response, method: &Method, cancel: Cancel) -> axum::http::Response<WatchedBody> {
    let mut headers = response.headers;
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    let body = response.body.unwrap_or_else(|| Body::bytes(Bytes::new()));
    let coding = Coding::of(&headers).filter(|_| response.encode_body && body.length() != Some(0));
    let body = match coding {
        Some(coding) => coding.encode(body),
        None => body,
    };
    fix_length(&mut headers, &body, method);
    let mut answer = axum::http::Response::new(WatchedBody { body, cancel: Some(cancel) });
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *answer.status_mut() = status;
    if !response.status_text.is_empty()
        && Some(response.status_text.as_str()) != status.canonical_reason()
        && let Ok(reason) = hyper::ext::ReasonPhrase::try_from(response.status_text.into_bytes())
    {
        answer.extensions_mut().insert(reason);
    }
    *answer.headers_mut() = headers;
    answer
}

/// The body's own length counts, not what the Worker says; a stream of unknown length goes out chunked.
fn fix_length(headers: &mut HeaderMap, body: &Body, method: &Method) {
    if *method == Method::HEAD {
        return;
    }
    headers.remove(CONTENT_LENGTH);
    if let Some(length) = body.length().filter(|length| *length > 0) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        headers.remove(CONTENT_ENCODING);
    }
}

/// A body that tells when its reader leaves before the end.
pub(crate) struct WatchedBody {
    body: Body,
    cancel: Option<Cancel>,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.cancel = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        if let Some(cancel) = self.cancel.take().filter(|_| !self.body.is_end_stream()) {
            cancel.cancel();
        }
    }
}
