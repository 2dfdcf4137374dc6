//! Project folders in a temporary directory, written as an author would write them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory with projects, and the `devflare.toml` that lists them.
pub(crate) struct Folder {
    root: TempDir,
    /// In the order in which they were added: the first one answers where no host decides.
    ordinary: Vec<String>,
    namespaces: BTreeSet<String>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("devflare-").tempdir().expect("a temporary directory");
        Self { root, ordinary: Vec::new(), namespaces: BTreeSet::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn add_worker(&mut self, name: &str, code: &str) {
        self.ordinary.push(name.to_owned());
        add_project(&self.path().join(name), name, code);
    }

    pub(crate) fn add_user(&mut self, namespace: &str, name: &str, code: &str) {
        self.namespaces.insert(namespace.to_owned());
        add_project(&self.path().join(namespace).join(name), name, code);
    }

    /// More lines for a project's `wrangler.toml`.
    pub(crate) fn configure(&self, project: &str, lines: &str) {
        let file = self.path().join(project).join("wrangler.toml");
        let old = fs::read_to_string(&file).expect("the project was added before");
        fs::write(file, format!("{old}{lines}\n")).expect("the configuration can be written");
    }

    pub(crate) fn list_in_workspace(&self) {
        let mut text = format!("workers = {:?}\n\n[namespaces]\n", self.ordinary);
        for namespace in &self.namespaces {
            writeln!(text, "{namespace} = [\"{namespace}/*\"]").expect("a string takes everything");
        }
        self.write("devflare.toml", text);
    }

    /// Overwrites in place: truncates, then writes.
    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("directories can be made");
        fs::write(path, text).expect("files can be written");
    }

    /// As many editors save: writes another file beside it and renames it.
    pub(crate) fn replace(&self, file: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        let beside = path.with_file_name(".saving~");
        fs::write(&beside, text).expect("files can be written");
        fs::rename(beside, path).expect("files can be renamed");
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path().join(path);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.expect("it was there");
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path().join(from), self.path().join(to)).expect("it was there");
    }

    pub(crate) fn link(&self, from: &str, to: &str) {
        let linked = std::os::unix::fs::symlink(self.path().join(from), self.path().join(to));
        linked.expect("links can be made");
    }

    pub(crate) fn link_to_repository(&self, from: &str, to: &str) {
        let linked = std::os::unix::fs::symlink(repository().join(from), self.path().join(to));
        linked.expect("links can be made");
    }

    /// Copies a directory of the repository into this one.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        copy_into(&repository().join(from), &self.path().join(to));
    }
}

/// The directory of the package.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn add_project(directory: &Path, name: &str, code: &str) {
    let config = format!("name = \"{name}\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n");
    fs::create_dir_all(directory.join("src")).expect("directories can be made");
    fs::write(directory.join("wrangler.toml"), config).expect("files can be written");
    fs::write(directory.join("src/index.js"), code).expect("files can be written");
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("directories can be made");
    for entry in fs::read_dir(from).expect("it is there").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_into(&path, &target);
        } else {
            fs::copy(path, target).expect("files can be copied");
        }
    }
}
