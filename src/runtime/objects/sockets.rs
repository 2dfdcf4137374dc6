//! Web sockets that objects have accepted. They stay when their object leaves its isolate: what they receive wakes it, and
//! what is to be answered without it, is answered here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, JsLifetime, Result, TypedArray, Value};
use tokio::sync::Semaphore;

use super::{Target, lock};
use crate::engine::{realm, throw_error};
use crate::web::serial::ParcelHandle;
use crate::web::websocket::{self, Slot, SocketHandle};
use crate::worker::{Call, Errand, Fetch as _, How, Message, Parcel, SocketReceiver};

/// Those of one object.
#[derive(Default)]
pub(super) struct HeldSockets {
    /// Who gets what they receive.
    pub(super) target: OnceLock<Target>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    list: BTreeMap<u32, Arc<Held>>,
    last: u32,
    /// A message and what is answered to it.
    answer: Option<(String, String)>,
    timeout: Option<f64>,
}

struct Held {
    socket: Slot,
    tags: Vec<String>,
    /// What was received and not yet told; none for a connection that is lost.
    inbox: Mutex<VecDeque<Option<Message>>>,
    /// Nothing more will be received.
    over: AtomicBool,
    attachment: Mutex<Option<Vec<u8>>>,
    /// Milliseconds since 1970 of the last answer that was given without the object.
    answered: Mutex<Option<f64>>,
}

/// Events of one socket that may be under way.
const MAX_EVENTS: usize = 256;

impl HeldSockets {
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.state).list.is_empty()
    }

    /// Drops all of them: their other ends learn that the connection is lost.
    pub(super) fn disconnect(&self) {
        let mut state = lock(&self.state);
        for held in std::mem::take(&mut state.list).into_values() {
            drop(lock(&held.socket).take());
        }
        state.answer = None;
    }

    /// Whether a message was answered without the object.
    fn answers(&self, held: &Held, message: Option<&Message>) -> bool {
        let state = lock(&self.state);
        let (Some(Message::Text(text)), Some((request, response))) = (message, &state.answer) else { return false };
        if text != request {
            return false;
        }
        *lock(&held.answered) =
            SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| (since.as_secs_f64() * 1000.0).floor());
        // Where nobody receives it, the reader learns of that next.
        let _sent = lock(&held.socket).as_ref().map(|socket| socket.sender.send(Message::Text(response.clone())));
        true
    }

    fn find(&self, id: u32) -> Option<Arc<Held>> {
        lock(&self.state).list.get(&id).cloned()
    }
}

/// Tells the object of each message.
async fn read(sockets: Weak<HeldSockets>, (id, held): (u32, Arc<Held>), mut receiver: SocketReceiver) {
    let places = Arc::new(Semaphore::new(MAX_EVENTS));
    loop {
        let message = receiver.next().await;
        let Some(sockets) = sockets.upgrade() else { return };
        if sockets.answers(&held, message.as_ref()) {
            continue;
        }
        let goes_on = matches!(message, Some(Message::Text(_) | Message::Binary(_)));
        held.over.fetch_or(!goes_on, Ordering::AcqRel);
        lock(&held.inbox).push_back(message);
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let errand =
            Errand { how: How::Handle, path: vec!["socket".into(), format!("[{id}]")], args: Parcel::default() };
        let Some(target) = sockets.target.get() else { return };
        // A handler that throws is told by the isolate.
        target.invoke(errand, Call::default(), Box::new(move |_told| drop(place)));
        if !goes_on {
            return;
        }
    }
}

/// The sockets of the current object, as JavaScript holds them.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct HeldHandle {
    #[qjs(skip_trace)]
    sockets: Arc<HeldSockets>,
}

impl HeldHandle {
    pub(super) fn instance<'js>(ctx: &Ctx<'js>, sockets: Arc<HeldSockets>) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { sockets })
    }

    fn held(&self, ctx: &Ctx<'_>, id: u32) -> Result<Arc<Held>> {
        self.sockets.find(id).ok_or_else(|| throw_error(ctx, "This WebSocket is not connected any more."))
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl HeldHandle {
    /// Takes a socket; `[number, handle]`.
    fn accept<'js>(&self, ctx: Ctx<'js>, handle: Class<'js, SocketHandle>, tags: Vec<String>) -> Result<Array<'js>> {
        let mut socket = handle.borrow().take(&ctx)?;
        let receiver = socket.lend().ok_or_else(|| throw_error(&ctx, "This WebSocket is being read."))?;
        let socket: Slot = Arc::new(Mutex::new(Some(socket)));
        let held = Held {
            socket: socket.clone(),
            tags,
            inbox: Mutex::default(),
            over: AtomicBool::new(false),
            attachment: Mutex::default(),
            answered: Mutex::default(),
        };
        let (mut state, held) = (lock(&self.sockets.state), Arc::new(held));
        state.last += 1;
        let id = state.last;
        state.list.insert(id, held.clone());
        drop(state);
        realm(&ctx).tokio.spawn(read(Arc::downgrade(&self.sockets), (id, held), receiver));
        let parts = Array::new(ctx.clone())?;
        parts.set(0, id)?;
        parts.set(1, SocketHandle::kept(&ctx, socket)?)?;
        Ok(parts)
    }

    /// The numbers of those that are open, and have the tag if one is given.
    fn list(&self, tag: Option<String>) -> Vec<u32> {
        let state = lock(&self.sockets.state);
        let fits = |held: &Held| tag.as_ref().is_none_or(|tag| held.tags.contains(tag));
        let open = state.list.iter().filter(|(_, held)| !held.over.load(Ordering::Acquire) && fits(held));
        open.map(|(id, _)| *id).collect()
    }

    /// `[handle, attachment, closed by the object]`
    fn open<'js>(&self, ctx: Ctx<'js>, id: u32) -> Result<Array<'js>> {
        let held = self.held(&ctx, id)?;
        let parts = Array::new(ctx.clone())?;
        parts.set(0, SocketHandle::kept(&ctx, held.socket.clone())?)?;
        if let Some(bytes) = lock(&held.attachment).clone() {
            parts.set(1, TypedArray::<u8>::new(ctx.clone(), bytes)?)?;
        }
        parts.set(2, lock(&held.socket).as_ref().is_none_or(|socket| socket.closed))?;
        Ok(parts)
    }

    fn tags(&self, ctx: Ctx<'_>, id: u32) -> Result<Vec<String>> {
        Ok(self.held(&ctx, id)?.tags.clone())
    }

    /// The next of what was received, as of `socketReceive`; undefined for nothing.
    fn take<'js>(&self, ctx: Ctx<'js>, id: u32) -> Result<Value<'js>> {
        let held = self.sockets.find(id);
        let message = held.as_ref().and_then(|held| lock(&held.inbox).pop_front());
        let Some(message) = message else { return Ok(Value::new_undefined(ctx)) };
        websocket::received(&ctx, message)
    }

    /// The object has heard of its end.
    fn forget(&self, id: u32) {
        lock(&self.sockets.state).list.remove(&id);
    }

    fn attach<'js>(&self, ctx: Ctx<'js>, id: u32, parcel: Class<'js, ParcelHandle>) -> Result<()> {
        let bytes = parcel.borrow().take(&ctx)?.bytes;
        if let Some(held) = self.sockets.find(id) {
            *lock(&held.attachment) = Some(bytes);
        }
        Ok(())
    }

    fn answered(&self, id: u32) -> Option<f64> {
        self.sockets.find(id).and_then(|held| *lock(&held.answered))
    }

    /// Sets what is answered to which message; nothing where nothing is given.
    fn set_answer(&self, request: Option<String>, response: Option<String>) {
        lock(&self.sockets.state).answer = request.zip(response);
    }

    /// `[request, response]`
    fn answer(&self) -> Option<Vec<String>> {
        lock(&self.sockets.state).answer.clone().map(|(request, response)| vec![request, response])
    }

    fn set_timeout(&self, millis: Option<f64>) {
        lock(&self.sockets.state).timeout = millis;
    }

    fn timeout(&self) -> Option<f64> {
        lock(&self.sockets.state).timeout
    }
}
