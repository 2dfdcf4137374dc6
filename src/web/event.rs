//! What the web platform keeps with an invocation and with an isolate, and hands to the layers above.

use std::sync::{Arc, Mutex, PoisonError};

use rquickjs::{Ctx, JsLifetime};

use crate::engine::{Invocation, Thrown};
use crate::worker::{Call, Fetch, Reply};

/// Data of an invocation ([`Invocation::data`]): whose request it is and where the answer goes.
pub struct Event {
    pub call: Call,
    reply: Mutex<Option<Reply>>,
}

impl Event {
    pub fn new(call: Call, reply: Reply) -> Self {
        Self { call, reply: Mutex::new(Some(reply)) }
    }

    /// The reply, once.
    pub fn take_reply(&self) -> Option<Reply> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The event of an invocation that the runtime started.
    pub fn of(invocation: &Invocation) -> &Self {
        invocation.data.downcast_ref::<Arc<Self>>().expect("the runtime starts every invocation with an event")
    }
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
