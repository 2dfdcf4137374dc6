//! The Workers port: HTTP in, `worker::Request` on, `worker::Response` back; who answers is decided by host and path.
//!
//! Knows nothing of files and reloads: before each request it asks its [`Sites`], which may take the time to rebuild.

mod convert;
mod encode;
pub mod live;
pub mod pages;
mod serve;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body as AxumBody;
use axum::extract::{ConnectInfo, Request as AxumRequest, State};
use axum::response::Response as AxumResponse;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

pub use serve::{Connection, ConnectionProblem, bind, serve};

use crate::worker::{Call, Cancel, Failure, Fetch, Outcome, Response, Trace, WorkerId};

/// Who answers on this port.
pub trait Sites: Send + Sync + 'static {
    /// The Worker that a host and a path belong to, once everything that was saved before this call is served; `Err`
    /// tells why nobody answers.
    fn find<'a>(&'a self, host: &'a str, path: &'a str) -> BoxFuture<'a, Result<Site, String>>;
    /// A request was answered (or its client left).
    fn answered(&self, done: &Answered<'_>);
    /// What a failed Worker answers a client.
    fn failure_page(&self, worker: &WorkerId, failure: &Failure, wants_html: bool) -> Response;
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
    request: AxumRequest,
) -> AxumResponse {
    let started = Instant::now();
    let asked = convert::Asked::of(&request);
    let call = Call::default();
    let mut log = Log { sites: sites.clone(), asked, started, trace: call.trace.clone(), status: None };
    let found = sites.find(&log.asked.host, &log.asked.path).await;
    let response = match found {
        Ok(site) => {
            let wants_html = log.asked.wants_html;
            let cancel = call.cancel.clone();
            match fetch(&site, request, &connection, call).await {
                Ok(response) => convert::outgoing(response, &log.asked.method, cancel),
                Err(failure) => {
                    convert::outgoing(sites.failure_page(&site.id, &failure, wants_html), &log.asked.method, cancel)
                }
            }
        }
        Err(nobody) => convert::outgoing(Response::text(404, nobody), &log.asked.method, Cancel::default()),
    };
    log.status = Some(response.status().as_u16());
    response.map(AxumBody::new)
}

async fn fetch(site: &Site, request: AxumRequest, connection: &Connection, call: Call) -> Outcome {
    let mut guard = Guard(Some(call.cancel.clone()));
    let (sender, receiver) = oneshot::channel();
    let request = convert::incoming(request, connection);
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
        });
    }
}
