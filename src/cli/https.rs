//! `--local-protocol https`: the certificate that was named, or one that is made once and kept for this user.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};

use crate::error::Problem;
use crate::front::{Pem, Tls};

/// How the Workers port is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Protocol {
    Http,
    Https,
}

/// Flags of wrangler's names.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Https {
    /// How the Workers are reached [default: http]
    #[arg(long, value_name = "PROTOCOL", value_enum)]
    pub(super) local_protocol: Option<Protocol>,

    /// The key of a certificate for https, in PEM [default: one is made, and kept]
    #[arg(long = "https-key-path", value_name = "FILE", value_hint = ValueHint::FilePath, requires = "certificate")]
    pub(super) key: Option<PathBuf>,

    /// The certificate for https, in PEM
    #[arg(long = "https-cert-path", value_name = "FILE", value_hint = ValueHint::FilePath, requires = "key")]
    pub(super) certificate: Option<PathBuf>,
}

impl Https {
    /// What HTTPS needs, if it is wanted: by these flags, or by configuration.
    pub(super) fn tls(&self, configured: Option<&str>) -> Result<Option<Tls>, Problem> {
        let wanted = self.local_protocol.map_or(configured == Some("https"), |flag| flag == Protocol::Https);
        if !wanted {
            return Ok(None);
        }
        let pem = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Pem { certificate: text(certificate)?, key: text(key)? },
            _ => kept(super::kept("https").as_deref())?,
        };
        Tls::new(&pem).map(Some).map_err(|why| Problem::error(format!("HTTPS does not work: {why}")))
    }
}

fn text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| Problem::error(format!("{} cannot be read: {error}", path.display())))
}

/// The certificate of last time, so that whoever trusts it has to do so once.
fn kept(directory: Option<&Path>) -> Result<Pem, Problem> {
    let files = directory.map(|directory| (directory.join("certificate.pem"), directory.join("key.pem")));
    if let Some((certificate, key)) = &files
        && let (Ok(certificate), Ok(key)) = (fs::read_to_string(certificate), fs::read_to_string(key))
    {
        let pem = Pem { certificate, key };
        if Tls::new(&pem).is_ok() {
            return Ok(pem);
        }
    }
    let made = Pem::generate().map_err(Problem::error)?;
    if let Some((certificate, key)) = &files {
        // Where it cannot be kept, the next start makes another.
        let _ = keep(key, &made.key).and_then(|()| keep(certificate, &made.certificate));
    }
    Ok(made)
}

/// For nobody else's eyes; whole or not at all.
fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().expect("it is in a directory"))?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&draft, path)
}
