//! `fetch()` to the outside: the outbound Worker if there is one, else hosts of local Workers first, then the network.
//!
//! HTTP/1.1 and 2 over rustls. Bodies come as they were sent: who reads one decodes it.

use std::sync::{Arc, LazyLock, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::target::Target;
use super::{Runtime, dial, handshake};
use crate::bindings::Outbound;
use crate::worker::{Address, Body, Call, ConnectReply, Failure, Fetch, Outcome, Reply, Request, Response, WorkerId};

/// How long a connection that nobody uses is kept.
const KEPT: Duration = Duration::from_secs(30);
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
    /// Speaks HTTP/1.1 alone, in which handshakes are made.
    for_sockets: Arc<LazyLock<HttpClient>>,
    /// What connections by TCP speak TLS with.
    tls: dial::Tls,
    guarded: Arc<OnceLock<u16>>,
    tokio: tokio::runtime::Handle,
}

impl Network {
    #[must_use]
    pub fn new(tokio: tokio::runtime::Handle) -> Self {
        let client: LazyLock<_> = LazyLock::new(|| Self::client(true));
        let for_sockets: LazyLock<_> = LazyLock::new(|| Self::client(false));
        Self {
            client: Arc::new(client),
            for_sockets: Arc::new(for_sockets),
            tls: dial::tls(),
            guarded: Arc::default(),
            tokio,
        }
    }

    /// Keeps user Workers from connecting with a port of this machine.
    pub fn guard(&self, port: u16) {
        let _the_first_counts = self.guarded.set(port);
    }

    /// The port that is kept from them.
    #[must_use]
    pub fn guarded(&self) -> Option<u16> {
        self.guarded.get().copied()
    }

    /// A client with the system's certificates, or Mozilla's where there are none.
    fn client(http2: bool) -> HttpClient {
        let builder = HttpsConnectorBuilder::new();
        let builder = match builder.with_native_roots() {
            Ok(builder) => builder,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        };
        let builder = builder.https_or_http().enable_http1();
        let connector = if http2 { builder.enable_http2().build() } else { builder.build() };
        Client::builder(TokioExecutor::new())
            .http1_max_headers(MAX_HEADERS)
            // Closer to what a Worker wrote than lower case, which some old servers do not understand.
            .http1_title_case_headers(true)
            .pool_idle_timeout(KEPT)
            .pool_timer(TokioTimer::new())
            .build(connector)
    }
}

impl Fetch for Network {
    fn fetch(&self, request: Request, call: Call, reply: Reply) {
        let client = if handshake::asks(&request.headers) { &self.for_sockets } else { &self.client }.clone();
        let task = self.tokio.spawn(async move { reply(answer(&client, request).await) });
        let task = task.abort_handle();
        call.cancel.on_cancel(move || task.abort());
    }

    fn connect(&self, address: Address, call: Call, reply: ConnectReply) {
        let (tls, guarded) = (self.tls.clone(), self.guarded());
        let task = self.tokio.spawn(async move { reply(dial::dial(address, &tls, guarded).await) });
        let task = task.abort_handle();
        call.cancel.on_cancel(move || task.abort());
    }
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Body>;

async fn answer(client: &HttpClient, request: Request) -> Outcome {
    let url = Url::parse(&request.url).map_err(|_| cannot_load(&request.url))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(cannot_load(&request.url));
    }
    let asks = handshake::asks(&request.headers);
    let mut sent = outgoing(request, &url)?;
    let accept = if asks { Some(handshake::ask(&mut sent)?) } else { None };
    match client.request(sent).await {
        Ok(mut response) => {
            let socket = accept.and_then(|accept| handshake::agreed(&mut response, &accept));
            if response.status() == StatusCode::SWITCHING_PROTOCOLS && socket.is_none() {
                return Err(Failure::error(format!(
                    "{LOST} ({}: a bad answer to a WebSocket's handshake)",
                    authority(&url)
                )));
            }
            Ok(Response { socket, ..incoming(response) })
        }
        Err(error) => Err(Failure::error(format!("{LOST} ({}: {})", authority(&url), cause(&error)))),
    }
}

/// Cloudflare's words for all that goes wrong on the way.
const LOST: &str = "Network connection lost.";

fn cannot_load(url: &str) -> Failure {
    Failure::type_error(format!("Fetch API cannot load: {url}"))
}

fn authority(url: &Url) -> &str {
    &url[url::Position::BeforeHost..url::Position::AfterPort]
}

/// The first cause of an error, in its own words.
fn cause(error: &dyn std::error::Error) -> String {
    let mut first = error;
    while let Some(source) = first.source() {
        first = source;
    }
    let text = first.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The request as it goes over the wire: its host is the URL's.
fn outgoing(request: Request, url: &Url) -> Result<http::Request<Body>, Failure> {
    let mut target = url.clone();
    target.set_fragment(None);
    // These fail for URLs without a host alone, which http and https ones have.
    let _has_host = (target.set_username(""), target.set_password(None));
    let bodiless = request.body.is_none() && !matches!(request.method, Method::GET | Method::HEAD);
    let mut sent = http::Request::new(request.body.unwrap_or_else(|| Body::bytes(Bytes::new())));
    *sent.method_mut() = request.method;
    *sent.uri_mut() = target.as_str().parse().map_err(|_| cannot_load(&request.url))?;
    let mut headers = request.headers;
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove(HOST);
    if bodiless {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip, br"));
    *sent.headers_mut() = headers;
    Ok(sent)
}

fn incoming(response: http::Response<hyper::body::Incoming>) -> Response {
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let reason = parts.extensions.get::<hyper::ext::ReasonPhrase>();
    Response {
        status: parts.status.as_u16(),
        status_text: reason.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()).unwrap_or_default(),
        headers,
        body: Some(Body::stream(body.map_err(|_| LOST), length)),
        encode_body: false,
        socket: None,
    }
}

/// Finds the ordinary Worker, other than the caller, that a URL belongs to.
pub type LocalHosts = Arc<dyn Fn(&WorkerId, &Url) -> Option<Arc<dyn Fetch>> + Send + Sync>;

/// The Worker that a dispatch namespace binding names as `outbound`, whichever is current when it is needed.
pub(super) struct OutboundWorker {
    runtime: Weak<Runtime>,
    worker: Outbound,
    /// Laid over its `env`, as JSON.
    parameters: Option<String>,
}

impl OutboundWorker {
    pub(super) fn shared(runtime: &Weak<Runtime>, worker: Outbound, parameters: Option<String>) -> Arc<dyn Fetch> {
        Arc::new(Self { runtime: runtime.clone(), worker, parameters })
    }

    fn target(&self) -> Result<Target, Failure> {
        let runtime = self.runtime.upgrade().ok_or(Failure::Stopped)?;
        let Outbound { service, environment, .. } = &self.worker;
        let Some(id) = runtime.bound(service, environment.as_deref()) else {
            let what =
                format!("There is no Worker named \"{service}\", the outbound Worker of this dispatch namespace.");
            return Err(Failure::error(what));
        };
        Ok(Target::new(&runtime, id, "default".to_owned()).with_parameters(self.parameters.clone()))
    }
}

impl Fetch for OutboundWorker {
    fn fetch(&self, mut request: Request, call: Call, reply: Reply) {
        call.mark(&mut request.headers);
        match self.target() {
            Ok(target) => target.fetch(request, call, reply),
            Err(failure) => reply(Err(failure)),
        }
    }
}

/// The caller's outbound Worker, or else local Workers by host, then the network.
pub(super) struct LocalFirst {
    pub(super) caller: WorkerId,
    pub(super) hosts: LocalHosts,
    pub(super) network: Arc<dyn Fetch>,
}

impl Fetch for LocalFirst {
    fn fetch(&self, mut request: Request, call: Call, reply: Reply) {
        if let Some(outbound) = call.outbound.clone() {
            return outbound.fetch(request, call, reply);
        }
        let local = Url::parse(&request.url).ok().and_then(|url| (self.hosts)(&self.caller, &url));
        match local {
            Some(worker) => {
                call.mark(&mut request.headers);
                worker.fetch(request, call, reply);
            }
            None => self.network.fetch(request, call, reply),
        }
    }

    /// An outbound Worker refuses: who is behind one has no connections, as on Cloudflare.
    fn connect(&self, address: Address, call: Call, reply: ConnectReply) {
        let address = Address { guest: self.caller.namespace().is_some(), ..address };
        let through = call.outbound.clone().unwrap_or_else(|| self.network.clone());
        through.connect(address, call, reply);
    }
}
