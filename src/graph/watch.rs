//! Which paths a build depends on, so that whoever watches files knows when to build again.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Known for failed builds too, so that they heal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchSet {
    /// Files that were read, and symbolic links on the way to them.
    pub files: BTreeSet<PathBuf>,
    /// Paths that were looked for and do not exist: creating one may change what an import means.
    pub missing: BTreeSet<PathBuf>,
    /// Directories whose list of names matters.
    pub listings: BTreeSet<PathBuf>,
}
