//! What JavaScript holds of workflows: an opaque handle of a binding's, and one of a run's.

use std::future::Future;
use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, IntoJs, JsLifetime, Promise, Result, TypedArray, Value};
use uuid::Uuid;

use super::instances::{Answer, Command, Flow, Instance, InstanceKey, NewInstance, Outcome, RunId, Workflows};
use super::steps::Step;
use crate::engine::{HostError, begin_listener, on_op_cancel, realm, require_current, spawn_op, throw_error};
use crate::web::serial::ParcelHandle;

/// A binding.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct WorkflowHandle {
    #[qjs(skip_trace)]
    workflows: Arc<Workflows>,
    #[qjs(skip_trace)]
    flow: Flow,
    class: String,
}

/// One run of an instance, from its start to its end or a pause in it.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct RunHandle {
    #[qjs(skip_trace)]
    workflows: Arc<Workflows>,
    #[qjs(skip_trace)]
    run: RunId,
}

type Packed<'js> = Class<'js, ParcelHandle>;

impl WorkflowHandle {
    pub(super) fn instance<'js>(
        ctx: &Ctx<'js>,
        workflows: Arc<Workflows>,
        flow: Flow,
        class: &str,
    ) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { workflows, flow, class: class.to_owned() })
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl WorkflowHandle {
    /// A list of `[id, params, success retention, error retention]`, the id or nothing; fulfilled with the ids of those that are new.
    fn create<'js>(&self, ctx: Ctx<'js>, list: Vec<Array<'js>>) -> Result<Promise<'js>> {
        let mut instances = Vec::with_capacity(list.len());
        for item in list {
            let params: Packed<'js> = item.get(1)?;
            let params = params.borrow().take(&ctx)?.bytes;
            let (class, retention) = (self.class.clone(), (whole(item.get(2)?), whole(item.get(3)?)));
            let id = item.get::<Option<String>>(0)?.unwrap_or_else(|| Uuid::new_v4().to_string());
            instances.push(NewInstance { id, class, params, retention });
        }
        let (workflows, flow) = (self.workflows.clone(), self.flow.clone());
        begin(&ctx, async move { workflows.create(&flow, instances).await })
    }

    /// Undefined, or `[status, output, error]`.
    fn status<'js>(&self, ctx: Ctx<'js>, id: String) -> Result<Promise<'js>> {
        let (workflows, key) = (self.workflows.clone(), self.flow.key(&id));
        begin(&ctx, async move { workflows.find(&key).await.map(|found| found.map(Standing)) })
    }

    /// Fulfilled with `done`, `missing` or `over`.
    fn command<'js>(&self, ctx: Ctx<'js>, id: String, name: String) -> Result<Promise<'js>> {
        let command = match &*name {
            "pause" => Command::Pause,
            "resume" => Command::Resume,
            "terminate" => Command::Terminate,
            _ => Command::Restart,
        };
        let (workflows, key) = (self.workflows.clone(), self.flow.key(&id));
        let told = |outcome| match outcome {
            Outcome::Done => "done",
            Outcome::Missing => "missing",
            Outcome::Over => "over",
        };
        begin(&ctx, async move { workflows.command(&key, command).await.map(told) })
    }

    /// Fulfilled with whether there is such an instance.
    fn send_event<'js>(&self, ctx: Ctx<'js>, id: String, kind: String, payload: Packed<'js>) -> Result<Promise<'js>> {
        let (workflows, key) = (self.workflows.clone(), self.flow.key(&id));
        let payload = payload.borrow().take(&ctx)?.bytes;
        begin(&ctx, async move { workflows.send_event(&key, kind, payload).await })
    }
}

impl RunHandle {
    pub fn instance<'js>(
        ctx: &Ctx<'js>,
        workflows: Arc<Workflows>,
        key: InstanceKey,
        generation: f64,
    ) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { workflows, run: RunId { key, generation: whole(generation) } })
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl RunHandle {
    /// Milliseconds since 1970.
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this age are below 2^53")]
    fn now(&self) -> f64 {
        self.workflows.now() as f64
    }

    /// Undefined, or `[state, result, error, attempts, due]`.
    fn step<'js>(&self, ctx: Ctx<'js>, name: String) -> Result<Promise<'js>> {
        let (workflows, run) = (self.workflows.clone(), self.run.clone());
        own(&ctx, async move { workflows.step(&run, name).await.map(|found| found.map(Found)) })
    }

    /// `step` is `[state, result, error, attempts, due]`.
    fn keep<'js>(&self, ctx: Ctx<'js>, name: String, step: Array<'js>, waits: bool) -> Result<Promise<'js>> {
        let result: Option<Packed<'js>> = step.get(1)?;
        let result = result.map(|parcel| parcel.borrow().take(&ctx)).transpose()?.map(|parcel| parcel.bytes);
        let (state, error, attempts) = (step.get(0)?, step.get(2)?, step.get(3)?);
        let step = Step { state, result, error, attempts, due: step.get::<Option<f64>>(4)?.map(whole) };
        let (workflows, run) = (self.workflows.clone(), self.run.clone());
        own(&ctx, async move { workflows.keep_step(&run, name, step, waits).await })
    }

    /// Undefined, or `[payload, sent]`.
    fn take<'js>(&self, ctx: Ctx<'js>, name: String, kind: String) -> Result<Promise<'js>> {
        let (workflows, run) = (self.workflows.clone(), self.run.clone());
        own(&ctx, async move { workflows.take_event(&run, name, kind).await.map(|found| found.map(Sent)) })
    }

    /// `go`, `pause` where nothing new is to be begun, or `stop`.
    fn standing<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (workflows, run) = (self.workflows.clone(), self.run.clone());
        let is_old = realm(&ctx).isolate().is_retired();
        own(&ctx, async move {
            let status = workflows.standing(&run).await?;
            Ok(match status.as_deref() {
                None => "stop",
                Some("waitingForPause") => "pause",
                Some(_) if is_old => "pause",
                Some(_) => "go",
            })
        })
    }

    /// Keeps what the instance gave.
    fn complete<'js>(&self, ctx: Ctx<'js>, output: Packed<'js>) -> Result<Promise<'js>> {
        let (workflows, run) = (self.workflows.clone(), self.run.clone());
        let output = output.borrow().take(&ctx)?.bytes;
        own(&ctx, async move { workflows.complete(&run, output).await })
    }

    /// Fulfilled when something has changed that may concern the run.
    fn changed<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (promise, completer) = begin_listener(&ctx)?;
        let mut changes = self.workflows.listen();
        let (told, listens) = tokio::sync::oneshot::channel::<()>();
        on_op_cancel(&ctx, &completer, move || drop(told));
        realm(&ctx).tokio.spawn(async move {
            tokio::select! {
                _ = changes.changed() => completer.complete(|ctx| Ok(Value::new_undefined(ctx.clone()))),
                _ = listens => {}
            }
        });
        Ok(promise)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
fn whole(value: f64) -> i64 {
    value as i64
}

fn begin<'js, T, F>(ctx: &Ctx<'js>, work: F) -> Result<Promise<'js>>
where
    F: Future<Output = Answer<T>> + Send + 'static,
    T: for<'a> IntoJs<'a> + Send + 'static,
{
    if !require_current(ctx)?.count_subrequest() {
        return Err(throw_error(ctx, "Too many API requests by single worker invocation."));
    }
    own(ctx, work)
}

/// Like `begin`, for what a run does for itself.
fn own<'js, T, F>(ctx: &Ctx<'js>, work: F) -> Result<Promise<'js>>
where
    F: Future<Output = Answer<T>> + Send + 'static,
    T: for<'a> IntoJs<'a> + Send + 'static,
{
    spawn_op(ctx, async move { work.await.map_err(|error| HostError::Error(error.to_string())) })
}

fn bytes<'js>(ctx: &Ctx<'js>, bytes: Option<Vec<u8>>) -> Result<Value<'js>> {
    match bytes {
        Some(bytes) => TypedArray::<u8>::new(ctx.clone(), bytes).map(TypedArray::into_value),
        None => Ok(Value::new_null(ctx.clone())),
    }
}

/// See [`WorkflowHandle::status`].
struct Standing(Instance);

impl<'js> IntoJs<'js> for Standing {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let parts = Array::new(ctx.clone())?;
        parts.set(0, self.0.status)?;
        parts.set(1, bytes(ctx, self.0.output)?)?;
        parts.set(2, self.0.error)?;
        parts.into_js(ctx)
    }
}

/// See [`RunHandle::step`].
struct Found(Step);

impl<'js> IntoJs<'js> for Found {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let parts = Array::new(ctx.clone())?;
        parts.set(0, self.0.state)?;
        parts.set(1, bytes(ctx, self.0.result)?)?;
        parts.set(2, self.0.error)?;
        parts.set(3, self.0.attempts)?;
        parts.set(4, self.0.due)?;
        parts.into_js(ctx)
    }
}

/// See [`RunHandle::take`].
struct Sent((Vec<u8>, i64));

impl<'js> IntoJs<'js> for Sent {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let parts = Array::new(ctx.clone())?;
        parts.set(0, bytes(ctx, Some(self.0.0))?)?;
        parts.set(1, self.0.1)?;
        parts.into_js(ctx)
    }
}
