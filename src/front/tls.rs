//! HTTPS on the Workers port: a certificate that is given, or one that is made for this machine alone.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// Time a client may take to agree on a key.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The first byte of TLS; no HTTP begins with it.
const TLS: u8 = 22;
const NAMES: [&str; 4] = ["localhost", "*.localhost", "127.0.0.1", "::1"];

/// See the module's text.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// A certificate and its key, in PEM.
pub struct Pem {
    pub certificate: String,
    pub key: String,
}

impl Pem {
    /// A new one that signs itself, for the names of this machine.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn generate() -> Result<Self, String> {
        let made = || {
            let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
            params.distinguished_name.push(DnType::CommonName, "devflare on localhost");
            let key = KeyPair::generate()?;
            let certificate = params.self_signed(&key)?;
            Ok::<_, rcgen::Error>(Self { certificate: certificate.pem(), key: key.serialize_pem() })
        };
        made().map_err(|error| format!("no certificate can be made: {error}"))
    }
}

impl Tls {
    /// # Errors
    /// What is wrong with the certificate or the key.
    pub fn new(pem: &Pem) -> Result<Self, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.certificate.as_bytes()).collect();
        let chain = chain.map_err(|error| format!("the certificate cannot be read: {error}"))?;
        if chain.is_empty() {
            return Err("the certificate's file holds none in PEM".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes());
        let key = key.map_err(|error| format!("the key cannot be read: {error}"))?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what rustls asks for by default")
            .with_no_client_auth()
            .with_single_cert(chain, key);
        let mut config = config.map_err(|error| format!("the certificate and the key do not fit: {error}"))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// The connection once both sides have a key; who speaks plain HTTP gets told.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let agreed = tokio::time::timeout(HANDSHAKE, async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 1 && first[0] != TLS {
                refuse(&stream).await?;
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.0.accept(stream).await
        });
        agreed.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

async fn refuse(stream: &TcpStream) -> io::Result<()> {
    let words = "400: this port speaks HTTPS; write https:// in the URL.\n";
    let answer =
        format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{words}", words.len());
    // What was sent is read, so that the answer is not lost with a reset connection.
    let mut rest = [0; 4096];
    stream.readable().await?;
    let _whatever_it_was = stream.try_read(&mut rest);
    stream.writable().await?;
    stream.try_write(answer.as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_goes_with_its_own_key_only() {
        let (one, other) = (Pem::generate().expect("random bytes"), Pem::generate().expect("random bytes"));
        assert!(Tls::new(&one).is_ok());
        let why = |pem: &Pem| Tls::new(pem).err().unwrap_or_default();
        let mixed = Pem { certificate: one.certificate.clone(), key: other.key };
        assert!(why(&mixed).starts_with("the certificate and the key do not fit"), "{}", why(&mixed));
        let none = Pem { certificate: "x".to_owned(), key: one.key };
        assert_eq!(why(&none), "the certificate's file holds none in PEM");
        let keyless = Pem { certificate: one.certificate, key: String::new() };
        assert!(why(&keyless).starts_with("the key cannot be read"), "{}", why(&keyless));
    }
}
