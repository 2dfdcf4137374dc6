//! What the commands that serve have in common: their flags, their threads, and the way from a session to a URL.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::https::Https;
use crate::control::{self, Access};
use crate::dev::Session;
use crate::error::{Problem, Problems};
use crate::fleet::ApiPort;
use crate::term::Terminal;

/// The port of `wrangler dev`.
const PORT: u16 = 8787;
/// The next one.
const API_PORT: u16 = 8788;

/// How Workers run.
#[derive(Debug, Clone, Args)]
pub(super) struct Run {
    /// Multiplies CPU limits, as QuickJS has no JIT; 1 is Cloudflare's own measure
    #[arg(long, value_name = "FACTOR", default_value_t = 10.0, value_parser = factor)]
    pub(super) cpu_factor: f64,

    /// The host that Workers see in request.url [default: the one that was asked for]
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,
}

/// Where they are reached.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Listen {
    /// The port of the Workers; 0 picks a free one [default: 8787, or the next free one]
    #[arg(long, short, value_name = "PORT")]
    pub(super) port: Option<u16>,

    /// The address to listen at [default: localhost, which only this machine reaches]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) ip: Option<IpAddr>,

    /// A taken port is an error
    #[arg(long)]
    pub(super) strict_port: bool,

    #[command(flatten)]
    pub(super) https: Https,
}

/// Where the API is reached.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Api {
    /// The port of the API, or `none`; 0 picks a free one [default: 8788, or the next free one]
    #[arg(long, value_name = "PORT", value_parser = api_port)]
    pub(super) api_port: Option<ApiPort>,

    /// The token that the API asks for [default: any will do; needed where other machines reach it]
    #[arg(long, value_name = "TOKEN")]
    pub(super) api_token: Option<String>,
}

/// A session that answers requests, until it is stopped.
pub(super) struct Serving {
    pub(super) session: Arc<Session>,
    pub(super) url: String,
    /// The control plane's, if it has a port.
    pub(super) api_url: Option<String>,
    /// What clients of the control plane have to be told.
    pub(super) variables: Vec<(&'static str, String)>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Serving {
    /// Opens the ports that flags, devflare.toml or a project's `[dev]` name, and serves.
    pub(super) async fn start(
        session: Arc<Session>,
        (listen, api): (&Listen, &Api),
        terminal: &Terminal,
    ) -> Result<Self, Problems> {
        let settings = session.fleet().settings.clone();
        let configured = settings.ip.as_deref().map(address).transpose();
        let configured = configured.map_err(|error| Problem::error(format!("the configured `ip` is {error}")))?;
        let ip = listen.ip.or(configured).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let wanted = listen.port.or(settings.port).unwrap_or(PORT);
        let tls = listen.https.tls(settings.local_protocol.as_deref())?;
        let workers = open((ip, wanted, listen.strict_port), "--port", terminal).await?;
        let api_port = match api.api_port.or(settings.api_port).unwrap_or(ApiPort::Port(API_PORT)) {
            ApiPort::None => None,
            ApiPort::Port(port) => Some(open((ip, port, listen.strict_port), "--api-port", terminal).await?),
        };
        let access = Access { token: api.api_token.clone(), loopback: ip.is_loopback() };
        if api_port.is_some() && !access.loopback && access.token.is_none() {
            let what = "the API would be open to everybody who reaches this machine";
            let help = "set a token with --api-token, or do without the API with --api-port none";
            return Err(Problem::error(what).help(help).into());
        }
        let stop = CancellationToken::new();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (url, api_url) = (url_of(scheme, ip, &workers), api_port.as_ref().map(|one| url_of("http", ip, one)));
        let variables = api_url.iter().flat_map(|url| control::variables(url, api.api_token.as_deref())).collect();
        let (serving, stopped) = (session.clone(), stop.clone());
        let mut tasks = vec![tokio::spawn(async move { serving.serve((workers, tls), stopped).await })];
        if let Some(listeners) = api_port {
            let (serving, stopped) = (session.clone(), stop.clone());
            tasks.push(tokio::spawn(async move { serving.serve_api(listeners, access, stopped).await }));
        }
        let api_url = api_url.map(|url| format!("{url}{}", control::PREFIX));
        Ok(Self { session, url, api_url, variables, stop, tasks })
    }

    /// Ends it; connections are cut.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            // A panic in there was told when it happened.
            let _ = task.await;
        }
    }
}

/// Binds a port, or the next free one.
async fn open(
    (ip, wanted, strict): (IpAddr, u16, bool),
    flag: &str,
    terminal: &Terminal,
) -> Result<Vec<TcpListener>, Problem> {
    let listeners = Session::bind(ip, wanted, strict, flag).await?;
    let port = port_of(&listeners);
    if wanted != 0 && port != wanted {
        terminal.tell(Problem::warning(format!("port {wanted} is taken, so it is {port}")));
    }
    Ok(listeners)
}

fn url_of(scheme: &str, ip: IpAddr, listeners: &[TcpListener]) -> String {
    let host = if ip.is_loopback() || ip.is_unspecified() { "localhost".to_owned() } else { shown(ip) };
    format!("{scheme}://{host}:{}", port_of(listeners))
}

fn port_of(listeners: &[TcpListener]) -> u16 {
    listeners.first().and_then(|listener| listener.local_addr().ok()).map_or(0, |address| address.port())
}

fn shown(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

/// An address as wrangler takes it: `localhost` and `*` too.
fn address(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        "*" => Ok(Ipv4Addr::UNSPECIFIED.into()),
        _ => text.parse().map_err(|_| format!("no address: {text}; write 127.0.0.1, ::1, 0.0.0.0 or localhost")),
    }
}

fn api_port(text: &str) -> Result<ApiPort, String> {
    match text {
        "none" => Ok(ApiPort::None),
        _ => text.parse().map(ApiPort::Port).map_err(|_| "a port, or none".to_owned()),
    }
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("a number above 0".to_owned()),
    }
}

/// Two threads for sockets, timers and file events: JavaScript runs on threads of its own.
pub(super) fn tokio() -> Result<tokio::runtime::Runtime, Problem> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| Problem::error(format!("no threads can be started: {error}")))
}
