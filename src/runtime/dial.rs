//! Connections by TCP, and TLS on them by rustls with the roots that `fetch()` has.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hyper_rustls::ConfigBuilderExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::worker::{Address, Connection, Failure, Secure, Stream};

/// Time to find a host, to connect with it and to agree on keys.
const PATIENCE: Duration = Duration::from_secs(30);

/// Made at the first use: reading the system's certificates takes milliseconds.
pub(super) type Tls = Arc<LazyLock<TlsConnector>>;

pub(super) fn tls() -> Tls {
    Arc::new(LazyLock::new(|| TlsConnector::from(Arc::new(config()))))
}

/// The system's certificates, or Mozilla's where there are none.
fn config() -> ClientConfig {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what rustls asks for by default")
    };
    let builder = builder().with_native_roots().unwrap_or_else(|_| builder().with_webpki_roots());
    builder.with_no_client_auth()
}

pub(super) async fn dial(address: Address, tls: &Tls, guarded: Option<u16>) -> Result<Connection, Failure> {
    let tls = tls.clone();
    let secure: Secure = Arc::new(move |stream, host| {
        let tls = tls.clone();
        Box::pin(async move { shake_hands(stream, &host, &tls).await })
    });
    let connecting = async {
        let stream = open(&address, guarded.filter(|_| address.guest)).await?;
        if address.tls { secure(stream, address.host.clone()).await } else { Ok(stream) }
    };
    let stream = match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(stream) => stream.map_err(Failure::error)?,
        Err(_) => return Err(Failure::error("the connection took too long")),
    };
    Ok(Connection { stream, secure })
}

/// Cloudflare's words for an address that is not for Workers.
const BARRED: &str = "proxy request failed, cannot connect to the specified address";

// Differs: `connect()` reaches every address and port; Cloudflare refuses its own, private ones and port 25.
async fn open(address: &Address, guarded: Option<u16>) -> Result<Stream, String> {
    let stream = TcpStream::connect((bare(&address.host), address.port)).await.map_err(|error| error.to_string())?;
    if let (Ok(theirs), Ok(ours)) = (stream.peer_addr(), stream.local_addr())
        && guarded == Some(theirs.port())
        && (theirs.ip().to_canonical().is_loopback() || theirs.ip() == ours.ip())
    {
        return Err(BARRED.to_owned());
    }
    // Small messages must not wait for one another; those who mind write in larger pieces.
    let _only_slower = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

/// The host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

async fn shake_hands(stream: Stream, host: &str, tls: &Tls) -> Result<Stream, String> {
    let name = ServerName::try_from(bare(host).to_owned()).map_err(|error| error.to_string())?;
    let shaking = tls.connect(name, stream);
    match tokio::time::timeout(PATIENCE, shaking).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the handshake took too long".to_owned()),
    }
}
