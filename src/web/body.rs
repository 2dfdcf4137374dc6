//! Bodies as JavaScript holds them: an opaque handle to a `worker::Body`, read chunk by chunk or whole, written through
//! a channel with back-pressure. A body that is only passed on never enters JavaScript.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use rquickjs::class::Trace;
use rquickjs::function::{Func, Opt};
use rquickjs::{Array, ArrayBuffer, Class, Ctx, IntoJs, JsLifetime, Object, Result, TypedArray, Value};

use crate::engine::{HostError, Thrown, begin_listener, current, describe, spawn_op, throw_error, throw_type};
use crate::worker::{Body, BodyError, BodySender, Coding};

/// The reading end. Holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct BodyHandle {
    #[qjs(skip_trace)]
    body: Slot,
    /// The invocation whose I/O it is; 0 for none.
    owner: u64,
}

type Slot = Arc<Mutex<Option<Coded>>>;

/// A body, and the coding that must be undone before somebody reads it.
pub(crate) struct Coded {
    pub(crate) body: Body,
    pub(crate) coding: Option<Coding>,
}

impl Coded {
    pub(crate) fn plain(body: Body) -> Self {
        Self { body, coding: None }
    }

    pub(crate) fn decoded(self) -> Body {
        match self.coding {
            Some(coding) => coding.decode(self.body),
            None => self.body,
        }
    }
}

/// The writing end.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct BodyWriter {
    #[qjs(skip_trace)]
    sender: SharedSender,
}

impl BodyWriter {
    /// A writing end that breaks off when the current invocation ends.
    pub(crate) fn instance<'js>(ctx: &Ctx<'js>, sender: BodySender) -> Result<Class<'js, Self>> {
        let sender: SharedSender = Arc::new(Mutex::new(Some(sender)));
        if let Some(invocation) = current(ctx) {
            let written = Arc::downgrade(&sender);
            invocation.on_end(move |failure| {
                let Some(sender) = written.upgrade().and_then(|sender| locked(&sender).take()) else { return };
                let reason = failure.map_or_else(|| "the Worker's event ended".to_owned(), ToString::to_string);
                sender.abort(BodyError::new(reason));
            });
        }
        Class::instance(ctx.clone(), Self { sender })
    }

    /// Moves the end out, for another event that writes.
    pub(crate) fn take(&self, ctx: &Ctx<'_>) -> Result<BodySender> {
        locked(&self.sender).take().ok_or_else(|| throw_type(ctx, "This body has ended."))
    }
}

/// Shared with the invocation, whose end breaks off what is still being written.
type SharedSender = Arc<Mutex<Option<BodySender>>>;

fn locked(sender: &SharedSender) -> std::sync::MutexGuard<'_, Option<BodySender>> {
    sender.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BodyHandle {
    pub(crate) fn new(ctx: &Ctx<'_>, body: Coded) -> Self {
        let owner = current(ctx).map_or(0, |invocation| invocation.id);
        Self { body: Arc::new(Mutex::new(Some(body))), owner }
    }

    /// Moves the body out, for the one who sends it on.
    pub(crate) fn take(&self, ctx: &Ctx<'_>) -> Result<Coded> {
        self.check_owner(ctx)?;
        self.lock().take().ok_or_else(|| throw_type(ctx, "This body has already been used."))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Coded>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_owner(&self, ctx: &Ctx<'_>) -> Result<()> {
        let now = current(ctx).map_or(0, |invocation| invocation.id);
        if self.owner == 0 || self.owner == now { Ok(()) } else { Err(throw_error(ctx, FOREIGN)) }
    }
}

/// Cloudflare's words for another request's streams.
pub(super) const FOREIGN: &str = "Cannot perform I/O on behalf of a different request. I/O objects (such as streams, \
request/response bodies, and others) created in the context of one request handler cannot be accessed from a \
different request's handler. This is a limitation of Cloudflare Workers which allows us to improve overall \
performance.";

/// The longest body that is buffered whole: an isolate's memory.
const BUFFER_LIMIT: usize = 128 << 20;

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("bodyPull", Func::from(pull))?;
    host.set("bodyBytes", Func::from(bytes))?;
    host.set("bodyText", Func::from(text))?;
    host.set("bodyLength", Func::from(length))?;
    host.set("bodyCancel", Func::from(cancel))?;
    host.set("bodyChannel", Func::from(channel))?;
    host.set("bodyWrite", Func::from(write))?;
    host.set("bodyEnd", Func::from(end))?;
    host.set("bodyAbort", Func::from(abort))
}

/// Bytes that become a `Uint8Array` of JavaScript's own memory, so that they count against the heap's limit.
pub(crate) struct Chunk(pub(crate) Bytes);

impl<'js> IntoJs<'js> for Chunk {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let buffer = ArrayBuffer::new_copy(ctx.clone(), &self.0[..])?;
        TypedArray::<u8>::from_arraybuffer(buffer)?.into_js(ctx)
    }
}

/// A chunk, or null at the end.
pub(super) struct Pulled(pub(super) Option<Bytes>);

impl<'js> IntoJs<'js> for Pulled {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        self.0.map_or_else(|| Ok(Value::new_null(ctx.clone())), |bytes| Chunk(bytes).into_js(ctx))
    }
}

/// The next chunk, or null at the end: at once where it is there, else a promise.
fn pull<'js>(ctx: Ctx<'js>, handle: Class<'js, BodyHandle>) -> Result<Value<'js>> {
    let handle = handle.borrow();
    handle.check_owner(&ctx)?;
    let taken = handle.lock().take();
    let Some(mut body) = taken.map(Coded::decoded) else { return Ok(Value::new_null(ctx)) };
    if let Some(chunk) = body.chunk().now_or_never() {
        if matches!(chunk, Some(Ok(_))) {
            *handle.lock() = Some(Coded::plain(body));
        }
        return chunk.transpose().map(Pulled).map_err(|error| lost(&error).throw(&ctx))?.into_js(&ctx);
    }
    let slot = handle.body.clone();
    let promise = spawn_op(&ctx, async move {
        let chunk = body.chunk().await;
        if matches!(chunk, Some(Ok(_))) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Coded::plain(body));
        }
        chunk.transpose().map(Pulled).map_err(|error| lost(&error))
    })?;
    Ok(promise.into_value())
}

fn lost(error: &BodyError) -> HostError {
    let message = error.message.clone();
    match error.name.as_str() {
        "TypeError" => HostError::Type(message),
        "RangeError" => HostError::Range(message),
        _ => HostError::Error(message),
    }
}

/// All that is left, as a `Uint8Array`, at once or as a promise.
fn bytes<'js>(ctx: Ctx<'js>, handle: Class<'js, BodyHandle>) -> Result<Value<'js>> {
    let body = handle.borrow().take(&ctx)?.decoded();
    if let Some(bytes) = body.as_bytes() {
        return Chunk(bytes.clone()).into_js(&ctx);
    }
    let all = async move { body.collect_to(BUFFER_LIMIT).await.map(Chunk).map_err(|error| lost(&error)) };
    Ok(spawn_op(&ctx, all)?.into_value())
}

/// All that is left, decoded as UTF-8, at once or as a promise.
fn text<'js>(ctx: Ctx<'js>, handle: Class<'js, BodyHandle>) -> Result<Value<'js>> {
    let body = handle.borrow().take(&ctx)?.decoded();
    if let Some(bytes) = body.as_bytes() {
        return decode(bytes).into_js(&ctx);
    }
    let all = async move {
        let bytes = body.collect_to(BUFFER_LIMIT).await.map_err(|error| lost(&error))?;
        Ok::<_, HostError>(decode(&bytes))
    };
    Ok(spawn_op(&ctx, all)?.into_value())
}

fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes in all, or null where unknown.
#[allow(clippy::cast_precision_loss, reason = "no body has 2^53 bytes")]
fn length(handle: Class<'_, BodyHandle>) -> Option<f64> {
    let handle = handle.borrow();
    let held = handle.lock();
    let plain = held.as_ref().filter(|held| held.coding.is_none());
    plain.and_then(|held| held.body.length()).map(|length| length as f64)
}

fn cancel(handle: Class<'_, BodyHandle>) {
    handle.borrow().lock().take();
}

/// `[writer, handle, gone]`; `gone` settles when the reader leaves before the end.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths are non-negative and below 2^53")]
fn channel(ctx: Ctx<'_>, length: Opt<f64>) -> Result<Array<'_>> {
    let (gone, completer) = begin_listener(&ctx)?;
    let length = length.0.filter(|length| length.is_finite()).map(|length| length as u64);
    let (sender, body) = Body::channel(length, move || completer.complete(|ctx| Ok(Value::new_undefined(ctx.clone()))));
    let parts = Array::new(ctx.clone())?;
    parts.set(0, BodyWriter::instance(&ctx, sender)?)?;
    parts.set(1, Class::instance(ctx.clone(), BodyHandle::new(&ctx, Coded::plain(body)))?)?;
    parts.set(2, gone)?;
    Ok(parts)
}

/// Undefined when the chunk was taken, a promise when the reader must catch up first.
fn write<'js>(ctx: Ctx<'js>, writer: Class<'js, BodyWriter>, chunk: TypedArray<'js, u8>) -> Result<Value<'js>> {
    let bytes = crate::engine::bytes::with_bytes(&chunk, Bytes::copy_from_slice);
    let writer = writer.borrow();
    let sender = locked(&writer.sender);
    let Some(sender) = sender.as_ref() else { return Err(throw_type(&ctx, "This body has ended.")) };
    match sender.try_send(bytes) {
        Ok(None) => Ok(Value::new_undefined(ctx)),
        Ok(Some(bytes)) => {
            let sent = sender.send(bytes);
            Ok(spawn_op(&ctx, async move { sent.await.map_err(|error| lost(&error)) })?.into_value())
        }
        Err(error) => Err(lost(&error).throw(&ctx)),
    }
}

fn end(writer: Class<'_, BodyWriter>) {
    if let Some(sender) = locked(&writer.borrow().sender).take() {
        sender.finish();
    }
}

fn abort<'js>(ctx: Ctx<'js>, writer: Class<'js, BodyWriter>, reason: Value<'js>) {
    if let Some(sender) = locked(&writer.borrow().sender).take() {
        let Thrown { name, message, .. } = describe(&ctx, &reason);
        sender.abort(BodyError { name, message });
    }
}
