//! Sockets of the web, outwards: the handshake of RFC 6455 as a client, then a socket whose other end is the connection.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use crate::worker::wire::{Side, accept_key, carry};
use crate::worker::{Body, Failure, Socket};

/// Whether these are the headers of a request for a WebSocket.
pub(super) fn asks(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes a request one for a WebSocket; what it answers is the key that the server must know.
pub(super) fn ask(request: &mut Request<Body>) -> Result<String, Failure> {
    let mut key = [0_u8; 16];
    getrandom::fill(&mut key).map_err(|_| Failure::error("the system gives no random bytes"))?;
    let key = STANDARD.encode(key);
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_str(&key).expect("base64 is a header value"));
    // Frames are not compressed here, so nobody may think so.
    headers.remove(SEC_WEBSOCKET_EXTENSIONS);
    Ok(accept_key(key.as_bytes()))
}

/// The Worker's end of the connection, if the server agreed.
pub(super) fn agreed(response: &mut http::Response<Incoming>, accept: &str) -> Option<Socket> {
    let known = response.headers().get(SEC_WEBSOCKET_ACCEPT).is_some_and(|value| value.as_bytes() == accept.as_bytes());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS || !known {
        return None;
    }
    let (ours, theirs) = Socket::pair();
    let upgraded = hyper::upgrade::on(response);
    tokio::spawn(async move {
        if let Ok(connection) = upgraded.await {
            carry(TokioIo::new(connection), Side::Client, theirs).await;
        }
    });
    Some(ours)
}
