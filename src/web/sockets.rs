//! Natives of connections by TCP: an opaque handle to a `worker::Connection`, read and written piece by piece.
//!
//! Nothing is read ahead: what a Worker does not read waits in the system's buffers, and so at its sender's.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Class, Ctx, Function, IntoJs, JsLifetime, Object, Promise, Result, TypedArray, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::{Mutex as Turns, Notify};

use super::body::{FOREIGN, Pulled};
use super::event::host_of;
use super::fetch::{FetchTarget, deeper};
use crate::engine::{
    HostError, begin_converted, bytes::with_bytes, current, emit, on_op_cancel, realm, require_current, spawn_op,
    throw_error,
};
use crate::worker::{Address, Connection, Secure, Stream};

/// Bytes that one read brings at most.
const PIECE: usize = 64 << 10;
/// Connections that one isolate may have open.
const MOST: usize = 256;

/// One connection; holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct ConnectionHandle {
    #[qjs(skip_trace)]
    wire: Slot,
    /// The invocation whose I/O it is; 0 for none.
    owner: u64,
}

/// Shared with the invocation, whose end drops the connection.
type Slot = Arc<Mutex<Option<Arc<Wire>>>>;

/// Its halves are taken while the connection is encrypted.
struct Wire {
    reading: Turns<Option<ReadHalf<Stream>>>,
    writing: Turns<Option<WriteHalf<Stream>>>,
    /// Tells whoever reads to let go.
    let_go: Notify,
    secure: Secure,
    _place: Place,
}

/// How many connections an isolate has.
#[derive(Default)]
struct Open(Arc<Mutex<usize>>);

/// One of them.
struct Place(Arc<Mutex<usize>>);

impl Place {
    fn take(ctx: &Ctx<'_>) -> Result<Self> {
        let open = realm(ctx).extension(Open::default).0.clone();
        let mut taken = open.lock().unwrap_or_else(PoisonError::into_inner);
        if *taken >= MOST {
            return Err(throw_error(ctx, "Too many open sockets."));
        }
        *taken += 1;
        drop(taken);
        Ok(Self(open))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}

impl ConnectionHandle {
    fn instance<'js>(ctx: &Ctx<'js>, wire: Wire) -> Result<Class<'js, Self>> {
        let wire: Slot = Arc::new(Mutex::new(Some(Arc::new(wire))));
        let invocation = current(ctx);
        if let Some(invocation) = &invocation {
            let held = Arc::downgrade(&wire);
            invocation.on_end(move |_| drop(held.upgrade().and_then(|wire| lock(&wire).take())));
        }
        Class::instance(ctx.clone(), Self { wire, owner: invocation.map_or(0, |owner| owner.id) })
    }

    /// None once it is closed.
    fn wire(&self, ctx: &Ctx<'_>) -> Result<Option<Arc<Wire>>> {
        let now = current(ctx).map_or(0, |invocation| invocation.id);
        if self.owner != 0 && self.owner != now {
            return Err(throw_error(ctx, FOREIGN));
        }
        Ok(lock(&self.wire).clone())
    }
}

impl Wire {
    fn new(stream: Stream, secure: Secure, place: Place) -> Self {
        let (reading, writing) = split(stream);
        let (reading, writing) = (Turns::new(Some(reading)), Turns::new(Some(writing)));
        Self { reading, writing, let_go: Notify::new(), secure, _place: place }
    }

    async fn read(&self) -> io::Result<Option<Bytes>> {
        let mut half = self.reading.lock().await;
        let Some(stream) = half.as_mut() else { return Ok(None) };
        let mut piece = BytesMut::with_capacity(PIECE);
        let count = tokio::select! {
            biased;
            () = self.let_go.notified() => 0,
            count = stream.read_buf(&mut piece) => count?,
        };
        Ok((count > 0).then(|| piece.freeze()))
    }

    async fn write(&self, bytes: Bytes) -> io::Result<()> {
        let mut half = self.writing.lock().await;
        let stream = half.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        stream.write_all(&bytes).await?;
        stream.flush().await
    }

    async fn shut_down(&self) -> io::Result<()> {
        match self.writing.lock().await.as_mut() {
            Some(stream) => stream.shutdown().await,
            None => Ok(()),
        }
    }

    /// The whole stream, of which this wire then has nothing.
    async fn take(&self) -> Option<Stream> {
        self.let_go.notify_one();
        let reading = self.reading.lock().await.take();
        let writing = self.writing.lock().await.take();
        Some(reading?.unsplit(writing?))
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, Option<Arc<Wire>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("tcpConnect", Func::from(connect))?;
    host.set("tcpRead", Func::from(read))?;
    host.set("tcpWrite", Func::from(write))?;
    host.set("tcpShutdown", Func::from(shut_down))?;
    host.set("tcpSecure", Func::from(secure))?;
    host.set("tcpDrop", Func::from(|handle: Class<'_, ConnectionHandle>| drop(lock(&handle.borrow().wire).take())))
}

/// `(target | null, host, port, tls, convert)` -> promise of what `convert` makes of the handle.
fn connect<'js>(
    target: Option<Class<'js, FetchTarget>>,
    host: String,
    port: u16,
    tls: bool,
    convert: Function<'js>,
) -> Result<Promise<'js>> {
    let ctx = convert.ctx().clone();
    let invocation = require_current(&ctx)?;
    if !invocation.count_subrequest() {
        return Err(throw_error(&ctx, "Too many subrequests."));
    }
    let call = deeper(&ctx, &invocation)?;
    let place = Place::take(&ctx)?;
    let target = target.map_or_else(|| host_of(&ctx).outbound(), |target| target.borrow().target());
    let (promise, completer) = begin_converted(&ctx, convert)?;
    let cancel = call.cancel.clone();
    on_op_cancel(&ctx, &completer, move || cancel.cancel());
    emit(&ctx, move |failure| {
        let reply = move |outcome: std::result::Result<Connection, crate::worker::Failure>| {
            completer.complete(move |ctx| match outcome {
                Ok(Connection { stream, secure }) => {
                    ConnectionHandle::instance(ctx, Wire::new(stream, secure, place))?.into_js(ctx)
                }
                Err(failure) => Err(throw_error(ctx, &failure.to_string())),
            });
        };
        match failure {
            Some(failure) => reply(Err(failure.clone())),
            None => target.connect(Address { host, port, tls, guest: false }, call, Box::new(reply)),
        }
    });
    Ok(promise)
}

const LOST: &str = "Network connection lost.";

fn lost(_error: io::Error) -> HostError {
    HostError::Error(LOST.into())
}

/// A promise of bytes, or of null at the end.
fn read<'js>(ctx: Ctx<'js>, handle: Class<'js, ConnectionHandle>) -> Result<Promise<'js>> {
    let wire = handle.borrow().wire(&ctx)?;
    spawn_op(&ctx, async move {
        let Some(wire) = wire else { return Ok(Pulled(None)) };
        match wire.read().await {
            Ok(bytes) => Ok(Pulled(bytes)),
            // Many servers end TLS without a word.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Pulled(None)),
            Err(error) => Err(lost(error)),
        }
    })
}

/// A promise that the bytes have left.
fn write<'js>(ctx: Ctx<'js>, handle: Class<'js, ConnectionHandle>, bytes: TypedArray<'js, u8>) -> Result<Promise<'js>> {
    let wire = handle.borrow().wire(&ctx)?;
    let bytes = with_bytes(&bytes, Bytes::copy_from_slice);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    emit(&ctx, move |failure| {
        let _unless_the_event_ended = sender.send(failure.is_none());
    });
    spawn_op(&ctx, async move {
        let wire = wire.ok_or_else(|| HostError::Error(LOST.into()))?;
        if !receiver.await.unwrap_or(false) {
            return Err(HostError::Error(LOST.into()));
        }
        wire.write(bytes).await.map_err(lost)
    })
}

/// A promise that the other side learns of the end.
fn shut_down<'js>(ctx: Ctx<'js>, handle: Class<'js, ConnectionHandle>) -> Result<Promise<'js>> {
    let wire = handle.borrow().wire(&ctx)?;
    spawn_op(&ctx, async move {
        match wire {
            Some(wire) => wire.shut_down().await.map_err(lost),
            None => Ok(()),
        }
    })
}

/// A promise of a new handle, on which TLS is spoken with this host; the old one has ended.
fn secure<'js>(ctx: Ctx<'js>, handle: Class<'js, ConnectionHandle>, host: String) -> Result<Promise<'js>> {
    let wire = handle.borrow().wire(&ctx)?;
    lock(&handle.borrow().wire).take();
    let place = Place::take(&ctx)?;
    spawn_op(&ctx, async move {
        let wire = wire.ok_or_else(|| HostError::Error(LOST.into()))?;
        let stream = wire.take().await.ok_or_else(|| HostError::Error(LOST.into()))?;
        let stream = (wire.secure)(stream, host).await;
        let stream = stream.map_err(|reason| HostError::Error(format!("TLS handshake failed: {reason}")))?;
        Ok(Secured(Wire::new(stream, wire.secure.clone(), place)))
    })
}

struct Secured(Wire);

impl<'js> IntoJs<'js> for Secured {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        ConnectionHandle::instance(ctx, self.0)?.into_js(ctx)
    }
}
