//! What an isolate's natives can ask of it: whose event runs now, whether the Worker is still starting, its op table.
//!
//! Stored as user data of the QuickJS runtime, so that natives reach it from their `Ctx` alone; QuickJS drops it, and
//! with it every JavaScript handle Rust holds, before the runtime itself.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use rquickjs::runtime::UserDataGuard;
use rquickjs::{Ctx, Exception, JsLifetime, Result, qjs};
use tokio::sync::Semaphore;

use super::alarm::Alarm;
use super::invocation::Invocation;
use super::isolate::Isolate;
use super::memory::Ledger;
use super::ops::{PendingOp, WORKERS};
use super::outbox::{Action, Save};
use super::program::Program;
use super::rejections::{OnUnhandled, Rejection};
use super::throw::throw_error;

/// See the module's text.
pub struct Realm {
    pub(super) isolate: Weak<Isolate>,
    pub(super) current: RefCell<Option<Arc<Invocation>>>,
    pub(super) ops: RefCell<HashMap<u64, PendingOp>>,
    pub(super) next_op: Cell<u64>,
    /// Pending work that will end by itself; an isolate without any cannot go on.
    pub(super) active_ops: Cell<usize>,
    pub(super) startup: Cell<bool>,
    pub(super) alarm: Arc<Alarm>,
    pub(super) unsaved: RefCell<Vec<Save>>,
    pub(super) outbox: RefCell<Vec<Action>>,
    pub(super) rejected: RefCell<Vec<Rejection>>,
    pub(super) on_unhandled: Cell<Option<OnUnhandled>>,
    pub program: Arc<Program>,
    pub tokio: tokio::runtime::Handle,
    /// Places for long computations.
    pub(super) work: Arc<Semaphore>,
    /// What Rust holds for the isolate, against its limit.
    pub memory: Rc<Ledger>,
    /// State of later layers, by its type.
    extensions: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

// SAFETY: the type has no 'js lifetime; persistent handles are 'static.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on user data")]
unsafe impl JsLifetime<'_> for Realm {
    type Changed<'to> = Realm;
}

impl Realm {
    pub(super) fn new(ctx: &Ctx<'_>, isolate: &Arc<Isolate>, program: Arc<Program>) -> Self {
        Self {
            isolate: Arc::downgrade(isolate),
            current: RefCell::new(None),
            ops: RefCell::new(HashMap::new()),
            next_op: Cell::new(1),
            active_ops: Cell::new(0),
            startup: Cell::new(true),
            alarm: Arc::default(),
            unsaved: RefCell::default(),
            outbox: RefCell::default(),
            rejected: RefCell::default(),
            on_unhandled: Cell::new(None),
            program,
            work: Arc::new(Semaphore::new(WORKERS)),
            tokio: isolate.tokio.clone(),
            memory: Rc::new(Ledger::new(ctx, isolate.options.memory_limit)),
            extensions: RefCell::default(),
        }
    }

    /// The isolate these natives run in.
    pub fn isolate(&self) -> Arc<Isolate> {
        self.isolate.upgrade().expect("natives run only while their isolate lives")
    }

    /// The isolate's one `T`, made when first asked for.
    pub fn extension<T: 'static>(&self, create: impl FnOnce() -> T) -> Rc<T> {
        let known = self.extensions.borrow().get(&TypeId::of::<T>()).cloned();
        let any = known.unwrap_or_else(|| {
            let made: Rc<dyn Any> = Rc::new(create());
            self.extensions.borrow_mut().insert(TypeId::of::<T>(), made.clone());
            made
        });
        any.downcast().expect("it was entered under its own type")
    }

    /// Handlers may run from now on; I/O was refused before.
    pub fn finish_startup(&self) {
        self.startup.set(false);
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.alarm.clear();
    }
}

/// The isolate's realm.
pub fn realm<'a>(ctx: &'a Ctx<'_>) -> UserDataGuard<'a, Realm> {
    ctx.userdata::<Realm>().expect("every isolate stores its realm before any code runs")
}

/// The invocation on whose behalf code runs now; none in global scope.
pub fn current(ctx: &Ctx<'_>) -> Option<Arc<Invocation>> {
    realm(ctx).current.borrow().clone()
}

pub fn is_startup(ctx: &Ctx<'_>) -> bool {
    realm(ctx).startup.get()
}

/// For natives that run long: throws what no code can catch once the current message is out of time.
pub fn stop_if_late(ctx: &Ctx<'_>) -> Result<()> {
    if !realm(ctx).isolate().clock.poll() {
        return Ok(());
    }
    Exception::throw_internal(ctx, "interrupted");
    let thrown = ctx.catch();
    #[allow(unsafe_code, reason = "rquickjs cannot mark an error as uncatchable")]
    // SAFETY: the context and the error are alive.
    unsafe {
        qjs::JS_SetUncatchableError(ctx.as_raw().as_ptr(), thrown.as_raw());
    }
    Err(ctx.throw(thrown))
}

/// The current invocation, or the error that Workers get in global scope.
pub fn require_current(ctx: &Ctx<'_>) -> Result<Arc<Invocation>> {
    current(ctx).ok_or_else(|| throw_error(ctx, GLOBAL_SCOPE))
}

/// Cloudflare's words for I/O in global scope.
const GLOBAL_SCOPE: &str = "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or \
connect()), setting a timeout, and generating random values are not allowed within global scope. To fix this error, \
perform this operation within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/";
