//! Which directories must be watched for which files, and what an event in one of them means.
//!
//! Knows paths and symbolic links, but not how events arrive: that is a [`Directories`]. A watched path is reached
//! through a chain of directory entries: its own, those of its ancestors (a directory may be deleted and made again)
//! and those that symbolic links on the way lead through. A change of any entry of the chain may change what the path
//! means, so each entry remembers the paths that hang on it. Nothing is watched recursively.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Links on one path before we take it for a loop; Linux gives up there too.
const MAX_LINKS: usize = 40;

/// What a directory is watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Entries made, removed and renamed.
    Entries,
    /// Also writes to the files in it.
    Contents,
}

/// Why a directory cannot be watched.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is not there (yet): its parent's events will tell.
    Missing,
    /// No permission to read it.
    Forbidden,
    /// The system cannot or will not watch it; why.
    Unwatchable(String),
}

/// Names a directory in events, whatever path it was reached by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    #[cfg(target_os = "linux")]
    Descriptor(i32),
    #[cfg(any(test, not(target_os = "linux")))]
    Path(PathBuf),
}

/// The system's watches on single directories.
pub(super) trait Directories: Send {
    /// Watches a directory, or deepens the watch; the same key for the same directory.
    fn add(&mut self, directory: &Path, depth: Depth) -> Result<Key, Refused>;
    fn remove(&mut self, key: &Key);
}

/// Watched paths and the directories they need.
pub(super) struct Tree {
    system: Box<dyn Directories>,
    paths: BTreeSet<PathBuf>,
    directories: BTreeMap<PathBuf, Directory>,
    keys: HashMap<Key, BTreeSet<PathBuf>>,
    removed: usize,
}

struct Directory {
    key: Option<Key>,
    depth: Depth,
    /// The entries that decide what watched paths mean.
    entries: HashMap<OsString, Entry>,
    /// The chain of entries that leads to it is watched.
    reached: bool,
    /// Watched itself as a list of entries.
    listed: bool,
}

/// What an entry of a directory decides.
#[derive(Default)]
struct Entry {
    /// Its own path, and what is below.
    own: bool,
    /// Paths that lead here through symbolic links.
    links: BTreeSet<PathBuf>,
}

/// How the entries on the way to a path are looked at.
struct Chain<'a> {
    /// The symbolic link whose target this is.
    link: Option<&'a Path>,
    /// What is known above it is still right.
    fresh: &'a Path,
    /// Links that may still be followed.
    links: usize,
}

/// Why a path can only be watched by comparing its states.
#[derive(Debug)]
pub(super) struct Unwatched {
    pub(super) path: PathBuf,
    pub(super) reason: String,
}

impl Tree {
    pub(super) fn new(system: Box<dyn Directories>) -> Self {
        Self { system, paths: BTreeSet::new(), directories: BTreeMap::new(), keys: HashMap::new(), removed: 0 }
    }

    /// Watches one more path (absolute), existing or not.
    pub(super) fn add(&mut self, path: &Path) -> Result<(), Unwatched> {
        self.paths.insert(path.to_owned());
        self.arm(path, path)
    }

    /// Watches the names in a directory; its path is what events report.
    pub(super) fn add_listing(&mut self, directory: &Path) -> Result<(), Unwatched> {
        self.add(directory)?;
        self.directory(directory, Depth::Entries).listed = true;
        let attached = self.attach(directory, Depth::Entries).or_else(|refused| refused.tolerate(Depth::Entries));
        attached.map_err(|reason| Unwatched { path: directory.to_owned(), reason })
    }

    /// Forgets a path. Watches that served only it go away when enough of them have gathered.
    pub(super) fn remove(&mut self, path: &Path) {
        if self.paths.remove(path) {
            self.removed += 1;
        }
        if self.removed > self.paths.len() + 64 {
            self.compact();
        }
    }

    /// The watched paths whose meaning an event may have changed. `entry`: made, removed or renamed, not just written.
    pub(super) fn touched(&mut self, key: &Key, name: &OsStr, entry: bool) -> Touched {
        let mut touched = Touched::default();
        let Some(directories) = self.keys.get(key) else { return touched };
        let mut prefixes = Vec::new();
        for path in directories {
            let directory = &self.directories[path];
            if entry && directory.listed && self.paths.contains(path) {
                touched.paths.push(path.clone());
            }
            let Some(entry) = directory.entries.get(name) else { continue };
            prefixes.extend(entry.own.then(|| path.join(name)));
            prefixes.extend(entry.links.iter().cloned());
        }
        for prefix in prefixes {
            let below = self.below(&prefix);
            if entry {
                touched.unwatched.extend(self.rearm(&prefix, &below));
            }
            touched.paths.extend(below);
        }
        touched
    }

    /// A watched directory is gone; its parent's event tells what that means.
    pub(super) fn lost(&mut self, key: &Key) {
        for path in self.keys.remove(key).unwrap_or_default() {
            if let Some(directory) = self.directories.get_mut(&path) {
                directory.key = None;
            }
        }
    }

    /// Events were lost: any directory may have been replaced.
    pub(super) fn rearm_all(&mut self) {
        let paths: Vec<_> = self.paths.iter().cloned().collect();
        // What cannot be watched was told when it was added.
        let _ = self.rearm(Path::new("/"), &paths);
    }

    fn below(&self, prefix: &Path) -> Vec<PathBuf> {
        self.paths.range(prefix.to_owned()..).take_while(|path| path.starts_with(prefix)).cloned().collect()
    }

    /// Watches anew what lies at and below an entry that was replaced.
    fn rearm(&mut self, prefix: &Path, paths: &[PathBuf]) -> Vec<Unwatched> {
        let below = self.directories.range(prefix.to_owned()..).take_while(|(path, _)| path.starts_with(prefix));
        let stale: Vec<_> = below.map(|(path, found)| (path.clone(), found.depth)).collect();
        for (path, depth) in stale {
            self.directory(&path, depth).reached = false;
            // A refusal is told by `arm`, for the paths that it concerns.
            let _ = self.attach(&path, depth);
        }
        paths.iter().filter_map(|path| self.arm(path, prefix).err()).collect()
    }

    /// Watches the chain of entries that leads to `path`; what is known above `fresh` is still right.
    fn arm(&mut self, path: &Path, fresh: &Path) -> Result<(), Unwatched> {
        let known = path.parent().filter(|parent| self.directories.get(*parent).is_some_and(|found| found.reached));
        let chain = Chain { link: None, fresh, links: MAX_LINKS };
        let armed = match (known, path.file_name()) {
            // Most paths have a neighbour that was here before.
            (Some(directory), Some(name)) => self.step(directory, name, &chain, true),
            _ => self.walk(path, &chain),
        };
        armed.map_err(|reason| Unwatched { path: path.to_owned(), reason })?;
        if let Some(parent) = path.parent().filter(|_| known.is_none()) {
            self.directory(parent, Depth::Contents).reached = true;
        }
        Ok(())
    }

    fn walk(&mut self, path: &Path, chain: &Chain<'_>) -> Result<(), String> {
        let mut directory = PathBuf::new();
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            if let Component::Normal(name) = component {
                self.step(&directory, name, chain, components.peek().is_none())?;
            }
            directory.push(component);
        }
        Ok(())
    }

    /// One entry of a chain.
    fn step(&mut self, directory: &Path, name: &OsStr, chain: &Chain<'_>, last: bool) -> Result<(), String> {
        let known = self.enter(directory, name, chain.link, last)?;
        let here = directory.join(name);
        if last || !known || here.starts_with(chain.fresh) {
            self.follow(&here, chain)?;
        }
        Ok(())
    }

    /// Notes that `name` in `directory` decides what its own path or that of a link means. `true`: it was noted before.
    fn enter(&mut self, directory: &Path, name: &OsStr, link: Option<&Path>, last: bool) -> Result<bool, String> {
        let depth = if last { Depth::Contents } else { Depth::Entries };
        let found = self.directory(directory, depth);
        let attached = found.key.is_some() && found.depth >= depth;
        if !found.entries.contains_key(name) {
            found.entries.insert(name.to_owned(), Entry::default());
        }
        let entry = found.entries.get_mut(name).expect("it was just put there");
        let known = match link {
            None => std::mem::replace(&mut entry.own, true),
            Some(link) => !entry.links.insert(link.to_owned()),
        };
        if !attached {
            self.attach(directory, depth).or_else(|refused| refused.tolerate(depth))?;
        }
        Ok(known)
    }

    /// If an entry is a symbolic link, what it leads to decides too.
    fn follow(&mut self, here: &Path, chain: &Chain<'_>) -> Result<(), String> {
        let Ok(target) = fs::read_link(here) else { return Ok(()) };
        let (Some(links), Some(parent)) = (chain.links.checked_sub(1), here.parent()) else { return Ok(()) };
        // `..` in a target is meant from the real directory, not from the path that led there.
        let base = fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned());
        let link = Some(chain.link.unwrap_or(here));
        self.walk(&normal(&base.join(target)), &Chain { link, links, ..*chain })
    }

    fn directory(&mut self, path: &Path, depth: Depth) -> &mut Directory {
        if !self.directories.contains_key(path) {
            let new = Directory { key: None, depth, entries: HashMap::new(), listed: false, reached: false };
            self.directories.insert(path.to_owned(), new);
        }
        self.directories.get_mut(path).expect("it was just put there")
    }

    /// Watches a directory's present incarnation.
    fn attach(&mut self, path: &Path, depth: Depth) -> Result<(), Refused> {
        let depth = depth.max(self.directory(path, depth).depth);
        let answer = self.system.add(path, depth);
        let key = answer.as_ref().ok().cloned();
        let directory = self.directory(path, depth);
        directory.depth = depth;
        let old = std::mem::replace(&mut directory.key, key.clone());
        if old != key {
            if let Some(old) = old {
                self.release(&old, path);
            }
            if let Some(key) = key {
                self.keys.entry(key).or_default().insert(path.to_owned());
            }
        }
        answer.map(|_| ())
    }

    fn release(&mut self, key: &Key, path: &Path) {
        let Some(paths) = self.keys.get_mut(key) else { return };
        paths.remove(path);
        if paths.is_empty() {
            self.keys.remove(key);
            self.system.remove(key);
        }
    }

    /// Rebuilds the chains from the paths alone and ends the watches that none of them needs.
    fn compact(&mut self) {
        self.removed = 0;
        let listed: Vec<_> =
            self.directories.iter().filter(|(_, directory)| directory.listed).map(|(path, _)| path.clone()).collect();
        for directory in self.directories.values_mut() {
            directory.entries.clear();
            (directory.listed, directory.reached) = (false, false);
        }
        for path in self.paths.clone() {
            // What could not be watched before was told then.
            let _ = if listed.contains(&path) { self.add_listing(&path) } else { self.arm(&path, &path) };
        }
        let idle = |directory: &Directory| directory.entries.is_empty() && !directory.listed;
        let unused: Vec<_> =
            self.directories.iter().filter(|(_, directory)| idle(directory)).map(|(path, _)| path.clone()).collect();
        for path in unused {
            if let Some(Directory { key: Some(key), .. }) = self.directories.remove(&path) {
                self.release(&key, &path);
            }
        }
    }
}

/// What an event changed.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) paths: Vec<PathBuf>,
    pub(super) unwatched: Vec<Unwatched>,
}

impl Refused {
    /// An ancestor that may not be read is left out (it will hardly be renamed); the directory itself is not.
    fn tolerate(self, depth: Depth) -> Result<(), String> {
        match self {
            Refused::Missing => Ok(()),
            Refused::Forbidden if depth == Depth::Entries => Ok(()),
            Refused::Forbidden => Err("permission denied".to_owned()),
            Refused::Unwatchable(reason) => Err(reason),
        }
    }
}

/// `a/./b/../c` -> `a/c`, without asking the file system.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
