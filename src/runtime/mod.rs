//! `WorkerId` -> running isolates: swap on reload, drain, evict, dispatch, limits.
//!
//! Knows no HTTP server and no files; what a Worker is made of comes in as a [`WorkerSpec`], what it says goes out to
//! an [`Observer`].

mod bytecode;
mod dial;
mod environment;
mod events;
mod exported;
mod handshake;
mod loader;
mod objects;
mod outbound;
mod program;
mod queues;
mod shares;
mod slot;
mod tails;
mod target;
#[cfg(test)]
mod tests;
mod triggers;
mod trust;
mod workflows;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

pub use bytecode::{BytecodeDirectory, BytecodeFile};
pub use exported::{Exported, NamedHandlers};
pub use outbound::{LocalHosts, Network};
pub use program::ProgramCache;
pub use shares::Share;
pub use tails::{About, Following};
pub use triggers::{Happened, Triggers};

use crate::assets::Site;
use crate::bindings::{Binding, DispatchLimits, Migrations, Queues, Workflows};
use crate::engine::{Engine, InvocationLimits, IsolateOptions, Program};
use crate::store::Store;
use crate::worker::{Compat, Failure, Fetch, Ray, WorkerId};
use slot::Slot;
use target::Target;

/// What a Worker is made of.
#[derive(Clone)]
pub struct WorkerSpec {
    pub id: WorkerId,
    pub source: Arc<dyn Source>,
    pub bindings: Arc<dyn Bindings>,
    /// CPU time that the configuration allows an invocation; the default where it says nothing.
    pub cpu: Option<Duration>,
    /// Subrequests likewise.
    pub subrequests: Option<u64>,
    /// Files that answer before it does.
    pub assets: Option<Arc<Site>>,
    /// Its own share of the requests among those of other versions; empty: it has them all.
    pub shares: Vec<Share>,
    /// Where its `fetch()` leads; none for hosts of local Workers first, then the network.
    pub outbound: Option<Arc<dyn Fetch>>,
}

/// The bindings of a Worker, whoever owns them.
pub trait Bindings: Send + Sync {
    fn list(&self) -> &[Box<dyn Binding>];

    /// What became of its classes of Durable Objects.
    fn migrations(&self) -> Migrations {
        Migrations::default()
    }
}

impl Bindings for Vec<Box<dyn Binding>> {
    fn list(&self) -> &[Box<dyn Binding>] {
        self
    }
}

/// Gives a Worker's modules when they are needed: user Workers load on their first request.
pub trait Source: Send + Sync {
    /// May read and compile files.
    fn load(&self) -> Result<Arc<Program>, Failure>;

    /// The compatibility date and flags, once it is loaded.
    fn compat(&self) -> Compat {
        Compat::default()
    }

    /// A stack with the author's files and positions in place of the modules' own.
    fn map_stack(&self, stack: &str) -> String {
        stack.to_owned()
    }
}

/// Hears what Workers say and suffer.
pub trait Observer: Send + Sync {
    fn console(&self, worker: &WorkerId, level: &str, said: (&str, Option<Ray>));
    /// An exception nobody caught, or a limit that was reached.
    fn failed(&self, worker: &WorkerId, failure: &Failure, ray: Option<Ray>);
    /// A dispatcher asked for a user Worker that is not there.
    fn not_found(&self, namespace: &str, name: &str, nearest: &[String]);
    /// An event that nobody asked for has ended.
    fn happened(&self, _event: &Happened<'_>) {}
}

/// Settings of one runtime; two with different ones live in one process.
#[derive(Clone)]
pub struct Settings {
    pub engine: Engine,
    pub isolate: IsolateOptions,
    /// Multiplies configured CPU limits: QuickJS has no JIT.
    pub cpu_factor: f64,
    /// CPU time of an invocation where nothing is configured.
    pub default_cpu: Duration,
    /// Subrequests of an invocation where nothing is configured.
    pub subrequests: u32,
    /// User Workers that may be loaded at a time; idle ones beyond are unloaded.
    pub max_loaded: usize,
    /// Finds the local Worker that a URL belongs to.
    pub hosts: LocalHosts,
    /// Answers all other `fetch()`es.
    pub network: Arc<dyn Fetch>,
    pub observer: Arc<dyn Observer>,
    pub triggers: Arc<dyn Triggers>,
    /// What bindings keep, across reloads and, where it is a directory, restarts.
    pub store: Arc<Store>,
}

/// See the module's text.
pub struct Runtime {
    settings: Settings,
    workers: RwLock<HashMap<WorkerId, Arc<Slot>>>,
    objects: objects::Residents,
    trust: Arc<trust::Trust>,
    tails: tails::Tails,
    queues: Arc<Queues>,
    readers: queues::Readers,
    workflows: Arc<Workflows>,
    /// The task that has instances of workflows go on exists.
    follows_workflows: AtomicBool,
    /// Counts uses, so that the least recently used isolate is known.
    clock: AtomicU64,
    /// Started last by [`Runtime::attempt`].
    fresh: Mutex<VecDeque<Weak<Slot>>>,
}

/// A Worker that has started and serves nobody yet; it ends with this value unless it is accepted.
pub struct Attempt(Option<Arc<Slot>>);

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            slot.retire();
        }
    }
}

/// User Workers that stay loaded although nobody has asked them yet.
const MAX_FRESH: usize = 64;
/// CPU time of an invocation where nothing is configured.
pub const DEFAULT_CPU: Duration = Duration::from_secs(10);
/// As on the paid plan.
pub const DEFAULT_SUBREQUESTS: u32 = 10_000;
/// Loaded user Workers; each takes a few hundred kilobytes.
pub const DEFAULT_MAX_LOADED: usize = 1_100;

impl Runtime {
    #[must_use]
    pub fn new(settings: Settings) -> Arc<Self> {
        let objects = objects::Residents::new(&settings);
        let (clock, fresh) = (AtomicU64::new(1), Mutex::default());
        let (queues, readers) = (Queues::of(&settings.store), queues::Readers::default());
        let (workers, workflows) = (RwLock::default(), Workflows::of(&settings.store));
        let (follows_workflows, trust, tails) = (AtomicBool::new(false), Arc::default(), tails::Tails::default());
        let runtime = Self {
            settings,
            workers,
            objects,
            trust,
            tails,
            queues,
            readers,
            workflows,
            follows_workflows,
            clock,
            fresh,
        };
        let runtime = Arc::new(runtime);
        triggers::follow_clock(&runtime);
        runtime
    }

    /// Adds or replaces a Worker that is loaded when it is first used.
    pub fn put(self: &Arc<Self>, spec: WorkerSpec) {
        let slot = Slot::new(spec);
        self.swap(slot);
    }

    /// Starts a Worker and lets it replace the one before, which drains. When it does not start, it replaces the old
    /// one all the same and answers with its error: nothing stale is served.
    pub async fn replace(self: &Arc<Self>, spec: WorkerSpec) -> Result<(), Failure> {
        let slot = Slot::new(spec);
        let started = slot.start(self).await;
        self.swap(slot);
        started
    }

    /// Starts a Worker beside the one that runs: what does not start can be told to whoever brought it, and replaces
    /// nothing.
    pub async fn attempt(self: &Arc<Self>, spec: WorkerSpec) -> Result<Attempt, Failure> {
        let attempt = Attempt(Some(Slot::unheard(spec)));
        attempt.0.as_ref().expect("it was made with one").start(self).await?;
        Ok(attempt)
    }

    /// Lets a Worker that was started beside the one that runs take its place.
    pub fn accept(self: &Arc<Self>, mut attempt: Attempt) {
        let Some(slot) = attempt.0.take() else { return };
        self.swap(slot.clone());
        if slot.spec.id.namespace().is_some() {
            self.remember_fresh(&slot);
        }
    }

    /// A user Worker that was started to see whether it does, and that nobody has asked yet. Only the last few stay
    /// loaded: thousands may be uploaded at a time.
    fn remember_fresh(&self, slot: &Arc<Slot>) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.push_back(Arc::downgrade(slot));
        let oldest = if fresh.len() > MAX_FRESH { fresh.pop_front() } else { None };
        drop(fresh);
        if let Some(slot) = oldest.and_then(|slot| slot.upgrade()).filter(|slot| !slot.is_used()) {
            slot.unload_if_idle();
        }
    }

    /// Has a Worker answer with the error that kept it from being built.
    pub fn put_broken(self: &Arc<Self>, spec: WorkerSpec, failure: Failure) {
        self.swap(Slot::broken(spec, failure));
    }

    pub fn remove(&self, id: &WorkerId) {
        let removed = self.write().remove(id);
        if let Some(slot) = removed {
            slot.retire();
        }
    }

    /// The namespaces whose user Workers are trusted from now on.
    pub fn trust(&self, namespaces: HashSet<String>) {
        self.trust.set(namespaces);
    }

    pub fn contains(&self, id: &WorkerId) -> bool {
        self.read().contains_key(id)
    }

    /// Whether an isolate of this Worker is loaded.
    pub fn is_loaded(&self, id: &WorkerId) -> bool {
        self.slot(id).is_some_and(|slot| slot.is_loaded())
    }

    pub fn ids(&self) -> Vec<WorkerId> {
        self.read().keys().cloned().collect()
    }

    /// Isolates that are loaded now.
    pub fn loaded(&self) -> usize {
        self.read().values().flat_map(Slot::versions).filter(|slot| slot.is_loaded()).count()
    }

    /// Answers requests for a Worker, whichever version is current when they come.
    pub fn fetcher(self: &Arc<Self>, id: WorkerId, entrypoint: Option<String>) -> Arc<dyn Fetch> {
        Arc::new(Target::new(self, id, entrypoint.unwrap_or_else(|| "default".to_owned())))
    }

    fn swap(self: &Arc<Self>, slot: Arc<Slot>) {
        let id = slot.spec.id.clone();
        if let Some(old) = self.slot(&id) {
            old.retire();
        }
        self.objects.migrate(&id, &slot.spec.bindings.migrations());
        let old = self.write().insert(id.clone(), slot);
        if let Some(old) = old {
            old.retire();
            self.objects.disconnect(&id);
        }
        self.follow_workflows(&id);
        if !self.objects.searched() {
            let runtime = self.clone();
            self.settings.engine.tokio.spawn_blocking(move || runtime.find_alarms());
        }
    }

    fn slot(&self, id: &WorkerId) -> Option<Arc<Slot>> {
        self.read().get(id).cloned()
    }

    /// What an invocation of a Worker may use, given what its caller allows.
    fn limits(&self, spec: &WorkerSpec, asked: DispatchLimits) -> InvocationLimits {
        let scaled = |limit: Duration| limit.mul_f64(self.settings.cpu_factor);
        let configured = spec.cpu.map(scaled);
        let cpu = match (asked.cpu.map(scaled), configured) {
            (Some(asked), Some(configured)) => asked.min(configured),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => self.settings.default_cpu,
        };
        let configured = spec.subrequests.and_then(|count| u32::try_from(count).ok());
        let subrequests = asked.subrequests.or(configured).unwrap_or(self.settings.subrequests);
        InvocationLimits { cpu: Some(cpu), subrequests }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// Unloads the least recently used idle user Workers when more than the cap are loaded: a tenth at a time, so that
    /// the next ones find room.
    fn evict(&self) {
        let cap = self.settings.max_loaded;
        let mut loaded: Vec<_> =
            self.read().values().flat_map(Slot::versions).filter(|slot| slot.is_loaded()).collect();
        if loaded.len() <= cap {
            return;
        }
        loaded.sort_by_key(|slot| slot.last_use());
        let surplus = loaded.len() - cap + cap / 10;
        for slot in loaded.iter().filter(|slot| slot.spec.id.namespace().is_some()).take(surplus) {
            slot.unload_if_idle();
        }
    }

    fn names_in(&self, namespace: &str) -> Vec<String> {
        let workers = self.read();
        workers.keys().filter(|id| id.namespace() == Some(namespace)).map(|id| id.name().to_owned()).collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<WorkerId, Arc<Slot>>> {
        self.workers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<WorkerId, Arc<Slot>>> {
        self.workers.write().unwrap_or_else(PoisonError::into_inner)
    }
}
