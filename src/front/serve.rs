//! The socket: accepts connections, speaks HTTP/1.1 and 2 on them, with TLS or without, and ends when told.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::HeaderValue;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Sites, Tls, handle};

/// Bytes of request line and headers that a client may send; Cloudflare allows 128 KB of headers.
const MAX_HEAD: usize = 256 * 1024;
/// Time a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after the system refused a connection (it has no descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is on the other end of a connection.
#[derive(Clone)]
pub struct Connection {
    ip: HeaderValue,
    is_secure: bool,
}

impl Connection {
    fn of(address: SocketAddr, is_secure: bool) -> Self {
        let ip = address.ip().to_canonical().to_string();
        Self { ip: HeaderValue::from_str(&ip).expect("an IP address is a header value"), is_secure }
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    pub(super) fn ip_header(&self) -> HeaderValue {
        self.ip.clone()
    }
}

/// A connection on which no HTTP could be spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionProblem {
    /// 400
    Malformed(String),
    /// 431
    HeadTooLarge,
}

/// Binds `port` on the address, on IPv4's loopback and IPv6's for loopback; 0 picks one.
pub async fn bind(ip: IpAddr, port: u16) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind((ip, port)).await?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    if ip == IpAddr::from([127, 0, 0, 1]) {
        // A machine without IPv6 does without.
        listeners.extend(TcpListener::bind((IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), port)).await);
    }
    Ok(listeners)
}

/// Serves until `stop`; connections then get a moment to end.
pub async fn serve(
    (listeners, tls): (Vec<TcpListener>, Option<Tls>),
    sites: Arc<dyn Sites>,
    refused: impl Fn(ConnectionProblem) + Send + Sync + 'static,
    stop: CancellationToken,
) {
    serve_router((listeners, tls), Router::new().fallback(handle).with_state(sites), refused, stop).await;
}

/// Serves whatever a router answers; each request has its [`Connection`] with it.
pub async fn serve_router(
    (listeners, tls): (Vec<TcpListener>, Option<Tls>),
    router: Router,
    refused: impl Fn(ConnectionProblem) + Send + Sync + 'static,
    stop: CancellationToken,
) {
    let refused: Arc<dyn Fn(ConnectionProblem) + Send + Sync> = Arc::new(refused);
    let door = Door { router, tls, refused };
    let loops = listeners.into_iter().map(|listener| accept(listener, door.clone(), stop.clone()));
    futures_util::future::join_all(loops).await;
}

/// What connections meet.
#[derive(Clone)]
struct Door {
    router: Router,
    tls: Option<Tls>,
    refused: Arc<dyn Fn(ConnectionProblem) + Send + Sync>,
}

async fn accept(listener: TcpListener, door: Door, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = welcome(stream, address, door.clone());
                let stop = stop.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn welcome(stream: TcpStream, address: SocketAddr, door: Door) {
    let _small_writes_matter = stream.set_nodelay(true);
    let connection = Connection::of(address, door.tls.is_some());
    let Some(tls) = &door.tls else { return speak(stream, connection, door).await };
    // Who does not trust the certificate leaves; browsers do, and come back.
    if let Ok(stream) = tls.accept(stream).await {
        speak(stream, connection, door).await;
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, connection: Connection, door: Door) {
    let service = door.router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(connection.clone()));
        request.map(axum::body::Body::new)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD);
    let spoken = builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service)).await;
    if let Err(error) = spoken
        && let Some(problem) = problem_of(&*error)
    {
        (door.refused)(problem);
    }
}

/// What is worth a line in the log: not a client that merely left.
fn problem_of(error: &(dyn std::error::Error + 'static)) -> Option<ConnectionProblem> {
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        return Some(ConnectionProblem::HeadTooLarge);
    }
    error.is_parse().then(|| ConnectionProblem::Malformed(error.to_string()))
}
