//! The JavaScript face of a binding: what it gets from the runtime, and how its own script is called.

use std::sync::Arc;
use std::time::Duration;

use rquickjs::{Ctx, Function, Result, Value, function::IntoArgs};

use super::dispatch_namespaces::Outbound;
use super::durable_objects::Objects;
use super::queues::Queues;
use super::worker_loaders::Loader;
use super::workflows::Workflows;
use crate::assets::Site;
use crate::engine::{realm, throw_error};
use crate::store::Store;
use crate::worker::{Fetch, WorkerId};

/// What a dispatcher allows a user Worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DispatchLimits {
    pub cpu: Option<Duration>,
    pub subrequests: Option<u32>,
}

/// How a dispatcher calls a user Worker.
#[derive(Debug, Clone, Default)]
pub struct Dispatched {
    pub limits: DispatchLimits,
    /// The Worker that answers each of its `fetch()`es, and the parameters for it, a JSON object.
    pub outbound: Option<(Outbound, Option<String>)>,
}

/// What surrounds a Worker: the ways from its bindings to other Workers and to what is stored.
pub trait Environment: Send + Sync {
    fn worker(&self) -> &WorkerId;

    /// An ordinary Worker; `props` arrive there as `ctx.props`, JSON.
    fn service(&self, name: &str, entrypoint: Option<&str>, props: Option<String>) -> Option<Arc<dyn Fetch>>;

    /// A user Worker, which need not exist.
    fn user_worker(&self, namespace: &str, name: &str, how: Dispatched) -> Option<Arc<dyn Fetch>>;

    /// The Durable Objects of a class, of the Worker itself or of another one.
    fn objects(&self, script: Option<&str>, class: &str) -> Option<Arc<dyn Objects>>;

    /// What waits in queues.
    fn queues(&self) -> Option<Arc<Queues>>;

    /// Instances of workflows.
    fn workflows(&self) -> Option<Arc<Workflows>>;

    /// Runs Workers that this one makes, for one of its bindings.
    fn loader(&self, binding: &str) -> Option<Arc<dyn Loader>>;

    /// Where bindings keep what Workers store.
    fn store(&self) -> Arc<Store>;

    /// The Worker's static files.
    fn assets(&self) -> Option<Arc<Site>>;

    /// A handle to the same surroundings that outlives the start of the isolate.
    fn shared(&self) -> Arc<dyn Environment>;
}

/// Calls `make` of a binding's script, `internal:NAME`.
pub(super) fn make<'js, A: IntoArgs<'js>>(ctx: &Ctx<'js>, script: &str, args: A) -> Result<Value<'js>> {
    let program = realm(ctx).program.clone();
    let exports = program.builtin(ctx, &format!("internal:{script}"))?;
    exports.get::<_, Function<'js>>("make")?.call(args)
}

/// The runtime ends: nothing can be reached any more.
pub(super) fn stopped(ctx: &Ctx<'_>) -> rquickjs::Error {
    throw_error(ctx, "devflare is stopping")
}
