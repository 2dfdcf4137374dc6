//! The story in one screen: load, start, serve, and on a change rebuild and swap.
//!
//! [`Session::start`] loads and builds everything (user mistakes end it), [`Session::serve`] answers requests; before
//! each one the watcher's barrier tells whether anything was saved since, and what changed is rebuilt first.

mod banner;
mod command;
mod project;
mod rebuild;
mod report;
mod shown_files;
mod sites;
mod stack;
mod triggers;
mod untouched;
mod uploads;
pub mod watch;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;
use crate::compile::Cache;
use crate::control::{self, Caller, Control};
use crate::engine::{Engine, IsolateOptions, Pool};
use crate::error::{Problem, Problems};
use crate::fleet::{self, Fleet};
use crate::front::live::Live;
use crate::front::{self, ConnectionProblem};
use crate::runtime::{
    self, BytecodeDirectory, DEFAULT_CPU, DEFAULT_MAX_LOADED, DEFAULT_SUBREQUESTS, LocalHosts, Network, Runtime,
};
use crate::store::Store;
use crate::term::Terminal;
use crate::worker::{Fetch, WorkerId};
pub use banner::workers;
use project::Build;
use report::Report;
use watch::Watcher;

/// What a session is started with.
#[derive(Clone)]
pub struct Options {
    pub fleet: fleet::Options,
    pub cpu_factor: f64,
    /// The host that Workers see in `request.url`, if not the one that was asked for.
    pub host: Option<String>,
    pub live_reload: bool,
    /// Follow files; without it what was loaded at the start is served to the end.
    pub watch: bool,
    pub state: State,
    /// How long a project's build command may take.
    pub build_limit: Duration,
    /// Where bytecode is kept for the next start, if it is.
    pub bytecode: Option<PathBuf>,
}

/// Long builds are fine; one that never ends has to be told of.
pub const BUILD_LIMIT: Duration = Duration::from_mins(10);

/// Where the data of Workers is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Gone when the session ends.
    InMemory,
    /// In this directory; else the workspace file's, else `.devflare/state` where devflare was started.
    Directory(Option<PathBuf>),
}

/// See the module's text.
pub struct Session {
    options: Options,
    terminal: Terminal,
    runtime: Arc<Runtime>,
    network: Network,
    pool: Arc<Pool>,
    cache: Arc<Cache>,
    bytecode: Option<Arc<BytecodeDirectory>>,
    live: Live,
    watcher: Option<Watcher>,
    control: Arc<Control>,
    fleet: RwLock<Arc<Fleet>>,
    builds: Mutex<HashMap<WorkerId, Arc<Build>>>,
    /// Why Workers that do not build do not build.
    broken: Mutex<HashMap<WorkerId, Problems>>,
    fetchers: Mutex<HashMap<WorkerId, Arc<dyn Fetch>>>,
    /// One rebuild at a time; the changes up to this number of the watcher's are served.
    rebuilding: tokio::sync::Mutex<()>,
    served: AtomicU64,
}

/// More user Workers than this are built when they are first used, not at the start.
const EAGER_BUILDS: usize = 500;
/// Lets an editor or git finish writing before a change that nobody asks for is built.
const QUIET: Duration = Duration::from_millis(10);

impl Session {
    /// Loads and builds all projects and starts the ordinary Workers. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// Every mistake in every project, with the warnings.
    pub async fn start(options: Options, terminal: Terminal) -> Result<Arc<Self>, Problems> {
        let loaded = fleet::load(&options.fleet)?;
        let mut problems = loaded.problems;
        let store = open_store(&options.state, &loaded.fleet, &terminal)?;
        problems.0.extend(store.warning().cloned());
        let session = Arc::new_cyclic(|this| Self::assemble(options, terminal, (loaded.fleet, store), this.clone()));
        problems.0.extend(session.control.restore().await.err());
        session.build_all(&mut problems).await;
        if problems.has_errors() {
            return Err(problems);
        }
        for warning in problems.0 {
            session.terminal.tell(warning);
        }
        session.runtime.read_queues();
        session.follow_changes();
        Ok(session)
    }

    fn assemble(
        options: Options,
        terminal: Terminal,
        (fleet, store): (Fleet, Arc<Store>),
        this: std::sync::Weak<Self>,
    ) -> Self {
        let tokio = tokio::runtime::Handle::current();
        let pool = Pool::start(std::thread::available_parallelism().map_or(2, usize::from).max(2));
        let (session, triggers) = (this.clone(), triggers::Triggers(this.clone()));
        let hosts: LocalHosts = Arc::new(move |caller, url| session.upgrade()?.local_worker(caller, url));
        let network = Network::new(tokio.clone());
        let settings = runtime::Settings {
            engine: Engine { pool: pool.clone(), tokio: tokio.clone() },
            isolate: IsolateOptions::default(),
            cpu_factor: options.cpu_factor,
            default_cpu: DEFAULT_CPU,
            subrequests: DEFAULT_SUBREQUESTS,
            max_loaded: DEFAULT_MAX_LOADED,
            hosts,
            network: Arc::new(network.clone()),
            observer: Arc::new(Report::new(terminal.clone())),
            triggers: Arc::new(triggers),
            store: store.clone(),
        };
        let (runtime, cache) = (Runtime::new(settings), Arc::<Cache>::default());
        let around = uploads::Around { runtime: runtime.clone(), store, cache: cache.clone(), tokio };
        let warned = terminal.clone();
        let watcher = options.watch.then(|| Watcher::start(move |problem| warned.tell(problem)));
        let bytecode = options.bytecode.as_deref().and_then(BytecodeDirectory::open);
        Self {
            options,
            bytecode,
            control: around.control(terminal.clone(), this),
            terminal,
            runtime,
            network,
            pool,
            cache,
            live: Live::default(),
            watcher,
            fleet: RwLock::new(Arc::new(fleet)),
            builds: Mutex::default(),
            broken: Mutex::default(),
            fetchers: Mutex::default(),
            rebuilding: tokio::sync::Mutex::default(),
            served: AtomicU64::new(0),
        }
    }

    /// Binds a port, or the next free one unless `strict`; 0 picks one. `flag` chooses another.
    pub async fn bind(
        ip: IpAddr,
        port: u16,
        strict: bool,
        flag: &str,
    ) -> Result<Vec<tokio::net::TcpListener>, Problem> {
        const TRIES: u16 = 100;
        let mut error = None;
        for candidate in port..=port.saturating_add(if strict || port == 0 { 0 } else { TRIES }) {
            match front::bind(ip, candidate).await {
                Ok(listeners) => return Ok(listeners),
                Err(refused) if refused.kind() == io::ErrorKind::AddrInUse => error = Some(refused),
                Err(refused) => return Err(cannot_listen(ip, candidate, &refused)),
            }
        }
        let error = error.unwrap_or_else(|| io::ErrorKind::AddrInUse.into());
        let problem = cannot_listen(ip, port, &error);
        Err(problem.help(format!("choose another one with {flag}, or let devflare pick one with {flag} 0")))
    }

    /// Answers requests until `stop`, over TLS where that is given.
    pub async fn serve(
        self: &Arc<Self>,
        door: (Vec<tokio::net::TcpListener>, Option<front::Tls>),
        stop: CancellationToken,
    ) {
        let terminal = self.terminal.clone();
        let refused = move |problem: ConnectionProblem| terminal.tell(report::of_connection(&problem));
        let sites = Arc::new(sites::Served(self.clone()));
        front::serve(door, sites, refused, stop).await;
        lock(&self.builds).values().filter_map(|build| build.command.as_ref()).for_each(|command| command.stop());
        self.pool.stop();
    }

    /// Answers the API until `stop`.
    pub async fn serve_api(
        &self,
        listeners: Vec<tokio::net::TcpListener>,
        access: control::Access,
        stop: CancellationToken,
    ) {
        let terminal = self.terminal.clone();
        if let Some(Ok(address)) = listeners.first().map(tokio::net::TcpListener::local_addr) {
            self.network.guard(address.port());
        }
        let refused = move |problem: ConnectionProblem| terminal.tell(report::of_connection(&problem));
        control::serve(listeners, self.control.clone(), access, refused, stop).await;
    }

    pub fn fleet(&self) -> Arc<Fleet> {
        self.fleet.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The current Worker of this id, wherever it comes from.
    fn fetcher(&self, id: &WorkerId) -> Arc<dyn Fetch> {
        let mut fetchers = lock(&self.fetchers);
        if let Some(known) = fetchers.get(id) {
            return known.clone();
        }
        let fetcher = self.runtime.fetcher(id.clone(), None);
        fetchers.insert(id.clone(), fetcher.clone());
        fetcher
    }

    /// The other ordinary Worker that a URL belongs to.
    fn local_worker(&self, caller: &WorkerId, url: &url::Url) -> Option<Arc<dyn Fetch>> {
        let host = url.host_str()?;
        let caller_is = if caller.namespace().is_some() { Caller::Guest } else { Caller::Owner };
        let at_port = || url.port_or_known_default() == self.network.guarded() && control::is_this_machine(host);
        if host == control::HOST && url.path().starts_with(control::PREFIX) || caller_is == Caller::Guest && at_port() {
            return Some(Arc::new(control::Inside { control: self.control.clone(), caller: caller_is }));
        }
        let id = self.at(host, url.path())?;
        (id != *caller).then(|| self.fetcher(&id))
    }

    fn base(&self) -> PathBuf {
        self.terminal.options().base.clone()
    }
}

/// Below the directory where devflare was started.
const STATE_DIRECTORY: &str = ".devflare/state";

fn open_store(state: &State, fleet: &Fleet, terminal: &Terminal) -> Result<Arc<Store>, Problem> {
    let (clock, tokio) = (Arc::new(SystemClock), tokio::runtime::Handle::current());
    let State::Directory(asked) = state else { return Ok(Store::in_memory(clock, tokio)) };
    let chosen = asked.as_ref().or(fleet.settings.persist_to.as_ref());
    let directory = chosen.cloned().unwrap_or_else(|| terminal.options().base.join(STATE_DIRECTORY));
    Store::open(&directory, clock, tokio)
}

fn cannot_listen(ip: IpAddr, port: u16, error: &io::Error) -> Problem {
    Problem::error(format!("cannot listen on {}: {error}", SocketAddr::new(ip, port)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
