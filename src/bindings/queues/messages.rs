//! What waits in queues: all queues in one file, as of KV namespaces, so that idle ones cost nothing. Knows no JavaScript:
//! those who read queues, Workers and clients of the API, come here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Row};
use tokio::sync::watch;
use uuid::Uuid;

use super::Consumer;
use crate::clock::Clock;
use crate::store::{Access, Database, Schema, Store, StoreError};
use crate::worker::Ray;

const SCHEMA: Schema = &[
    "
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        uuid TEXT NOT NULL,
        type TEXT NOT NULL,
        sent INTEGER NOT NULL,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        lease TEXT,
        body BLOB NOT NULL
    );
    CREATE INDEX messages_by_due ON messages (queue, due, id);
    CREATE UNIQUE INDEX messages_by_lease ON messages (lease) WHERE lease IS NOT NULL;
",
    "ALTER TABLE messages ADD COLUMN ray TEXT;",
];

/// Where the consumers that uploads have are kept.
const CONSUMERS: &str = "queue-consumers.json";

/// All queues.
pub struct Queues {
    store: Arc<Store>,
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    /// Counts what changed, so that readers learn of it.
    changes: watch::Sender<u64>,
    attached: Mutex<Vec<Consumer>>,
}

/// A message on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// `json`, `text`, `bytes` or `v8`.
    pub kind: String,
    pub body: Vec<u8>,
    pub delay_seconds: u32,
    /// Of the request that sent it.
    pub ray: Option<Ray>,
}

/// A message that waits. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMessage {
    pub row: i64,
    pub id: String,
    pub kind: String,
    pub sent: i64,
    /// Deliveries so far, this one not counted.
    pub attempts: u32,
    pub body: Vec<u8>,
    /// Of the request that sent it.
    pub ray: Option<Ray>,
}

/// What becomes of a message that was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// It is delivered again from a moment on.
    Again {
        due: i64,
        attempts: u32,
    },
    /// It moves on to another queue, where it counts as new.
    Moved {
        queue: String,
    },
}

/// What a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    pub count: i64,
    pub bytes: i64,
}

type Answer<T> = Result<T, StoreError>;

impl Queues {
    pub fn of(store: &Arc<Store>) -> Arc<Self> {
        let attached = store.note(CONSUMERS).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Arc::new(Self {
            store: store.clone(),
            database: store.database("queues", SCHEMA),
            clock: store.clock().clone(),
            changes: watch::Sender::new(0),
            attached: Mutex::new(attached),
        })
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Sees each change of what waits, and of who reads.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub fn has_changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Keeps messages; `done` is told on a blocking thread when they are kept.
    pub fn send(
        self: &Arc<Self>,
        queue: &str,
        messages: Vec<NewMessage>,
        done: impl FnOnce(Answer<()>) + Send + 'static,
    ) {
        let bytes = messages.iter().map(|message| message.body.len()).sum();
        let (queue, now, queues) = (queue.to_owned(), self.now(), self.clone());
        let work = move |open: &Connection| {
            let mut insert = open.prepare_cached(
                "INSERT INTO messages (queue, uuid, type, sent, due, attempts, body, ray)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
            )?;
            for message in messages {
                let (id, due) = (Uuid::new_v4().simple().to_string(), now + 1000 * i64::from(message.delay_seconds));
                let ray = message.ray.map(|ray| ray.to_string());
                insert.execute((&queue, id, message.kind, now, due, message.body, ray))?;
            }
            Ok(())
        };
        self.database.submit(Access::Write { bytes }, work, move |kept| {
            queues.has_changed();
            done(kept);
        });
    }

    /// The rows of those that come next and when each is due, the first ones first; some of them may be due later.
    pub async fn next(&self, queue: &str, limit: usize) -> Answer<Vec<(i64, i64)>> {
        let queue = queue.to_owned();
        self.read(move |open| {
            let mut select =
                open.prepare_cached("SELECT id, due FROM messages WHERE queue = ?1 ORDER BY due, id LIMIT ?2")?;
            let rows = select.query_map((queue, count(limit)), |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .await
    }

    /// Messages by their rows; those that are gone are left out.
    pub async fn load(&self, rows: Vec<i64>) -> Answer<Vec<QueueMessage>> {
        self.read(move |open| {
            let mut select =
                open.prepare_cached("SELECT id, uuid, type, sent, attempts, body, ray FROM messages WHERE id = ?1")?;
            let mut found = Vec::with_capacity(rows.len());
            for row in rows {
                found.extend(select.query_map([row], message)?.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            Ok(found)
        })
        .await
    }

    /// Keeps what became of messages.
    pub async fn settle(&self, fates: Vec<(i64, Fate)>) -> Answer<()> {
        let now = self.now();
        let work = move |open: &Connection| {
            for (row, fate) in fates {
                match fate {
                    Fate::Done => open.prepare_cached("DELETE FROM messages WHERE id = ?1")?.execute([row])?,
                    Fate::Again { due, attempts } => open
                        .prepare_cached("UPDATE messages SET due = ?2, attempts = ?3, lease = NULL WHERE id = ?1")?
                        .execute((row, due, attempts))?,
                    Fate::Moved { queue } => open
                        .prepare_cached(
                            "UPDATE messages SET queue = ?2, due = ?3, attempts = 0, lease = NULL WHERE id = ?1",
                        )?
                        .execute((row, queue, now))?,
                };
            }
            Ok(())
        };
        self.write(work).await
    }

    /// Takes messages that are due for a client, who has some milliseconds from now to settle them by their leases; then
    /// they come again, or are given up.
    pub async fn pull(&self, consumer: Consumer, limit: usize, visible: i64) -> Answer<Vec<(QueueMessage, String)>> {
        let now = self.now();
        let work = move |open: &Connection| {
            give_up(open, &consumer, now)?;
            let mut select = open.prepare_cached(
                "SELECT id, uuid, type, sent, attempts, body, ray FROM messages WHERE queue = ?1 AND due <= ?2
                 ORDER BY due, id LIMIT ?3",
            )?;
            let found = select.query_map((&consumer.queue, now, count(limit)), message)?;
            let found: Vec<_> = found.collect::<Result<_, _>>()?;
            let mut update =
                open.prepare_cached("UPDATE messages SET due = ?2, attempts = attempts + 1, lease = ?3 WHERE id = ?1")?;
            let mut taken = Vec::with_capacity(found.len());
            for message in found {
                let lease = Uuid::new_v4().simple().to_string();
                update.execute((message.row, now + visible, &lease))?;
                taken.push((message, lease));
            }
            Ok(taken)
        };
        self.write(work).await
    }

    /// Settles what was pulled: done, or due again after some seconds. How many there were of each.
    pub async fn settle_leases(
        &self,
        queue: &str,
        done: Vec<String>,
        again: Vec<(String, u32)>,
    ) -> Answer<(usize, usize)> {
        let (queue, now) = (queue.to_owned(), self.now());
        let work = move |open: &Connection| {
            let (mut acked, mut retried) = (0, 0);
            for lease in done {
                let mut delete = open.prepare_cached("DELETE FROM messages WHERE queue = ?1 AND lease = ?2")?;
                acked += delete.execute((&queue, lease))?;
            }
            for (lease, delay) in again {
                let due = now + 1000 * i64::from(delay);
                let update = "UPDATE messages SET due = ?3, lease = NULL WHERE queue = ?1 AND lease = ?2";
                retried += open.prepare_cached(update)?.execute((&queue, lease, due))?;
            }
            Ok((acked, retried))
        };
        self.write(work).await
    }

    /// Throws away all that waits.
    pub async fn purge(&self, queue: &str) -> Answer<()> {
        let queue = queue.to_owned();
        self.write(move |open| open.prepare_cached("DELETE FROM messages WHERE queue = ?1")?.execute([queue]).map(drop))
            .await
    }

    pub async fn backlog(&self, queue: &str) -> Answer<Backlog> {
        let queue = queue.to_owned();
        self.read(move |open| {
            let query = "SELECT count(*), coalesce(sum(length(body)), 0) FROM messages WHERE queue = ?1";
            let of = |row: &Row<'_>| Ok(Backlog { count: row.get(0)?, bytes: row.get(1)? });
            open.prepare_cached(query)?.query_row([queue], of)
        })
        .await
    }

    /// The consumers that were attached through the API; those of watched projects stand in their configurations.
    pub fn attached(&self) -> Vec<Consumer> {
        self.lock().clone()
    }

    /// Gives a queue a consumer, in place of the one that it had.
    pub fn attach(&self, consumer: Consumer) {
        self.change_attached(|list| {
            list.retain(|other| other.queue != consumer.queue);
            list.push(consumer);
        });
    }

    pub fn detach(&self, queue: &str) {
        self.change_attached(|list| list.retain(|other| other.queue != queue));
    }

    fn change_attached(&self, change: impl FnOnce(&mut Vec<Consumer>)) {
        let mut list = self.lock();
        change(&mut list);
        self.store.set_note(CONSUMERS, &serde_json::to_string(&*list).unwrap_or_default());
        drop(list);
        self.has_changed();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Consumer>> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        self.database.run(Access::Read, work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let written = self.database.run(Access::Write { bytes: 0 }, work).await;
        self.has_changed();
        written
    }
}

/// What was pulled too often without being settled moves to the dead letter queue, or ends.
fn give_up(open: &Connection, consumer: &Consumer, now: i64) -> rusqlite::Result<()> {
    let of = (&consumer.queue, now, consumer.retries);
    let which = "WHERE queue = ?1 AND due <= ?2 AND attempts > ?3";
    if let Some(other) = &consumer.dead_letter_queue {
        let moved = format!("UPDATE messages SET queue = ?4, due = ?2, attempts = 0, lease = NULL {which}");
        return open.prepare_cached(&moved)?.execute((of.0, of.1, of.2, other)).map(drop);
    }
    open.prepare_cached(&format!("DELETE FROM messages {which}"))?.execute(of).map(drop)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn message(row: &Row<'_>) -> rusqlite::Result<QueueMessage> {
    Ok(QueueMessage {
        row: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        sent: row.get(3)?,
        attempts: row.get(4)?,
        body: row.get(5)?,
        ray: row.get::<_, Option<String>>(6)?.as_deref().and_then(Ray::parse),
    })
}
