//! A database of one owner (an object, a D1 database), used from whichever thread the owner runs on.
//!
//! Its connection opens when it is first used, and few are open at a time: the one that was used longest ago is closed to
//! make room. What is written between two calls of [`OwnDatabase::save`] is one transaction.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rusqlite::limits::Limit;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::sql::Guard;

/// See the module's text.
pub struct OwnDatabase {
    state: Arc<Mutex<State>>,
    opened: Arc<Opened>,
}

struct State {
    path: Option<PathBuf>,
    /// What a database in memory held when it was closed.
    image: Option<Vec<u8>>,
    connection: Option<Open>,
    last_use: u64,
}

struct Open {
    connection: Connection,
    guard: Arc<Guard>,
    /// Savepoints that the owner has open.
    depth: usize,
}

/// The databases that are open now.
#[derive(Default)]
pub(super) struct Opened {
    list: Mutex<Vec<Weak<Mutex<State>>>>,
    clock: AtomicU64,
}

/// The ending of a mark beside a database.
pub(super) const MARK: &str = "mark";
/// Connections that stay open: each has files and a cache of its own.
const MAX_OPEN: usize = 64;
const FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE).union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const PATIENCE: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 32;

/// Cloudflare's limits of a statement, and what no statement needs here.
const LIMITS: [(Limit, i32); 10] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2_200_000),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
];

impl OwnDatabase {
    pub(super) fn new(path: Option<PathBuf>, opened: &Arc<Opened>) -> Self {
        let state = State { path, image: None, connection: None, last_use: 0 };
        Self { state: Arc::new(Mutex::new(state)), opened: opened.clone() }
    }

    /// Runs `work` with the connection.
    pub fn with<T>(&self, work: impl FnOnce(&Connection, &Guard) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let mut state = self.lock();
        let open = self.open(&mut state)?;
        work(&open.connection, &open.guard)
    }

    /// The same within the transaction that [`OwnDatabase::save`] ends; true if this began it.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&Connection, &Guard) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<(T, bool)> {
        let mut state = self.lock();
        let open = self.open(&mut state)?;
        let begins = open.connection.is_autocommit();
        if begins {
            open.guard.trusted(|| execute(&open.connection, "BEGIN IMMEDIATE"))?;
        }
        work(&open.connection, &open.guard).map(|value| (value, begins))
    }

    /// Runs `work` as one transaction, done whole or not at all; without one if it only `reads`.
    pub fn transact<T, E: From<rusqlite::Error>>(
        &self,
        reads: bool,
        work: impl FnOnce(&Connection, &Guard) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        let open = self.open(&mut state)?;
        if reads {
            return work(&open.connection, &open.guard);
        }
        open.guard.trusted(|| execute(&open.connection, "BEGIN IMMEDIATE"))?;
        let worked = work(&open.connection, &open.guard).and_then(|value| {
            open.guard.trusted(|| execute(&open.connection, "COMMIT"))?;
            Ok(value)
        });
        if worked.is_err() {
            undo(open);
        }
        worked
    }

    /// The bytes of the whole database.
    pub fn dump(&self) -> rusqlite::Result<Vec<u8>> {
        let mut state = self.lock();
        let open = self.open(&mut state)?;
        open.guard.trusted(|| open.connection.serialize(MAIN_DB).map(|data| data.to_vec()))
    }

    /// Begins a part that can be undone; it keeps `save` from ending the transaction.
    pub fn enter(&self) -> rusqlite::Result<usize> {
        let mut state = self.lock();
        let open = self.open(&mut state)?;
        if open.connection.is_autocommit() {
            open.guard.trusted(|| execute(&open.connection, "BEGIN IMMEDIATE"))?;
        }
        open.depth += 1;
        let depth = open.depth;
        open.guard.trusted(|| execute(&open.connection, &format!("SAVEPOINT part_{depth}")))?;
        Ok(depth)
    }

    /// Ends the part that [`OwnDatabase::enter`] numbered, and those within it.
    pub fn leave(&self, depth: usize, well: bool) -> rusqlite::Result<()> {
        let mut state = self.lock();
        let open = self.open(&mut state)?;
        if depth > open.depth {
            return Ok(());
        }
        open.depth = depth - 1;
        open.guard.trusted(|| {
            if !well {
                execute(&open.connection, &format!("ROLLBACK TO part_{depth}"))?;
            }
            execute(&open.connection, &format!("RELEASE part_{depth}"))
        })
    }

    /// Ends the transaction, if there is one and no part of it is open.
    pub fn save(&self) -> rusqlite::Result<()> {
        let mut state = self.lock();
        let Some(open) = state.connection.as_mut() else { return Ok(()) };
        if open.connection.is_autocommit() || open.depth > 0 {
            return Ok(());
        }
        let saved = open.guard.trusted(|| execute(&open.connection, "COMMIT"));
        if saved.is_err() {
            undo(open);
        }
        saved
    }

    /// Undoes what was not saved.
    pub fn reset(&self) {
        let mut state = self.lock();
        if let Some(open) = state.connection.as_mut() {
            undo(open);
        }
    }

    /// Closes the connection; what was not saved is undone.
    pub fn close(&self) {
        close(&mut self.lock());
    }

    /// Deletes all that is stored.
    pub fn remove(&self) {
        let mut state = self.lock();
        if let Some(open) = state.connection.as_mut() {
            undo(open);
        }
        state.connection = None;
        state.image = None;
        if let Some(path) = &state.path {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                let mut name = path.clone().into_os_string();
                name.push(suffix);
                let _absent = std::fs::remove_file(name);
            }
        }
    }

    /// Puts a whole database, as the bytes of its file, in the place of what is stored.
    pub fn replace(&self, bytes: Vec<u8>) -> std::io::Result<()> {
        self.remove();
        let mut state = self.lock();
        let Some(path) = &state.path else {
            state.image = Some(bytes);
            return Ok(());
        };
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let beside = path.with_extension("new");
        std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path))
    }

    /// Marks the database with a short text that [`super::Store::marked`] finds without opening it, or takes that away.
    pub fn mark(&self, text: Option<&str>) {
        let Some(path) = self.path().map(|path| path.with_extension(MARK)) else { return };
        // What is wrong with the folder, the database tells.
        let _told = match text {
            Some(text) => {
                let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
                folder.and_then(|()| std::fs::write(&path, text))
            }
            None => std::fs::remove_file(&path),
        };
    }

    /// The file; none in memory.
    pub fn path(&self) -> Option<PathBuf> {
        self.lock().path.clone()
    }

    fn open<'a>(&self, state: &'a mut State) -> rusqlite::Result<&'a mut Open> {
        state.last_use = self.opened.clock.fetch_add(1, Ordering::Relaxed);
        if state.connection.is_none() {
            self.opened.make_room(&self.state);
            state.connection = Some(open(state.path.as_deref(), state.image.take())?);
        }
        Ok(state.connection.as_mut().expect("it was opened above"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn undo(open: &mut Open) {
    open.depth = 0;
    if !open.connection.is_autocommit() {
        let _ended = open.guard.trusted(|| execute(&open.connection, "ROLLBACK"));
    }
}

fn close(state: &mut State) {
    let Some(mut open) = state.connection.take() else { return };
    undo(&mut open);
    if state.path.is_none() {
        state.image = open.guard.trusted(|| open.connection.serialize(MAIN_DB).ok().map(|data| data.to_vec()));
    }
}

fn open(path: Option<&Path>, image: Option<Vec<u8>>) -> rusqlite::Result<Open> {
    let mut connection = match path {
        None => Connection::open_in_memory()?,
        Some(path) => {
            if let Some(folder) = path.parent() {
                // What is wrong with the folder, opening tells.
                let _told = std::fs::create_dir_all(folder);
            }
            Connection::open_with_flags(path, FLAGS)?
        }
    };
    if let Some(image) = image {
        let length = image.len();
        connection.deserialize_read_exact(MAIN_DB, &image[..], length, false)?;
    }
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A commit is in the system's hands when it returns, which outlives this process; one process holds the directory.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
         PRAGMA journal_size_limit = 1048576; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -1024; PRAGMA trusted_schema = ON;",
    )?;
    for (limit, value) in LIMITS {
        connection.set_limit(limit, value)?;
    }
    super::sql::add_math(&connection)?;
    let guard = Guard::watch(&mut connection)?;
    Ok(Open { connection, guard, depth: 0 })
}

impl Opened {
    /// Notes one more, and closes the one that was used longest ago where there are many.
    fn make_room(&self, newcomer: &Arc<Mutex<State>>) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|one| one.strong_count() > 0);
        while list.len() >= MAX_OPEN {
            let idle = |one: &Weak<Mutex<State>>| {
                let state = one.upgrade()?;
                let state = state.try_lock().ok()?;
                let free = state.connection.as_ref().is_none_or(|open| open.connection.is_autocommit());
                free.then_some(state.last_use)
            };
            let oldest = (0..list.len()).filter_map(|at| Some((idle(&list[at])?, at))).min();
            let Some((_, at)) = oldest else { break };
            if let Some(state) = list.swap_remove(at).upgrade()
                && let Ok(mut state) = state.try_lock()
            {
                close(&mut state);
            }
        }
        list.push(Arc::downgrade(newcomer));
    }
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}
