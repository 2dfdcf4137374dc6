//! Calls between Workers: what is called, with which values, and what comes back. A value travels as bytes and the
//! parts that bytes cannot hold: streams, stubs, other Workers.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Body, BodySender, Call, Failure, Fetch};

/// A JavaScript value on its way. Only `web::serial` knows what the bytes mean.
#[derive(Default)]
pub struct Parcel {
    pub bytes: Vec<u8>,
    pub parts: Vec<Part>,
    /// The value was thrown.
    pub thrown: bool,
}

/// What a parcel's bytes refer to by number.
pub enum Part {
    /// A stream of bytes.
    Body(Body),
    /// The writing end of one.
    Sink(BodySender),
    /// A function or object that stays where it is; dropping the last handle tells its owner.
    Stub(Arc<dyn Fetch>),
    /// Another Worker, or an object of one.
    Service(Arc<dyn Fetch>),
}

/// What is asked of the far side of a stub or a service.
pub struct Errand {
    pub how: How,
    /// Names from the target to the member that is meant; empty for the target itself.
    pub path: Vec<String>,
    pub args: Parcel,
}

impl Errand {
    /// An event of the platform's own: what is said of it, and bytes that go with it.
    #[must_use]
    pub fn event(name: &str, facts: &Value, bytes: Vec<u8>) -> Self {
        let path = vec![name.to_owned(), facts.to_string()];
        Self { how: How::Handle, path, args: Parcel { bytes, ..Parcel::default() } }
    }
}

/// Has an event happen to a Worker; answers what its handler made of it, with an `outcome` of `ok`, `exception`
/// or `canceled`.
pub async fn happen(worker: &Arc<dyn Fetch>, event: Errand, call: Call) -> Value {
    let (sender, receiver) = oneshot::channel();
    worker.invoke(event, call, Box::new(move |result| drop(sender.send(result))));
    let outcome = match receiver.await.unwrap_or(Err(Failure::Stopped)) {
        Ok(parcel) if !parcel.thrown => return serde_json::from_slice(&parcel.bytes).unwrap_or_default(),
        // It did not get to the handler, or not to its end, and not for the handler's fault.
        Err(Failure::Broken { .. } | Failure::Stopped | Failure::NotFound | Failure::Cancelled) => "canceled",
        Ok(_) | Err(_) => "exception",
    };
    json!({ "outcome": outcome })
}

/// The manner of an [`Errand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Calls the member.
    Call,
    /// Reads the member.
    Get,
    /// An event of the platform's own, such as `scheduled`: the path is the handler's name.
    Handle,
}

/// Called once with what came of an errand, from any thread.
pub type ParcelReply = Box<dyn FnOnce(Result<Parcel, Failure>) + Send>;
