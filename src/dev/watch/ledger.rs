//! Who watches what, and what has changed since somebody asked.
//!
//! Knows nothing of how events arrive; both kinds of watcher write here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::states::States;
use super::tree::{Key, Tree, Unwatched};

/// Whose files they are: a project, the workspace.
pub type Owner = Arc<str>;

/// What an owner depends on. Absolute paths; they need not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchSet {
    /// Files, or directories that may come, go or be replaced.
    pub files: BTreeSet<PathBuf>,
    /// Directories whose list of names matters (a globbed parent).
    pub listings: BTreeSet<PathBuf>,
}

/// What may have changed, by owner. Compare contents before you believe it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Events were lost: everything may have changed.
    pub everything: bool,
    pub owners: BTreeMap<Owner, BTreeSet<PathBuf>>,
}

pub(super) struct Ledger {
    tree: Tree,
    sets: HashMap<Owner, WatchSet>,
    /// Path -> its owners, each once.
    watched: HashMap<PathBuf, Vec<Owner>>,
    pending: Changes,
    /// Counts whatever was added to `pending`.
    seen: u64,
    /// Files that the tree cannot watch.
    pub(super) states: States,
    refusals: Vec<Unwatched>,
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.owners.is_empty()
    }
}

impl Ledger {
    pub(super) fn new(tree: Tree) -> Self {
        Self {
            tree,
            sets: HashMap::new(),
            watched: HashMap::new(),
            pending: Changes::default(),
            seen: 0,
            states: States::default(),
            refusals: Vec::new(),
        }
    }

    /// Replaces an owner's set; answers the paths that nobody watched before.
    pub(super) fn watch(&mut self, owner: &Owner, set: WatchSet) -> Vec<PathBuf> {
        let old = self.sets.remove(owner).unwrap_or_default();
        let mut fresh = Vec::new();
        for path in set.files.difference(&old.files).chain(set.listings.difference(&old.listings)) {
            let owners = self.watched.entry(path.clone()).or_insert_with(|| Vec::with_capacity(1));
            if owners.is_empty() {
                fresh.push(path.clone());
            }
            if !owners.contains(owner) {
                owners.push(Arc::clone(owner));
            }
        }
        for path in &fresh {
            let refused = self.tree.add(path).err();
            self.refuse(refused);
        }
        for path in set.listings.difference(&old.listings) {
            let refused = self.tree.add_listing(path).err();
            self.refuse(refused);
        }
        self.leave(owner, &old, &set);
        self.sets.insert(Arc::clone(owner), set);
        fresh
    }

    /// Ends an owner's watching.
    pub(super) fn forget(&mut self, owner: &Owner) {
        let old = self.sets.remove(owner).unwrap_or_default();
        self.leave(owner, &old, &WatchSet::default());
        self.pending.owners.remove(owner);
    }

    /// The owner no longer watches what is in `old` but not in `new`.
    fn leave(&mut self, owner: &Owner, old: &WatchSet, new: &WatchSet) {
        let kept = |path: &PathBuf| new.files.contains(path) || new.listings.contains(path);
        let gone = old.files.difference(&new.files).chain(old.listings.difference(&new.listings));
        for path in gone.filter(|path| !kept(path)) {
            let Some(owners) = self.watched.get_mut(path) else { continue };
            owners.retain(|other| other != owner);
            if owners.is_empty() {
                self.watched.remove(path);
                self.tree.remove(path);
                self.states.remove(path);
            }
        }
    }

    fn refuse(&mut self, refused: impl IntoIterator<Item = Unwatched>) {
        for refusal in refused {
            self.states.add(&refusal.path);
            self.refusals.push(refusal);
        }
    }

    /// Paths that could not be watched since the last call.
    pub(super) fn take_refusals(&mut self) -> Vec<Unwatched> {
        std::mem::take(&mut self.refusals)
    }

    pub(super) fn event(&mut self, key: &Key, name: &OsStr, entry: bool) {
        let touched = self.tree.touched(key, name, entry);
        self.refuse(touched.unwatched);
        for path in touched.paths {
            self.changed(&path);
        }
    }

    pub(super) fn lost(&mut self, key: &Key) {
        self.tree.lost(key);
    }

    pub(super) fn suspect_everything(&mut self) {
        self.tree.rearm_all();
        self.pending.everything = true;
        self.seen += 1;
    }

    /// Compares the states of what cannot be watched.
    pub(super) fn compare(&mut self) {
        for path in self.states.compare() {
            self.changed(&path);
        }
    }

    fn changed(&mut self, path: &Path) {
        for owner in self.watched.get(path).into_iter().flatten() {
            self.pending.owners.entry(Arc::clone(owner)).or_default().insert(path.to_owned());
            self.seen += 1;
        }
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// What changed since the last call, and the count that it reaches to.
    pub(super) fn take(&mut self) -> (Changes, u64) {
        (std::mem::take(&mut self.pending), self.seen)
    }
}
