//! The Workers port: HTTP in, `worker::Request` on, `worker::Response` back; who answers is decided by host and path.
//!
//! Knows nothing of files and reloads: before each request it asks its [`Sites`], which may take the time to rebuild.

mod convert;
mod events;
mod lingering;
pub mod live;
pub mod pages;
mod serve;
mod tls;
mod upgrade;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body as AxumBody;
use axum::extract::{ConnectInfo, Request as AxumRequest, State};
use axum::response::Response as AxumResponse;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

pub(crate) use convert::{incoming, outgoing, url_of};
pub use serve::{Connection, ConnectionProblem, bind, serve, serve_router};
pub use tls::{Pem, Tls};
pub(crate) use upgrade::Handshake;

use crate::worker::{Call, Cancel, Failure, Fetch, Outcome, Ray, Request, Response, Trace, WorkerId};
use live::Live;

/// Who answers on this port.
pub trait Sites: Send + Sync + 'static {
    /// The Worker that a host and a path belong to, once everything that was saved before this call is served.
    fn find<'a>(&'a self, host: &'a str, path: &'a str) -> BoxFuture<'a, Option<Site>>;
    /// A request was answered (or its client left).
    fn answered(&self, done: &Answered<'_>);
    /// What a failed Worker answers a client.
    fn failure_page(&self, worker: &WorkerId, failure: &Failure, wants_html: bool) -> Response;
    /// What is answered where no Worker answers.
    fn nobody_page(&self, host: &str, wants_html: bool) -> Response;
    /// Refreshes open pages, if that is wanted.
    fn live(&self) -> Option<&Live>;
    /// The host that Workers see, if not the one that was asked for.
    fn host(&self) -> Option<String>;
}

/// One Worker on this port.
pub struct Site {
    pub id: WorkerId,
    pub worker: Arc<dyn Fetch>,
}

/// A finished request, for the log.
pub struct Answered<'a> {
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    /// None when the client left first.
    pub status: Option<u16>,
    pub millis: f64,
    pub trace: &'a Trace,
    pub ray: Ray,
}

/// The client on the other end; cancels what runs for it when it is gone.
struct Guard(Option<Cancel>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(cancel) = self.0.take() {
            cancel.cancel();
        }
    }
}

async fn handle(
    State(sites): State<Arc<dyn Sites>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    mut request: AxumRequest,
) -> AxumResponse {
    let handshake = Handshake::of(&mut request);
    let asked = convert::Asked::of(&request);
    if let Some(answer) = sites.live().and_then(|live| live.answer(asked.path_alone(), asked.query())) {
        return convert::outgoing(answer, &asked.method, Cancel::default()).map(AxumBody::new);
    }
    let ray = Ray::next();
    let call = Call { ray: Some(ray), ..Call::default() };
    let cancel = call.cancel.clone();
    let (sites, trace) = (sites.clone(), call.trace.clone());
    let mut log = Log { sites: sites.clone(), asked, started: Instant::now(), trace, ray, status: None };
    let since = sites.live().map(Live::now);
    let mut response = answer(&*sites, request, &connection, (&log.asked, call)).await;
    ray.mark(&mut response.headers);
    if let Some(socket) = response.socket.take() {
        log.status = Some(response.status);
        return match handshake {
            Some(handshake) => handshake.agree(response.headers, socket),
            None => convert::outgoing(no_handshake(), &log.asked.method, cancel).map(AxumBody::new),
        };
    }
    if let (Some(live), Some(since), true) = (sites.live(), since, log.asked.wants_html) {
        let trace = log.trace.clone();
        let _pages_without_the_script_stay_as_they_are = live.inject(&mut response, since, move || trace.workers());
    }
    log.status = Some(response.status);
    convert::outgoing(response, &log.asked.method, cancel).map(AxumBody::new)
}

fn no_handshake() -> Response {
    Response::text(426, "426: this WebSocket needs a handshake in HTTP/1.1, with a key.\n")
}

async fn answer(
    sites: &dyn Sites,
    request: AxumRequest,
    connection: &Connection,
    (asked, call): (&convert::Asked, Call),
) -> Response {
    let seen_host = sites.host();
    let Some(url) = convert::url_of(&request, connection.scheme(), seen_host.as_deref()) else {
        return Response::text(400, format!("400: a request needs a host, and \"{}\" is none.\n", asked.host));
    };
    let Some(site) = sites.find(&asked.host, &asked.path).await else {
        return sites.nobody_page(&asked.host, asked.wants_html);
    };
    if events::is_one(asked.path_alone()) {
        return events::answer(&site, &url, request, call).await;
    }
    let mut request = convert::incoming(request, url, connection, seen_host.as_deref());
    call.mark(&mut request.headers);
    let outcome = fetch(&site, request, call).await;
    outcome.unwrap_or_else(|failure| sites.failure_page(&site.id, &failure, asked.wants_html))
}

async fn fetch(site: &Site, request: Request, call: Call) -> Outcome {
    let mut guard = Guard(Some(call.cancel.clone()));
    let (sender, receiver) = oneshot::channel();
    site.worker.fetch(request, call, Box::new(move |outcome| drop(sender.send(outcome))));
    let outcome = receiver.await.unwrap_or(Err(Failure::Stopped));
    guard.0 = None;
    outcome
}

/// Tells the log when the request is over, also when its client leaves before the answer.
struct Log {
    sites: Arc<dyn Sites>,
    asked: convert::Asked,
    started: Instant,
    trace: Trace,
    ray: Ray,
    status: Option<u16>,
}

impl Drop for Log {
    fn drop(&mut self) {
        self.sites.answered(&Answered {
            method: self.asked.method.as_str(),
            host: &self.asked.host,
            path: &self.asked.path,
            status: self.status,
            millis: self.started.elapsed().as_secs_f64() * 1000.0,
            trace: &self.trace,
            ray: self.ray,
        });
    }
}
