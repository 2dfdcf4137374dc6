//! The API's port: HTTP to the control plane and back, a status page at `/`, and a line on the terminal for each call.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body as AxumBody;
use axum::extract::{ConnectInfo, Request as AxumRequest, State};
use axum::response::Response as AxumResponse;
use http::Method;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Access, Caller, Control, Handled, PREFIX, access, status};
use crate::front::{self, Connection, ConnectionProblem};
use crate::term::{Note, RequestLine};
use crate::worker::Cancel;

/// Serves the API until `stop`.
pub async fn serve(
    listeners: Vec<TcpListener>,
    control: Arc<Control>,
    access: Access,
    refused: impl Fn(ConnectionProblem) + Send + Sync + 'static,
    stop: CancellationToken,
) {
    let _served_once = control.access.set(access);
    let router = Router::new().fallback(answer).with_state(control);
    front::serve_router((listeners, None), router, refused, stop).await;
}

async fn answer(
    State(control): State<Arc<Control>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    mut request: AxumRequest,
) -> AxumResponse {
    let handshake = front::Handshake::of(&mut request);
    let started = Instant::now();
    let method = request.method().clone();
    let url = front::url_of(&request, "http", None).unwrap_or_default();
    let host = url::Url::parse(&url).as_ref().map(host_of).unwrap_or_default();
    let request = front::incoming(request, url, &connection, None);
    let path = path_of(&request.url);
    let default = Access::default();
    let door = access::check_door(control.access.get().unwrap_or(&default), &host, &request.headers);
    let mut response = match door {
        Err(refused) => {
            control.logged(&method, &path, Handled { response: refused.response(), refused: Some(refused) }, started)
        }
        Ok(()) if path == "/" => status::page(&control),
        Ok(()) => {
            let handled = control.handle(request, Caller::Owner).await;
            control.logged(&method, &path, handled, started)
        }
    };
    if let (Some(socket), Some(handshake)) = (response.socket.take(), handshake) {
        return handshake.agree(response.headers, socket);
    }
    front::outgoing(response, &method, Cancel::default()).map(AxumBody::new)
}

fn host_of(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Path and query.
pub(super) fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..]).to_owned()
}

impl Control {
    fn logged(&self, method: &Method, path: &str, handled: Handled, started: Instant) -> crate::worker::Response {
        self.log(method, path, &handled, started);
        handled.response
    }

    /// A call's line: without the account, which is always the same, and without a query, which may hold values.
    pub(super) fn log(&self, method: &Method, path: &str, handled: &Handled, started: Instant) {
        let path = path.split('?').next().unwrap_or_default();
        let path = path.strip_prefix(PREFIX).unwrap_or(path);
        let below = path.strip_prefix("/accounts/").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
        let terminal = &self.settings.terminal;
        terminal.tell(RequestLine {
            ray: None,
            method: method.to_string(),
            target: format!("api:{}", below.unwrap_or(path)),
            status: handled.response.status,
            took: started.elapsed(),
            workers: Vec::new(),
        });
        if let Some(refused) = &handled.refused {
            terminal.tell(Note(format!("  {}", refused.summary())));
        }
    }
}
