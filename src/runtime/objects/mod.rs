//! Durable Objects at run time: at most one life of each at a time, in the current isolate of its Worker; alarms; eviction of
//! those that are idle.

mod alarms;
mod migrate;
mod sockets;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, Object, Promise, Result, Value};
use tokio::time::Instant;

use super::events::{self, Arrival, Door, What};
use super::slot::Slot;
use super::{Runtime, Settings};
use crate::bindings::{DispatchLimits, Migrations, ObjectRecord, Objects, StorageHandle};
use crate::engine::{Invocation, Isolate, Standing, begin_op, describe, realm, require_current, throw_error};
use crate::store::{OwnDatabase, Store};
use crate::web::{Answer, Event};
use crate::worker::{Call, Errand, Failure, Fetch, ParcelReply, Reply, Request, WorkerId};
use alarms::Alarms;
use sockets::{HeldHandle, HeldSockets};

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    worker: WorkerId,
    class: Arc<str>,
    id: Arc<str>,
}

/// All objects that were touched since the start.
pub(super) struct Residents {
    list: Mutex<HashMap<Key, Arc<Resident>>>,
    store: Arc<Store>,
    alarms: Arc<Alarms>,
    /// The task that evicts exists.
    swept: AtomicBool,
    /// Alarms from before have been looked for.
    searched: AtomicBool,
}

struct Resident {
    database: Arc<OwnDatabase>,
    sockets: Arc<HeldSockets>,
    life: Mutex<Option<Life>>,
}

/// From the first event to the eviction.
struct Life {
    isolate: Arc<Isolate>,
    invocation: Arc<Invocation>,
    record: Arc<ObjectRecord>,
    /// Events that have not ended.
    events: Arc<AtomicUsize>,
    last_use: Instant,
}

/// As on Cloudflare.
const IDLE: Duration = Duration::from_secs(10);
const SWEEP: Duration = Duration::from_secs(3);

impl Residents {
    pub(super) fn new(settings: &Settings) -> Self {
        let (store, alarms) = (settings.store.clone(), Arc::default());
        Self { list: Mutex::default(), store, alarms, swept: AtomicBool::new(false), searched: AtomicBool::new(false) }
    }

    /// True but for the first time.
    pub(super) fn searched(&self) -> bool {
        self.searched.swap(true, Ordering::AcqRel)
    }

    fn resident(&self, key: &Key, origin: &Origin) -> Arc<Resident> {
        let make = || Arc::new(Resident::of(self.store.own(&origin.folder(), &key.id)));
        lock(&self.list).entry(key.clone()).or_insert_with(make).clone()
    }

    /// A Worker's code is replaced: as on Cloudflare, the sockets of its objects are disconnected.
    pub(super) fn disconnect(&self, worker: &WorkerId) {
        for (_, resident) in lock(&self.list).iter().filter(|(key, _)| key.worker == *worker) {
            resident.sockets.disconnect();
        }
    }

    /// Lets go of those that have had nothing to do for a while.
    fn sweep(&self) {
        lock(&self.list).retain(|_, resident| {
            let mut life = lock(&resident.life);
            if life.as_ref().is_some_and(|life| !life.is_idle()) {
                return true;
            }
            if let Some(ended) = life.take() {
                ended.record.ended.store(true, Ordering::Release);
                events::evict(&ended.isolate, ended.invocation);
            }
            // In memory there is no other copy.
            resident.database.path().is_none() || Arc::strong_count(resident) > 1 || !resident.sockets.is_empty()
        });
    }
}

impl Drop for Residents {
    /// Others may open the files now, whoever still holds an object.
    fn drop(&mut self) {
        for resident in lock(&self.list).values() {
            resident.database.close();
        }
    }
}

impl Resident {
    fn of(database: Arc<OwnDatabase>) -> Self {
        Self { database, sockets: Arc::default(), life: Mutex::default() }
    }
}

impl Life {
    fn is_current(&self, isolate: &Arc<Isolate>) -> bool {
        Arc::ptr_eq(&self.isolate, isolate) && !self.invocation.is_finished()
    }

    fn is_idle(&self) -> bool {
        let unused = self.events.load(Ordering::Acquire) == 0 && self.last_use.elapsed() > IDLE;
        self.invocation.is_finished() || unused && !self.invocation.is_busy()
    }
}

/// The first name of a class: what it keeps is kept, and its ids are made, under that, whatever it is called later.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    worker: WorkerId,
    class: Arc<str>,
}

/// What a folder's name may hold as it is.
const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'$');

impl Origin {
    fn of(worker: &WorkerId, class: &str, migrations: &Migrations) -> Self {
        let (script, class) = migrations.origin(class);
        Self { worker: script.map_or_else(|| worker.clone(), WorkerId::plain), class: class.into() }
    }

    /// `my-worker-Room`, `staging/customer-Room`.
    fn unique_key(&self) -> String {
        format!("{}-{}", self.worker, self.class)
    }

    /// `objects/my-worker-Room`, `objects/staging%2Fcustomer-Room`.
    fn folder(&self) -> String {
        format!("objects/{}", percent_encoding::utf8_percent_encode(&self.unique_key(), PLAIN))
    }

    /// The way back from a folder's name.
    fn from_folder(name: &str) -> Option<Self> {
        let decoded = percent_encoding::percent_decode_str(name).decode_utf8().ok()?;
        // No name of a class has a dash.
        let (worker, class) = decoded.rsplit_once('-')?;
        let worker = match worker.split_once('/') {
            Some((namespace, name)) => WorkerId::user(namespace, name),
            None => WorkerId::plain(worker),
        };
        Some(Self { worker, class: class.into() })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The objects of one class, for those who call them.
pub(super) struct ClassObjects {
    runtime: Weak<Runtime>,
    worker: WorkerId,
    class: Arc<str>,
}

impl ClassObjects {
    pub(super) fn new(runtime: &Weak<Runtime>, worker: WorkerId, class: &str) -> Self {
        Self { runtime: runtime.clone(), worker, class: class.into() }
    }
}

impl Objects for ClassObjects {
    fn unique_key(&self) -> String {
        let slot = self.runtime.upgrade().and_then(|runtime| runtime.slot(&self.worker));
        let migrations = slot.map(|slot| slot.spec.bindings.migrations()).unwrap_or_default();
        Origin::of(&self.worker, &self.class, &migrations).unique_key()
    }

    fn open(&self, id: &str, name: Option<String>) -> Arc<dyn Fetch> {
        let key = Key { worker: self.worker.clone(), class: self.class.clone(), id: id.into() };
        Arc::new(Target { runtime: self.runtime.clone(), key, name: name.map(Arc::from) })
    }
}

/// One object, for those who call it.
struct Target {
    runtime: Weak<Runtime>,
    key: Key,
    name: Option<Arc<str>>,
}

impl Target {
    fn start(&self, what: What, mut call: Call, answer: Answer) {
        let Some(runtime) = self.runtime.upgrade() else { return answer.fail(Failure::Stopped) };
        let Some(slot) = runtime.slot(&self.key.worker) else {
            let why = format!("There is no Worker named \"{}\" to hold this Durable Object.", self.key.worker);
            return answer.fail(Failure::error(why));
        };
        call.trace.enter(slot.name());
        // As on Cloudflare, the `fetch()` of an object passes by its Worker's outbound Worker.
        call.outbound = None;
        if self.key.worker.namespace().is_none() {
            call.audience = None;
        }
        let (key, name, starting, at) = (self.key.clone(), self.name.clone(), runtime.clone(), slot.clone());
        slot.with_isolate(
            &runtime,
            Box::new(move |isolate| match isolate {
                Ok(isolate) => starting.deliver(&at, &isolate, (key, name), (what, call, answer)),
                Err(failure) => answer.fail(failure),
            }),
        );
    }
}

impl Fetch for Target {
    fn fetch(&self, request: Request, call: Call, reply: Reply) {
        self.start(What::Request(request), call, Answer::Response(reply));
    }

    fn invoke(&self, errand: Errand, call: Call, reply: ParcelReply) {
        self.start(What::Errand(errand), call, Answer::Parcel(reply));
    }
}

impl Runtime {
    fn deliver(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        isolate: &Arc<Isolate>,
        (key, name): (Key, Option<Arc<str>>),
        (what, call, answer): (What, Call, Answer),
    ) {
        self.sweep_from_now_on();
        let limits = self.limits(&slot.spec, DispatchLimits::default());
        let origin = Origin::of(&key.worker, &key.class, &slot.spec.bindings.migrations());
        let resident = self.objects.resident(&key, &origin);
        let mut life = lock(&resident.life);
        if !life.as_ref().is_some_and(|life| life.is_current(isolate)) {
            if let Some(old) = life.take() {
                old.record.ended.store(true, Ordering::Release);
                old.isolate.fail(&old.invocation, &Failure::Stopped);
            }
            resident.database.reset();
            *life = Some(self.begin(slot, isolate, (key.clone(), name), &resident));
        }
        let Some(life) = life.as_mut() else { return };
        life.last_use = Instant::now();
        life.invocation.refresh();
        Event::of(&life.invocation).set_call(Call { audience: None, ..call.clone() });
        life.events.fetch_add(1, Ordering::AcqRel);
        let events = life.events.clone();
        let answer = counted(answer, move || {
            events.fetch_sub(1, Ordering::AcqRel);
        });
        let arrival = Arrival { what, call, answer, door: Door::Object(life.invocation.clone()) };
        events::start(self, isolate, &key.worker, (limits, arrival));
    }

    fn begin(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        isolate: &Arc<Isolate>,
        (key, name): (Key, Option<Arc<str>>),
        resident: &Arc<Resident>,
    ) -> Life {
        let has_sql = slot.spec.bindings.migrations().has_sql(&key.class);
        let (alarms, runtime, place) = (self.objects.alarms.clone(), Arc::downgrade(self), key.clone());
        let (id, class) = (key.id.clone(), key.class.clone());
        let database = resident.database.clone();
        let marked = database.clone();
        let named = name.clone();
        let on_alarm = Box::new(move |at| alarms.set(&runtime, (&place, named.as_ref()), &marked, at));
        let (weak, dying) = (Arc::downgrade(isolate), Arc::new(Mutex::new(None::<Weak<Invocation>>)));
        let invocation_of = dying.clone();
        let abort = Box::new(move |failure: Failure| {
            let invocation = lock(&invocation_of).as_ref().and_then(Weak::upgrade);
            if let (Some(isolate), Some(invocation)) = (weak.upgrade(), invocation) {
                isolate.fail(&invocation, &failure);
            }
        });
        let ended = AtomicBool::new(false);
        let held = resident.sockets.clone();
        let target = Target { runtime: Arc::downgrade(self), key, name: name.clone() };
        held.target.get_or_init(|| target);
        let sockets = held.clone();
        let record = Arc::new(ObjectRecord { id, name, class, has_sql, database, sockets, ended, on_alarm, abort });
        let event = Arc::new(Event::resident(Call::default(), Some(record.clone())));
        let number = self.settings.engine.pool.next_invocation_id();
        let limits = self.limits(&slot.spec, DispatchLimits::default());
        let invocation = Invocation::new(number, limits, Box::new(event.clone())).standing(Standing::Resident);
        let invocation = Arc::new(invocation);
        *lock(&dying) = Some(Arc::downgrade(&invocation));
        let (kept, over) = (isolate.clone(), record.clone());
        invocation.on_end(move |failure| {
            over.ended.store(true, Ordering::Release);
            if failure.is_some() {
                held.disconnect();
            }
            event.end(failure);
            drop(kept);
        });
        isolate.take_in(&invocation);
        let events = Arc::new(AtomicUsize::new(0));
        Life { isolate: isolate.clone(), invocation, record, events, last_use: Instant::now() }
    }

    fn sweep_from_now_on(self: &Arc<Self>) {
        if self.objects.swept.swap(true, Ordering::AcqRel) {
            return;
        }
        let runtime = Arc::downgrade(self);
        self.settings.engine.tokio.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(runtime) = runtime.upgrade() else { return };
                runtime.objects.sweep();
            }
        });
    }
}

/// An answer that tells when it has been given.
fn counted(answer: Answer, given: impl FnOnce() + Send + 'static) -> Answer {
    match answer {
        Answer::Response(reply) => Answer::Response(Box::new(move |outcome| {
            given();
            reply(outcome);
        })),
        Answer::Parcel(reply) => Answer::Parcel(Box::new(move |outcome| {
            given();
            reply(outcome);
        })),
    }
}

pub(super) fn add_natives(host: &Object<'_>) -> Result<()> {
    host.set("objectFacts", Func::from(facts))?;
    host.set("objectSockets", Func::from(held_sockets))?;
    host.set("objectAbort", Func::from(abort))?;
    host.set("objectRefresh", Func::from(refresh))?;
    host.set("nextMessage", Func::from(next_message))
}

fn record(ctx: &Ctx<'_>) -> Result<Arc<ObjectRecord>> {
    let invocation = require_current(ctx)?;
    let object = Event::of(&invocation).object.clone().and_then(|object| object.downcast::<ObjectRecord>().ok());
    object.ok_or_else(|| throw_error(ctx, "This is no Durable Object."))
}

/// `[class, id, name, storage]` of the current object.
fn facts(ctx: Ctx<'_>) -> Result<Array<'_>> {
    let record = record(&ctx)?;
    let parts = Array::new(ctx.clone())?;
    parts.set(0, &*record.class)?;
    parts.set(1, &*record.id)?;
    parts.set(
        2,
        record.name.as_deref().map_or_else(
            || Ok(Value::new_undefined(ctx.clone())),
            |name| rquickjs::String::from_str(ctx.clone(), name).map(rquickjs::String::into_value),
        )?,
    )?;
    parts.set(3, StorageHandle::instance(&ctx, record)?)?;
    Ok(parts)
}

/// The web sockets of the current object.
fn held_sockets(ctx: Ctx<'_>) -> Result<Class<'_, HeldHandle>> {
    let sockets = record(&ctx)?.sockets.clone().downcast::<HeldSockets>();
    HeldHandle::instance(&ctx, sockets.map_err(|_| throw_error(&ctx, "This is no Durable Object."))?)
}

/// The current object begins an event of its own: limits start afresh.
fn refresh(ctx: Ctx<'_>) -> Result<()> {
    require_current(&ctx).map(|invocation| invocation.refresh())
}

/// A promise that is fulfilled by the next message of the isolate.
fn next_message(ctx: Ctx<'_>) -> Result<Promise<'_>> {
    let (promise, completer) = begin_op(&ctx)?;
    completer.complete(|ctx| Ok(Value::new_undefined(ctx.clone())));
    Ok(promise)
}

/// The current object ends with an error, and with it all its events.
fn abort<'js>(ctx: Ctx<'js>, error: Value<'js>) -> Result<()> {
    let record = record(&ctx)?;
    let mut thrown = describe(&ctx, &error);
    thrown.stack = crate::web::map_stack(&ctx, &thrown.stack);
    let failure = realm(&ctx).isolate().failure_of(&thrown);
    record.ended.store(true, Ordering::Release);
    (record.abort)(failure);
    Ok(())
}
