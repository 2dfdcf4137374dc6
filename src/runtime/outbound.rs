//! `fetch()` to the outside: hosts of local Workers first, then the network.
//!
//! HTTP/1.1 and 2 over rustls; gzip and brotli decoded as they stream by. Redirects are left to the asker.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use url::Url;

use super::data_url;
use crate::web::decoded;
use crate::worker::{Body, Call, Failure, Fetch, Outcome, Reply, Request, Response, WorkerId};

/// Headers of one answer.
const MAX_HEADERS: usize = 512;
/// Headers of one connection that a client does not pass on.
const HOP_BY_HOP: [HeaderName; 6] = [
    http::header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    http::header::PROXY_AUTHENTICATE,
    http::header::TE,
    TRANSFER_ENCODING,
    http::header::UPGRADE,
];

/// The network. The client is made at the first fetch: reading the system's certificates takes milliseconds, which
/// most starts need not wait for.
#[derive(Clone)]
pub struct Network {
    client: Arc<LazyLock<HttpClient>>,
    tokio: tokio::runtime::Handle,
}

impl Network {
    #[must_use]
    pub fn new(tokio: tokio::runtime::Handle) -> Self {
        Self { client: Arc::new(LazyLock::new(Self::client)), tokio }
    }

    /// A client with the system's certificates, or Mozilla's where there are none.
    fn client() -> HttpClient {
        let builder = HttpsConnectorBuilder::new();
        let builder = match builder.with_native_roots() {
            Ok(builder) => builder,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        };
        let connector = builder.https_or_http().enable_http1().enable_http2().build();
        Client::builder(TokioExecutor::new()).http1_max_headers(MAX_HEADERS).build(connector)
    }
}

impl Fetch for Network {
    fn fetch(&self, request: Request, call: Call, reply: Reply) {
        if let Some(response) = data_url::answer(&request.url) {
            return reply(Ok(response));
        }
        let client = self.client.clone();
        let task = self.tokio.spawn(async move { reply(ask(&client, request).await) });
        let task = task.abort_handle();
        call.cancel.on_cancel(move || task.abort());
    }
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Body>;

async fn ask(client: &HttpClient, request: Request) -> Outcome {
    let url = Url::parse(&request.url).map_err(|_| Failure::error(format!("Invalid URL: {}", request.url)))?;
    Ok(answer(once(client, &url, request).await?, &url))
}

fn type_error(message: &str) -> Failure {
    Failure::Threw { name: "TypeError".into(), message: message.into(), stack: String::new() }
}

type Received = http::Response<hyper::body::Incoming>;

async fn once(client: &HttpClient, url: &Url, request: Request) -> Result<Received, Failure> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(type_error(&format!("Fetch API cannot load: {url}")));
    }
    let mut sent = http::Request::new(request.body.unwrap_or_else(|| Body::bytes(Bytes::new())));
    *sent.method_mut() = request.method;
    let mut plain = url.clone();
    plain.set_fragment(None);
    *sent.uri_mut() = plain.as_str().parse().map_err(|_| type_error(&format!("Invalid URL: {url}")))?;
    *sent.headers_mut() = request.headers;
    for name in HOP_BY_HOP {
        sent.headers_mut().remove(name);
    }
    sent.headers_mut().remove(HOST);
    if !sent.headers().contains_key(ACCEPT_ENCODING) {
        sent.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
    }
    client.request(sent).await.map_err(|error| {
        let reason = reasons(&error);
        Failure::error(format!("Network connection lost. ({}: {reason})", url.host_str().unwrap_or_default()))
    })
}

/// An error with its causes.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn answer(response: Received, url: &Url) -> Response {
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = decoded(Body::stream(body, length), &headers);
    let has_body = !matches!(parts.status.as_u16(), 101 | 204 | 205 | 304);
    Response {
        status: parts.status.as_u16(),
        status_text: parts.extensions.get::<hyper::ext::ReasonPhrase>().map_or_else(
            || parts.status.canonical_reason().unwrap_or_default().to_owned(),
            |reason| String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        ),
        headers,
        body: has_body.then_some(body),
        url: url.to_string(),
        redirected: false,
        encode_body: true,
    }
}

/// Finds the ordinary Worker, other than the caller, that a URL belongs to.
pub type LocalHosts = Arc<dyn Fn(&WorkerId, &Url) -> Option<Arc<dyn Fetch>> + Send + Sync>;

/// Local Workers by host, then the network.
pub(super) struct LocalFirst {
    pub(super) caller: WorkerId,
    pub(super) hosts: LocalHosts,
    pub(super) network: Arc<dyn Fetch>,
}

impl Fetch for LocalFirst {
    fn fetch(&self, request: Request, call: Call, reply: Reply) {
        let local = Url::parse(&request.url).ok().and_then(|url| (self.hosts)(&self.caller, &url));
        match local {
            Some(worker) => worker.fetch(request, call, reply),
            None => self.network.fetch(request, call, reply),
        }
    }
}
