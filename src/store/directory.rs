//! The state directory on disk: made, and held by one process at a time.
//!
//! The hold is a lock of the kernel's on the file `lock`, which ends with the process however that ends: nothing stale
//! can be left behind. The file tells the holder's number for the error message alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Problem;

/// See the module's text.
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) warning: Option<Problem>,
    /// Holds the directory until it is dropped.
    _lock: Option<File>,
}

impl Directory {
    pub(super) fn take(path: &Path) -> Result<Self, Problem> {
        let taken = |lock, warning| Ok(Self { path: path.to_owned(), warning, _lock: lock });
        let lock = match prepare(path) {
            Ok(lock) => lock,
            Err(error) => return taken(None, Some(unusable(path, &error))),
        };
        match lock.try_lock() {
            Ok(()) => {
                sign(&lock);
                taken(Some(lock), None)
            }
            Err(TryLockError::WouldBlock) => Err(in_use(path)),
            // Some file systems know no locks.
            Err(TryLockError::Error(error)) => taken(None, Some(unguarded(path, &error))),
        }
    }
}

fn prepare(path: &Path) -> io::Result<File> {
    fs::create_dir_all(path)?;
    let ignore = path.join(IGNORE);
    if !ignore.exists() {
        fs::write(ignore, "# What devflare stores on this machine.\n*\n")?;
    }
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path.join(LOCK))
}

/// Files of the directory that hold nothing of Workers'.
pub(super) const LOCK: &str = "lock";
pub(super) const IGNORE: &str = ".gitignore";

/// Who holds the lock, for those who come in vain.
fn sign(mut lock: &File) {
    let _unimportant = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
}

fn in_use(path: &Path) -> Problem {
    let holder = fs::read_to_string(path.join(LOCK)).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let process = holder.map(|id| format!(" (process {id})")).unwrap_or_default();
    Problem::error(format!("another devflare{process} uses this state directory"))
        .in_file(path)
        .help("stop the other one, or give this one a directory of its own with --persist-to DIR")
}

fn unusable(path: &Path, error: &io::Error) -> Problem {
    Problem::warning(format!("the state directory cannot be written: {error}"))
        .in_file(path)
        .help("what Workers try to store will fail; choose another directory with --persist-to DIR")
}

fn unguarded(path: &Path, error: &io::Error) -> Problem {
    Problem::warning(format!("the state directory cannot be locked: {error}"))
        .in_file(path)
        .help("see to it that no other devflare uses it")
}
