//! What the commands that serve have in common: their flags, their threads, and the way from a session to a URL.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::dev::Session;
use crate::error::{Problem, Problems};
use crate::term::Terminal;

/// The port of `wrangler dev`.
const PORT: u16 = 8787;

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
}

/// A session that answers requests, until it is stopped.
pub(super) struct Serving {
    pub(super) session: Arc<Session>,
    pub(super) url: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Serving {
    /// Opens the port that flags, devflare.toml or a project's `[dev]` name, and serves.
    pub(super) async fn start(session: Arc<Session>, listen: &Listen, terminal: &Terminal) -> Result<Self, Problems> {
        let settings = session.fleet().settings.clone();
        let configured = settings.ip.as_deref().map(address).transpose();
        let configured = configured.map_err(|error| Problem::error(format!("the configured `ip` is {error}")))?;
        let ip = listen.ip.or(configured).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let wanted = listen.port.or(settings.port).unwrap_or(PORT);
        let listeners = Session::bind(ip, wanted, listen.strict_port).await?;
        let port = port_of(&listeners);
        if wanted != 0 && port != wanted {
            terminal.tell(Problem::warning(format!("port {wanted} is taken, so it is {port}")));
        }
        let host = if ip.is_loopback() || ip.is_unspecified() { "localhost".to_owned() } else { shown(ip) };
        let stop = CancellationToken::new();
        let (serving, stopped) = (session.clone(), stop.clone());
        let task = tokio::spawn(async move { serving.serve(listeners, stopped).await });
        Ok(Self { session, url: format!("http://{host}:{port}"), stop, task })
    }

    /// Ends it; connections are cut.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // A panic in there was told when it happened.
        let _ = self.task.await;
    }
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
