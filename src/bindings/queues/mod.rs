//! `queues`: producers are bindings, consumers read. What waits is in `messages`, what JavaScript sees of a queue in `face`.

mod face;
mod messages;

use rquickjs::{Ctx, Result, Value as JsValue};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::attach::{make, stopped};
use super::upload::{listed, renamed};
use super::{Binding, Environment, Resource, ResourceKind, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problems};
use crate::worker::WorkerId;

use face::QueueHandle;
pub use face::refusal as refuse_messages;
pub use messages::{Backlog, Fate, NewMessage, QueueMessage, Queues};

pub(super) struct Kind;

/// Milliseconds that a client has to settle what it pulled, where nothing is said.
const VISIBLE: i64 = 30_000;

/// A producer.
#[derive(Debug, Clone)]
pub struct Queue {
    pub name: String,
    pub queue: String,
    /// Seconds before its messages are delivered.
    pub delay: u32,
    pub place: Place,
}

/// Who reads a queue, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    pub queue: String,
    /// The Worker's namespace, if it is a user Worker, and its name; none while it stands in a configuration.
    pub worker: Option<(Option<String>, String)>,
    pub batch_size: usize,
    /// Milliseconds that a message waits for others.
    pub batch_timeout: i64,
    /// Deliveries beyond the first.
    pub retries: u32,
    /// Seconds before a message is delivered again, unless the Worker says otherwise.
    pub retry_delay: u32,
    pub dead_letter_queue: Option<String>,
    /// Batches that are delivered at a time.
    pub concurrency: usize,
    /// Of one that pulls, by the API: milliseconds that it has to settle a message. No Worker is called then.
    #[serde(default)]
    pub pulls: Option<i64>,
}

impl Consumer {
    /// One with Cloudflare's defaults; at a time one batch is delivered.
    #[must_use]
    pub fn new(queue: &str) -> Self {
        Self {
            queue: queue.to_owned(),
            worker: None,
            batch_size: 10,
            batch_timeout: 5_000,
            retries: 3,
            retry_delay: 0,
            dead_letter_queue: None,
            concurrency: 1,
            pulls: None,
        }
    }

    /// One that pulls, and has so many milliseconds to settle what it pulled.
    #[must_use]
    pub fn pulling(queue: &str, visible: Option<i64>) -> Self {
        Self { pulls: Some(visible.unwrap_or(VISIBLE)), ..Self::new(queue) }
    }

    #[must_use]
    pub fn of(mut self, worker: &WorkerId) -> Self {
        self.worker = Some((worker.namespace().map(str::to_owned), worker.name().to_owned()));
        self
    }

    #[must_use]
    pub fn worker_id(&self) -> Option<WorkerId> {
        let (namespace, name) = self.worker.as_ref()?;
        Some(match namespace {
            Some(namespace) => WorkerId::user(namespace.as_str(), name.as_str()),
            None => WorkerId::plain(name.as_str()),
        })
    }
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "queues"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["queue"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        consumers(Some(node), problems);
        node.get("producers").map(|list| each(list, problems, producer)).unwrap_or_default()
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        let item = renamed(item, &[("name", "binding"), ("queue_name", "queue")]);
        each(&listed(item), problems, producer).pop()
    }
}

fn producer(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let queue = fields.required_string("queue");
    let delay = fields.integer("delivery_delay", 0..=i64::from(face::MAX_DELAY));
    let delay = delay.and_then(|delay| u32::try_from(delay).ok()).unwrap_or_default();
    let (name, queue) = (name?, queue?.value);
    Some(Box::new(Queue { name: name.value, queue, delay, place: name.place }))
}

/// The consumers in the value of `queues`.
pub fn consumers(node: Option<&Node>, problems: &mut Problems) -> Vec<Consumer> {
    let mut found = Vec::new();
    for item in node.and_then(|node| node.get("consumers")).map(Node::items).unwrap_or_default() {
        let Some(mut fields) = Fields::of(item, problems) else { continue };
        found.extend(consumer(&mut fields));
        fields.finish();
    }
    found
}

fn consumer(fields: &mut Fields<'_>) -> Option<Consumer> {
    let mut whole = |key, range| fields.integer(key, range).and_then(|value: i64| u32::try_from(value).ok());
    let (size, timeout) = (whole("max_batch_size", 1..=100), whole("max_batch_timeout", 0..=60));
    let (retries, delay) = (whole("max_retries", 0..=100), whole("retry_delay", 0..=i64::from(face::MAX_DELAY)));
    let concurrency = whole("max_concurrency", 1..=250);
    let visible = fields.integer("visibility_timeout_ms", 1_000..=43_200_000);
    let pulled = fields.string("type").is_some_and(|kind| kind.value == "http_pull");
    let dead_letter_queue = text(fields.string("dead_letter_queue"));
    let queue = fields.required_string("queue")?.value;
    let default = if pulled { Consumer::pulling(&queue, visible) } else { Consumer::new(&queue) };
    Some(Consumer {
        batch_size: size.map_or(default.batch_size, |size| size as usize),
        batch_timeout: timeout.map_or(default.batch_timeout, |seconds| 1000 * i64::from(seconds)),
        retries: retries.unwrap_or(default.retries),
        retry_delay: delay.unwrap_or_default(),
        concurrency: concurrency.map_or(1, |count| count as usize),
        dead_letter_queue,
        ..default
    })
}

impl Binding for Queue {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "queue"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        let delay = (self.delay > 0).then(|| json!(self.delay));
        fields([("queue_name", Some(json!(self.queue))), ("delivery_delay", delay)])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let queues = around.queues().ok_or_else(|| stopped(ctx))?;
        make(ctx, "queues", (QueueHandle::instance(ctx, queues, &self.queue, self.delay)?,))
    }

    fn resource(&self, _: &WorkerId) -> Option<Resource> {
        Some(Resource::new(ResourceKind::Queue, self.queue.clone(), None))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Queue", self.queue.clone())
    }
}
