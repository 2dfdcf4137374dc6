//! `/queues/{queue}/messages`: sent, pulled and settled by clients.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Control;
use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, of_account};
use crate::bindings::{NewMessage, QueueConsumer, QueueMessage, refuse_messages};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::POST, "/queues/{queue}/messages", send),
        of_account(Method::POST, "/queues/{queue}/messages/batch", send_batch),
        of_account(Method::POST, "/queues/{queue}/messages/pull", pull),
        of_account(Method::POST, "/queues/{queue}/messages/ack", settle),
    ]
}

/// Messages that a client pulls where it does not say how many.
const BATCH: i64 = 10;

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    body: Value,
    content_type: Option<String>,
    delay_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct Batch {
    messages: Vec<Sent>,
    delay_seconds: Option<u32>,
}

impl Sent {
    fn message(self, otherwise: Option<u32>) -> Result<NewMessage, ApiError> {
        let kind = self.content_type.unwrap_or_else(|| "json".to_owned());
        let body = match (kind.as_str(), self.body) {
            ("json", body) => body.to_string(),
            ("text", Value::String(text)) => text,
            ("text", _) => return Err(ApiError::bad("The body of a message of type text must be a string.")),
            _ => return Err(ApiError::bad("content_type must be \"json\" or \"text\".")),
        };
        let delay_seconds = self.delay_seconds.or(otherwise).unwrap_or_default();
        Ok(NewMessage { kind, body: body.into_bytes(), delay_seconds, ray: None })
    }
}

async fn send(control: Arc<Control>, mut ask: Ask) -> Answer {
    let message = ask.json::<Sent>().await?.message(None)?;
    keep(&control, &ask, vec![message]).await
}

async fn send_batch(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Batch { messages, delay_seconds } = ask.json().await?;
    let messages = messages.into_iter().map(|sent| sent.message(delay_seconds)).collect::<Result<_, _>>()?;
    keep(&control, &ask, messages).await
}

async fn keep(control: &Control, ask: &Ask, messages: Vec<NewMessage>) -> Answer {
    let queue = control.queue(ask).await?.resource.id;
    if let Some(why) = refuse_messages(&messages) {
        return Err(ApiError::new(400, 100_127, why));
    }
    let (sender, kept) = oneshot::channel();
    control.settings.runtime.queues().send(&queue, messages, move |done| drop(sender.send(done)));
    kept.await.unwrap_or(Err(crate::store::StoreError::Busy))?;
    Ok(Reply::nothing())
}

#[derive(Deserialize)]
struct Pull {
    batch_size: Option<i64>,
    #[serde(alias = "visibility_timeout")]
    visibility_timeout_ms: Option<i64>,
}

impl Control {
    /// The consumer of the queue, if it is one that pulls.
    async fn pulls(&self, ask: &Ask) -> Result<(QueueConsumer, i64), ApiError> {
        let queue = self.queue(ask).await?.resource.name;
        let consumer = self.consumer_of(&queue);
        let pulling = consumer.and_then(|one| Some((one.pulls?, one))).map(|(visible, one)| (one, visible));
        pulling.ok_or_else(|| {
            ApiError::new(405, 10_405, format!("Queue '{queue}' has no HTTP pull consumer: add one to pull from it."))
        })
    }
}

async fn pull(control: Arc<Control>, mut ask: Ask) -> Answer {
    let body = ask.bytes().await?;
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let said: Pull = serde_json::from_slice(body).map_err(|error| ApiError::bad(error.to_string()))?;
    let (consumer, visible) = control.pulls(&ask).await?;
    let (size, visible) = (said.batch_size.unwrap_or(BATCH), said.visibility_timeout_ms.unwrap_or(visible));
    let limit = usize::try_from(size).ok().filter(|size| (1..=100).contains(size));
    let limit = limit.ok_or_else(|| ApiError::bad("batch_size must be between 1 and 100."))?;
    if !(0..=43_200_000).contains(&visible) {
        return Err(ApiError::bad("visibility_timeout_ms must be between 0 and 43200000."));
    }
    let (queues, queue) = (control.settings.runtime.queues(), consumer.queue.clone());
    let messages: Vec<_> = queues.pull(consumer, limit, visible).await?.iter().map(shown).collect();
    let backlog = queues.backlog(&queue).await?.count;
    Ok(Reply::of(json!({ "message_backlog_count": backlog, "messages": messages })))
}

/// Text as it is; all else in base64, as production has it.
fn shown((message, lease): &(QueueMessage, String)) -> Value {
    let body = match message.kind.as_str() {
        "text" => String::from_utf8_lossy(&message.body).into_owned(),
        _ => STANDARD.encode(&message.body),
    };
    json!({
        "id": message.id, "lease_id": lease, "attempts": message.attempts + 1, "timestamp_ms": message.sent, "body": body,
        "metadata": { "CF-Content-Type": message.kind, "CF-sourceMessageSource": "" },
    })
}

#[derive(Deserialize)]
struct Settle {
    #[serde(default)]
    acks: Vec<Lease>,
    #[serde(default)]
    retries: Vec<Lease>,
}

#[derive(Deserialize)]
struct Lease {
    lease_id: String,
    delay_seconds: Option<u32>,
}

async fn settle(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Settle { acks, retries } = ask.json().await?;
    let (consumer, _) = control.pulls(&ask).await?;
    let asked = acks.len() + retries.len();
    let delay = |lease: &Lease| lease.delay_seconds.unwrap_or(consumer.retry_delay);
    let again = retries.into_iter().map(|lease| (delay(&lease), lease.lease_id)).map(|(delay, id)| (id, delay));
    let done = acks.into_iter().map(|lease| lease.lease_id).collect();
    let queues = control.settings.runtime.queues();
    let (done, again) = queues.settle_leases(&consumer.queue, done, again.collect()).await?;
    let lost = asked.saturating_sub(done + again);
    let warnings = (lost > 0).then(|| format!("{lost} of the leases are not valid, or not any more."));
    let warnings: Vec<_> = warnings.into_iter().collect();
    Ok(Reply::of(json!({ "ackCount": done, "retryCount": again, "warnings": warnings })))
}
