//! File watching without stale answers: after a save has returned, a later [`Watcher::barrier`] has seen it.
//!
//! It knows paths and nothing of projects. Directories are watched one by one, as the watched paths need them (see
//! `tree`), by the kernel's own queue on Linux (see `inotify`) and by the `notify` crate elsewhere (see `cookie`).
//! What cannot be watched is compared at each barrier (see `states`), with a warning.

#[cfg(any(test, not(target_os = "linux")))]
mod cookie;
#[cfg(target_os = "linux")]
mod inotify;
mod ledger;
mod states;
mod tree;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::error::Problem;
use ledger::Ledger;
use tree::{Depth, Directories, Key, Refused, Tree, Unwatched};

pub use ledger::{Changes, Owner, WatchSet};

/// How often files that cannot be watched are compared while no request asks.
const COMPARE_EVERY: Duration = Duration::from_millis(250);

/// Watches files for several owners. Clones share one watcher.
#[derive(Clone)]
pub struct Watcher {
    shared: Arc<Shared>,
    _task: Arc<AbortOnDropHandle<()>>,
}

struct Shared {
    ledger: Mutex<Ledger>,
    queue: Queue,
    /// Changes seen so far.
    seen: AtomicU64,
    changed: Notify,
    /// Something can only be compared.
    compares: AtomicBool,
    /// Wakes the attending task when that begins.
    comparing: Notify,
    /// Barriers that take time are shared by those who wait for them.
    arrivals: AtomicU64,
    served: tokio::sync::Mutex<u64>,
    warn: Box<dyn Fn(Problem) + Send + Sync>,
}

enum Queue {
    #[cfg(target_os = "linux")]
    Kernel(inotify::Queue),
    #[cfg(any(test, not(target_os = "linux")))]
    Cookie(cookie::Queue),
    /// The system watches nothing; everything is compared.
    None,
}

impl Watcher {
    /// Starts watching nothing. Must be called in a tokio runtime; `warn` is told what cannot be watched.
    pub fn start(warn: impl Fn(Problem) + Send + Sync + 'static) -> Self {
        #[cfg(target_os = "linux")]
        let opened = inotify::open().map(|(queue, watches)| (Queue::Kernel(queue), Tree::new(Box::new(watches))));
        #[cfg(not(target_os = "linux"))]
        let opened = cookie::open(&std::env::temp_dir())
            .map(|(queue, watches)| (Queue::Cookie(queue), Tree::new(Box::new(watches))));
        let nothing = |error| (Queue::None, Tree::new(Box::new(NoWatches(format!("{error}")))));
        let (queue, tree) = opened.unwrap_or_else(nothing);
        Self::with(queue, tree, warn)
    }

    fn with(queue: Queue, tree: Tree, warn: impl Fn(Problem) + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            ledger: Mutex::new(Ledger::new(tree)),
            queue,
            seen: AtomicU64::new(0),
            changed: Notify::new(),
            compares: AtomicBool::new(false),
            comparing: Notify::new(),
            arrivals: AtomicU64::new(0),
            served: tokio::sync::Mutex::new(0),
            warn: Box::new(warn),
        });
        let task = tokio::spawn(attend(Arc::clone(&shared)));
        Self { shared, _task: Arc::new(AbortOnDropHandle::new(task)) }
    }

    /// Replaces what an owner watches. The answered paths were not watched before: whoever read them earlier must
    /// compare them once more.
    #[must_use]
    pub fn watch(&self, owner: &Owner, set: WatchSet) -> Vec<PathBuf> {
        let mut ledger = self.shared.ledger();
        let fresh = ledger.watch(owner, set);
        self.shared.settle(ledger);
        fresh
    }

    /// Ends an owner's watching.
    pub fn forget(&self, owner: &Owner) {
        self.shared.ledger().forget(owner);
    }

    /// Returns when every save that returned before the call has been seen; answers how many changes that makes since
    /// the start, the same number as before if nothing changed.
    pub async fn barrier(&self) -> u64 {
        self.shared.barrier().await
    }

    /// Takes what changed since the last call, and the [`barrier`](Self::barrier) number that it reaches to.
    #[must_use]
    pub fn take(&self) -> (Changes, u64) {
        self.shared.ledger().take()
    }

    /// Waits until more than `seen` changes were seen.
    pub async fn changed(&self, seen: u64) {
        loop {
            let changed = self.shared.changed.notified();
            if self.shared.seen.load(Ordering::Acquire) > seen {
                return;
            }
            changed.await;
        }
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn barrier(&self) -> u64 {
        match &self.queue {
            #[cfg(target_os = "linux")]
            Queue::Kernel(_) => {
                self.drain();
                if self.compares.load(Ordering::Acquire) {
                    self.share(|| async { self.compare() }).await;
                }
            }
            Queue::None => self.share(|| async { self.compare() }).await,
            #[cfg(any(test, not(target_os = "linux")))]
            Queue::Cookie(queue) => {
                let work = || async {
                    queue.round_trip(&self.ledger).await;
                    self.compare();
                };
                self.share(work).await;
            }
        }
        self.seen.load(Ordering::Acquire)
    }

    /// Runs `work` once for all who wait: each is served by a run that began after it had come.
    async fn share<F: Future<Output = ()>>(&self, work: impl FnOnce() -> F) {
        let ticket = self.arrivals.fetch_add(1, Ordering::AcqRel) + 1;
        let mut served = self.served.lock().await;
        if *served < ticket {
            let upto = self.arrivals.load(Ordering::Acquire);
            work().await;
            *served = upto;
        }
    }

    fn drain(&self) {
        let mut ledger = self.ledger();
        self.queue.drain(&mut ledger);
        self.settle(ledger);
    }

    fn compare(&self) {
        let mut ledger = self.ledger();
        ledger.compare();
        self.settle(ledger);
    }

    /// Publishes what an access to the ledger brought to light.
    fn settle(&self, mut ledger: MutexGuard<'_, Ledger>) {
        let (seen, compares) = (ledger.seen(), !ledger.states.is_empty());
        let refusals = if compares { ledger.take_refusals() } else { Vec::new() };
        drop(ledger);
        if self.seen.fetch_max(seen, Ordering::AcqRel) < seen {
            self.changed.notify_waiters();
        }
        if compares && !self.compares.swap(true, Ordering::AcqRel) {
            self.comparing.notify_one();
        }
        if let Some(first) = refusals.first() {
            (self.warn)(warning(first, refusals.len()));
        }
    }
}

impl Queue {
    async fn arrived(&self) {
        match self {
            #[cfg(target_os = "linux")]
            Queue::Kernel(queue) => queue.arrived().await,
            #[cfg(any(test, not(target_os = "linux")))]
            Queue::Cookie(queue) => queue.arrived().await,
            Queue::None => std::future::pending().await,
        }
    }

    fn drain(&self, ledger: &mut Ledger) {
        match self {
            #[cfg(target_os = "linux")]
            Queue::Kernel(queue) => queue.drain(ledger),
            #[cfg(any(test, not(target_os = "linux")))]
            Queue::Cookie(queue) => queue.drain(ledger),
            Queue::None => {}
        }
    }
}

/// Notes events while no request asks for them.
async fn attend(shared: Arc<Shared>) {
    loop {
        let compares = shared.compares.load(Ordering::Acquire);
        tokio::select! {
            () = shared.queue.arrived() => shared.drain(),
            () = tokio::time::sleep(COMPARE_EVERY), if compares => {
                shared.share(|| async { shared.compare() }).await;
            }
            () = shared.comparing.notified() => {}
        }
    }
}

/// A system that gave us no queue of events.
struct NoWatches(String);

impl Directories for NoWatches {
    fn add(&mut self, _: &Path, _: Depth) -> Result<Key, Refused> {
        Err(Refused::Unwatchable(self.0.clone()))
    }

    fn remove(&mut self, _: &Key) {}
}

fn warning(first: &Unwatched, count: usize) -> Problem {
    let others = if count > 1 { format!(" and {} more files", count - 1) } else { String::new() };
    let what = format!(
        "{}{others} cannot be watched ({}). They are compared at each request instead, which is slower.",
        first.path.display(),
        first.reason
    );
    Problem::warning(what).help(HELP)
}

const HELP: &str =
    "On Linux, `sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512` raises the limits.";
