//! One version of one Worker: its isolate, loaded when needed, unloaded when idle, given up when replaced.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::shares::Beside;
use super::{Runtime, WorkerSpec, events};
use crate::engine::{Booted, Isolate, Program};
use crate::worker::Failure;

/// See the module's text.
pub(super) struct Slot {
    pub(super) spec: WorkerSpec,
    name: Arc<str>,
    /// The versions that share its requests, if there are others.
    pub(super) beside: Vec<Beside>,
    state: Mutex<State>,
    last_use: AtomicU64,
    /// Whether the observer is told that it does not start.
    heard: bool,
}

#[derive(Default)]
struct State {
    isolate: Option<Arc<Isolate>>,
    program: Option<Arc<Program>>,
    broken: Option<Failure>,
    retired: bool,
}

type Ready = Box<dyn FnOnce(Result<Arc<Isolate>, Failure>) + Send>;

/// Cloudflare's words to the callers of an object whose Worker was replaced.
const CODE_UPDATED: &str = "Durable Object reset because its code was updated.";

impl Slot {
    pub(super) fn new(spec: WorkerSpec) -> Arc<Self> {
        Self::make(spec, true)
    }

    /// One whose failure to start is told to the caller alone.
    pub(super) fn unheard(spec: WorkerSpec) -> Arc<Self> {
        Self::make(spec, false)
    }

    fn make(spec: WorkerSpec, heard: bool) -> Arc<Self> {
        let (name, beside) = (spec.id.to_string().into(), Beside::of(&spec.shares));
        Arc::new(Self { spec, name, beside, state: Mutex::default(), last_use: AtomicU64::new(0), heard })
    }

    pub(super) fn broken(spec: WorkerSpec, failure: Failure) -> Arc<Self> {
        let slot = Self::new(spec);
        slot.lock().broken = Some(failure);
        slot
    }

    /// The isolate that takes the next request; on this thread if it is loaded, else on one that may block.
    pub(super) fn with_isolate(self: &Arc<Self>, runtime: &Arc<Runtime>, ready: Ready) {
        self.last_use.store(runtime.tick(), Ordering::Relaxed);
        let state = self.lock();
        if let Some(failure) = state.broken.clone() {
            drop(state);
            return ready(Err(failure));
        }
        if let Some(isolate) = state.isolate.clone().filter(|isolate| !isolate.is_retired()) {
            drop(state);
            return ready(Ok(isolate));
        }
        let compiled = state.program.clone();
        drop(state);
        if let Some(program) = compiled {
            return ready(Ok(self.boot(runtime, program, Box::new(|_| ()))));
        }
        let (slot, runtime) = (self.clone(), runtime.clone());
        runtime.settings.engine.tokio.clone().spawn_blocking(move || {
            let isolate = slot.spec.source.load().map(|program| slot.boot(&runtime, program, Box::new(|_| ())));
            runtime.evict();
            ready(isolate);
        });
    }

    /// Loads and boots at once; tells how it went.
    pub(super) async fn start(self: &Arc<Self>, runtime: &Arc<Runtime>) -> Result<(), Failure> {
        let (slot, runtime) = (self.clone(), runtime.clone());
        let (sender, started) = oneshot::channel();
        let booted: Booted = Box::new(move |result| drop(sender.send(result)));
        let loading = runtime.settings.engine.tokio.clone().spawn_blocking(move || {
            slot.spec.source.load().map(|program| {
                slot.boot(&runtime, program, booted);
            })
        });
        let loaded = match loading.await {
            Ok(Ok(())) => started.await.unwrap_or(Err(Failure::Stopped)),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Failure::error("the Worker's modules could not be loaded")),
        };
        if let Err(failure) = &loaded {
            self.lock().broken = Some(failure.clone());
        }
        loaded
    }

    fn boot(self: &Arc<Self>, runtime: &Arc<Runtime>, program: Arc<Program>, booted: Booted) -> Arc<Isolate> {
        let mut state = self.lock();
        if let Some(isolate) = state.isolate.clone().filter(|isolate| !isolate.is_retired()) {
            return isolate;
        }
        let boot = events::boot(runtime, &self.spec, &program);
        let observer = runtime.settings.observer.clone();
        let (id, heard) = (self.spec.id.clone(), self.heard);
        let told: Booted = Box::new(move |result| {
            if let Err(failure) = result.as_ref()
                && heard
            {
                observer.failed(&id, failure, None);
            }
            booted(result);
        });
        let options = runtime.settings.isolate;
        let engine = runtime.settings.engine.clone();
        let isolate = Isolate::start(self.name.clone(), options, engine, program.clone(), (boot, told));
        state.program = Some(program);
        state.isolate = Some(isolate.clone());
        if state.retired {
            isolate.retire();
        }
        isolate
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn isolate(&self) -> Option<Arc<Isolate>> {
        self.lock().isolate.clone()
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.lock().isolate.is_some()
    }

    pub(super) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }

    /// Whether it was ever asked.
    pub(super) fn is_used(&self) -> bool {
        self.last_use() > 0
    }

    pub(super) fn unload_if_idle(&self) {
        let mut state = self.lock();
        if state.isolate.as_ref().is_some_and(|isolate| isolate.open_count() == 0) {
            if let Some(isolate) = state.isolate.take() {
                isolate.turn_out(&Failure::Stopped);
            }
            state.program = None;
        }
    }

    /// A newer version took its place: what is in flight ends here, nothing new begins.
    pub(super) fn retire(&self) {
        let mut state = self.lock();
        state.retired = true;
        if let Some(isolate) = state.isolate.take() {
            isolate.retire();
            isolate.turn_out(&Failure::error(CODE_UPDATED));
        }
        drop(state);
        for other in self.beside.iter().filter_map(|one| one.slot.as_ref()) {
            other.retire();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
