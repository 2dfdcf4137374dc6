//! The whole state directory at once: emptied, copied out, copied in. Its holder does that before anything in it is open.

use std::fs;
use std::io;
use std::path::Path;

use super::Store;
use super::directory::{IGNORE, LOCK};

impl Store {
    /// Deletes all that is stored.
    pub fn clear(&self) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        for entry in contents(path)? {
            let is_folder = entry.file_type()?.is_dir();
            if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }?;
        }
        Ok(())
    }

    /// Copies all that is stored into a folder, which is made.
    pub fn export(&self, to: &Path) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        copy(path, to)
    }

    /// Copies in what `export` has copied out; whatever was stored here is gone.
    pub fn import(&self, from: &Path) -> io::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        self.clear()?;
        copy(from, path)
    }

    /// Bytes of a file or folder of the directory with what is in it; none where there is none.
    pub fn size(&self, name: &str) -> Option<u64> {
        size(&self.path()?.join(name)).ok()
    }

    /// The names of the databases in a folder, as their owners know them, with their bytes.
    pub fn owned(&self, folder: &str) -> Vec<(String, u64)> {
        let files = self.folder(folder).and_then(|path| fs::read_dir(path).ok()).into_iter().flatten().flatten();
        let name = |entry: fs::DirEntry| {
            let path = entry.path();
            let stem = path.file_stem().filter(|_| path.extension().is_some_and(|end| end == "sqlite"))?.to_str()?;
            let name = percent_encoding::percent_decode_str(stem).decode_utf8_lossy().into_owned();
            Some((name, size(&path).unwrap_or_default()))
        };
        let mut all: Vec<_> = files.filter_map(name).collect();
        all.sort();
        all
    }

    /// The folders in a folder, as their owners know them, with how many databases are in each, and their bytes.
    pub fn folders(&self, folder: &str) -> Vec<(String, usize, u64)> {
        let entries = self.folder(folder).and_then(|path| fs::read_dir(path).ok()).into_iter().flatten().flatten();
        let facts = |entry: fs::DirEntry| {
            let file = entry.file_name().into_string().ok()?;
            let count = self.owned(&format!("{folder}/{file}")).len();
            let name = percent_encoding::percent_decode_str(&file).decode_utf8_lossy().into_owned();
            (count > 0).then(|| (name, count, size(&entry.path()).unwrap_or_default()))
        };
        let mut all: Vec<_> = entries.filter_map(facts).collect();
        all.sort();
        all
    }

    fn path(&self) -> Option<&Path> {
        self.directory.as_ref().map(|directory| directory.path.as_path())
    }
}

/// Everything but what makes it a state directory.
fn contents(path: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    Ok(entries.into_iter().filter(|entry| entry.file_name() != LOCK && entry.file_name() != IGNORE).collect())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in contents(from)? {
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn size(path: &Path) -> io::Result<u64> {
    let about = fs::metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum()
}
