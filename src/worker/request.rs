//! A request, a response, and the trait of everything that answers one with the other.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Method};

use super::{Address, Audience, Body, Cancel, ConnectReply, Errand, Failure, ParcelReply, Ray, Socket};

#[derive(Debug)]
pub struct Request {
    pub method: Method,
    /// Absolute.
    pub url: String,
    pub headers: HeaderMap,
    pub body: Option<Body>,
    /// The `cf` object as JSON.
    pub cf: Option<Arc<str>>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Empty: the status' usual text.
    pub status_text: String,
    pub headers: HeaderMap,
    pub body: Option<Body>,
    /// Whether the body still is to be compressed as `Content-Encoding` says; else it already is.
    pub encode_body: bool,
    /// The answer to a WebSocket's handshake: the end that talks to whoever asked.
    pub socket: Option<Socket>,
}

pub type Outcome = Result<Response, Failure>;
/// Called once with the outcome, from any thread.
pub type Reply = Box<dyn FnOnce(Outcome) + Send>;

/// What travels with a request from Worker to Worker.
#[derive(Clone, Default)]
pub struct Call {
    /// Workers that are waiting for this one.
    pub depth: u16,
    pub cancel: Cancel,
    pub trace: Trace,
    /// Of the request from outside that led to it.
    pub ray: Option<Ray>,
    /// Who answers the `fetch()`es to the outside of the Worker that is called, in place of the outside.
    pub outbound: Option<Arc<dyn Fetch>>,
    /// The tail Workers that hear of it.
    pub audience: Option<Arc<Audience>>,
    /// A tail Worker's event, or a call that it makes: no tail Worker hears of these, or they would go on for ever.
    pub tailing: bool,
}

impl Call {
    /// Has the headers of a request that leads to another Worker tell the ray.
    pub fn mark(&self, headers: &mut HeaderMap) {
        if let Some(ray) = self.ray {
            ray.mark(headers);
        }
    }

    /// The call that a Worker makes while it answers this one.
    #[must_use]
    pub fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, cancel: Cancel::default(), ..self.clone() }
    }
}

/// The Workers that one outside request went through, in order of entry.
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Vec<Arc<str>>>>);

impl Trace {
    pub fn enter(&self, worker: &Arc<str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(worker.clone());
    }

    pub fn workers(&self) -> Vec<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers requests: a Worker, a binding's far side, the network.
pub trait Fetch: Send + Sync {
    fn fetch(&self, request: Request, call: Call, reply: Reply);

    /// Calls a method, reads a property or delivers an event.
    fn invoke(&self, errand: Errand, call: Call, reply: ParcelReply) {
        let (_, _) = (errand, call);
        reply(Err(Failure::error("The receiver does not support RPC.")));
    }

    /// Connects by TCP, which only the network does.
    fn connect(&self, address: Address, call: Call, reply: ConnectReply) {
        let (_, _) = (address, call);
        reply(Err(Failure::error("Incoming CONNECT on a worker not supported")));
    }
}

/// What a Worker behind an outbound Worker has given away: whoever calls it, its code stays behind that.
pub struct Fenced {
    pub target: Arc<dyn Fetch>,
    pub outbound: Arc<dyn Fetch>,
}

impl Fetch for Fenced {
    fn fetch(&self, request: Request, call: Call, reply: Reply) {
        self.target.fetch(request, Call { outbound: Some(self.outbound.clone()), ..call }, reply);
    }

    fn invoke(&self, errand: Errand, call: Call, reply: ParcelReply) {
        self.target.invoke(errand, Call { outbound: Some(self.outbound.clone()), ..call }, reply);
    }

    fn connect(&self, address: Address, call: Call, reply: ConnectReply) {
        self.target.connect(address, Call { outbound: Some(self.outbound.clone()), ..call }, reply);
    }
}

impl Response {
    /// A small text answer of the host's own.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain;charset=UTF-8"));
        let body = Some(Body::bytes(text.into()));
        Self { status, status_text: String::new(), headers, body, encode_body: false, socket: None }
    }
}
