//! A connection by TCP to the outside: bytes both ways, and a way to encrypt them.

use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::Failure;

/// Bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

pub type Stream = Box<dyn Duplex>;

/// A stream after its handshake, or why there is none.
pub type Handshake = Pin<Box<dyn Future<Output = Result<Stream, String>> + Send>>;

/// Speaks TLS on a stream with the host of this name.
pub type Secure = Arc<dyn Fn(Stream, String) -> Handshake + Send + Sync>;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an address; IPv6 in brackets.
    pub host: String,
    pub port: u16,
    /// Whether TLS is spoken from the start.
    pub tls: bool,
    /// A user Worker asks: the port that is guarded on this machine is not for it.
    pub guest: bool,
}

pub struct Connection {
    pub stream: Stream,
    pub secure: Secure,
}

/// Called once, from any thread.
pub type ConnectReply = Box<dyn FnOnce(Result<Connection, Failure>) + Send>;
