//! Which paths a build depends on, so that whoever watches files knows when to build again.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// Known for failed builds too, so that they heal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchSet {
    /// Files that were read, or that a directory entry on the way points to by a symbolic link.
    pub files: BTreeSet<PathBuf>,
    /// Paths that were looked for and do not exist: creating one may change what an import means.
    pub missing: BTreeSet<PathBuf>,
}

impl WatchSet {
    /// Whether a change at `path` (created, written, renamed, deleted) can change the build. A directory that comes
    /// or goes as a whole takes everything below it along.
    #[must_use]
    pub fn concerns(&self, path: &Path) -> bool {
        has_at_or_below(&self.files, path) || has_at_or_below(&self.missing, path)
    }

    /// The directories whose entries matter: of each file its directory, of each missing path the nearest
    /// directory above it that exists.
    #[must_use]
    pub fn directories(&self) -> BTreeSet<PathBuf> {
        let of_files = self.files.iter().filter_map(|file| file.parent());
        let mut directories: BTreeSet<PathBuf> = of_files.map(Path::to_path_buf).collect();
        let parents: BTreeSet<&Path> = self.missing.iter().filter_map(|missing| missing.parent()).collect();
        for parent in parents {
            if let Some(nearest) = parent.ancestors().find(|above| directories.contains(*above) || above.is_dir()) {
                directories.insert(nearest.to_path_buf());
            }
        }
        directories
    }

    pub fn extend(&mut self, other: Self) {
        self.files.extend(other.files);
        self.missing.extend(other.missing);
    }
}

fn has_at_or_below(paths: &BTreeSet<PathBuf>, path: &Path) -> bool {
    paths
        .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
        .next()
        .is_some_and(|first| first.starts_with(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> WatchSet {
        WatchSet { files: BTreeSet::from(["/p/src/a.js".into()]), missing: BTreeSet::from(["/p/lib/b.js".into()]) }
    }

    #[test]
    fn a_change_above_a_watched_path_concerns_it() {
        for path in ["/p/src/a.js", "/p/lib/b.js", "/p/lib", "/p"] {
            assert!(set().concerns(Path::new(path)), "{path}");
        }
        for path in ["/p/src/b.js", "/p/sr", "/p/src/a.js/x", "/q"] {
            assert!(!set().concerns(Path::new(path)), "{path}");
        }
    }
}
