//! A Worker that is made at run time: who calls it before its code is there waits for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::bindings::Binding;
use crate::engine::Invocation;
use crate::graph::AllGiven;
use crate::worker::{Call, Errand, Failure, Fetch, ParcelReply, Reply, Request};

/// What such a Worker is made of.
pub struct DynamicCode {
    pub main: String,
    pub modules: AllGiven,
    pub compatibility_date: String,
    pub compatibility_flags: Vec<String>,
    pub bindings: Vec<Box<dyn Binding>>,
    pub outbound: DynamicOutbound,
    pub cpu: Option<Duration>,
    pub subrequests: Option<u64>,
}

/// Where its `fetch()` leads.
pub enum DynamicOutbound {
    /// Where that of the Worker leads which loads it.
    Inherited,
    Nowhere,
    Through(Arc<dyn Fetch>),
}

/// Runs such Workers; a name is one of them at a time.
pub trait Loader: Send + Sync {
    /// Has it answer from now on, until what is returned is dropped.
    fn put(&self, name: &str, code: DynamicCode) -> Box<dyn Send + Sync>;

    /// An entrypoint; `props` as JSON.
    fn target(&self, name: &str, entrypoint: &str, props: Option<String>) -> Option<Arc<dyn Fetch>>;
}

/// The Workers of one binding, by id.
pub(super) struct Dynamics {
    pub(super) loader: Arc<dyn Loader>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_id: HashMap<String, Arc<Dynamic>>,
    /// Those that were made first come first.
    order: VecDeque<String>,
}

/// Workers of a binding that have an id; the one that was made first goes, and is loaded again if it is asked for.
const MAX_KNOWN: usize = 1_000;

impl Dynamics {
    pub(super) fn new(loader: Arc<dyn Loader>) -> Self {
        Self { loader, known: Mutex::default() }
    }

    pub(super) fn open(&self, id: Option<String>) -> Arc<Dynamic> {
        let Some(id) = id else {
            return Dynamic::new(self.loader.clone(), format!("#{}", uuid::Uuid::new_v4().simple()));
        };
        let mut known = lock(&self.known);
        if let Some(found) = known.by_id.get(&id).filter(|found| !found.has_failed()) {
            return found.clone();
        }
        let made = Dynamic::new(self.loader.clone(), id.clone());
        let failed = known.by_id.insert(id.clone(), made.clone());
        if failed.is_none() {
            known.order.push_back(id);
        }
        let surplus = if known.order.len() > MAX_KNOWN { known.order.pop_front() } else { None };
        let surplus = surplus.and_then(|id| known.by_id.remove(&id));
        drop(known);
        drop((failed, surplus));
        made
    }
}

/// One of them.
pub(super) struct Dynamic {
    loader: Arc<dyn Loader>,
    name: String,
    state: Mutex<State>,
}

enum State {
    Waiting {
        /// Whose callback is to give the code.
        claimed: Option<Arc<Invocation>>,
        waiting: Vec<Waiter>,
    },
    /// Runs as long as this is kept.
    Given(#[allow(dead_code, reason = "what counts is when it is dropped")] Box<dyn Send + Sync>),
    Failed(Failure),
}

type Waiter = Box<dyn FnOnce(Result<(), Failure>) + Send>;

impl Dynamic {
    fn new(loader: Arc<dyn Loader>, name: String) -> Arc<Self> {
        let state = Mutex::new(State::Waiting { claimed: None, waiting: Vec::new() });
        Arc::new(Self { loader, name, state })
    }

    fn has_failed(&self) -> bool {
        matches!(*lock(&self.state), State::Failed(_))
    }

    /// Whether the caller is to give the code: nobody else has promised to, or whoever has is gone.
    pub(super) fn claim(&self, by: Arc<Invocation>) -> bool {
        match &mut *lock(&self.state) {
            State::Waiting { claimed, .. } if claimed.as_ref().is_none_or(|other| other.is_finished()) => {
                *claimed = Some(by);
                true
            }
            _ => false,
        }
    }

    pub(super) fn give(&self, code: DynamicCode) {
        let running = self.loader.put(&self.name, code);
        self.settle(State::Given(running), &Ok(()));
    }

    pub(super) fn fail(&self, failure: Failure) {
        self.settle(State::Failed(failure.clone()), &Err(failure));
    }

    fn settle(&self, now: State, told: &Result<(), Failure>) {
        let before = std::mem::replace(&mut *lock(&self.state), now);
        if let State::Waiting { waiting, .. } = before {
            for waiter in waiting {
                waiter(told.clone());
            }
        }
    }

    fn when_there(&self, then: Waiter) {
        let mut state = lock(&self.state);
        let told = match &mut *state {
            State::Waiting { waiting, .. } => return waiting.push(then),
            State::Given(_) => Ok(()),
            State::Failed(failure) => Err(failure.clone()),
        };
        drop(state);
        then(told);
    }
}

/// An entrypoint of one of them.
pub(super) struct DynamicTarget {
    pub(super) worker: Arc<Dynamic>,
    pub(super) entrypoint: String,
    pub(super) props: Option<String>,
}

impl DynamicTarget {
    fn found(&self) -> Option<Arc<dyn Fetch>> {
        self.worker.loader.target(&self.worker.name, &self.entrypoint, self.props.clone())
    }
}

impl Fetch for DynamicTarget {
    fn fetch(&self, request: Request, call: Call, reply: Reply) {
        let Some(target) = self.found() else { return reply(Err(Failure::Stopped)) };
        // Held, so that it runs until it has answered.
        let worker = self.worker.clone();
        self.worker.when_there(Box::new(move |there| match there {
            Ok(()) => target.fetch(request, call, Box::new(move |answer| drop((reply(answer), worker)))),
            Err(failure) => reply(Err(failure)),
        }));
    }

    fn invoke(&self, errand: Errand, call: Call, reply: ParcelReply) {
        let Some(target) = self.found() else { return reply(Err(Failure::Stopped)) };
        let worker = self.worker.clone();
        self.worker.when_there(Box::new(move |there| match there {
            Ok(()) => target.invoke(errand, call, Box::new(move |answer| drop((reply(answer), worker)))),
            Err(failure) => reply(Err(failure)),
        }));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
