//! Natives of WebSocket: an opaque handle to one end of a `worker::Socket`, which sends at once and receives by promise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, ArrayBuffer, Class, Ctx, IntoJs, JsLifetime, Object, Promise, Result, TypedArray, Value};

use super::body::FOREIGN;
use crate::engine::{HostError, begin_op, bytes::with_bytes, current, spawn_op, throw_error};
use crate::worker::{Message, Refused, Socket};

/// One end; holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct SocketHandle {
    #[qjs(skip_trace)]
    socket: Slot,
    /// The invocation whose I/O it is; 0 for none.
    owner: u64,
}

/// Shared with the invocation, whose end drops the socket.
pub(crate) type Slot = Arc<Mutex<Option<Socket>>>;

impl SocketHandle {
    pub(crate) fn instance<'js>(ctx: &Ctx<'js>, socket: Socket) -> Result<Class<'js, Self>> {
        let socket: Slot = Arc::new(Mutex::new(Some(socket)));
        let invocation = current(ctx);
        if let Some(invocation) = &invocation {
            let held = Arc::downgrade(&socket);
            invocation.on_end(move |_| drop(held.upgrade().and_then(|socket| lock(&socket).take())));
        }
        Class::instance(ctx.clone(), Self { socket, owner: invocation.map_or(0, |owner| owner.id) })
    }

    /// A socket that others keep, whatever ends here.
    pub(crate) fn kept<'js>(ctx: &Ctx<'js>, socket: Slot) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { socket, owner: current(ctx).map_or(0, |owner| owner.id) })
    }

    /// Moves the end out, for the one who sends it on.
    pub(crate) fn take(&self, ctx: &Ctx<'_>) -> Result<Socket> {
        self.check_owner(ctx)?;
        lock(&self.socket).take().ok_or_else(|| throw_error(ctx, "This WebSocket has already been used."))
    }

    fn check_owner(&self, ctx: &Ctx<'_>) -> Result<()> {
        let now = current(ctx).map_or(0, |invocation| invocation.id);
        if self.owner == 0 || self.owner == now { Ok(()) } else { Err(throw_error(ctx, FOREIGN)) }
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, Option<Socket>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("socketPair", Func::from(pair))?;
    host.set("socketReceive", Func::from(receive))?;
    host.set("socketSend", Func::from(send))?;
    host.set("socketClose", Func::from(close))?;
    host.set("socketDrop", Func::from(|handle: Class<'_, SocketHandle>| drop(lock(&handle.borrow().socket).take())))?;
    host.set("socketEnd", Func::from(end))
}

/// `[handle, handle]`
fn pair(ctx: Ctx<'_>) -> Result<Array<'_>> {
    let (one, other) = Socket::pair();
    let pair = Array::new(ctx.clone())?;
    pair.set(0, SocketHandle::instance(&ctx, one)?)?;
    pair.set(1, SocketHandle::instance(&ctx, other)?)?;
    Ok(pair)
}

/// A received message: text, an `ArrayBuffer`, `[code | undefined, reason]`, `{ message }` for a broken protocol, null
/// for a connection that is lost.
struct Received(Option<Message>);

impl<'js> IntoJs<'js> for Received {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        match self.0 {
            Some(Message::Text(text)) => text.into_js(ctx),
            Some(Message::Binary(bytes)) => ArrayBuffer::new_copy(ctx.clone(), &bytes[..])?.into_js(ctx),
            Some(Message::Close { code, reason }) => {
                let parts = Array::new(ctx.clone())?;
                parts.set(0, code)?;
                parts.set(1, reason)?;
                parts.into_js(ctx)
            }
            Some(Message::Broken(message)) => {
                let broken = Object::new(ctx.clone())?;
                broken.set("message", message)?;
                broken.into_js(ctx)
            }
            None => Ok(Value::new_null(ctx.clone())),
        }
    }
}

/// A received message as `socketReceive` has it.
pub(crate) fn received<'js>(ctx: &Ctx<'js>, message: Option<Message>) -> Result<Value<'js>> {
    Received(message).into_js(ctx)
}

/// A promise of the next message. At most one is waited for at a time.
fn receive<'js>(ctx: Ctx<'js>, handle: Class<'js, SocketHandle>) -> Result<Promise<'js>> {
    let handle = handle.borrow();
    handle.check_owner(&ctx)?;
    let slot = handle.socket.clone();
    let receiver = lock(&slot).as_mut().and_then(Socket::lend);
    spawn_op(&ctx, async move {
        let Some(mut receiver) = receiver else { return Ok::<_, HostError>(Received(None)) };
        let message = receiver.next().await;
        if let Some(socket) = lock(&slot).as_mut() {
            socket.give_back(receiver);
        }
        Ok(Received(message))
    })
}

/// False when nobody receives any more.
fn send<'js>(ctx: Ctx<'js>, handle: Class<'js, SocketHandle>, message: Value<'js>) -> Result<bool> {
    let message = if let Some(array) = message.as_object().and_then(|object| object.as_typed_array::<u8>()) {
        Message::Binary(binary(array))
    } else {
        Message::Text(crate::engine::text::usv(&ctx, &message)?)
    };
    put(&ctx, &handle.borrow(), message)
}

fn binary(array: &TypedArray<'_, u8>) -> Bytes {
    with_bytes(array, Bytes::copy_from_slice)
}

fn close(ctx: Ctx<'_>, handle: Class<'_, SocketHandle>, code: Option<u16>, reason: String) -> Result<bool> {
    put(&ctx, &handle.borrow(), Message::Close { code, reason })
}

fn put(ctx: &Ctx<'_>, handle: &SocketHandle, message: Message) -> Result<bool> {
    handle.check_owner(ctx)?;
    let closes = matches!(message, Message::Close { .. });
    let sender = lock(&handle.socket).as_mut().map(|socket| {
        socket.closed |= closes;
        socket.sender.clone()
    });
    match sender.map(|sender| sender.send(message)) {
        Some(Ok(())) => Ok(true),
        Some(Err(Refused::Gone)) | None => Ok(false),
        Some(Err(Refused::Full)) => Err(throw_error(ctx, "More than 128 MB wait to be sent on this WebSocket.")),
    }
}

/// A promise that settles when this end, which is about to be sent on, is dropped by whoever has it then.
fn end<'js>(ctx: Ctx<'js>, handle: Class<'js, SocketHandle>) -> Result<Promise<'js>> {
    let (promise, completer) = begin_op(&ctx)?;
    if let Some(socket) = lock(&handle.borrow().socket).as_mut() {
        socket.on_drop(move || completer.complete(|ctx| Ok(Value::new_undefined(ctx.clone()))));
    }
    Ok(promise)
}
