//! Builds `env`: each binding attaches itself, and gets from here what leads to other Workers and to the store.

use std::sync::{Arc, Weak};

use rquickjs::{Ctx, Function, Object, Result};

use super::events::local_first;
use super::loader::DynamicWorkers;
use super::objects::ClassObjects;
use super::outbound::OutboundWorker;
use super::target::Target;
use super::{Runtime, WorkerSpec};
use crate::assets::Site;
use crate::bindings::{Dispatched, Environment, InstanceKey, Loader, Objects, Queues, RunHandle, Workflows, namespace};
use crate::compile::Cache;
use crate::engine::throw_error;
use crate::store::Store;
use crate::web::fetch::FetchTarget;
use crate::worker::{Failure, Fetch, WorkerId};

/// The `env` object of a Worker.
pub(super) fn attach<'js>(ctx: &Ctx<'js>, runtime: &Weak<Runtime>, spec: &WorkerSpec) -> Result<Object<'js>> {
    let env = Object::new(ctx.clone())?;
    let stopped = || throw_error(ctx, &Failure::Stopped.to_string());
    let store = runtime.upgrade().ok_or_else(stopped)?.settings.store.clone();
    let (id, assets, outbound) = (spec.id.clone(), spec.assets.clone(), spec.outbound.clone());
    let around = Around { runtime: runtime.clone(), id, store, assets, outbound };
    for binding in spec.bindings.list() {
        env.set(binding.name(), binding.attach(ctx, &around)?)?;
    }
    Ok(env)
}

/// A function `(entrypoint, props)` that opens the Worker itself.
pub(super) fn loopback<'js>(ctx: &Ctx<'js>, runtime: &Weak<Runtime>, spec: &WorkerSpec) -> Result<Function<'js>> {
    let (runtime, id) = (runtime.clone(), spec.id.clone());
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, entrypoint: String, props: Option<String>| {
        let runtime = runtime.upgrade().ok_or_else(|| throw_error(&ctx, &Failure::Stopped.to_string()))?;
        FetchTarget::instance(
            &ctx,
            Arc::new(Target::new(&runtime, id.clone(), entrypoint).with_props(props).with_callers_outbound()),
        )
    })
}

/// A function that answers the `DurableObjectNamespace` of one of the Worker's own classes.
pub(super) fn own_objects<'js>(ctx: &Ctx<'js>, runtime: &Weak<Runtime>, spec: &WorkerSpec) -> Result<Function<'js>> {
    let (runtime, id) = (runtime.clone(), spec.id.clone());
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, class: String| {
        namespace(&ctx, Arc::new(ClassObjects::new(&runtime, id.clone(), &class)))
    })
}

/// A function `(flow, id, generation)` that answers what a run of a workflow's instance is kept with.
pub(super) fn workflow_runs<'js>(ctx: &Ctx<'js>, runtime: &Weak<Runtime>) -> Result<Function<'js>> {
    let runtime = runtime.clone();
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, flow: String, id: String, generation: f64| {
        let runtime = runtime.upgrade().ok_or_else(|| throw_error(&ctx, &Failure::Stopped.to_string()))?;
        RunHandle::instance(&ctx, runtime.workflows().clone(), InstanceKey { flow, id }, generation)
    })
}

#[derive(Clone)]
struct Around {
    runtime: Weak<Runtime>,
    id: WorkerId,
    store: Arc<Store>,
    assets: Option<Arc<Site>>,
    outbound: Option<Arc<dyn Fetch>>,
}

impl Environment for Around {
    fn worker(&self) -> &WorkerId {
        &self.id
    }

    fn service(&self, name: &str, entrypoint: Option<&str>, props: Option<String>) -> Option<Arc<dyn Fetch>> {
        let runtime = self.runtime.upgrade()?;
        let entrypoint = entrypoint.unwrap_or("default").to_owned();
        Some(Arc::new(Target::new(&runtime, WorkerId::plain(name), entrypoint).with_props(props)))
    }

    fn user_worker(&self, namespace: &str, name: &str, how: Dispatched) -> Option<Arc<dyn Fetch>> {
        let runtime = self.runtime.upgrade()?;
        let target = Target::new(&runtime, WorkerId::user(namespace, name), "default".to_owned());
        let outbound = how.outbound.map(|(worker, given)| OutboundWorker::shared(&self.runtime, worker, given));
        Some(Arc::new(target.dispatched(how.limits, outbound)))
    }

    fn objects(&self, script: Option<&str>, class: &str) -> Option<Arc<dyn Objects>> {
        let worker = script.map_or_else(|| self.id.clone(), WorkerId::plain);
        Some(Arc::new(ClassObjects::new(&self.runtime, worker, class)))
    }

    fn queues(&self) -> Option<Arc<Queues>> {
        Some(self.runtime.upgrade()?.queues().clone())
    }

    fn workflows(&self) -> Option<Arc<Workflows>> {
        Some(self.runtime.upgrade()?.workflows().clone())
    }

    fn loader(&self, binding: &str) -> Option<Arc<dyn Loader>> {
        let runtime = self.runtime.upgrade()?;
        let inherited = self.outbound.clone().unwrap_or_else(|| local_first(&runtime, &self.id));
        Some(Arc::new(DynamicWorkers {
            runtime: self.runtime.clone(),
            namespace: format!("{}:{binding}", self.id),
            cache: Arc::new(Cache::new()),
            outbound: inherited,
        }))
    }

    fn store(&self) -> Arc<Store> {
        self.store.clone()
    }

    fn assets(&self) -> Option<Arc<Site>> {
        self.assets.clone()
    }

    fn shared(&self) -> Arc<dyn Environment> {
        Arc::new(self.clone())
    }
}
