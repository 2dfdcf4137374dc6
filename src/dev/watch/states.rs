//! Files that cannot be watched (watches used up, network file systems): their states are compared instead.
//!
//! Two writes within one tick of the file system's clock leave equal states. So, as git does, a state is trusted only
//! if it was older than a tick when it was taken; until then the contents are compared ("racily clean").

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The coarsest tick of a file system we may meet (FAT; some network servers).
const TICK: Duration = Duration::from_secs(2);

#[derive(Debug, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Cannot be set back by a program, other than `modified`.
    changed: (i64, i64),
}

struct Seen {
    state: Option<State>,
    /// Not told yet by the state alone: the contents' hash.
    contents: Option<u64>,
}

/// The last seen states of some files.
#[derive(Default)]
pub(super) struct States(BTreeMap<PathBuf, Seen>);

impl States {
    pub(super) fn add(&mut self, path: &Path) {
        self.0.entry(path.to_owned()).or_insert_with(|| Seen::now(path));
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.0.remove(path);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The files that differ from what was seen last.
    pub(super) fn compare(&mut self) -> Vec<PathBuf> {
        self.0.iter_mut().filter_map(|(path, seen)| seen.renew(path).then(|| path.clone())).collect()
    }
}

impl Seen {
    fn now(path: &Path) -> Self {
        let state = fs::metadata(path).ok().map(|found| State::of(&found));
        let racy = state.as_ref().is_some_and(State::is_racy);
        Self { contents: racy.then(|| hash(path)), state }
    }

    /// Looks again; `true` if the file may have changed.
    fn renew(&mut self, path: &Path) -> bool {
        let state = fs::metadata(path).ok().map(|found| State::of(&found));
        if state == self.state && self.contents.is_none() {
            return false;
        }
        let new = Self::now(path);
        let same = new.state == self.state && self.contents == Some(new.contents.unwrap_or_else(|| hash(path)));
        *self = new;
        !same
    }
}

impl State {
    fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    fn is_racy(&self) -> bool {
        let seconds = u64::try_from(self.changed.0.max(self.modified.0)).unwrap_or(0);
        let nanos = u32::try_from(self.changed.1).unwrap_or(0);
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        // A time in the future (another machine's clock) is as racy as now.
        SystemTime::now().duration_since(changed).map_or(true, |age| age < TICK)
    }
}

/// The contents' hash; of a directory, its names'.
fn hash(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Ok(entries) = fs::read_dir(path) {
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            hasher.write(name.as_encoded_bytes());
        }
    } else {
        hasher.write(&fs::read(path).unwrap_or_default());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_within_one_clock_tick_is_seen_by_its_contents() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("a.js");
        let mut states = States::default();
        for round in 0..200 {
            fs::write(&path, format!("{round:04}")).expect("written");
            states.add(&path);
            fs::write(&path, format!("{:04}", round + 1)).expect("written");
            assert_eq!(states.compare(), std::slice::from_ref(&path), "round {round}");
            assert!(states.compare().is_empty());
        }
    }

    #[test]
    fn appearing_vanishing_and_replaced_files_are_seen() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("a.js");
        let mut states = States::default();
        states.add(&path);
        assert!(states.compare().is_empty());
        fs::write(&path, "one").expect("written");
        assert_eq!(states.compare(), std::slice::from_ref(&path));
        fs::write(directory.path().join("b"), "two").expect("written");
        fs::rename(directory.path().join("b"), &path).expect("renamed");
        assert_eq!(states.compare(), std::slice::from_ref(&path));
        fs::remove_file(&path).expect("removed");
        assert_eq!(states.compare(), [path]);
    }
}
