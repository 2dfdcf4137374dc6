//! Elsewhere than on Linux: the `notify` crate, and a cookie file for a barrier.
//!
//! A watcher's events come in order. So a file made in a directory of our own, on the same watcher, is seen after
//! every earlier save. Each cookie has its own name: an event that comes twice cannot be taken for the next one.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{EventKind, Flag, ModifyKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::ledger::Ledger;
use super::tree::{Depth, Directories, Key, Refused};

/// Events that wait to be read; what comes on top is lost, and everything becomes suspect.
const INBOX: usize = 16_384;

/// A cookie that is not seen for so long never will be: the watcher is broken or far behind.
const PATIENCE: Duration = Duration::from_secs(1);

/// Events on their way from the watcher's thread.
pub(super) struct Queue {
    inbox: Arc<Inbox>,
    cookies: PathBuf,
    sent: AtomicU64,
    back: AtomicU64,
}

#[derive(Default)]
struct Inbox {
    events: Mutex<Vec<notify::Result<Event>>>,
    arrived: Notify,
}

/// The watches that feed a queue.
pub(super) struct Watches {
    watcher: RecommendedWatcher,
    known: HashMap<Key, PathBuf>,
    inbox: Arc<Inbox>,
}

/// A queue and its watches; cookies are put in a new directory under `scratch`.
pub(super) fn open(scratch: &Path) -> notify::Result<(Queue, Watches)> {
    let inbox = Arc::new(Inbox::default());
    let sink = Arc::clone(&inbox);
    let mut watcher = notify::recommended_watcher(move |event| sink.put(event))?;
    let cookies = scratch.join(format!("devflare-{}", uuid::Uuid::new_v4()));
    fs::create_dir(&cookies).map_err(notify::Error::io)?;
    let cookies = fs::canonicalize(&cookies).map_err(notify::Error::io)?;
    watcher.watch(&cookies, RecursiveMode::NonRecursive)?;
    let queue = Queue { inbox: Arc::clone(&inbox), cookies, sent: AtomicU64::new(0), back: AtomicU64::new(0) };
    Ok((queue, Watches { watcher, known: HashMap::new(), inbox }))
}

impl Inbox {
    fn put(&self, event: notify::Result<Event>) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < INBOX {
            events.push(event);
        } else if events.len() == INBOX {
            events.push(Err(notify::Error::generic("too many events")));
        }
        drop(events);
        self.arrived.notify_waiters();
    }
}

impl Directories for Watches {
    fn add(&mut self, directory: &Path, _depth: Depth) -> Result<Key, Refused> {
        let real = fs::canonicalize(directory).map_err(|_| Refused::Missing)?;
        let key = Key::Path(real.clone());
        // Even if known: the directory may have been replaced under the same name.
        self.watcher.watch(&real, RecursiveMode::NonRecursive).map_err(|error| match error.kind {
            ErrorKind::PathNotFound => Refused::Missing,
            ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::NotFound => Refused::Missing,
            ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Refused::Forbidden,
            ErrorKind::MaxFilesWatch => Refused::Unwatchable("the system's file watches are used up".to_owned()),
            other => Refused::Unwatchable(format!("{other:?}")),
        })?;
        if self.known.insert(key.clone(), real).is_none() && cfg!(target_os = "macos") {
            // FSEvents restarts its stream with each new directory, and forgets what happened meanwhile.
            self.inbox.put(Err(notify::Error::generic("the stream was restarted")));
        }
        Ok(key)
    }

    fn remove(&mut self, key: &Key) {
        if let Some(path) = self.known.remove(key) {
            // Fails if the directory is gone, and its watch with it.
            let _ = self.watcher.unwatch(&path);
        }
    }
}

impl Queue {
    /// Waits for events; they are then read by `drain`.
    pub(super) async fn arrived(&self) {
        self.inbox.arrived.notified().await;
    }

    /// Takes every event that has arrived.
    pub(super) fn drain(&self, ledger: &mut Ledger) {
        let events = std::mem::take(&mut *self.inbox.events.lock().unwrap_or_else(PoisonError::into_inner));
        for event in events {
            match event {
                Ok(event) if event.attrs.flag() == Some(Flag::Rescan) => ledger.suspect_everything(),
                Ok(event) => self.note(ledger, &event),
                Err(_) => ledger.suspect_everything(),
            }
        }
    }

    fn note(&self, ledger: &mut Ledger, event: &Event) {
        let entry = match event.kind {
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => false,
            _ => true,
        };
        for path in &event.paths {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            if parent == self.cookies {
                let number = name.to_str().and_then(|name| name.parse().ok()).unwrap_or(0);
                self.back.fetch_max(number, Ordering::AcqRel);
            } else {
                ledger.event(&Key::Path(parent.to_owned()), name, entry);
            }
        }
    }

    /// Returns when every save before the call has been noted.
    pub(super) async fn round_trip(&self, ledger: &Mutex<Ledger>) {
        let number = self.sent.fetch_add(1, Ordering::AcqRel) + 1;
        let cookie = self.cookies.join(number.to_string());
        let made = fs::write(&cookie, b"");
        let back = made.is_ok() && tokio::time::timeout(PATIENCE, self.wait(number, ledger)).await.is_ok();
        // Best effort: the whole directory goes at the end.
        let _ = fs::remove_file(&cookie);
        if !back {
            ledger.lock().unwrap_or_else(PoisonError::into_inner).suspect_everything();
        }
    }

    async fn wait(&self, number: u64, ledger: &Mutex<Ledger>) {
        loop {
            let arrived = self.inbox.arrived.notified();
            self.drain(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner));
            if self.back.load(Ordering::Acquire) >= number {
                return;
            }
            arrived.await;
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Left behind, it would only be an empty directory in the system's place for such things.
        let _ = fs::remove_dir_all(&self.cookies);
    }
}
