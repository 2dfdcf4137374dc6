//! Whether paths are for certain what they were at some time, by the times of their status.
//!
//! A file that is read and then watched may have changed between the two. Where its status says that nothing happened to
//! it for a while, nor to any directory above it, it need not be read again. A save, a rename, a link and a change of
//! times all set the status time, which nobody can set back.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds; more than the granularity of any file system's times.
const GRANULARITY: i64 = 3;

/// Asks for each directory once.
pub(super) struct Untouched {
    /// What happened after this second may have happened after the time in question.
    before: i64,
    directories: HashMap<PathBuf, bool>,
}

impl Untouched {
    /// Since `time`.
    pub(super) fn since(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let before = i64::try_from(seconds).unwrap_or(0) - GRANULARITY;
        Self { before, directories: HashMap::new() }
    }

    /// Whether this path led to the same file all the time.
    pub(super) fn is_file(&mut self, path: &Path) -> bool {
        self.is_old(path) && self.is_way(path)
    }

    /// Whether this path led nowhere all the time.
    pub(super) fn is_missing(&mut self, path: &Path) -> bool {
        path.symlink_metadata().is_err() && self.is_way(path)
    }

    /// Whether everything above is as it was; of directories that are missing the nearest one that is not counts.
    fn is_way(&mut self, path: &Path) -> bool {
        let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return true };
        if let Some(known) = self.directories.get(parent) {
            return *known;
        }
        let same = (self.is_old(parent) || !parent.exists()) && self.is_way(parent);
        self.directories.insert(parent.to_path_buf(), same);
        same
    }

    /// Of what a link leads to, nothing is known.
    fn is_old(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|status| !status.is_symlink() && status.ctime() < self.before)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_saved_lately_may_have_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("index.js");
        fs::write(&file, "saved").expect("a disk with room");
        assert!(!Untouched::since(SystemTime::now()).is_file(&file));
        assert!(!Untouched::since(SystemTime::now()).is_missing(&folder.path().join("index.ts")));
    }

    #[test]
    fn what_was_saved_long_ago_has_not_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("index.js");
        fs::write(&file, "saved").expect("a disk with room");
        let mut later = Untouched::since(SystemTime::now() + Duration::from_hours(1));
        assert!(later.is_file(&file));
        assert!(later.is_missing(&folder.path().join("src/index.ts")));
        assert!(!later.is_missing(&file));
        assert!(!later.is_file(&folder.path().join("index.ts")));
    }

    #[test]
    fn what_is_behind_a_link_may_have_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("real")).expect("a disk with room");
        fs::write(folder.path().join("real/index.js"), "saved").expect("a disk with room");
        std::os::unix::fs::symlink(folder.path().join("real"), folder.path().join("link")).expect("links can be made");
        assert!(
            !Untouched::since(SystemTime::now() + Duration::from_hours(1))
                .is_file(&folder.path().join("link/index.js"))
        );
    }
}
