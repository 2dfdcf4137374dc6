//! Linux: events come from an inotify queue of our own, and reading it is the barrier.
//!
//! A save's system call puts its event in the queue before it returns, so whoever finds the queue empty has seen every
//! earlier save. Measured on the same machine: 0.3 us, against 25 us (and 28 us of CPU, in two threads) for a cookie file
//! on `notify`'s watcher, and 1.2 us per file for `statx`.

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::ledger::Ledger;
use super::tree::{Depth, Directories, Key, Refused};

/// Room for some hundred events per read.
const BUFFER: usize = 16 * 1024;

/// File systems whose files change without the kernel's knowledge: NFS, SMB, CIFS, 9P (WSL, virtual machines), FUSE.
const REMOTE: [i64; 6] = [0x6969, 0x517b, 0xfe53_4d42, 0xff53_4d42, 0x0102_1997, 0x6573_5546];

const ENTRIES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::MASK_ADD);
const CONTENTS: WatchFlags = ENTRIES.union(WatchFlags::MODIFY).union(WatchFlags::ATTRIB);

const MADE_OR_GONE: ReadFlags =
    ReadFlags::CREATE.union(ReadFlags::DELETE).union(ReadFlags::MOVED_FROM).union(ReadFlags::MOVED_TO);

pub(super) struct Queue {
    descriptor: AsyncFd<Arc<OwnedFd>>,
}

/// The watches that feed a queue.
pub(super) struct Watches {
    descriptor: Arc<OwnedFd>,
}

/// A queue and its watches.
pub(super) fn open() -> io::Result<(Queue, Watches)> {
    let descriptor = Arc::new(inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?);
    #[allow(unsafe_code, reason = "tokio can register any descriptor only so")]
    // SAFETY: the `Arc` keeps the one descriptor open and unchanged for as long as tokio has it.
    let registered = unsafe { AsyncFd::register_with_interest(Arc::clone(&descriptor), Interest::READABLE) };
    Ok((Queue { descriptor: registered.map_err(|error| error.into_parts().1)? }, Watches { descriptor }))
}

impl Directories for Watches {
    fn add(&mut self, directory: &Path, depth: Depth) -> Result<Key, Refused> {
        let flags = match depth {
            Depth::Entries => ENTRIES,
            Depth::Contents => CONTENTS,
        };
        if depth == Depth::Contents && is_remote(directory) {
            return Err(Refused::Unwatchable("on a network or shared file system".to_owned()));
        }
        inotify::add_watch(&self.descriptor, directory, flags).map(Key::Descriptor).map_err(|error| match error {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG => Refused::Missing,
            Errno::ACCESS | Errno::PERM => Refused::Forbidden,
            Errno::NOSPC => Refused::Unwatchable("fs.inotify.max_user_watches is used up".to_owned()),
            other => Refused::Unwatchable(other.to_string()),
        })
    }

    fn remove(&mut self, key: &Key) {
        match key {
            Key::Descriptor(watch) => {
                // Fails if the directory is gone, and its watch with it.
                let _ = inotify::remove_watch(&self.descriptor, *watch);
            }
            #[cfg(test)]
            Key::Path(_) => unreachable!("only made by the other watcher"),
        }
    }
}

fn is_remote(directory: &Path) -> bool {
    rustix::fs::statfs(directory).is_ok_and(|found| REMOTE.contains(&found.f_type))
}

impl Queue {
    /// Waits for events; they are then read by `drain`.
    pub(super) async fn arrived(&self) {
        if let Ok(mut ready) = self.descriptor.readable().await {
            ready.clear_ready();
        }
    }

    /// Takes every event that is in the queue now.
    pub(super) fn drain(&self, ledger: &mut Ledger) {
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut reader = inotify::Reader::new(self.descriptor.get_ref(), &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => note(ledger, &event),
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => return,
                Err(_) => return ledger.suspect_everything(),
            }
        }
    }
}

fn note(ledger: &mut Ledger, event: &inotify::Event<'_>) {
    let (key, flags) = (Key::Descriptor(event.wd()), event.events());
    if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
        ledger.suspect_everything();
    } else if flags.contains(ReadFlags::IGNORED) {
        ledger.lost(&key);
    } else if let Some(name) = event.file_name() {
        ledger.event(&key, OsStr::from_bytes(name.to_bytes()), flags.intersects(MADE_OR_GONE));
    }
}
