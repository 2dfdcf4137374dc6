//! Sockets of the web on the Workers port: a client's handshake, and the connection that carries the Worker's socket after it.

use axum::body::Body as AxumBody;
use axum::extract::Request as AxumRequest;
use axum::response::Response as AxumResponse;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::worker::Socket;
use crate::worker::wire::{Side, accept_key, carry};

/// A client that asked for a WebSocket.
pub(crate) struct Handshake {
    connection: OnUpgrade,
    accept: HeaderValue,
}

impl Handshake {
    /// What a request asks for, if it does, in HTTP/1.1.
    pub(crate) fn of(request: &mut AxumRequest) -> Option<Self> {
        let asked = request.headers().get(UPGRADE)?.as_bytes().eq_ignore_ascii_case(b"websocket");
        let key = request.headers().get(SEC_WEBSOCKET_KEY).filter(|_| asked)?;
        let accept = HeaderValue::from_str(&accept_key(key.as_bytes())).expect("base64 is a header value");
        let connection = request.extensions_mut().remove::<OnUpgrade>()?;
        Some(Self { connection, accept })
    }

    /// Agrees, and connects the client with the Worker.
    pub(crate) fn agree(self, mut headers: HeaderMap, socket: Socket) -> AxumResponse {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        let connection = self.connection;
        tokio::spawn(async move {
            if let Ok(connection) = connection.await {
                carry(TokioIo::new(connection), Side::Server, socket).await;
            }
        });
        let mut response = AxumResponse::new(AxumBody::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        response
    }
}
