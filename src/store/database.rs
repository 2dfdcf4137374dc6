//! One SQLite database and the queue before it.
//!
//! Jobs wait in a queue; whenever there are any, one blocking thread of tokio takes them in batches. A batch is one
//! transaction, so that many small writes share one commit, and nobody is told "done" before it. Each job that writes
//! has a savepoint of its own: one that fails takes nothing else with it. An idle database occupies no thread.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::failure::StoreError;

/// The steps from an empty database to the layout in use: each a script, applied once. `PRAGMA user_version` counts
/// how many a file has had.
pub type Schema = &'static [&'static str];

pub(super) enum Place {
    Memory,
    File(PathBuf),
}

/// What a job does, and about how many bytes it brings along.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    Read,
    Write { bytes: usize },
}

/// See the module's text.
pub struct Database {
    place: Place,
    schema: Schema,
    tokio: Handle,
    queue: Mutex<Queue>,
    connection: Mutex<Option<Connection>>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    weight: usize,
    /// A thread is at work or on its way.
    served: bool,
}

struct Job {
    writes: bool,
    weight: usize,
    work: Work,
}

/// Does the job, or learns that there is no database.
type Work = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Worked + Send>;

/// A job that was done or failed, and waits for the end of its transaction.
struct Worked {
    error: Option<StoreError>,
    tell: Tell,
}

/// Told why the transaction was lost, or nothing when it was committed.
type Tell = Box<dyn FnOnce(Option<StoreError>) + Send>;

/// Bytes that may wait, values and an allowance for each job; beyond, jobs are refused with [`StoreError::Busy`].
const MAX_WAITING: usize = 256 << 20;
/// What a job weighs without its value.
const JOB_WEIGHT: usize = 1 << 10;
/// Jobs of one transaction: more would make the first of them wait for long.
const MAX_BATCH: usize = 256;
/// Values of one transaction, in bytes.
const MAX_BATCH_WEIGHT: usize = 32 << 20;
/// Statements that stay prepared.
const MAX_STATEMENTS: usize = 64;
/// Without `SQLITE_OPEN_URI`: a path is a path.
const FILE_FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE).union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
/// How long to wait for another program that looks into the file.
const PATIENCE: Duration = Duration::from_secs(5);

impl Database {
    pub(super) fn new(place: Place, schema: Schema, tokio: Handle) -> Self {
        Self { place, schema, tokio, queue: Mutex::default(), connection: Mutex::default() }
    }

    /// Has `work` run on a blocking thread and `done` told there how it went, after the commit.
    pub fn submit<T, W, D>(self: &Arc<Self>, access: Access, work: W, done: D)
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        D: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        let (writes, bytes) = match access {
            Access::Read => (false, 0),
            Access::Write { bytes } => (true, bytes),
        };
        let weight = JOB_WEIGHT + bytes;
        let mut queue = lock(&self.queue);
        if queue.weight + weight > MAX_WAITING {
            drop(queue);
            return done(Err(StoreError::Busy));
        }
        let database = self.clone();
        let work: Work = Box::new(move |connection| {
            let run = |connection: &Connection| if writes { alone(connection, work) } else { work(connection) };
            let result = connection.and_then(|open| run(open).map_err(|error| database.failure(&error)));
            let error = result.as_ref().err().cloned();
            Worked { error, tell: Box::new(move |lost| done(result.and_then(|value| lost.map_or(Ok(value), Err)))) }
        });
        queue.jobs.push_back(Job { writes, weight, work });
        queue.weight += weight;
        if !queue.served {
            queue.served = true;
            self.call_thread();
        }
    }

    /// Like [`Database::submit`], for those who can wait.
    pub async fn run<T, W>(self: &Arc<Self>, access: Access, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (sender, result) = oneshot::channel();
        self.submit(access, work, move |result| drop(sender.send(result)));
        let stopped = |_| StoreError::Failed { file: self.file(), why: "devflare is stopping".to_owned() };
        result.await.unwrap_or_else(|error| Err(stopped(error)))
    }

    fn call_thread(self: &Arc<Self>) {
        let database = self.clone();
        self.tokio.spawn_blocking(move || database.serve());
    }

    fn serve(self: &Arc<Self>) {
        let mut end = Served(self);
        while let Some(batch) = end.next_batch() {
            self.run_batch(batch);
        }
    }

    fn run_batch(&self, jobs: Vec<Job>) {
        let mut slot = lock(&self.connection);
        let (worked, lost) = match self.opened(&mut slot) {
            Ok(connection) => self.transact(connection, jobs),
            Err(error) => (refuse(jobs, &error), Some(error)),
        };
        if lost.is_some() && matches!(self.place, Place::File(_)) {
            // Perhaps the file is put right before the next job comes.
            *slot = None;
        }
        drop(slot);
        for job in worked {
            (job.tell)(lost.clone());
        }
    }

    /// One transaction of all jobs.
    fn transact(&self, connection: &Connection, jobs: Vec<Job>) -> (Vec<Worked>, Option<StoreError>) {
        if !connection.is_autocommit() {
            // A job panicked in the last one.
            let _ended = execute(connection, "ROLLBACK");
        }
        let begin = if jobs.iter().any(|job| job.writes) { "BEGIN IMMEDIATE" } else { "BEGIN" };
        if let Err(error) = execute(connection, begin) {
            let error = self.failure(&error);
            return (refuse(jobs, &error), Some(error));
        }
        let mut lost = None;
        let mut worked = Vec::with_capacity(jobs.len());
        for job in jobs {
            let job = (job.work)(lost.clone().map_or(Ok(connection), Err));
            // A full disk, for one, ends the transaction with all that was in it.
            if lost.is_none() && connection.is_autocommit() {
                lost.clone_from(&job.error);
            }
            worked.push(job);
        }
        if lost.is_none()
            && let Err(error) = execute(connection, "COMMIT")
        {
            lost = Some(self.failure(&error));
            let _already_lost = execute(connection, "ROLLBACK");
        }
        (worked, lost)
    }

    fn opened<'a>(&self, slot: &'a mut Option<Connection>) -> Result<&'a Connection, StoreError> {
        if slot.is_none() {
            *slot = Some(self.open()?);
        }
        Ok(slot.as_ref().expect("it was opened above"))
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let opened = match &self.place {
            Place::Memory => Connection::open_in_memory(),
            Place::File(path) => Connection::open_with_flags(path, FILE_FLAGS),
        };
        let mut connection = opened.map_err(|error| self.failure(&error))?;
        prepare(&connection).map_err(|error| self.failure(&error))?;
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| self.failure(&error))?;
        let (found, known) = (usize::try_from(version).unwrap_or(usize::MAX), self.schema.len());
        if found > known {
            return Err(StoreError::Newer { file: self.file(), found, known });
        }
        self.migrate(&mut connection, found).map_err(|error| self.failure(&error))?;
        Ok(connection)
    }

    fn migrate(&self, connection: &mut Connection, from: usize) -> rusqlite::Result<()> {
        if from == self.schema.len() {
            return Ok(());
        }
        let transaction = connection.transaction()?;
        for step in &self.schema[from..] {
            transaction.execute_batch(step)?;
        }
        let version = u32::try_from(self.schema.len()).expect("a layout has few steps");
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()
    }

    fn failure(&self, error: &rusqlite::Error) -> StoreError {
        let file = match &self.place {
            Place::Memory => None,
            Place::File(path) => Some(path.as_path()),
        };
        StoreError::of(error, file)
    }

    fn file(&self) -> Arc<str> {
        match &self.place {
            Place::Memory => "memory".into(),
            Place::File(path) => path.display().to_string().into(),
        }
    }
}

fn refuse(jobs: Vec<Job>, error: &StoreError) -> Vec<Worked> {
    jobs.into_iter().map(|job| (job.work)(Err(error.clone()))).collect()
}

/// A thread's time with the queue.
struct Served<'a>(&'a Arc<Database>);

impl Served<'_> {
    /// The next jobs; none ends the thread's time, and a job that comes later starts another's.
    fn next_batch(&mut self) -> Option<Vec<Job>> {
        let mut queue = lock(&self.0.queue);
        let mut batch = Vec::new();
        let mut weight = 0;
        while batch.len() < MAX_BATCH && weight < MAX_BATCH_WEIGHT {
            let Some(job) = queue.jobs.pop_front() else { break };
            weight += job.weight;
            batch.push(job);
        }
        queue.weight -= weight;
        queue.served = !batch.is_empty();
        queue.served.then_some(batch)
    }
}

impl Drop for Served<'_> {
    /// A job that panicked took this thread with it: the others find another one.
    fn drop(&mut self) {
        if thread::panicking() {
            let mut queue = lock(&self.0.queue);
            queue.served = !queue.jobs.is_empty();
            if queue.served {
                self.0.call_thread();
            }
        }
    }
}

/// Readers do not wait for the writer; a commit is in the system's hands when it returns, which outlives this process.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;",
    )
}

/// Undoes what a failed job has done, and that alone.
fn alone<T>(connection: &Connection, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    execute(connection, "SAVEPOINT job")?;
    let result = work(connection);
    if result.is_err() && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO job")?;
    }
    if !connection.is_autocommit() {
        execute(connection, "RELEASE job")?;
    }
    result
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
