//! Host work that JavaScript awaits: a promise, an id, and a reply message that settles it on the isolate's thread.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use rquickjs::{Ctx, Function, IntoJs, Persistent, Promise, Result, Value};
use tokio::task::AbortHandle;

use super::invocation::Invocation;
use super::isolate::Isolate;
use super::realm::realm;
use super::throw::{throw_dom, throw_error, throw_range, throw_type};
use super::turn::thread_cpu;

/// A failed piece of host work, as the JavaScript error it becomes.
#[derive(Debug, Clone)]
pub enum HostError {
    Type(String),
    Range(String),
    Error(String),
    Dom { name: &'static str, message: String },
}

impl HostError {
    /// Throws it; the returned error tells rquickjs that an exception is pending.
    pub fn throw(&self, ctx: &Ctx<'_>) -> rquickjs::Error {
        match self {
            Self::Type(message) => throw_type(ctx, message),
            Self::Range(message) => throw_range(ctx, message),
            Self::Error(message) => throw_error(ctx, message),
            Self::Dom { name, message } => throw_dom(ctx, name, message),
        }
    }
}

/// Host work in wait: what it settles and whose it is.
pub(super) struct PendingOp {
    waiting: Waiting,
    invocation: Option<Arc<Invocation>>,
    /// Ends the host's side when the op is dropped before its end.
    cancel: Option<Box<dyn FnOnce() + Send>>,
    /// Will not end by itself (a listener): does not keep the isolate going.
    passive: bool,
}

enum Waiting {
    Promise {
        resolve: Persistent<Function<'static>>,
        reject: Persistent<Function<'static>>,
        /// What the value becomes before the promise settles with it.
        convert: Option<Persistent<Function<'static>>>,
    },
    /// An event (a timer): what happens is in the message.
    Event,
}

/// Settles one promise from any thread.
pub struct Completer {
    isolate: Weak<Isolate>,
    invocation: Option<Arc<Invocation>>,
    id: u64,
}

impl Completer {
    /// Settles with what `make` builds on the isolate's thread; nothing happens if the invocation has ended.
    pub fn complete<F>(self, make: F)
    where
        F: for<'js> FnOnce(&Ctx<'js>) -> Result<Value<'js>> + Send + 'static,
    {
        let Some(isolate) = self.isolate.upgrade() else { return };
        let id = self.id;
        isolate.post(self.invocation.clone(), move |ctx| settle(ctx, id, make));
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Runs `job` on the isolate's thread, charged to the invocation that began the op.
    pub(super) fn post<F>(&self, job: F)
    where
        F: for<'js> FnOnce(&Ctx<'js>) -> Result<()> + Send + 'static,
    {
        if let Some(isolate) = self.isolate.upgrade() {
            isolate.post(self.invocation.clone(), job);
        }
    }
}

/// A promise and the handle that settles it. It counts as pending work of the current invocation.
pub fn begin_op<'js>(ctx: &Ctx<'js>) -> Result<(Promise<'js>, Completer)> {
    promise(ctx, None, false)
}

/// The same with a function that makes of the value what the promise is fulfilled with: cheaper than an async function
/// that awaits one promise to fulfil another.
pub fn begin_converted<'js>(ctx: &Ctx<'js>, convert: Function<'js>) -> Result<(Promise<'js>, Completer)> {
    promise(ctx, Some(convert), false)
}

fn promise<'js>(ctx: &Ctx<'js>, convert: Option<Function<'js>>, passive: bool) -> Result<(Promise<'js>, Completer)> {
    let (promise, resolve, reject) = ctx.promise()?;
    let convert = convert.map(|convert| Persistent::save(ctx, convert));
    let (resolve, reject) = (Persistent::save(ctx, resolve), Persistent::save(ctx, reject));
    let waiting = Waiting::Promise { resolve, reject, convert };
    Ok((promise, begin(ctx, waiting, passive)))
}

/// A promise for what may never come, such as a caller's leaving: it does not keep the isolate going, and is dropped
/// with its invocation.
pub fn begin_listener<'js>(ctx: &Ctx<'js>) -> Result<(Promise<'js>, Completer)> {
    promise(ctx, None, true)
}

/// An event that happens later (a timer): what it does is posted with [`Completer::post`].
pub(super) fn begin_event(ctx: &Ctx<'_>) -> Completer {
    begin(ctx, Waiting::Event, false)
}

/// An op that has neither been settled nor dropped.
pub fn is_pending(ctx: &Ctx<'_>, id: u64) -> bool {
    realm(ctx).ops.borrow().contains_key(&id)
}

/// Ends an event; false if it had ended.
pub fn cancel_event(ctx: &Ctx<'_>, id: u64) -> bool {
    let taken = realm(ctx).ops.borrow_mut().remove(&id);
    taken.map(|op| op.drop_early(ctx)).is_some()
}

fn begin(ctx: &Ctx<'_>, waiting: Waiting, passive: bool) -> Completer {
    let realm = realm(ctx);
    let id = realm.next_op.get();
    realm.next_op.set(id + 1);
    let invocation = realm.current.borrow().clone();
    if let Some(invocation) = &invocation {
        invocation.pending_ops.fetch_add(1, Ordering::Relaxed);
    }
    realm.active_ops.set(realm.active_ops.get() + usize::from(!passive));
    realm.ops.borrow_mut().insert(id, PendingOp { waiting, invocation: invocation.clone(), cancel: None, passive });
    Completer { isolate: realm.isolate.clone(), invocation, id }
}

/// Has `cancel` run if the op is dropped before its end (its invocation ended).
pub fn on_op_cancel(ctx: &Ctx<'_>, completer: &Completer, cancel: impl FnOnce() + Send + 'static) {
    if let Some(pending) = realm(ctx).ops.borrow_mut().get_mut(&completer.id) {
        pending.cancel = Some(Box::new(cancel));
    }
}

fn remember_task(ctx: &Ctx<'_>, id: u64, task: AbortHandle) {
    if let Some(pending) = realm(ctx).ops.borrow_mut().get_mut(&id) {
        pending.cancel = Some(Box::new(move || task.abort()));
    }
}

/// Runs `future` on tokio; the promise settles with its result, converted on the isolate's thread.
pub fn spawn_op<'js, T, F>(ctx: &Ctx<'js>, future: F) -> Result<Promise<'js>>
where
    F: Future<Output = std::result::Result<T, HostError>> + Send + 'static,
    T: for<'a> IntoJs<'a> + Send + 'static,
{
    let (promise, completer) = begin_op(ctx)?;
    let id = completer.id();
    let task = realm(ctx).tokio.spawn(async move {
        let result = future.await;
        completer.complete(move |ctx| match result {
            Ok(value) => value.into_js(ctx),
            Err(error) => Err(error.throw(ctx)),
        });
    });
    remember_task(ctx, id, task.abort_handle());
    Ok(promise)
}

/// Long computations of one isolate that run at once; further ones wait for their turn.
pub(super) const WORKERS: usize = 2;

/// Runs `work` on a thread of its own, away from the isolate's and from those that drive sockets: a long computation,
/// such as a new RSA key. Its CPU time is charged to the invocation that asked for it.
pub fn spawn_work<'js, T, F>(ctx: &Ctx<'js>, work: F) -> Result<Promise<'js>>
where
    F: FnOnce() -> std::result::Result<T, HostError> + Send + 'static,
    T: for<'a> IntoJs<'a> + Send + 'static,
{
    let gate = realm(ctx).work.clone();
    let invocation = realm(ctx).current.borrow().clone();
    spawn_op(ctx, async move {
        let place = gate.acquire_owned().await.expect("nobody closes the gate");
        let ended = tokio::task::spawn_blocking(move || {
            let started = thread_cpu();
            let made = work();
            drop(place); // here, for the work goes on when nobody waits for it any more
            if let Some(invocation) = invocation {
                invocation.charge(thread_cpu().saturating_sub(started));
            }
            made
        });
        ended.await.unwrap_or_else(|_| Err(HostError::Error("The computation was stopped.".into())))
    })
}

fn settle<'js, F>(ctx: &Ctx<'js>, id: u64, make: F) -> Result<()>
where
    F: FnOnce(&Ctx<'js>) -> Result<Value<'js>>,
{
    let taken = realm(ctx).ops.borrow_mut().remove(&id);
    let Some(op) = taken else { return Ok(()) };
    op.uncount(ctx);
    let Waiting::Promise { resolve, reject, convert } = op.waiting else { return Ok(()) };
    let outcome = make(ctx).and_then(|value| match convert {
        Some(convert) => convert.restore(ctx)?.call((value,)),
        None => Ok(value),
    });
    match outcome {
        Ok(value) => resolve.restore(ctx)?.call((value,)),
        Err(rquickjs::Error::Exception) => reject.restore(ctx)?.call((ctx.catch(),)),
        Err(error) => {
            let _pending = throw_error(ctx, &error.to_string());
            reject.restore(ctx)?.call((ctx.catch(),))
        }
    }
}

/// Drops the pending work of an invocation that has ended.
pub(super) fn cancel_ops(ctx: &Ctx<'_>, invocation: &Arc<Invocation>) {
    if invocation.pending_ops.load(Ordering::Relaxed) == 0 {
        return;
    }
    let realm = realm(ctx);
    let mine = |op: &mut PendingOp| op.invocation.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, invocation));
    let cancelled: Vec<PendingOp> = realm.ops.borrow_mut().extract_if(|_, op| mine(op)).map(|(_, op)| op).collect();
    drop(realm);
    for op in cancelled {
        op.drop_early(ctx);
    }
}

impl PendingOp {
    fn uncount(&self, ctx: &Ctx<'_>) {
        let active = &realm(ctx).active_ops;
        active.set(active.get() - usize::from(!self.passive));
        if let Some(invocation) = &self.invocation {
            invocation.pending_ops.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn drop_early(self, ctx: &Ctx<'_>) {
        self.uncount(ctx);
        if let Some(cancel) = self.cancel {
            cancel();
        }
    }
}
