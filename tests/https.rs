//! The Workers port over TLS: with the certificate that devflare makes and keeps, or with one that is given.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::{Folder, Running};

const ECHO: &str = "export default { fetch: (request) => new Response(request.url) };";

fn folder(config: &str) -> Folder {
    let folder = Folder::new();
    folder.project("hello", config, ECHO);
    folder
}

fn port(dev: &Running) -> u16 {
    let address = dev.url.strip_prefix("https://localhost:").expect("the URL says that it is HTTPS");
    address.parse().expect("a port")
}

/// Asks with trust in that certificate alone.
fn ask(port: u16, certificate: &std::path::Path, name: &str, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).expect("a certificate")).expect("it can be trusted");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what rustls asks for by default")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerName::try_from(name.to_owned()).expect("a name");
    let tls = ClientConnection::new(Arc::new(config), server).expect("a client");
    let mut stream = StreamOwned::new(tls, TcpStream::connect(("127.0.0.1", port))?);
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    // The other side need not say that it ends.
    let _ended = stream.read_to_string(&mut answer);
    Ok(answer)
}

#[test]
fn a_certificate_is_made_once_and_kept() {
    let folder = folder("");
    let kept = folder.path(".cache/devflare/https");
    let dev = folder.dev(&["hello", "--local-protocol", "https"]);
    let first = fs::read(kept.join("certificate.pem")).expect("it was kept");
    let answer = ask(port(&dev), &kept.join("certificate.pem"), "localhost", "/x?y").expect("TLS works");
    assert!(answer.ends_with("https://localhost/x?y"), "{answer}");
    drop(dev);
    let again = folder.dev(&["hello", "--local-protocol", "https"]);
    assert_eq!(fs::read(kept.join("certificate.pem")).expect("it was kept"), first);
    let answer = ask(port(&again), &kept.join("certificate.pem"), "localhost", "/").expect("TLS works");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn who_speaks_plain_http_is_told() {
    let folder = folder("[dev]\nlocal_protocol = \"https\"\n");
    let dev = folder.dev(&["hello"]);
    let mut plain = TcpStream::connect(("127.0.0.1", port(&dev))).expect("it listens");
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    plain.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
}

#[test]
fn a_certificate_of_ones_own_is_used() {
    let folder = folder("");
    drop(folder.dev(&["hello", "--local-protocol", "https"]));
    for name in ["certificate.pem", "key.pem"] {
        fs::rename(folder.path(&format!(".cache/devflare/https/{name}")), folder.path(name)).expect("it was kept");
    }
    let own =
        ["hello", "--local-protocol", "https", "--https-cert-path", "certificate.pem", "--https-key-path", "key.pem"];
    let dev = folder.dev(&own);
    assert!(ask(port(&dev), &folder.path("certificate.pem"), "localhost", "/").is_ok());
    assert!(!folder.path(".cache/devflare/https/key.pem").exists());
    drop(dev);
    folder.write("key.pem", "no key");
    let mut arguments = vec!["dev"];
    arguments.extend(own);
    let refused = folder.run(&arguments);
    assert_eq!(refused.status, Some(2), "{}", refused.error);
    assert!(refused.error.contains("HTTPS does not work: the key cannot be read"), "{}", refused.error);
}

#[test]
fn tests_speak_plain_http_whatever_is_configured() {
    let folder = folder("[dev]\nlocal_protocol = \"https\"\n");
    let ended = folder.run(&["test", "hello", "--", "sh", "-c", "test \"${DEVFLARE_URL%%:*}\" = http"]);
    assert_eq!(ended.status, Some(0), "{}", ended.error);
}
