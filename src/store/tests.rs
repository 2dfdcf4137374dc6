//! The store on its own: commits, failures, files that cannot be used, and who holds the directory.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::{Access, Database, Piece, Schema, Store, StoreError};
use crate::clock::ManualClock;
use crate::worker::Body;

const NOTES: Schema = &["CREATE TABLE notes (text TEXT NOT NULL UNIQUE)"];
const NEWER: Schema = &[NOTES[0], "ALTER TABLE notes ADD COLUMN author TEXT"];
const WRITE: Access = Access::Write { bytes: 0 };

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Duration::from_secs(1_000_000)))
}

fn open(directory: &TempDir) -> Arc<Store> {
    Store::open(&directory.path().join("state"), clock(), Handle::current()).expect("nobody else has it")
}

async fn add(database: &Arc<Database>, text: &str) -> Result<usize, StoreError> {
    let text = text.to_owned();
    database.run(WRITE, move |open| open.execute("INSERT INTO notes VALUES (?1)", [text])).await
}

async fn notes(database: &Arc<Database>) -> Result<Vec<String>, StoreError> {
    let read = |open: &Connection| {
        let mut statement = open.prepare("SELECT text FROM notes ORDER BY rowid")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    database.run(Access::Read, read).await
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let directory = TempDir::new().unwrap();
    {
        let store = open(&directory);
        add(&store.database("notes", NOTES), "kept").await.unwrap();
    }
    assert_eq!(notes(&open(&directory).database("notes", NOTES)).await.unwrap(), ["kept"]);
}

#[tokio::test]
async fn memory_forgets_and_makes_no_file() {
    for _ in 0..2 {
        let store = Store::in_memory(clock(), Handle::current());
        let database = store.database("notes", NOTES);
        add(&database, "gone").await.unwrap();
        assert_eq!(notes(&store.database("notes", NOTES)).await.unwrap(), ["gone"]);
    }
}

#[tokio::test]
async fn no_file_is_made_before_a_database_is_used() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let _database = store.database("notes", NOTES);
    assert!(!directory.path().join("state/notes.sqlite").exists());
    assert!(fs::read_to_string(directory.path().join("state/.gitignore")).unwrap().contains('*'));
}

#[tokio::test]
async fn a_failed_write_takes_nothing_else_with_it() {
    let store = Store::in_memory(clock(), Handle::current());
    let database = store.database("notes", NOTES);
    let torn = database.run(WRITE, |open| {
        open.execute("INSERT INTO notes VALUES ('half')", [])?;
        open.execute("INSERT INTO notes VALUES ('half')", [])
    });
    let (first, torn, last) = tokio::join!(add(&database, "first"), torn, add(&database, "last"));
    assert!(first.is_ok() && last.is_ok());
    assert!(torn.unwrap_err().to_string().contains("UNIQUE"));
    assert_eq!(notes(&database).await.unwrap(), ["first", "last"]);
}

#[tokio::test]
async fn a_lost_transaction_is_told_to_all_who_wrote_in_it() {
    let store = Store::in_memory(clock(), Handle::current());
    let database = store.database("notes", NOTES);
    // Undone behind the queue's back, as SQLite does when the disk is full.
    let undone = database.run(WRITE, |open| {
        open.execute_batch("ROLLBACK")?;
        open.execute("no SQL", [])
    });
    let (first, undone, last) = tokio::join!(add(&database, "first"), undone, add(&database, "last"));
    assert!(undone.is_err());
    assert_eq!(first, undone);
    assert_eq!(last, undone);
    assert_eq!(add(&database, "next").await, Ok(1));
    assert_eq!(notes(&database).await.unwrap(), ["next"]);
}

#[tokio::test]
async fn a_full_disk_is_told_and_tears_nothing() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).database("notes", NOTES);
    add(&database, "before").await.unwrap();
    let fill = |open: &Connection| open.pragma_update(None, "max_page_count", 1);
    database.run(Access::Read, fill).await.unwrap();
    let (long, short) = ("long".repeat(10_000), "short");
    let (first, refused) = tokio::join!(add(&database, short), add(&database, &long));
    let error = refused.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().ends_with("state/notes.sqlite cannot grow: the disk is full"), "{error}");
    let kept: &[&str] = if first.is_ok() { &["before", short] } else { &["before"] };
    assert_eq!(notes(&database).await.unwrap(), kept);
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).database("notes", NOTES);
    let done = Arc::new(AtomicU32::new(0));
    for number in 0..1_000 {
        let done = done.clone();
        let insert = move |open: &Connection| open.execute("INSERT INTO notes VALUES (?1)", [number.to_string()]);
        database.submit(WRITE, insert, move |result| {
            result.expect("the write succeeds");
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    assert_eq!(notes(&database).await.unwrap().len(), 1_000);
    // What was submitted before is told before.
    assert_eq!(done.load(Ordering::Relaxed), 1_000);
}

#[tokio::test]
async fn a_queue_that_is_full_refuses() {
    let store = Store::in_memory(clock(), Handle::current());
    let database = store.database("notes", NOTES);
    let refused = database.run(Access::Write { bytes: 1 << 30 }, |_| Ok(()));
    assert_eq!(refused.await, Err(StoreError::Busy));
    assert!(add(&database, "still works").await.is_ok());
}

#[tokio::test]
async fn a_panic_in_a_job_leaves_the_database_usable() {
    let store = Store::in_memory(clock(), Handle::current());
    let database = store.database("notes", NOTES);
    add(&database, "before").await.unwrap();
    let lost = database.run(WRITE, |_| -> rusqlite::Result<()> { panic!("our bug") }).await;
    assert!(lost.is_err());
    assert!(add(&database, "after").await.is_ok());
}

#[tokio::test]
async fn a_damaged_file_is_an_error_of_its_own_until_it_is_moved_away() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let file = directory.path().join("state/notes.sqlite");
    fs::write(&file, "this is no database, but long enough to be taken for one".repeat(100)).unwrap();
    let damaged = store.database("notes", NOTES);
    let error = add(&damaged, "lost").await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().ends_with("state/notes.sqlite is damaged or no database: move it away to start afresh"));
    assert!(add(&store.database("others", NOTES), "fine").await.is_ok());
    fs::remove_file(&file).unwrap();
    assert!(add(&damaged, "fresh").await.is_ok());
}

#[tokio::test]
async fn a_newer_layout_is_refused_and_an_older_one_brought_up_to_date() {
    let directory = TempDir::new().unwrap();
    add(&open(&directory).database("notes", NOTES), "old").await.unwrap();
    {
        let newer = open(&directory).database("notes", NEWER);
        let authors =
            newer.run(Access::Read, |open| open.query_row("SELECT count(author) FROM notes", [], |row| row.get(0)));
        assert_eq!(authors.await, Ok(0));
        assert_eq!(notes(&newer).await.unwrap(), ["old"]);
    }
    let error = notes(&open(&directory).database("notes", NOTES)).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_directory_has_one_holder() {
    let directory = TempDir::new().unwrap();
    let first = open(&directory);
    let path = directory.path().join("state");
    let problem = Store::open(&path, clock(), Handle::current()).err().expect("it is held");
    assert_eq!(problem.what, format!("another devflare (process {}) uses this state directory", std::process::id()));
    drop(first);
    // The file is still there; the lock is not.
    assert!(path.join("lock").exists());
    assert!(Store::open(&path, clock(), Handle::current()).is_ok());
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_a_warning_and_an_error_when_it_is_used() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("state"), "a file").unwrap();
    let store = open(&directory);
    let warning = store.warning().expect("it is told").to_string();
    assert!(warning.starts_with("the state directory cannot be written: "), "{warning}");
    assert!(add(&store.database("notes", NOTES), "nowhere").await.is_err());
}

#[tokio::test]
async fn databases_of_their_own_are_kept_while_few_are_open() {
    let directory = tempfile::tempdir().unwrap();
    let tokio = Handle::current();
    let clock = || Arc::new(crate::clock::SystemClock);
    for store in
        [Store::in_memory(clock(), tokio.clone()), Store::open(directory.path(), clock(), tokio.clone()).unwrap()]
    {
        let databases: Vec<_> = (0..150_u32).map(|number| store.own("many", &number.to_string())).collect();
        for (number, database) in (0..).zip(&databases) {
            let work =
                |open: &Connection| open.execute_batch(&format!("CREATE TABLE t (n); INSERT INTO t VALUES ({number})"));
            database.write(|open, guard| guard.trusted(|| work(open))).unwrap();
            database.save().unwrap();
        }
        for (number, database) in (0..).zip(&databases) {
            let found = database.with(|open, _| open.query_row("SELECT n FROM t", [], |row| row.get::<_, u32>(0)));
            assert_eq!(found, Ok(number));
        }
    }
}

#[tokio::test]
async fn what_was_not_saved_is_undone() {
    let store = Store::in_memory(Arc::new(crate::clock::SystemClock), Handle::current());
    let database = store.own("one", "a");
    let count = || database.with(|open, _| open.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)));
    let insert = || database.write(|open, _| open.execute_batch("INSERT INTO t VALUES (1)")).unwrap();
    database.write(|open, _| open.execute_batch("CREATE TABLE t (n)")).unwrap();
    database.save().unwrap();
    insert();
    database.reset();
    assert_eq!(count(), Ok(0));
    let part = database.enter().unwrap();
    insert();
    database.save().unwrap();
    database.leave(part, false).unwrap();
    database.save().unwrap();
    assert_eq!(count(), Ok(0));
    insert();
    database.save().unwrap();
    database.reset();
    assert_eq!(count(), Ok(1));
}

#[tokio::test]
async fn small_blobs_that_were_read_stay_at_hand_until_they_are_removed() {
    let directory = TempDir::new().unwrap();
    let blobs = open(&directory).blobs("blobs");
    let text = |body: Body| body.as_bytes().expect("it is small").to_vec();
    let (reader, writer) = (blobs.clone(), blobs.clone());
    let write = move |bytes: Vec<u8>| writer.write(Body::bytes(bytes), |_| ()).unwrap();
    let blocking = tokio::task::spawn_blocking(move || {
        let (id, length) = write(b"a small blob".to_vec());
        let piece = |offset, length| vec![Piece { id: id.clone(), offset, length }];
        assert!(reader.at_hand(&piece(0, length)).is_none());
        assert_eq!(text(reader.read(piece(0, length)).unwrap()), b"a small blob");
        assert_eq!(text(reader.at_hand(&piece(2, 5)).expect("it was read")), b"small");
        assert!(reader.at_hand(&piece(0, length + 1)).is_none());
        for _ in 0..9 {
            let (id, length) = write(vec![1; 1 << 20]);
            reader.read(vec![Piece { id, offset: 0, length }]).unwrap();
        }
        assert!(reader.at_hand(&piece(2, 5)).is_none());
        reader.read(piece(0, length)).unwrap();
        reader.remove(&id);
        assert!(reader.at_hand(&piece(0, length)).is_none() && reader.read(piece(0, length)).is_err());
    });
    blocking.await.unwrap();
}
