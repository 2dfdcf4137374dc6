//! One event in an isolate: its CPU budget (carried across awaits), its pending host work, and how it ends.
//!
//! Lives outside the isolate's lock, so that the monitor can fail it while a thread is stuck in a native builtin.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::worker::Failure;

#[derive(Debug, Clone, Copy)]
pub struct InvocationLimits {
    /// `None`: unlimited.
    pub cpu: Option<Duration>,
    /// Subrequests it may make.
    pub subrequests: u32,
}

/// How an invocation relates to the others of its isolate.
#[derive(Clone, Default)]
pub enum Standing {
    /// One event, which must come to an end.
    #[default]
    Event,
    /// What stays between events, such as an object with state: it owns the work that its events begin.
    Resident,
    /// An event of a resident: code runs in the resident's name.
    Of(Arc<Invocation>),
}

type Hook = Box<dyn FnOnce(Option<&Failure>) + Send>;

/// See the module's text.
pub struct Invocation {
    pub id: u64,
    pub limits: InvocationLimits,
    pub(super) standing: Standing,
    /// What the layer that started it keeps with it.
    pub data: Box<dyn Any + Send + Sync>,
    cpu_used: AtomicU64,
    subrequests: AtomicU32,
    pub(super) pending_ops: AtomicU32,
    finished: AtomicBool,
    hooks: Mutex<Vec<Hook>>,
}

impl Invocation {
    #[must_use]
    pub fn new(id: u64, limits: InvocationLimits, data: Box<dyn Any + Send + Sync>) -> Self {
        Self {
            id,
            limits,
            standing: Standing::Event,
            data,
            cpu_used: AtomicU64::new(0),
            subrequests: AtomicU32::new(0),
            pending_ops: AtomicU32::new(0),
            finished: AtomicBool::new(false),
            hooks: Mutex::new(Vec::new()),
        }
    }

    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    pub(super) fn is_resident(&self) -> bool {
        matches!(self.standing, Standing::Resident)
    }

    /// The resident whose event it is.
    pub fn resident(&self) -> Option<&Arc<Self>> {
        if let Standing::Of(resident) = &self.standing { Some(resident) } else { None }
    }

    /// Starts its limits afresh: each event of a resident has them anew.
    pub fn refresh(&self) {
        self.cpu_used.store(0, Ordering::Relaxed);
        self.subrequests.store(0, Ordering::Relaxed);
    }

    /// Whether host work waits in its name.
    pub fn is_busy(&self) -> bool {
        self.pending_ops.load(Ordering::Relaxed) > 0
    }

    /// CPU time of all its turns so far.
    pub fn cpu_used(&self) -> Duration {
        Duration::from_nanos(self.cpu_used.load(Ordering::Relaxed))
    }

    pub(super) fn charge(&self, nanos: u64) {
        self.cpu_used.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Nanoseconds it may still use; `u64::MAX` without a limit.
    pub(super) fn remaining(&self) -> u64 {
        let Some(limit) = self.limits.cpu else { return u64::MAX };
        nanos(limit).saturating_sub(self.cpu_used.load(Ordering::Relaxed))
    }

    pub(super) fn cpu_failure(&self) -> Failure {
        Failure::CpuLimit { used: self.cpu_used(), limit: self.limits.cpu.unwrap_or(Duration::MAX) }
    }

    /// Counts one subrequest; false when the limit was reached before it.
    pub fn count_subrequest(&self) -> bool {
        self.subrequests.fetch_add(1, Ordering::Relaxed) < self.limits.subrequests
    }

    pub fn subrequests(&self) -> u32 {
        self.subrequests.load(Ordering::Relaxed)
    }

    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Runs `hook` when the invocation ends (`None`) or fails; at once if it has ended.
    pub fn on_end(&self, hook: impl FnOnce(Option<&Failure>) + Send + 'static) {
        let mut hooks = self.hooks.lock().expect("no hook panics while it holds the lock");
        if self.is_finished() {
            drop(hooks);
            hook(None);
        } else {
            hooks.push(Box::new(hook));
        }
    }

    /// Ends the invocation once; later calls do nothing.
    pub(super) fn end(&self, failure: Option<&Failure>) -> bool {
        let hooks = {
            let mut hooks = self.hooks.lock().expect("no hook panics while it holds the lock");
            if self.finished.swap(true, Ordering::AcqRel) {
                return false;
            }
            std::mem::take(&mut *hooks)
        };
        for hook in hooks {
            hook(failure);
        }
        true
    }
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("id", &self.id).finish_non_exhaustive()
    }
}
