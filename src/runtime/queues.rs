//! Queues to their consumers: a task for each queue that is read gathers batches, has `queue()` handle them, and settles
//! what became of each message. Delivery is at least once: what was not settled when the process ended comes again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Happened, Runtime};
use crate::bindings::{Fate, QueueConsumer, QueueMessage, Queues};
use crate::worker::{Call, Errand, Ray, WorkerId, happen};

/// The queues that are read now.
#[derive(Default)]
pub(super) struct Readers(Mutex<HashSet<String>>);

/// Before a batch is tried again that could not be delivered: its Worker does not build, or was replaced.
const PATIENCE: i64 = 1_000;
/// The clock may be set while nothing is due.
const LONGEST_SLEEP: i64 = 60_000;

impl Runtime {
    /// What waits in queues.
    pub fn queues(&self) -> &Arc<Queues> {
        &self.queues
    }

    /// To be called when queues may have other consumers than before.
    pub fn read_queues(self: &Arc<Self>) {
        for consumer in self.settings.triggers.consumers() {
            if consumer.pulls.is_none() && lock(&self.readers.0).insert(consumer.queue.clone()) {
                let reader = Reader {
                    runtime: Arc::downgrade(self),
                    queues: self.queues.clone(),
                    queue: consumer.queue,
                    flying: Mutex::default(),
                };
                self.settings.engine.tokio.spawn(Arc::new(reader).read());
            }
        }
        self.queues.has_changed();
    }

    /// All that read queues, those of the API, too.
    pub fn consumers(&self) -> Vec<QueueConsumer> {
        self.settings.triggers.consumers()
    }

    fn consumer(&self, queue: &str) -> Option<(QueueConsumer, WorkerId)> {
        let consumer =
            self.consumers().into_iter().find(|consumer| consumer.queue == queue && consumer.pulls.is_none())?;
        let worker = consumer.worker_id()?;
        Some((consumer, worker))
    }
}

/// One queue's task.
struct Reader {
    runtime: Weak<Runtime>,
    queues: Arc<Queues>,
    queue: String,
    flying: Mutex<Flying>,
}

/// What is being handled.
#[derive(Default)]
struct Flying {
    rows: HashSet<i64>,
    batches: usize,
}

/// What a look at a queue leads to.
enum Step {
    Deliver(Vec<i64>),
    /// Milliseconds, unless something changes before.
    Wait(i64),
}

impl Reader {
    async fn read(self: Arc<Self>) {
        let mut changes = self.queues.follow();
        loop {
            changes.mark_unchanged();
            let Some(runtime) = self.runtime.upgrade() else { return };
            let Some((consumer, worker)) = runtime.consumer(&self.queue) else {
                lock(&runtime.readers.0).remove(&self.queue);
                // One may have come in between.
                if runtime.consumer(&self.queue).is_none() || !lock(&runtime.readers.0).insert(self.queue.clone()) {
                    return;
                }
                continue;
            };
            let there = runtime.contains(&worker);
            drop(runtime);
            match if there { self.look(&consumer).await } else { Step::Wait(PATIENCE) } {
                Step::Deliver(rows) => {
                    let mut flying = lock(&self.flying);
                    flying.rows.extend(&rows);
                    flying.batches += 1;
                    drop(flying);
                    tokio::spawn(self.clone().deliver(consumer, worker, rows));
                }
                Step::Wait(millis) => {
                    let sleep = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
                    tokio::select! {
                        () = tokio::time::sleep(sleep) => {}
                        _ = changes.changed() => {}
                    }
                }
            }
        }
    }

    async fn look(&self, consumer: &QueueConsumer) -> Step {
        let (flying, batches) = {
            let flying = lock(&self.flying);
            (flying.rows.clone(), flying.batches)
        };
        if batches >= consumer.concurrency {
            return Step::Wait(LONGEST_SLEEP);
        }
        let Ok(next) = self.queues.next(&self.queue, consumer.batch_size + flying.len()).await else {
            return Step::Wait(PATIENCE);
        };
        let now = self.queues.now();
        let waiting: Vec<_> = next.into_iter().filter(|(row, _)| !flying.contains(row)).collect();
        let Some((_, first)) = waiting.first().copied() else { return Step::Wait(LONGEST_SLEEP) };
        if first > now {
            return Step::Wait((first - now).min(LONGEST_SLEEP));
        }
        let due: Vec<_> = waiting.iter().take(consumer.batch_size).take_while(|(_, due)| *due <= now).collect();
        let full_at = first + consumer.batch_timeout;
        if due.len() < consumer.batch_size && full_at > now {
            return Step::Wait((full_at - now).min(LONGEST_SLEEP));
        }
        Step::Deliver(due.into_iter().map(|(row, _)| *row).collect())
    }

    async fn deliver(self: Arc<Self>, consumer: QueueConsumer, worker: WorkerId, rows: Vec<i64>) {
        let loaded = self.queues.load(rows.clone()).await.unwrap_or_default();
        if let Some(runtime) = self.runtime.upgrade().filter(|_| !loaded.is_empty()) {
            let target = runtime.fetcher(worker.clone(), None);
            let observer = runtime.settings.observer.clone();
            drop(runtime);
            let started = Instant::now();
            let rays = rays(&loaded);
            // An id that all messages share is that of their delivery.
            let ray =
                rays.first().copied().filter(|_| rays.len() == 1 && loaded.iter().all(|message| message.ray.is_some()));
            let told = happen(&target, event(&self.queue, &loaded), Call { ray, ..Call::default() }).await;
            let settled = settle(&consumer, &told, &loaded, self.queues.now());
            let what = described(&self.queue, loaded.len(), settled.lost);
            let (well, took) = (told["outcome"] == "ok", started.elapsed());
            // What cannot be kept comes again.
            let _kept = self.queues.settle(settled.fates).await;
            observer.happened(&Happened { worker: &worker, kind: "queue", what, well, took, rays: &rays });
        }
        let mut flying = lock(&self.flying);
        flying.rows.retain(|row| !rows.contains(row));
        flying.batches -= 1;
        drop(flying);
        self.queues.has_changed();
    }
}

/// Of the requests that sent messages, each once.
fn rays(messages: &[QueueMessage]) -> Vec<Ray> {
    let mut seen = HashSet::new();
    messages.iter().filter_map(|message| message.ray).filter(|ray| seen.insert(*ray)).collect()
}

fn described(queue: &str, count: usize, lost: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let lost = if lost == 0 { String::new() } else { format!(", {lost} given up") };
    format!("{queue}, {count} message{plural}{lost}")
}

fn event(queue: &str, messages: &[QueueMessage]) -> Errand {
    let mut bytes = Vec::new();
    let mut list = Vec::with_capacity(messages.len());
    for message in messages {
        bytes.extend_from_slice(&message.body);
        list.push(json!({
            "id": message.id, "timestamp": message.sent, "attempts": message.attempts + 1, "type": message.kind,
            "size": message.body.len(),
        }));
    }
    Errand::event("queue", &json!({ "queue": queue, "messages": list }), bytes)
}

struct Settled {
    fates: Vec<(i64, Fate)>,
    /// Messages that are thrown away after too many deliveries.
    lost: usize,
}

/// What the handler told -> what becomes of each message: its own word first, then the batch's, then the outcome.
fn settle(consumer: &QueueConsumer, told: &Value, messages: &[QueueMessage], now: i64) -> Settled {
    let acked: HashSet<&str> =
        told["explicitAcks"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let retried = told["retryMessages"].as_array();
    let batch = &told["retryBatch"];
    let mut settled = Settled { fates: Vec::with_capacity(messages.len()), lost: 0 };
    for message in messages {
        let own = retried.into_iter().flatten().find(|retry| retry["msgId"] == *message.id);
        let well = told["outcome"] == "ok" && batch["retry"] != true;
        let fate = if told["outcome"] == "canceled" {
            Fate::Again { due: now + PATIENCE, attempts: message.attempts }
        } else if acked.contains(&*message.id) || own.is_none() && (told["ackAll"] == true || well) {
            Fate::Done
        } else if message.attempts < consumer.retries {
            let said = own.and_then(|retry| retry["delaySeconds"].as_i64()).or(batch["delaySeconds"].as_i64());
            let delay = said.unwrap_or(i64::from(consumer.retry_delay));
            Fate::Again { due: now.saturating_add(delay.saturating_mul(1000)), attempts: message.attempts + 1 }
        } else if let Some(queue) = consumer.dead_letter_queue.clone() {
            Fate::Moved { queue }
        } else {
            settled.lost += 1;
            Fate::Done
        };
        settled.fates.push((message.row, fate));
    }
    settled
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
