//! Instances of workflows: what they were given, how they stand, when they are to go on. Knows no JavaScript.
//!
//! Each change that a client asks for is one transaction. An instance that is restarted is of a new generation: what a run
//! of an older one still tells is not taken.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Row};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::store::{Access, Database, Schema, Store, StoreError};
use crate::worker::WorkerId;

const SCHEMA: Schema = &["
    CREATE TABLE instances (
        flow TEXT NOT NULL,
        id TEXT NOT NULL,
        class TEXT NOT NULL,
        generation INTEGER NOT NULL DEFAULT 0,
        params BLOB NOT NULL,
        status TEXT NOT NULL,
        output BLOB,
        error TEXT,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        started INTEGER,
        ended INTEGER,
        due INTEGER,
        success_retention INTEGER NOT NULL,
        error_retention INTEGER NOT NULL,
        PRIMARY KEY (flow, id)
    );
    CREATE INDEX instances_by_due ON instances (due) WHERE due IS NOT NULL;
    CREATE INDEX instances_by_age ON instances (flow, created);
    CREATE TABLE steps (
        flow TEXT NOT NULL,
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        result BLOB,
        error TEXT,
        attempts INTEGER NOT NULL,
        due INTEGER,
        began INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (flow, id, name)
    );
    CREATE TABLE events (
        number INTEGER PRIMARY KEY,
        flow TEXT NOT NULL,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        payload BLOB NOT NULL,
        sent INTEGER NOT NULL
    );
    CREATE INDEX events_by_type ON events (flow, id, type, number);
"];

/// All workflows.
pub struct Workflows {
    pub(super) database: Arc<Database>,
    clock: Arc<dyn Clock>,
    /// Counts what changed, so that those who start runs learn of it.
    changes: watch::Sender<u64>,
    /// Counts what runs should know: commands, events, new code.
    calls: watch::Sender<u64>,
    /// Instances that run now.
    live: Mutex<HashSet<InstanceKey>>,
}

/// A workflow: its name is unique among those of the Worker that has its class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flow {
    pub owner: WorkerId,
    pub name: String,
}

/// Which instance; `flow` is the text of a [`Flow`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceKey {
    pub flow: String,
    pub id: String,
}

/// An instance to be; `params` is packed.
#[derive(Debug, Clone)]
pub struct NewInstance {
    pub id: String,
    pub class: String,
    pub params: Vec<u8>,
    /// Milliseconds that it is kept after its end, if it ends well and if it does not.
    pub retention: (i64, i64),
}

/// How an instance stands. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Instance {
    pub id: String,
    pub status: String,
    pub params: Vec<u8>,
    pub output: Option<Vec<u8>>,
    /// JSON of `name` and `message`.
    pub error: Option<String>,
    pub created: i64,
    pub modified: i64,
    pub started: Option<i64>,
    pub ended: Option<i64>,
}

/// An instance between two restarts.
#[derive(Debug, Clone)]
pub struct RunId {
    pub key: InstanceKey,
    pub generation: i64,
}

/// An instance that is to go on.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: RunId,
    pub class: String,
    pub params: Vec<u8>,
    pub created: i64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum Ending {
    /// Its output is kept already, or it is a run of what is no more.
    Told,
    /// JSON of `name` and `message`.
    Errored(String),
    /// It goes on at a moment, or when something happens.
    Suspended(Option<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Pause,
    Resume,
    Terminate,
    Restart,
}

/// What came of a [`Command`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// There is no such instance.
    Missing,
    /// It has ended, which cannot be undone.
    Over,
}

pub(super) type Answer<T> = Result<T, StoreError>;

const ENDED: [&str; 3] = ["complete", "errored", "terminated"];
/// Milliseconds before an instance that could not run is tried again.
const PATIENCE: i64 = 1_000;
const LONGEST_ID: usize = 100;

impl std::fmt::Display for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.owner, self.name)
    }
}

impl Flow {
    /// The way back from its text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once(':')?;
        let owner = match owner.split_once('/') {
            Some((namespace, worker)) => WorkerId::user(namespace, worker),
            None => WorkerId::plain(owner),
        };
        Some(Self { owner, name: name.to_owned() })
    }

    #[must_use]
    pub fn key(&self, id: &str) -> InstanceKey {
        InstanceKey { flow: self.to_string(), id: id.to_owned() }
    }
}

/// Whether an instance may be called that.
#[must_use]
pub fn check_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    id.len() <= LONGEST_ID && id.bytes().next().is_some_and(plain) && id.bytes().all(|byte| plain(byte) || byte == b'-')
}

impl Workflows {
    pub fn of(store: &Arc<Store>) -> Arc<Self> {
        Arc::new(Self {
            database: store.database("workflows", SCHEMA),
            clock: store.clock().clone(),
            changes: watch::Sender::new(0),
            calls: watch::Sender::new(0),
            live: Mutex::default(),
        })
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Sees each change.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub fn has_changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Sees each command and event.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.calls.subscribe()
    }

    /// Has each run look how its instance stands.
    pub fn call(&self) {
        self.calls.send_modify(|count| *count += 1);
    }

    /// Makes instances; tells the ids of those that were not there before.
    pub async fn create(&self, flow: &Flow, list: Vec<NewInstance>) -> Answer<Vec<String>> {
        let (flow, now) = (flow.to_string(), self.now());
        let bytes = list.iter().map(|one| one.params.len()).sum();
        self.write(bytes, move |open| {
            let mut insert = open.prepare_cached(
                "INSERT OR IGNORE INTO instances (flow, id, class, params, status, created, modified, due,
                 success_retention, error_retention) VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?5, ?5, ?6, ?7)",
            )?;
            let mut made = Vec::with_capacity(list.len());
            for one in list {
                let row = (&flow, &one.id, one.class, one.params, now, one.retention.0, one.retention.1);
                if insert.execute(row)? > 0 {
                    made.push(one.id);
                }
            }
            Ok(made)
        })
        .await
    }

    pub async fn find(&self, key: &InstanceKey) -> Answer<Option<Instance>> {
        let key = key.clone();
        self.read(move |open| {
            let sql = format!("SELECT {COLUMNS} FROM instances WHERE flow = ?1 AND id = ?2");
            open.prepare_cached(&sql)?.query_row((key.flow, key.id), instance).optional()
        })
        .await
    }

    /// The instances of a workflow, the newest first, and how many there are.
    pub async fn list(&self, flow: &Flow, status: Option<String>, page: (i64, i64)) -> Answer<(Vec<Instance>, i64)> {
        let flow = flow.to_string();
        self.read(move |open| {
            let which = "FROM instances WHERE flow = ?1 AND (?2 IS NULL OR status = ?2)";
            let mut counting = open.prepare_cached(&format!("SELECT count(*) {which}"))?;
            let count = counting.query_row((&flow, &status), |row| row.get(0))?;
            let sql = format!("SELECT {COLUMNS} {which} ORDER BY created DESC, rowid DESC LIMIT ?3 OFFSET ?4");
            let mut select = open.prepare_cached(&sql)?;
            let rows = select.query_map((flow, status, page.1, page.0), instance)?;
            Ok((rows.collect::<rusqlite::Result<_>>()?, count))
        })
        .await
    }

    /// How many instances of a workflow stand how, and when the first and the last of each were made.
    pub async fn counts(&self, flow: &Flow) -> Answer<Vec<(String, i64, i64, i64)>> {
        let flow = flow.to_string();
        self.read(move |open| {
            let sql =
                "SELECT status, count(*), min(created), max(created) FROM instances WHERE flow = ?1 GROUP BY status";
            let mut select = open.prepare_cached(sql)?;
            select.query_map([flow], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
        })
        .await
    }

    /// Ends all instances of a workflow, and leaves nothing of them.
    pub async fn forget(&self, flow: &Flow) -> Answer<()> {
        let flow = flow.to_string();
        let forgotten = self.write(0, move |open| {
            for table in ["instances", "steps", "events"] {
                open.execute(&format!("DELETE FROM {table} WHERE flow = ?1"), [&flow])?;
            }
            Ok(())
        });
        let forgotten = forgotten.await;
        self.call();
        forgotten
    }

    pub async fn command(&self, key: &InstanceKey, command: Command) -> Answer<Outcome> {
        let (key, now, live) = (key.clone(), self.now(), self.lock().contains(key));
        let result = self.write(0, move |open| obey(open, &key, command, (now, live))).await;
        self.call();
        result
    }

    /// Keeps an event until a step waits for it, and has the instance go on; false if there is no such instance.
    pub async fn send_event(&self, key: &InstanceKey, kind: String, payload: Vec<u8>) -> Answer<bool> {
        let (key, now) = (key.clone(), self.now());
        let sent = self.write(payload.len(), move |open| {
            let there = "UPDATE instances SET modified = ?3, due = CASE status WHEN 'waiting' THEN ?3 ELSE due END
                         WHERE flow = ?1 AND id = ?2";
            if open.prepare_cached(there)?.execute((&key.flow, &key.id, now))? == 0 {
                return Ok(false);
            }
            let insert = "INSERT INTO events (flow, id, type, payload, sent) VALUES (?1, ?2, ?3, ?4, ?5)";
            open.prepare_cached(insert)?.execute((key.flow, key.id, kind, payload, now)).map(|_| true)
        });
        let sent = sent.await;
        self.call();
        sent
    }

    /// Instances that are to go on, by when, but not those that run; some may be due later.
    pub async fn next(&self, limit: usize) -> Answer<Vec<(InstanceKey, i64)>> {
        let live = self.lock().clone();
        let limit = i64::try_from(limit + live.len()).unwrap_or(i64::MAX);
        let found: Vec<(InstanceKey, i64)> = self
            .read(move |open| {
                let sql = "SELECT flow, id, due FROM instances WHERE due IS NOT NULL ORDER BY due LIMIT ?1";
                let mut select = open.prepare_cached(sql)?;
                let key = |row: &Row<'_>| Ok((InstanceKey { flow: row.get(0)?, id: row.get(1)? }, row.get(2)?));
                select.query_map([limit], key)?.collect()
            })
            .await?;
        Ok(found.into_iter().filter(|(key, _)| !live.contains(key)).collect())
    }

    /// Notes that an instance runs; none if it is not to any more.
    pub async fn begin(&self, key: &InstanceKey) -> Answer<Option<Run>> {
        let (wanted, now) = (key.clone(), self.now());
        self.lock().insert(key.clone());
        let begun = self.write(0, move |open| {
            let which = "WHERE flow = ?1 AND id = ?2 AND due IS NOT NULL";
            let sql = format!(
                "UPDATE instances SET status = 'running', started = ifnull(started, ?3), modified = ?3 {which}
                 AND status IN ('queued', 'running', 'waiting')"
            );
            open.prepare_cached(&sql)?.execute((&wanted.flow, &wanted.id, now))?;
            let sql = format!("SELECT class, generation, params, created FROM instances {which}");
            let run = open.prepare_cached(&sql)?.query_row((&wanted.flow, &wanted.id), |row| {
                let (class, generation, params, created) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(Run { id: RunId { key: wanted.clone(), generation }, class, params, created })
            });
            run.optional()
        });
        let begun = begun.await;
        if !matches!(begun, Ok(Some(_))) {
            self.lock().remove(key);
        }
        begun
    }

    /// Keeps what a run gave; the instance is complete.
    pub(super) async fn complete(&self, run: &RunId, output: Vec<u8>) -> Answer<()> {
        let (run, now) = (run.clone(), self.now());
        self.write(output.len(), move |open| {
            let set = "status = 'complete', output = ?4, ended = ?5, modified = ?5, due = NULL";
            let sql = format!("UPDATE instances SET {set} WHERE {OWN}");
            let of = (&run.key.flow, &run.key.id, run.generation, output, now);
            open.prepare_cached(&sql)?.execute(of).map(drop)
        })
        .await
    }

    /// Keeps how a run ended; none for one that was cut off and is to be made again.
    pub async fn end(&self, run: &RunId, ending: Option<Ending>) -> Answer<()> {
        let (of, now) = (run.clone(), self.now());
        let ended = self.write(0, move |open| keep_end(open, &of, ending, now)).await;
        self.lock().remove(&run.key);
        self.has_changed();
        ended
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<InstanceKey>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        self.database.run(Access::Read, work).await
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let written = self.database.run(Access::Write { bytes }, work).await;
        self.has_changed();
        written
    }
}

const COLUMNS: &str = "id, status, params, output, error, created, modified, started, ended";

fn instance(row: &Row<'_>) -> rusqlite::Result<Instance> {
    Ok(Instance {
        id: row.get(0)?,
        status: row.get(1)?,
        params: row.get(2)?,
        output: row.get(3)?,
        error: row.get(4)?,
        created: row.get(5)?,
        modified: row.get(6)?,
        started: row.get(7)?,
        ended: row.get(8)?,
    })
}

fn obey(open: &Connection, key: &InstanceKey, command: Command, (now, live): (i64, bool)) -> rusqlite::Result<Outcome> {
    let of = (&key.flow, &key.id);
    let find = "SELECT status FROM instances WHERE flow = ?1 AND id = ?2";
    let status: Option<String> = open.prepare_cached(find)?.query_row(of, |row| row.get(0)).optional()?;
    let Some(status) = status else { return Ok(Outcome::Missing) };
    let over = ENDED.contains(&&*status);
    let change = match command {
        Command::Terminate if over => return Ok(Outcome::Over),
        Command::Pause | Command::Resume if over => return Ok(Outcome::Done),
        Command::Terminate => "status = 'terminated', ended = ?3, due = NULL",
        Command::Pause if status == "paused" => return Ok(Outcome::Done),
        Command::Pause if live => "status = 'waitingForPause'",
        Command::Pause => "status = 'paused', due = NULL",
        Command::Resume if status == "waitingForPause" => "status = 'running'",
        Command::Resume if status == "paused" => "status = 'queued', due = ?3",
        Command::Resume => return Ok(Outcome::Done),
        Command::Restart => {
            for table in ["steps", "events"] {
                let delete = format!("DELETE FROM {table} WHERE flow = ?1 AND id = ?2");
                open.prepare_cached(&delete)?.execute(of)?;
            }
            "status = 'queued', due = ?3, generation = generation + 1, output = NULL, error = NULL,
             started = NULL, ended = NULL"
        }
    };
    let sql = format!("UPDATE instances SET modified = ?3, {change} WHERE flow = ?1 AND id = ?2");
    open.prepare_cached(&sql)?.execute((&key.flow, &key.id, now)).map(|_| Outcome::Done)
}

/// The instance of a run, unless it was ended or begun anew since.
const OWN: &str = "flow = ?1 AND id = ?2 AND generation = ?3 AND status <> 'terminated'";

fn keep_end(open: &Connection, run: &RunId, ending: Option<Ending>, now: i64) -> rusqlite::Result<()> {
    match ending {
        Some(Ending::Told) => {}
        Some(Ending::Errored(error)) => {
            let set = "status = 'errored', error = ?4, ended = ?5, modified = ?5, due = NULL";
            let sql = format!("UPDATE instances SET {set} WHERE {OWN}");
            open.prepare_cached(&sql)?.execute((&run.key.flow, &run.key.id, run.generation, error, now))?;
        }
        Some(Ending::Suspended(due)) => suspend(open, run, due)?,
        None => suspend(open, run, Some(now + PATIENCE))?,
    }
    let old = "ended + CASE status WHEN 'complete' THEN success_retention ELSE error_retention END < ?1";
    let old = format!("SELECT flow, id FROM instances WHERE ended IS NOT NULL AND {old}");
    for table in ["steps", "events", "instances"] {
        open.prepare_cached(&format!("DELETE FROM {table} WHERE (flow, id) IN ({old})"))?.execute([now])?;
    }
    Ok(())
}

/// What came in the meantime is not slept through.
fn suspend(open: &Connection, run: &RunId, due: Option<i64>) -> rusqlite::Result<()> {
    let sql = "UPDATE instances SET
        due = CASE WHEN status = 'waitingForPause' THEN NULL
                   WHEN EXISTS (SELECT 1 FROM events JOIN steps USING (flow, id)
                                WHERE flow = ?1 AND id = ?2 AND steps.state = 'waiting ' || events.type) THEN 0
                   ELSE ?4 END,
        status = CASE WHEN status = 'waitingForPause' THEN 'paused' ELSE 'waiting' END
        WHERE flow = ?1 AND id = ?2 AND generation = ?3 AND status IN ('running', 'waiting', 'waitingForPause')";
    open.prepare_cached(sql)?.execute((&run.key.flow, &run.key.id, run.generation, due)).map(drop)
}
