//! The file system as one load sees it: each path is asked for once, and everything asked for is watched.
//!
//! Lives for one load only. Nothing is remembered from one load to the next, so nothing can be stale.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::WatchSet;
use super::package::Package;
use super::tsconfig::TsConfig;
use crate::config::saved;
use crate::error::Problem;

/// What a path is, seen through symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    Missing,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: Kind,
    is_link: bool,
}

/// By path; its bytes are hashed, which is much quicker than a path's components.
type ByPath<T> = HashMap<OsString, T>;

#[derive(Debug, Default)]
pub(super) struct Disk {
    entries: ByPath<Entry>,
    real_directories: ByPath<PathBuf>,
    packages: ByPath<Option<Arc<Package>>>,
    browser_scopes: ByPath<Option<Arc<Package>>>,
    tsconfigs: ByPath<Option<Arc<TsConfig>>>,
    /// The file that the configuration names; then no other counts.
    tsconfig: Option<PathBuf>,
    pub(super) watch: WatchSet,
    /// Package files that could not be read as such; told once each.
    pub(super) problems: Vec<Problem>,
}

impl Disk {
    pub(super) fn new(tsconfig: Option<PathBuf>) -> Self {
        Self { tsconfig, ..Self::default() }
    }

    pub(super) fn is_file(&mut self, path: &Path) -> bool {
        self.entry(path).kind == Kind::File
    }

    pub(super) fn is_directory(&mut self, path: &Path) -> bool {
        self.entry(path).kind == Kind::Directory
    }

    fn entry(&mut self, path: &Path) -> Entry {
        if let Some(entry) = self.entries.get(path.as_os_str()) {
            return *entry;
        }
        let entry = look(path);
        if entry.kind == Kind::Missing {
            self.miss(path);
        }
        self.entries.insert(path.into(), entry);
        entry
    }

    /// Inside an installed package only its package file is watched for: installs replace packages as a whole.
    fn miss(&mut self, path: &Path) {
        let inside = path
            .parent()
            .is_some_and(|parent| is_installed(parent) && !parent.ends_with("node_modules") && !is_scope(parent));
        if !inside || path.ends_with("package.json") {
            self.watch.missing.insert(path.to_path_buf());
        }
    }

    /// What a directory holds, sorted; it is watched for what comes and goes.
    pub(super) fn list(&mut self, directory: &Path) -> Vec<PathBuf> {
        self.watch.listings.insert(directory.to_path_buf());
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }

    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        self.watch.files.insert(path.to_path_buf());
        saved::read(path)
    }

    /// Without symbolic links, as esbuild names modules, so that a file reached by two ways is one module.
    pub(super) fn real(&mut self, path: &Path) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return path.to_path_buf() };
        if self.entry(path).is_link {
            self.watch.files.insert(path.to_path_buf());
            return std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        }
        self.real_directory(parent).join(name)
    }

    fn real_directory(&mut self, path: &Path) -> PathBuf {
        if let Some(real) = self.real_directories.get(path.as_os_str()) {
            return real.clone();
        }
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if real != path {
            self.watch.files.insert(path.to_path_buf());
        }
        self.real_directories.insert(path.into(), real.clone());
        real
    }

    /// The `package.json` in `directory` itself.
    pub(super) fn package_in(&mut self, directory: &Path) -> Option<Arc<Package>> {
        if let Some(package) = self.packages.get(directory.as_os_str()) {
            return package.clone();
        }
        let package = self.load_package(&directory.join("package.json"));
        self.packages.insert(directory.into(), package.clone());
        package
    }

    fn load_package(&mut self, file: &Path) -> Option<Arc<Package>> {
        if !self.is_file(file) {
            return None;
        }
        let bytes = self.read(file).ok()?;
        match Package::parse(file, bytes) {
            Ok(package) => Some(Arc::new(package)),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// The `package.json` that governs a file or directory: the nearest one upwards.
    pub(super) fn package_of(&mut self, directory: &Path) -> Option<Arc<Package>> {
        directory.ancestors().find_map(|above| self.package_in(above))
    }

    /// The `tsconfig.json` that governs a directory: the nearest one upwards, but none that a package brings along.
    pub(super) fn tsconfig_of(&mut self, directory: &Path) -> Option<Arc<TsConfig>> {
        if is_installed(directory) {
            return None;
        }
        if let Some(config) = self.tsconfigs.get(directory.as_os_str()) {
            return config.clone();
        }
        let file = match self.tsconfig.clone() {
            Some(file) => Some(file),
            None => ["tsconfig.json", "jsconfig.json"]
                .map(|name| directory.join(name))
                .into_iter()
                .find(|file| self.is_file(file)),
        };
        let config = match (file, directory.parent()) {
            (Some(file), _) => TsConfig::load(self, &file).map(Arc::new),
            (None, Some(parent)) => self.tsconfig_of(parent),
            (None, None) => None,
        };
        self.tsconfigs.insert(directory.into(), config.clone());
        config
    }

    /// The nearest package upwards that has a `browser` map.
    pub(super) fn browser_scope(&mut self, directory: &Path) -> Option<Arc<Package>> {
        if let Some(scope) = self.browser_scopes.get(directory.as_os_str()) {
            return scope.clone();
        }
        let with_map = |package: &Arc<Package>| package.browser_map.is_some();
        let scope = directory.ancestors().find_map(|above| self.package_in(above).filter(with_map));
        self.browser_scopes.insert(directory.into(), scope.clone());
        scope
    }
}

fn look(path: &Path) -> Entry {
    let kind = |data: &std::fs::Metadata| if data.is_dir() { Kind::Directory } else { Kind::File };
    match std::fs::symlink_metadata(path) {
        Ok(data) if data.is_symlink() => {
            let kind = std::fs::metadata(path).as_ref().map_or(Kind::Missing, kind);
            Entry { kind, is_link: true }
        }
        Ok(data) => Entry { kind: kind(&data), is_link: false },
        Err(_) => Entry { kind: Kind::Missing, is_link: false },
    }
}

/// Whether a package manager put the file there.
pub(super) fn is_installed(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "node_modules")
}

/// `node_modules/@scope`.
fn is_scope(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"@"))
}

/// `directory/specifier` with `.` and `..` taken out, without asking the file system.
pub(super) fn join(directory: &Path, specifier: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for part in directory.join(specifier).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                joined.pop();
            }
            part => joined.push(part),
        }
    }
    joined
}
