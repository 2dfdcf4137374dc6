//! What `queues.js` holds of a queue: an opaque handle that sends.

use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, JsLifetime, Promise, Result, TypedArray, Value};

use super::{NewMessage, Queues};
use crate::engine::bytes::with_bytes;
use crate::engine::text::usv;
use crate::engine::{HostError, begin_op, emit, require_current, throw_error};
use crate::web::Event;
use crate::web::serial::ParcelHandle;
use crate::worker::Ray;

/// Seconds: a day, as on Cloudflare.
pub(super) const MAX_DELAY: u32 = 86_400;
/// Bytes of a body.
const MAX_BODY: usize = 128_000;
const MAX_MESSAGES: usize = 100;
/// Bytes of all bodies that are sent at a time.
const MAX_BATCH: usize = 256_000;

/// See the module's text.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct QueueHandle {
    #[qjs(skip_trace)]
    queues: Arc<Queues>,
    queue: String,
    /// Seconds, where a message says nothing.
    delay: u32,
}

impl QueueHandle {
    pub(super) fn instance<'js>(
        ctx: &Ctx<'js>,
        queues: Arc<Queues>,
        queue: &str,
        delay: u32,
    ) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { queues, queue: queue.to_owned(), delay })
    }

    fn message<'js>(&self, ctx: &Ctx<'js>, item: &Array<'js>, ray: Option<Ray>) -> Result<NewMessage> {
        let (kind, value, delay): (String, Value<'js>, Option<u32>) = (item.get(0)?, item.get(1)?, item.get(2)?);
        let body = if let Ok(parcel) = Class::<ParcelHandle>::from_value(&value) {
            parcel.borrow().take(ctx)?.bytes
        } else if value.is_string() {
            usv(ctx, &value)?.into_bytes()
        } else {
            with_bytes(&TypedArray::<u8>::from_value(value)?, <[u8]>::to_vec)
        };
        Ok(NewMessage { kind, body, delay_seconds: delay.unwrap_or(self.delay), ray })
    }
}

/// Why messages are not taken, in Cloudflare's words.
pub fn refusal(messages: &[NewMessage]) -> Option<String> {
    if let Some(long) = messages.iter().find(|message| message.body.len() > MAX_BODY) {
        return Some(format!("message length of {} bytes exceeds limit of {MAX_BODY}", long.body.len()));
    }
    if messages.len() > MAX_MESSAGES {
        return Some(format!("batch message count of {} exceeds limit of {MAX_MESSAGES}", messages.len()));
    }
    let bytes: usize = messages.iter().map(|message| message.body.len()).sum();
    if bytes > MAX_BATCH {
        return Some(format!("batch size of {bytes} bytes exceeds limit of {MAX_BATCH}"));
    }
    let late = messages.iter().find(|message| message.delay_seconds > MAX_DELAY)?;
    Some(format!("delaySeconds of {} exceeds limit of {MAX_DELAY}", late.delay_seconds))
}

#[rquickjs::methods(rename_all = "camelCase")]
impl QueueHandle {
    /// A list of `[type, text | bytes | parcel, delay]`.
    fn send<'js>(&self, ctx: Ctx<'js>, method: String, items: Vec<Array<'js>>) -> Result<Promise<'js>> {
        let invocation = require_current(&ctx)?;
        let ray = Event::of(&invocation).ray();
        let messages: Vec<_> = items.iter().map(|item| self.message(&ctx, item, ray)).collect::<Result<_>>()?;
        if !invocation.count_subrequest() {
            return Err(throw_error(&ctx, "Too many API requests by single worker invocation."));
        }
        let (promise, completer) = begin_op(&ctx)?;
        if let Some(why) = refusal(&messages) {
            completer.complete(move |ctx| Err(HostError::Error(format!("Queue {method} failed: {why}")).throw(ctx)));
            return Ok(promise);
        }
        let (queues, queue) = (self.queues.clone(), self.queue.clone());
        emit(&ctx, move |failure| {
            if let Some(failure) = failure.cloned() {
                return completer.complete(move |ctx| Err(throw_error(ctx, &failure.to_string())));
            }
            queues.send(&queue, messages, move |kept| {
                completer.complete(move |ctx| match kept {
                    Ok(()) => Ok(Value::new_undefined(ctx.clone())),
                    Err(error) => Err(HostError::Error(format!("Queue {method} failed: {error}")).throw(ctx)),
                });
            });
        });
        Ok(promise)
    }
}
