//! What file an import means, by the rules that wrangler's esbuild follows.
//!
//! Written here rather than taken from a crate: the order of candidates is esbuild's, each path that was tried is
//! known for the error and for the watch set, and symbolic links resolve as esbuild resolves them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::browser;
use super::disk::{self, Disk, is_installed};
use super::package::{NODE_CONDITIONS, Package, Refusal, Substitute, conditions};
use crate::compile::ImportKind;

/// esbuild's order, which wrangler leaves alone.
const EXTENSIONS: [&str; 6] = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"];
/// Among installed files TypeScript comes after JavaScript: packages ship sources beside what was built from them.
const INSTALLED_EXTENSIONS: [&str; 6] = [".jsx", ".js", ".tsx", ".ts", ".css", ".json"];
/// Node.js's.
const NODE_EXTENSIONS: [&str; 2] = [".js", ".json"];
/// TypeScript's habit: an import says `./a.js` where the file is `./a.ts`.
const REWRITTEN: [(&str, &[&str]); 4] =
    [(".js", &[".ts", ".tsx"]), (".jsx", &[".ts", ".tsx"]), (".mjs", &[".mts"]), (".cjs", &[".cts"])];

/// Where an import leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    File(PathBuf),
    /// The package's `module`. If anything requires the package and so gets its `main`, that is meant here as well:
    /// a package must not be loaded in two versions.
    Module {
        path: PathBuf,
        main: PathBuf,
    },
    /// A `browser` map says that the module is empty.
    Disabled(PathBuf),
}

/// Why nothing was found.
#[derive(Debug)]
pub(super) struct NotFound {
    /// The files that would have been it, in the order of preference.
    pub(super) tried: Vec<PathBuf>,
    /// What the package said, where one was found.
    pub(super) refusal: Option<(Arc<Package>, String, Refusal)>,
}

/// One search; collects what it tries.
pub(super) struct Search<'a> {
    disk: &'a mut Disk,
    kind: ImportKind,
    conditions: Vec<&'a str>,
    /// As Node.js's `require` does it: no `browser`, no `module`, no tsconfig.json.
    as_node: bool,
    tried: Vec<PathBuf>,
    refusal: Option<(Arc<Package>, String, Refusal)>,
}

/// What `specifier` means in a file of `directory`, without symbolic links in its path.
pub(super) fn resolve(
    disk: &mut Disk,
    directory: &Path,
    specifier: &str,
    kind: ImportKind,
    chosen: Option<&[String]>,
) -> Result<Resolved, NotFound> {
    let conditions = conditions(kind, chosen);
    let mut search = Search { disk, kind, conditions, as_node: false, tried: Vec::new(), refusal: None };
    let found = search.find(directory, specifier).or_else(|| {
        // `./image.svg?inline`: bundlers drop what looks like a query.
        let (path, _) = specifier.split_once(['?', '#']).filter(|(path, _)| !path.is_empty())?;
        search.find(directory, path)
    });
    let Some(found) = found else { return Err(NotFound { tried: search.tried, refusal: search.refusal }) };
    Ok(match found {
        Resolved::File(path) => Resolved::File(search.disk.real(&path)),
        Resolved::Module { path, main } => {
            Resolved::Module { path: search.disk.real(&path), main: search.disk.real(&main) }
        }
        disabled @ Resolved::Disabled(_) => disabled,
    })
}

/// The file that an alias means: wrangler has Node.js look for it, as `require` would.
pub(super) fn alias(disk: &mut Disk, directory: &Path, specifier: &str) -> Option<PathBuf> {
    let (conditions, kind) = (NODE_CONDITIONS.to_vec(), ImportKind::Require);
    let mut search = Search { disk, kind, conditions, as_node: true, tried: Vec::new(), refusal: None };
    match search.find(directory, specifier)? {
        Resolved::File(path) => Some(search.disk.real(&path)),
        _ => None,
    }
}

/// `a`, `@a/b`, `a/b` or `#a`, as against `./a`, `../a`, `/a`, `.` and `..`.
pub(super) fn is_package(specifier: &str) -> bool {
    let relative = specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..");
    !relative && !specifier.starts_with('/')
}

/// `@a/b/c` -> (`@a/b`, `./c`).
pub(super) fn split_package(specifier: &str) -> Option<(&str, String)> {
    let names = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(names - 1).map_or(specifier.len(), |(at, _)| at);
    let (name, rest) = specifier.split_at(end);
    let valid = !name.is_empty() && !name.starts_with('.') && (names == 1 || name.contains('/'));
    valid.then(|| (name, format!(".{rest}")))
}

fn names_directory(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || ["/", "/.", "/.."].iter().any(|end| specifier.ends_with(end))
}

impl Search<'_> {
    fn find(&mut self, directory: &Path, specifier: &str) -> Option<Resolved> {
        if is_package(specifier) {
            return self.remapped_package(directory, specifier);
        }
        if specifier.starts_with('/')
            && let Some(found) = self.mapped(directory, specifier)
        {
            return Some(found);
        }
        let path = disk::join(directory, specifier);
        if let Some(remapped) = self.remap(path.parent().unwrap_or(&path), &path) {
            return Some(remapped);
        }
        if names_directory(specifier) { self.directory(&path) } else { self.file_or_directory(&path) }
    }

    /// What the `browser` map around `directory` puts in the place of a file.
    fn remap(&mut self, directory: &Path, path: &Path) -> Option<Resolved> {
        let scope = self.browser_scope(directory)?;
        match browser::of_path(&scope, path)? {
            Substitute::Empty => Some(Resolved::Disabled(path.to_path_buf())),
            Substitute::Path(target) => self.unmapped(&scope.directory.clone(), &target),
        }
    }

    /// As `find`, without asking `browser` maps again.
    fn unmapped(&mut self, directory: &Path, specifier: &str) -> Option<Resolved> {
        if is_package(specifier) {
            self.package(directory, specifier, true)
        } else {
            self.file_or_directory(&disk::join(directory, specifier))
        }
    }

    fn remapped_package(&mut self, directory: &Path, specifier: &str) -> Option<Resolved> {
        let scope = self.browser_scope(directory);
        let Some((scope, target)) = scope.and_then(|scope| {
            let target = browser::of_package(&scope, directory, specifier)?;
            Some((scope, target))
        }) else {
            return self.package(directory, specifier, true);
        };
        match target {
            Substitute::Path(target) => self.unmapped(&scope.directory.clone(), &target),
            Substitute::Empty => Some(match self.package(directory, specifier, true) {
                Some(Resolved::File(path) | Resolved::Module { path, .. }) => Resolved::Disabled(path),
                _ => Resolved::Disabled(PathBuf::from(specifier)),
            }),
        }
    }

    fn browser_scope(&mut self, directory: &Path) -> Option<Arc<Package>> {
        if self.as_node { None } else { self.disk.browser_scope(directory) }
    }

    fn file_or_directory(&mut self, path: &Path) -> Option<Resolved> {
        self.file(path).map(Resolved::File).or_else(|| self.directory(path))
    }

    fn file(&mut self, path: &Path) -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        self.candidate(path.to_path_buf())
            .or_else(|| {
                let mut extensions = self.extensions(path).iter();
                extensions.find_map(|extension| self.candidate(path.with_file_name(format!("{name}{extension}"))))
            })
            .or_else(|| self.typescript(path, name))
    }

    /// `a.js` -> `a.ts`.
    fn typescript(&mut self, path: &Path, name: &str) -> Option<PathBuf> {
        let (old, new) = REWRITTEN.iter().find(|(old, _)| name.ends_with(old))?;
        let stem = name.strip_suffix(old)?;
        new.iter().find_map(|extension| self.candidate(path.with_file_name(format!("{stem}{extension}"))))
    }

    fn directory(&mut self, path: &Path) -> Option<Resolved> {
        if !self.disk.is_directory(path) {
            return None;
        }
        let package = self.disk.package_in(path);
        let entry = package.and_then(|package| self.entry(path, &package));
        entry.or_else(|| self.index(path))
    }

    /// `browser`, `module` or `main`. esbuild takes `main` for `require` even where there is a `module`.
    fn entry(&mut self, directory: &Path, package: &Package) -> Option<Resolved> {
        if self.as_node {
            return package.main.as_ref().and_then(|entry| self.main(directory, entry));
        }
        if let Some(found) = package.browser.as_ref().and_then(|entry| self.main(directory, entry)) {
            return Some(found);
        }
        let Some(module) = package.module.as_ref().and_then(|entry| self.main(directory, entry)) else {
            return package.main.as_ref().and_then(|entry| self.main(directory, entry));
        };
        let main = match &package.main {
            Some(entry) => self.main(directory, entry),
            None => self.index(directory),
        };
        match (module, main) {
            (_, Some(main)) if self.kind == ImportKind::Require => Some(main),
            (Resolved::File(path), Some(Resolved::File(main))) => Some(Resolved::Module { path, main }),
            (module, _) => Some(module),
        }
    }

    fn main(&mut self, directory: &Path, entry: &str) -> Option<Resolved> {
        let mut path = disk::join(directory, entry);
        if let Some(scope) = self.browser_scope(directory)
            && let Some(target) = browser::of_path(&scope, &path)
        {
            match target {
                Substitute::Empty => return Some(Resolved::Disabled(path)),
                Substitute::Path(target) => path = disk::join(directory, &target),
            }
        }
        self.file(&path).map(Resolved::File).or_else(|| self.index(&path))
    }

    fn index(&mut self, directory: &Path) -> Option<Resolved> {
        if !self.disk.is_directory(directory) {
            return None;
        }
        if let Some(scope) = self.browser_scope(directory)
            && let Some(target) = browser::of_path(&scope, &directory.join("index"))
        {
            return match target {
                Substitute::Empty => Some(Resolved::Disabled(directory.join("index"))),
                Substitute::Path(target) => self.file(&disk::join(directory, &target)).map(Resolved::File),
            };
        }
        let mut extensions = self.extensions(directory).iter();
        let index = extensions.find_map(|extension| self.candidate(directory.join(format!("index{extension}"))));
        index.map(Resolved::File)
    }

    fn candidate(&mut self, path: PathBuf) -> Option<PathBuf> {
        if self.disk.is_file(&path) {
            return Some(path);
        }
        self.tried.push(path);
        None
    }

    /// From the nearest `node_modules` outwards; the package's own name and `#imports` come first.
    fn package(&mut self, directory: &Path, specifier: &str, imports: bool) -> Option<Resolved> {
        if let Some(found) = self.mapped(directory, specifier) {
            return Some(found);
        }
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
                continue;
            }
            if let Some(package) = self.disk.package_in(&root).filter(|package| package.exports.is_some()) {
                return self.exported(&package, &subpath);
            }
            let path = disk::join(&root, &subpath);
            let found = self.remap(&root, &path).or_else(|| self.file_or_directory(&path));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// `paths` and `baseUrl` of the nearest tsconfig.json come before packages.
    fn mapped(&mut self, directory: &Path, specifier: &str) -> Option<Resolved> {
        let config = if self.as_node { None } else { self.disk.tsconfig_of(directory) }?;
        let base = config.base_url.iter().map(|base| disk::join(base, specifier));
        let paths: Vec<PathBuf> = config.substitutes(specifier).into_iter().chain(base).collect();
        paths.iter().find_map(|path| self.file_or_directory(path))
    }

    fn exported(&mut self, package: &Arc<Package>, subpath: &str) -> Option<Resolved> {
        match package.export(subpath, &self.conditions) {
            Ok(target) => self.target(&package.directory, &target),
            Err(refusal) => {
                self.refusal = Some((package.clone(), subpath.to_owned(), refusal));
                None
            }
        }
    }

    fn internal(&mut self, package: &Arc<Package>, specifier: &str) -> Option<Resolved> {
        match package.import(specifier, &self.conditions) {
            Ok(target) if is_package(&target) => self.package(&package.directory.clone(), &target, false),
            Ok(target) => self.target(&package.directory, &target),
            Err(refusal) => {
                self.refusal = Some((package.clone(), specifier.to_owned(), refusal));
                None
            }
        }
    }

    /// What a map names must be there as it is named, but for TypeScript's extensions.
    fn target(&mut self, directory: &Path, target: &str) -> Option<Resolved> {
        let path = disk::join(directory, target);
        let name = path.file_name()?.to_str()?;
        self.candidate(path.clone()).or_else(|| self.typescript(&path, name)).map(Resolved::File)
    }

    fn extensions(&self, path: &Path) -> &'static [&'static str] {
        match is_installed(path) {
            _ if self.as_node => &NODE_EXTENSIONS,
            true => &INSTALLED_EXTENSIONS,
            false => &EXTENSIONS,
        }
    }
}
