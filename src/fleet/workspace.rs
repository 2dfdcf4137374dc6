//! `devflare.toml`: the projects and namespaces of a team, so that a plain `devflare dev` is enough.
//!
//! Its schema for editors is `devflare.schema.json` beside this file.

use std::path::{Path, PathBuf};

use super::member::Member;
use crate::config::{self, Fields, Located, Node};
use crate::error::Problems;

pub(super) const FILE_NAME: &str = "devflare.toml";

/// The file, checked. Its patterns are relative to its directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Workspace {
    pub(super) file: PathBuf,
    /// Ordinary Workers.
    pub(super) workers: Vec<Located<String>>,
    pub(super) namespaces: Vec<(String, Vec<Located<String>>)>,
    pub(super) settings: Settings,
}

/// `[dev]`: what flags of the same names override.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// 0 picks a free one.
    pub port: Option<u16>,
    pub ip: Option<String>,
    pub api_port: Option<ApiPort>,
    /// The host that Workers see in `request.url`.
    pub host: Option<String>,
    /// `https` or `http`.
    pub local_protocol: Option<String>,
    pub persist_to: Option<PathBuf>,
}

/// Where the control plane listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiPort {
    /// No control plane.
    None,
    /// 0 picks a free one.
    Port(u16),
}

impl Settings {
    /// Takes what is missing from the `[dev]` of the Worker that answers by default.
    pub(super) fn complete(&mut self, default: Option<&Member>) {
        let Some(dev) = default.and_then(|member| member.project.as_ref()).map(|project| &project.config.dev) else {
            return;
        };
        self.port = self.port.or(dev.port);
        self.ip = self.ip.take().or_else(|| dev.ip.clone());
        self.host = self.host.take().or_else(|| dev.host.clone());
        self.local_protocol = self.local_protocol.take().or_else(|| dev.local_protocol.clone());
    }
}

/// Reads the file; none when an error was noted.
pub(super) fn read(file: &Path, problems: &mut Problems) -> Option<Workspace> {
    let root = match config::read(file) {
        Ok(root) => root,
        Err(found) => {
            problems.extend(found);
            return None;
        }
    };
    let mut found = Problems::default();
    let workspace = checked(file, &root, &mut found);
    let failed = found.has_errors();
    problems.extend(found);
    workspace.filter(|_| !failed)
}

fn checked(file: &Path, root: &Node, problems: &mut Problems) -> Option<Workspace> {
    let mut fields = Fields::of(root, problems)?;
    fields.string("$schema");
    let workers = fields.strings("workers");
    let mut namespaces = Vec::new();
    if let Some(table) = fields.table("namespaces") {
        namespaces = table.into_lists();
    }
    let directory = file.parent().unwrap_or(Path::new("")).to_owned();
    let settings = fields.table("dev").map(|dev| settings(dev, &directory)).unwrap_or_default();
    fields.finish();
    Some(Workspace { file: file.to_owned(), workers, namespaces, settings })
}

fn settings(mut fields: Fields<'_>, directory: &Path) -> Settings {
    let settings = Settings {
        port: port(&mut fields, "port"),
        ip: fields.string("ip").map(|ip| ip.value),
        api_port: api_port(&mut fields),
        host: fields.string("host").map(|host| host.value),
        local_protocol: fields.one_of("local_protocol", &["http", "https"]),
        persist_to: fields.string("persist_to").map(|path| directory.join(path.value)),
    };
    fields.finish();
    settings
}

fn port(fields: &mut Fields<'_>, key: &'static str) -> Option<u16> {
    fields.integer(key, 0..=65_535).and_then(|port| u16::try_from(port).ok())
}

/// A port, or `"none"`.
fn api_port(fields: &mut Fields<'_>) -> Option<ApiPort> {
    match fields.raw("api_port").and_then(Node::as_str) {
        Some("none") => Some(ApiPort::None),
        _ => port(fields, "api_port").map(ApiPort::Port),
    }
}
