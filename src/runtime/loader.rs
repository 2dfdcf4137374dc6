//! Workers that another one makes at run time: each runs like a user Worker, of a namespace that nobody can bind.

use std::sync::{Arc, Weak};

use super::slot::Slot;
use super::target::Target;
use super::{ProgramCache, Runtime, Source, WorkerSpec};
use crate::bindings::{DynamicCode, DynamicOutbound, Loader};
use crate::compile::Cache;
use crate::engine::Program;
use crate::graph::{self, AllGiven};
use crate::worker::{Call, Compat, Failure, Fetch, Reply, Request, WorkerId};

/// See the module's text.
pub(super) struct DynamicWorkers {
    pub(super) runtime: Weak<Runtime>,
    /// Of the Worker that makes them, and of its binding.
    pub(super) namespace: String,
    pub(super) cache: Arc<Cache>,
    /// Where the `fetch()` of the Worker leads that makes them.
    pub(super) outbound: Arc<dyn Fetch>,
}

impl Loader for DynamicWorkers {
    fn put(&self, name: &str, code: DynamicCode) -> Box<dyn Send + Sync> {
        let id = WorkerId::user(self.namespace.as_str(), name);
        let outbound = match code.outbound {
            DynamicOutbound::Inherited => self.outbound.clone(),
            DynamicOutbound::Nowhere => Arc::new(Nowhere),
            DynamicOutbound::Through(target) => target,
        };
        let compat = Compat::new(&code.compatibility_date, &code.compatibility_flags);
        let options = graph::Options::of_upload(&code.compatibility_flags, &code.compatibility_date);
        let options = graph::Options { named_entrypoints: true, ..options };
        let source = Code { main: code.main, modules: code.modules, options, compat, cache: self.cache.clone() };
        let slot = Slot::new(WorkerSpec {
            id: id.clone(),
            source: Arc::new(source),
            bindings: Arc::new(code.bindings),
            cpu: code.cpu,
            subrequests: code.subrequests,
            assets: None,
            shares: Vec::new(),
            outbound: Some(outbound),
        });
        let running = Running { runtime: self.runtime.clone(), id, slot: Arc::downgrade(&slot) };
        if let Some(runtime) = self.runtime.upgrade() {
            runtime.swap(slot);
        }
        Box::new(running)
    }

    fn target(&self, name: &str, entrypoint: &str, props: Option<String>) -> Option<Arc<dyn Fetch>> {
        let (runtime, id) = (self.runtime.upgrade()?, WorkerId::user(self.namespace.as_str(), name));
        Some(Arc::new(Target::new(&runtime, id, entrypoint.to_owned()).with_props(props).with_callers_outbound()))
    }
}

/// It runs until this is dropped, or another one has its name.
struct Running {
    runtime: Weak<Runtime>,
    id: WorkerId,
    slot: Weak<Slot>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.upgrade() else { return };
        let current = runtime.slot(&self.id);
        if current.is_some_and(|current| std::ptr::eq(Arc::as_ptr(&current), self.slot.as_ptr())) {
            runtime.remove(&self.id);
        }
    }
}

/// The modules as they were given.
struct Code {
    main: String,
    modules: AllGiven,
    options: graph::Options,
    compat: Compat,
    cache: Arc<Cache>,
}

impl Source for Code {
    fn load(&self) -> Result<Arc<Program>, Failure> {
        let broken = |problems: crate::error::Problems| {
            let first = problems.0.first().map(ToString::to_string).unwrap_or_default();
            Failure::error(format!("Failed to start Worker:\n{first}"))
        };
        if !self.modules.contains_key(&self.main) {
            return Err(Failure::error(format!("Failed to start Worker:\nNo such module \"{}\".", self.main)));
        }
        let graph = graph::assemble(&self.main, &self.modules, &self.options, &self.cache);
        let program = ProgramCache::default().program(&graph.map_err(|failed| broken(failed.problems))?);
        program.map(Arc::new).map_err(broken)
    }

    fn compat(&self) -> Compat {
        self.compat.clone()
    }

    /// Names and lines are those of the modules; only devflare's own frames are left out.
    fn map_stack(&self, stack: &str) -> String {
        stack.lines().filter(|line| !line.contains("internal:")).collect::<Vec<_>>().join("\n")
    }
}

/// Answers the `fetch()` of a Worker that may not ask anybody.
struct Nowhere;

impl Fetch for Nowhere {
    fn fetch(&self, _: Request, _: Call, reply: Reply) {
        let what = "This worker is not permitted to access the internet via global functions like fetch(). It must use \
                    capabilities (such as bindings in 'env') to talk to the outside world.";
        reply(Err(Failure::error(what)));
    }
}
