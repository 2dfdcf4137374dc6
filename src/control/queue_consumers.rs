//! `/queues/{queue}/consumers`: who reads a queue, a Worker that is called or a client that pulls. A queue has one; that of a
//! watched project is shown, and only its configuration changes it.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Control;
use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply};
use super::queues::id_of;
use super::route::{Route, of_account};
use crate::bindings::QueueConsumer;
use crate::worker::WorkerId;

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/queues/{queue}/consumers", list),
        of_account(Method::POST, "/queues/{queue}/consumers", create),
        of_account(Method::GET, "/queues/{queue}/consumers/{consumer}", get),
        of_account(Method::PUT, "/queues/{queue}/consumers/{consumer}", replace),
        of_account(Method::DELETE, "/queues/{queue}/consumers/{consumer}", delete),
    ]
}

/// What clients say of a consumer.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(alias = "script", alias = "service")]
    script_name: Option<String>,
    dead_letter_queue: Option<String>,
    #[serde(default)]
    settings: Numbers,
}

#[derive(Default, Deserialize)]
struct Numbers {
    batch_size: Option<i64>,
    max_retries: Option<i64>,
    max_wait_time_ms: Option<i64>,
    max_concurrency: Option<i64>,
    retry_delay: Option<i64>,
    visibility_timeout_ms: Option<i64>,
}

impl Said {
    fn pulls(&self) -> bool {
        self.kind.as_deref() == Some("http_pull")
    }

    fn consumer(self, queue: &str) -> Result<QueueConsumer, ApiError> {
        let Numbers { batch_size, max_retries, max_wait_time_ms, max_concurrency, retry_delay, visibility_timeout_ms } =
            self.settings;
        within("visibility_timeout_ms", visibility_timeout_ms, 1_000, 43_200_000)?;
        let default = match (self.kind.as_deref(), &self.script_name) {
            (Some("http_pull"), _) => QueueConsumer::pulling(queue, visibility_timeout_ms),
            (None | Some("worker"), Some(script)) => QueueConsumer::new(queue).of(&WorkerId::plain(script.as_str())),
            (None | Some("worker"), None) => return Err(ApiError::bad("A consumer needs a script_name.")),
            (Some(other), _) => return Err(ApiError::bad(format!("There is no consumer of type {other:?}."))),
        };
        Ok(QueueConsumer {
            batch_size: within("batch_size", batch_size, 1, 100)?.map_or(default.batch_size, |size| size as usize),
            batch_timeout: within("max_wait_time_ms", max_wait_time_ms, 0, 60_000)?
                .map_or(default.batch_timeout, i64::from),
            retries: within("max_retries", max_retries, 0, 100)?.unwrap_or(default.retries),
            retry_delay: within("retry_delay", retry_delay, 0, 86_400)?.unwrap_or_default(),
            concurrency: within("max_concurrency", max_concurrency, 1, 250)?.map_or(1, |count| count as usize),
            dead_letter_queue: self.dead_letter_queue.filter(|name| !name.is_empty()),
            ..default
        })
    }
}

fn within(name: &str, value: Option<i64>, least: i64, most: i64) -> Result<Option<u32>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let fits = u32::try_from(value).ok().filter(|_| (least..=most).contains(&value));
    fits.map(Some).ok_or_else(|| {
        ApiError::new(400, 100_127, format!("Invalid {name} {value}: must be between {least} and {most}."))
    })
}

fn consumer_id(queue: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, queue.as_bytes()).simple().to_string()
}

fn shown(one: &QueueConsumer) -> Value {
    let mut told = json!({
        "consumer_id": consumer_id(&one.queue), "queue_id": id_of(&one.queue), "queue_name": one.queue,
        "dead_letter_queue": one.dead_letter_queue,
        "settings": { "batch_size": one.batch_size, "max_retries": one.retries, "retry_delay": one.retry_delay },
    });
    if let Some(visible) = one.pulls {
        told["type"] = json!("http_pull");
        told["settings"]["visibility_timeout_ms"] = json!(visible);
        return told;
    }
    let script = one.worker.as_ref().map(|(_, name)| name);
    (told["type"], told["script"], told["script_name"]) = (json!("worker"), json!(script), json!(script));
    told["settings"]["max_wait_time_ms"] = json!(one.batch_timeout);
    told["settings"]["max_concurrency"] = json!(one.concurrency);
    told
}

impl Control {
    pub(super) fn consumer_of(&self, queue: &str) -> Option<QueueConsumer> {
        self.settings.runtime.consumers().into_iter().find(|consumer| consumer.queue == queue)
    }

    pub(super) fn consumers_of(&self, queue: &str) -> Vec<Value> {
        self.consumer_of(queue).iter().map(shown).collect()
    }

    /// The consumer that the route names.
    async fn consumer(&self, ask: &Ask) -> Result<QueueConsumer, ApiError> {
        let queue = self.queue(ask).await?.resource.name;
        let found = self.consumer_of(&queue).filter(|_| consumer_id(&queue) == ask.param("consumer"));
        found.ok_or_else(|| ApiError::new(404, 11_001, "Consumer not found."))
    }

    /// Gives a queue its consumer.
    async fn attach_consumer(&self, queue: &str, said: Said) -> Answer {
        let consumer = said.consumer(queue)?;
        if let Some(id) = consumer.worker_id()
            && !(self.settings.watched)(&id)
        {
            self.script(&id).await?;
        }
        self.settings.runtime.queues().attach(consumer.clone());
        self.settings.runtime.read_queues();
        Ok(Reply::of(shown(&consumer)))
    }

    /// Whether a Worker that is there, or a client, reads the queue already.
    async fn is_read(&self, queue: &str) -> bool {
        let Some(one) = self.consumer_of(queue) else { return false };
        let Some(id) = one.worker_id() else { return true };
        (self.settings.watched)(&id) || self.script(&id).await.is_ok()
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let queue = control.queue(&ask).await?.resource.name;
    Ok(Reply::of(Value::Array(control.consumers_of(&queue))))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&control.consumer(&ask).await?)))
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let queue = control.queue(&ask).await?.resource.name;
    let said: Said = ask.json().await?;
    if control.is_read(&queue).await {
        let what = format!("Queue '{queue}' already has a consumer.");
        return Err(ApiError::new(409, 11_004, what));
    }
    control.attach_consumer(&queue, said).await
}

async fn replace(control: Arc<Control>, mut ask: Ask) -> Answer {
    let mut said: Said = ask.json().await?;
    let old = control.consumer(&ask).await?;
    if !said.pulls() && said.script_name.is_none() {
        said.script_name = old.worker.map(|(_, name)| name);
    }
    control.attach_consumer(&old.queue, said).await
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let one = control.consumer(&ask).await?;
    let queues = control.settings.runtime.queues();
    if !queues.attached().iter().any(|attached| attached.queue == one.queue) {
        return Err(ApiError::bad("This consumer stands in the configuration of a watched project."));
    }
    queues.detach(&one.queue);
    Ok(Reply::nothing())
}
