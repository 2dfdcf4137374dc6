//! What file an import means, by the rules that wrangler's esbuild follows.
//!
//! Written here rather than taken from a crate: the order of candidates is esbuild's, each path that was tried is
//! known for the error and for the watch set, and symbolic links resolve as esbuild resolves them.

use std::path::{Path, PathBuf};

use super::disk::{self, Disk, is_installed};
use super::package::{Package, Refusal};

/// esbuild's order, which wrangler leaves alone.
const EXTENSIONS: [&str; 6] = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"];
/// Among installed files TypeScript comes after JavaScript: packages ship sources beside what was built from them.
const INSTALLED_EXTENSIONS: [&str; 6] = [".jsx", ".js", ".tsx", ".ts", ".css", ".json"];
/// TypeScript's habit: an import says `./a.js` where the file is `./a.ts`.
const REWRITTEN: [(&str, &[&str]); 4] =
    [(".js", &[".ts", ".tsx"]), (".jsx", &[".ts", ".tsx"]), (".mjs", &[".mts"]), (".cjs", &[".cts"])];

/// Why nothing was found.
#[derive(Debug)]
pub(super) struct NotFound {
    /// The files that would have been it, in the order of preference.
    pub(super) tried: Vec<PathBuf>,
    /// What the package said, where one was found.
    pub(super) refusal: Option<(std::sync::Arc<Package>, String, Refusal)>,
}

/// One search; collects what it tries.
pub(super) struct Search<'a> {
    disk: &'a mut Disk,
    tried: Vec<PathBuf>,
    refusal: Option<(std::sync::Arc<Package>, String, Refusal)>,
}

/// The file that `specifier` means in a file of `directory`, without symbolic links in its path.
pub(super) fn resolve(disk: &mut Disk, directory: &Path, specifier: &str) -> Result<PathBuf, NotFound> {
    let mut search = Search { disk, tried: Vec::new(), refusal: None };
    let found = search.find(directory, specifier).or_else(|| {
        // `./image.svg?inline`: bundlers drop what looks like a query.
        let (path, _) = specifier.split_once(['?', '#']).filter(|(path, _)| !path.is_empty())?;
        search.find(directory, path)
    });
    match found {
        Some(path) => Ok(search.disk.real(&path)),
        None => Err(NotFound { tried: search.tried, refusal: search.refusal }),
    }
}

/// `a`, `@a/b`, `a/b` or `#a`, as against `./a`, `../a`, `/a`, `.` and `..`.
pub(super) fn is_package(specifier: &str) -> bool {
    let relative = specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..");
    !relative && !specifier.starts_with('/')
}

/// `@a/b/c` -> (`@a/b`, `./c`).
fn split_package(specifier: &str) -> Option<(&str, String)> {
    let names = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(names - 1).map_or(specifier.len(), |(at, _)| at);
    let (name, rest) = specifier.split_at(end);
    let valid = !name.is_empty() && !name.starts_with('.') && (names == 1 || name.contains('/'));
    valid.then(|| (name, format!(".{rest}")))
}

impl Search<'_> {
    fn find(&mut self, directory: &Path, specifier: &str) -> Option<PathBuf> {
        if is_package(specifier) {
            return self.package(directory, specifier, true);
        }
        let path = disk::join(directory, specifier);
        let names_directory = specifier.ends_with('/') || specifier.ends_with("/.") || specifier.ends_with("..");
        if names_directory || specifier == "." { self.directory(&path) } else { self.file_or_directory(&path) }
    }

    fn file_or_directory(&mut self, path: &Path) -> Option<PathBuf> {
        self.file(path).or_else(|| self.directory(path))
    }

    fn file(&mut self, path: &Path) -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        self.candidate(path.to_path_buf())
            .or_else(|| {
                let extensions = extensions(path);
                extensions
                    .iter()
                    .find_map(|extension| self.candidate(path.with_file_name(format!("{name}{extension}"))))
            })
            .or_else(|| {
                let (old, new) = REWRITTEN.iter().find(|(old, _)| name.ends_with(old))?;
                let stem = name.strip_suffix(old)?;
                new.iter().find_map(|extension| self.candidate(path.with_file_name(format!("{stem}{extension}"))))
            })
    }

    fn directory(&mut self, path: &Path) -> Option<PathBuf> {
        if !self.disk.is_directory(path) {
            return None;
        }
        let package = self.disk.package_in(path);
        let entries = package.iter().flat_map(|package| package.entries.iter());
        for entry in entries {
            let entry = disk::join(path, entry);
            if let Some(found) = self.file(&entry).or_else(|| self.index(&entry)) {
                return Some(found);
            }
        }
        self.index(path)
    }

    fn index(&mut self, directory: &Path) -> Option<PathBuf> {
        if !self.disk.is_directory(directory) {
            return None;
        }
        extensions(directory).iter().find_map(|extension| self.candidate(directory.join(format!("index{extension}"))))
    }

    fn candidate(&mut self, path: PathBuf) -> Option<PathBuf> {
        if self.disk.is_file(&path) {
            return Some(path);
        }
        self.tried.push(path);
        None
    }

    /// From the nearest `node_modules` outwards; the package's own name and `#imports` come first.
    fn package(&mut self, directory: &Path, specifier: &str, imports: bool) -> Option<PathBuf> {
        let own = self.disk.package_of(directory);
        if let Some(own) = own.as_ref().filter(|own| own.imports.is_some() && imports && specifier.starts_with('#')) {
            return self.internal(own, specifier);
        }
        let (name, subpath) = split_package(specifier)?;
        if let Some(own) = own.filter(|own| own.exports.is_some() && own.name.as_deref() == Some(name)) {
            return self.exported(&own, &subpath);
        }
        for above in directory.ancestors().filter(|above| !above.ends_with("node_modules")) {
            let modules = above.join("node_modules");
            if !self.disk.is_directory(&modules) {
                continue;
            }
            let root = modules.join(name);
            if !self.disk.is_directory(&root) {
                self.tried.push(root);
            } else if let Some(package) = self.disk.package_in(&root).filter(|package| package.exports.is_some()) {
                return self.exported(&package, &subpath);
            } else if let Some(found) = self.file_or_directory(&disk::join(&root, &subpath)) {
                return Some(found);
            }
        }
        None
    }

    fn exported(&mut self, package: &std::sync::Arc<Package>, subpath: &str) -> Option<PathBuf> {
        match package.export(subpath) {
            Ok(target) => self.target(&package.directory, &target),
            Err(refusal) => {
                self.refusal = Some((package.clone(), subpath.to_owned(), refusal));
                None
            }
        }
    }

    fn internal(&mut self, package: &std::sync::Arc<Package>, specifier: &str) -> Option<PathBuf> {
        match package.import(specifier) {
            Ok(target) if is_package(&target) => self.package(&package.directory.clone(), &target, false),
            Ok(target) => self.target(&package.directory, &target),
            Err(refusal) => {
                self.refusal = Some((package.clone(), specifier.to_owned(), refusal));
                None
            }
        }
    }

    /// What a map names must be there as it is named, but for TypeScript's extensions.
    fn target(&mut self, directory: &Path, target: &str) -> Option<PathBuf> {
        let path = disk::join(directory, target);
        self.candidate(path.clone()).or_else(|| {
            let name = path.file_name()?.to_str()?;
            let (old, new) = REWRITTEN.iter().find(|(old, _)| name.ends_with(old))?;
            let stem = name.strip_suffix(old)?;
            new.iter().find_map(|extension| self.candidate(path.with_file_name(format!("{stem}{extension}"))))
        })
    }
}

fn extensions(path: &Path) -> &'static [&'static str] {
    if is_installed(path) { &INSTALLED_EXTENSIONS } else { &EXTENSIONS }
}
