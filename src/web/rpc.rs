//! Natives of calls between Workers: a call leaves as an errand with packed values, an answer comes back as a parcel.
//!
//! What JavaScript gives away (a function, an `RpcTarget`) stays in its isolate under a number; others hold an
//! [`Exported`] of it, and when the last one is dropped a promise of the owner is fulfilled. What an event was given is
//! let go when it ends, whatever JavaScript still holds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, Function, IntoJs as _, JsLifetime, Object, Persistent, Promise, Result, Value};

use super::body::FOREIGN;
use super::event::{Answer, Event};
use super::fetch::{FetchTarget, deeper, throw_failure};
use super::serial::ParcelHandle;
use crate::engine::{
    Completer, Invocation, Isolate, begin_listener, begin_op, emit, on_op_cancel, realm, require_current, throw_error,
    throw_type,
};
use crate::worker::{Call, Errand, Failure, Fetch, How, Parcel, ParcelReply, Reply, Request};

/// Cloudflare's words for a call of something whose event is over.
pub(crate) const GONE: &str = "The execution context which hosted this callback is no longer running.";
/// Cloudflare's words for a stub that was given back.
const DISPOSED: &str = "RPC stub used after being disposed.";
/// Packed values of one call, as on Cloudflare.
const MAX_BYTES: usize = 32 << 20;

/// Something of another event, by its number among what the current one holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct StubHandle {
    #[qjs(skip_trace)]
    holder: Weak<Invocation>,
    number: u64,
}

/// Numbers of stubs and of calls; one count for the process is simplest, and 64 bits last.
#[derive(Default)]
struct Numbers(AtomicU64);

impl StubHandle {
    pub(crate) fn instance<'js>(ctx: &Ctx<'js>, target: Arc<dyn Fetch>) -> Result<Class<'js, Self>> {
        let holder = require_current(ctx)?;
        let number = served(ctx)?.numbers.0.fetch_add(1, Ordering::Relaxed);
        Event::of(&holder).hold(number, target);
        Class::instance(ctx.clone(), Self { holder: Arc::downgrade(&holder), number })
    }

    /// What it stands for.
    pub(crate) fn target(&self, ctx: &Ctx<'_>) -> Result<Arc<dyn Fetch>> {
        let now = require_current(ctx)?;
        let holder = self.holder.upgrade().filter(|holder| Arc::ptr_eq(holder, &now));
        let holder = holder.ok_or_else(|| throw_error(ctx, &format!("{FOREIGN} (I/O type: Client)")))?;
        Event::of(&holder).held(self.number).ok_or_else(|| throw_error(ctx, DISPOSED))
    }

    fn release(&self) {
        if let Some(holder) = self.holder.upgrade() {
            Event::of(&holder).release(self.number);
        }
    }
}

impl Drop for StubHandle {
    /// JavaScript forgot it.
    fn drop(&mut self) {
        self.release();
    }
}

/// What JavaScript serves calls with: `(event, call, key, how, path, parcel)`.
struct Served {
    on_call: Option<Persistent<Function<'static>>>,
    numbers: Numbers,
}

// SAFETY: the type has no 'js lifetime; the persistent handle is 'static.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on user data")]
unsafe impl JsLifetime<'_> for Served {
    type Changed<'to> = Served;
}

fn served<'a>(ctx: &'a Ctx<'_>) -> Result<rquickjs::runtime::UserDataGuard<'a, Served>> {
    ctx.userdata::<Served>().ok_or_else(|| throw_error(ctx, "nothing serves calls here"))
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("rpcServe", Func::from(serve))?;
    host.set("rpcInvoke", Func::from(invoke))?;
    host.set("rpcExport", Func::from(export))?;
    host.set("rpcDup", Func::from(dup))?;
    host.set("rpcRelease", Func::from(|handle: Class<'_, StubHandle>| handle.borrow().release()))?;
    host.set("rpcTell", Func::from(tell))?;
    host.set("rpcReply", Func::from(reply))
}

/// Called once, when `rpc.js` is evaluated.
fn serve<'js>(ctx: Ctx<'js>, on_call: Function<'js>) {
    let served = Served { on_call: Some(Persistent::save(&ctx, on_call)), numbers: Numbers::default() };
    let stored = ctx.store_userdata(served);
    drop(stored.map(|_| ()));
}

fn target_of<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<(Arc<dyn Fetch>, bool)> {
    if let Ok(stub) = Class::<StubHandle>::from_value(value) {
        return Ok((stub.borrow().target(ctx)?, true));
    }
    let service = Class::<FetchTarget>::from_value(value).map_err(|_| throw_type(ctx, "Illegal invocation"))?;
    let target = service.borrow().target();
    Ok((target, false))
}

/// As `rpc.js` numbers them.
const fn how(number: u8) -> How {
    match number {
        0 => How::Call,
        1 => How::Get,
        _ => How::Handle,
    }
}

/// Sends an errand; the promise is fulfilled with a parcel.
fn invoke<'js>(
    ctx: Ctx<'js>,
    target: Value<'js>,
    manner: u8,
    path: Vec<String>,
    args: Class<'js, ParcelHandle>,
) -> Result<Promise<'js>> {
    let invocation = require_current(&ctx)?;
    let (target, is_stub) = target_of(&ctx, &target)?;
    if !is_stub && !invocation.count_subrequest() {
        return Err(throw_error(&ctx, "Too many subrequests."));
    }
    let call = deeper(&ctx, &invocation)?;
    let args = args.borrow().take(&ctx)?;
    check_size(&ctx, args.bytes.len())?;
    let (promise, completer) = begin_op(&ctx)?;
    let cancel = call.cancel.clone();
    on_op_cancel(&ctx, &completer, move || cancel.cancel());
    let reply: ParcelReply = Box::new(move |answer| {
        completer.complete(|ctx| match answer {
            Ok(parcel) => ParcelHandle::instance(ctx, parcel)?.into_js(ctx),
            Err(failure) => Err(throw_failure(ctx, &failure)),
        });
    });
    emit(&ctx, move |failure| match failure {
        None => target.invoke(Errand { how: how(manner), path, args }, call, reply),
        Some(failure) => reply(Err(failure.clone())),
    });
    Ok(promise)
}

fn check_size(ctx: &Ctx<'_>, bytes: usize) -> Result<()> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let text = format!(
        "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: {bytes} bytes."
    );
    Err(throw_error(ctx, &text))
}

/// `[handle, released]` of what JavaScript keeps under a key. One that `holds` keeps its event going.
fn export(ctx: Ctx<'_>, key: f64, holds: bool) -> Result<Array<'_>> {
    let invocation = require_current(&ctx)?;
    let (released, completer) = if holds { begin_op(&ctx)? } else { begin_listener(&ctx)? };
    let isolate = Arc::downgrade(&realm(&ctx).isolate());
    let exported = Exported { isolate, invocation, key, released: Some(completer) };
    let parts = Array::new(ctx.clone())?;
    parts.set(0, StubHandle::instance(&ctx, Arc::new(exported))?)?;
    parts.set(1, released)?;
    Ok(parts)
}

fn dup<'js>(ctx: Ctx<'js>, handle: Class<'js, StubHandle>) -> Result<Class<'js, StubHandle>> {
    let target = handle.borrow().target(&ctx)?;
    StubHandle::instance(&ctx, target)
}

/// Answers a call: of something given away by its number, of the event itself with 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both were made from smaller integers")]
fn reply<'js>(ctx: Ctx<'js>, event: f64, call: f64, parcel: Class<'js, ParcelHandle>) -> Result<()> {
    let Some(invocation) = realm(&ctx).isolate().invocation(event as u64) else { return Ok(()) };
    let parcel = parcel.borrow().take(&ctx)?;
    check_size(&ctx, parcel.bytes.len())?;
    answer(&ctx, &invocation, call, parcel);
    Ok(())
}

/// Answers an event with a text that the host reads.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made from a smaller integer")]
fn tell(ctx: Ctx<'_>, event: f64, text: String) {
    if let Some(invocation) = realm(&ctx).isolate().invocation(event as u64) {
        answer(&ctx, &invocation, 0.0, Parcel { bytes: text.into_bytes(), ..Parcel::default() });
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made from a smaller integer")]
fn answer(ctx: &Ctx<'_>, invocation: &Invocation, call: f64, parcel: Parcel) {
    let event = Event::of(invocation);
    let reply = if call == 0.0 {
        event.take_answer().and_then(|answer| if let Answer::Parcel(reply) = answer { Some(reply) } else { None })
    } else {
        event.end_call(call as u64)
    };
    let Some(reply) = reply else { return };
    emit(ctx, move |failure| reply(failure.map_or(Ok(parcel), |failure| Err(failure.clone()))));
}

/// See the module's text.
struct Exported {
    isolate: Weak<Isolate>,
    invocation: Arc<Invocation>,
    key: f64,
    released: Option<Completer>,
}

impl Fetch for Exported {
    fn fetch(&self, _request: Request, _call: Call, reply: Reply) {
        reply(Err(Failure::error("This stub has no fetch() of its own.")));
    }

    fn invoke(&self, errand: Errand, _call: Call, reply: ParcelReply) {
        let isolate = self.isolate.upgrade().filter(|_| !self.invocation.is_finished());
        let Some(isolate) = isolate else { return reply(Err(Failure::error(GONE))) };
        let (invocation, key) = (Arc::downgrade(&self.invocation), self.key);
        let waiting = Waiting(Some(reply));
        isolate.post(Some(self.invocation.clone()), move |ctx| {
            let Some(invocation) = invocation.upgrade() else { return Ok(()) };
            start(ctx, &invocation, key, (errand, waiting))
        });
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        if let Some(released) = self.released.take() {
            released.complete(|ctx| Ok(Value::new_undefined(ctx.clone())));
        }
    }
}

/// A reply that is given even if the message it travels with is dropped.
struct Waiting(Option<ParcelReply>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            reply(Err(Failure::error(GONE)));
        }
    }
}

fn start(
    ctx: &Ctx<'_>,
    invocation: &Arc<Invocation>,
    key: f64,
    (errand, mut waiting): (Errand, Waiting),
) -> Result<()> {
    let served = served(ctx)?;
    let number = 1 + served.numbers.0.fetch_add(1, Ordering::Relaxed);
    let Some(on_call) = served.on_call.clone() else { return Ok(()) };
    drop(served);
    if let Some(reply) = waiting.0.take() {
        Event::of(invocation).begin_call(number, reply);
    }
    let parcel = ParcelHandle::instance(ctx, errand.args)?;
    let is_get = errand.how == How::Get;
    on_call.restore(ctx)?.call((as_number(invocation.id), as_number(number), key, is_get, errand.path, parcel))
}

#[allow(clippy::cast_precision_loss, reason = "a process counts fewer than 2^53 of them")]
fn as_number(id: u64) -> f64 {
    id as f64
}
