//! QuickJS as a set of actors: isolates, turns on a pool of threads, modules as bytecode, limits, promises for host work.
//!
//! Knows nothing of Workers, HTTP servers or configs. What runs inside an isolate (web platform, bindings, handlers)
//! is installed by later layers through [`Isolate::post`] and natives.
//!
//! * [`Pool`]: M:N threads that run turns, and the monitor that grows it and condemns stuck isolates.
//! * [`Isolate`]: mailbox + QuickJS runtime; all JavaScript of one Worker version.
//! * [`Invocation`]: one event (a request) with its CPU budget, its pending host work and its end.
//! * [`Program`]: modules as shared bytecode.

mod alarm;
mod async_context;
pub(crate) mod bytes;
mod invocation;
mod isolate;
mod memory;
mod ops;
mod outbox;
mod pool;
mod program;
mod realm;
mod rejections;
pub(crate) mod text;
mod throw;
mod turn;

pub use alarm::{TooManyTimers, start_timer};
pub use async_context::{follow_promises, react};
pub use invocation::{Invocation, InvocationLimits, Standing};
pub use isolate::{Boot, Booted, Engine, Isolate, IsolateOptions, Job};
pub use memory::Ledger;
pub use ops::{
    Completer, HostError, begin_converted, begin_listener, begin_op, cancel_event, is_pending, on_op_cancel, spawn_op,
    spawn_work,
};
pub use outbox::{Save, emit, save_at_end};
pub use pool::Pool;
pub use program::{Compiler, DEEPEST_IMPORTS, ModuleCode, Program};
pub use realm::{Realm, current, is_startup, realm, require_current, stop_if_late};
pub use rejections::{OnUnhandled, on_unhandled_rejection};
pub use throw::{Thrown, describe, throw_dom, throw_error, throw_range, throw_type};

#[cfg(test)]
mod tests;
