//! What the web platform keeps with an invocation and with an isolate, and hands to the layers above.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rquickjs::{Ctx, JsLifetime};

use super::cache::Caches;
use crate::engine::{Invocation, Thrown};
use crate::worker::{Call, Failure, Fetch, ParcelReply, Ray, Reply, Tape};

/// Where the answer to an event goes.
pub enum Answer {
    Response(Reply),
    Parcel(ParcelReply),
}

impl Answer {
    pub fn fail(self, failure: Failure) {
        match self {
            Self::Response(reply) => reply(Err(failure)),
            Self::Parcel(reply) => reply(Err(failure)),
        }
    }
}

/// Data of an invocation ([`Invocation::data`]): whose request it is and where the answer goes.
pub struct Event {
    call: Mutex<Call>,
    /// What the runtime keeps with an object that stays between events.
    pub object: Option<Arc<dyn Any + Send + Sync>>,
    answer: Mutex<Option<Answer>>,
    /// Where what it says is kept for others, if somebody listens; of an object, the latest event's.
    tape: Mutex<Option<Arc<Tape>>>,
    /// Calls of what the event gave away, until they are answered.
    calls: Mutex<HashMap<u64, ParcelReply>>,
    /// What the event was given by others: let go when it ends.
    held: Mutex<HashMap<u64, Arc<dyn Fetch>>>,
}

impl Event {
    pub fn new(call: Call, answer: Answer) -> Self {
        Self { answer: Mutex::new(Some(answer)), ..Self::resident(call, None) }
    }

    /// Of an object that stays between events: nobody waits for its end.
    pub fn resident(call: Call, object: Option<Arc<dyn Any + Send + Sync>>) -> Self {
        let (call, answer, tape) = (Mutex::new(call), Mutex::default(), Mutex::default());
        Self { call, object, answer, tape, calls: Mutex::default(), held: Mutex::default() }
    }

    /// The call that it answers; of an object, the latest.
    pub fn call(&self) -> Call {
        lock(&self.call).clone()
    }

    /// Of the request from outside that led to it; of an object, to its latest event.
    pub fn ray(&self) -> Option<Ray> {
        lock(&self.call).ray
    }

    pub fn set_call(&self, call: Call) {
        *lock(&self.call) = call;
    }

    pub fn tape(&self) -> Option<Arc<Tape>> {
        lock(&self.tape).clone()
    }

    pub fn set_tape(&self, tape: Option<Arc<Tape>>) {
        *lock(&self.tape) = tape;
    }

    /// Its tail Workers may hear of it, once all others have ended that they hear of.
    pub fn leave_audience(&self) {
        let left = lock(&self.call).audience.take();
        drop(left);
    }

    /// The way to its caller, once.
    pub fn take_answer(&self) -> Option<Answer> {
        lock(&self.answer).take()
    }

    /// Notes a call that JavaScript answers by this number.
    pub(super) fn begin_call(&self, number: u64, reply: ParcelReply) {
        lock(&self.calls).insert(number, reply);
    }

    pub(super) fn end_call(&self, number: u64) -> Option<ParcelReply> {
        lock(&self.calls).remove(&number)
    }

    pub(super) fn hold(&self, number: u64, target: Arc<dyn Fetch>) {
        lock(&self.held).insert(number, target);
    }

    pub(super) fn held(&self, number: u64) -> Option<Arc<dyn Fetch>> {
        lock(&self.held).get(&number).cloned()
    }

    pub(super) fn release(&self, number: u64) {
        let released = lock(&self.held).remove(&number);
        drop(released);
    }

    /// The event is over: whoever still waits for it learns why.
    pub fn end(&self, failure: Option<&Failure>) {
        if let Some(answer) = self.take_answer() {
            answer.fail(failure.cloned().unwrap_or(Failure::Cancelled));
        }
        let calls = std::mem::take(&mut *lock(&self.calls));
        for reply in calls.into_values() {
            reply(Err(failure.cloned().unwrap_or_else(|| Failure::error(super::rpc::GONE))));
        }
        let held = std::mem::take(&mut *lock(&self.held));
        drop(held);
    }

    /// The event of an invocation that the runtime started.
    pub fn of(invocation: &Invocation) -> &Self {
        invocation.data.downcast_ref::<Arc<Self>>().expect("the runtime starts every invocation with an event")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line that a Worker printed.
#[derive(Debug, Clone)]
pub struct ConsoleLine {
    pub level: String,
    pub text: String,
}

/// What the platform asks of the host that runs it.
pub trait Host: Send + Sync {
    /// Answers `fetch()` to the outside.
    fn outbound(&self) -> Arc<dyn Fetch>;
    fn console(&self, line: ConsoleLine, invocation: Option<&Invocation>);
    /// An exception nobody caught.
    fn uncaught(&self, thrown: Thrown, invocation: Option<&Invocation>);
    /// A stack with the author's files and positions.
    fn map_stack(&self, stack: &str) -> String;
    /// Whether the compatibility flag of this name is on.
    fn flag(&self, name: &str) -> bool;
    /// Every compatibility flag, and whether it is on.
    fn flags(&self) -> Vec<(&'static str, bool)>;
    /// The caches that this Worker sees, if there are any.
    fn caches(&self) -> Option<Caches>;
    /// Milliseconds since 1970.
    fn now(&self) -> f64;
}

/// The host as the isolate's user data.
pub(super) struct HostData(pub(super) Arc<dyn Host>);

// SAFETY: the type has no 'js lifetime.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on user data")]
unsafe impl JsLifetime<'_> for HostData {
    type Changed<'to> = HostData;
}

/// See [`Host::map_stack`].
pub fn map_stack(ctx: &Ctx<'_>, stack: &str) -> String {
    host_of(ctx).map_stack(stack)
}

pub(crate) fn host_of(ctx: &Ctx<'_>) -> Arc<dyn Host> {
    ctx.userdata::<HostData>().expect("install stores the host before any code runs").0.clone()
}
