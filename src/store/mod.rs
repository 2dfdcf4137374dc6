//! The state directory: the one place where devflare keeps what Workers store.
//!
//! A [`Store`] is a directory, or memory alone, and hands out [`Database`]s by name: SQLite files that open when they
//! are first used and commit the writes of many callers together. What is in them is their users' affair: this layer
//! knows no bindings, no JavaScript, and no engine thread ever waits for it.
//!
//! A write that was told done survives the end of the process by any means; loss of power it need not survive.

mod blobs;
mod database;
mod directory;
mod failure;
mod own;
pub mod sql;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

pub use blobs::{Blobs, Piece};
pub use database::{Access, Database, Schema};
pub use failure::StoreError;
pub use own::OwnDatabase;

use crate::clock::Clock;
use crate::error::Problem;
use database::Place;
use directory::Directory;
use own::Opened;

/// See the module's text.
pub struct Store {
    directory: Option<Directory>,
    clock: Arc<dyn Clock>,
    tokio: Handle,
    databases: Mutex<HashMap<String, Arc<Database>>>,
    opened: Arc<Opened>,
    shared: Mutex<HashMap<String, Arc<OwnDatabase>>>,
    blobs: Mutex<HashMap<String, Arc<Blobs>>>,
}

impl Store {
    /// Takes a directory, made if need be. Work on its files runs on the blocking threads of `tokio`.
    ///
    /// A directory that cannot be written is taken all the same: what Workers store there fails, and
    /// [`Store::warning`] tells why.
    ///
    /// # Errors
    /// Another process has taken it.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>, tokio: Handle) -> Result<Arc<Self>, Problem> {
        let directory = Some(Directory::take(directory)?);
        Ok(Arc::new(Self {
            directory,
            clock,
            tokio,
            databases: Mutex::default(),
            opened: Arc::default(),
            shared: Mutex::default(),
            blobs: Mutex::default(),
        }))
    }

    /// Keeps everything in memory, and nothing when it is dropped.
    pub fn in_memory(clock: Arc<dyn Clock>, tokio: Handle) -> Arc<Self> {
        Arc::new(Self {
            directory: None,
            clock,
            tokio,
            databases: Mutex::default(),
            opened: Arc::default(),
            shared: Mutex::default(),
            blobs: Mutex::default(),
        })
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What the user should know about the directory.
    pub fn warning(&self) -> Option<&Problem> {
        self.directory.as_ref()?.warning.as_ref()
    }

    /// Whether the database `NAME.sqlite` was ever used; in memory it starts empty.
    pub fn has_database(&self, name: &str) -> bool {
        self.folder(name).is_some_and(|path| path.with_extension("sqlite").exists())
    }

    /// The folder `NAME` of the directory; none in memory. It need not exist.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.path.join(name))
    }

    /// A short text that is kept under a name; none in memory.
    pub fn note(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder(name)?).ok()
    }

    /// Keeps a short text. Where that fails nothing is kept, as if it had never been asked.
    pub fn set_note(&self, name: &str, text: &str) {
        let Some(path) = self.folder(name) else { return };
        if let Some(folder) = path.parent() {
            let _told_by_the_next = std::fs::create_dir_all(folder);
        }
        let beside = path.with_extension("new");
        let _kept = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
    }

    /// Keeps a file that nobody here reads again, and answers where; nothing in memory. Blocks.
    pub fn keep_file(&self, folder: &str, name: &str, bytes: &[u8]) -> std::io::Result<Option<PathBuf>> {
        let Some(folder) = self.folder(folder) else { return Ok(None) };
        std::fs::create_dir_all(&folder)?;
        let (path, beside) = (folder.join(name), folder.join(name).with_extension("new"));
        std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, &path))?;
        Ok(Some(path))
    }

    /// Moves a folder; one that is there already stays as it is.
    pub fn move_folder(&self, from: &str, to: &str) {
        let (Some(from), Some(to)) = (self.folder(from), self.folder(to)) else { return };
        if !to.exists() {
            let _absent = std::fs::rename(from, to);
        }
    }

    pub fn remove_folder(&self, name: &str) {
        if let Some(path) = self.folder(name) {
            let _absent = std::fs::remove_dir_all(path);
        }
    }

    /// The databases in the folders of a folder that bear a mark: folder, name, and the mark's text.
    pub fn marked(&self, folder: &str) -> Vec<(String, String, String)> {
        let list = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten();
        let name = |path: &Path| path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
        let mut found = Vec::new();
        for inner in self.folder(folder).into_iter().flat_map(|path| list(&path)) {
            for entry in list(&inner.path()) {
                let path = entry.path();
                if path.extension().is_some_and(|extension| extension == own::MARK)
                    && let (Some(folder), Some(name)) = (inner.file_name().to_str(), name(&path))
                {
                    let text = std::fs::read_to_string(&path).unwrap_or_default();
                    found.push((folder.to_owned(), name, text));
                }
            }
        }
        found
    }

    /// The database `FOLDER/NAME.sqlite` of one owner, for whom it is opened once.
    pub fn own(&self, folder: &str, name: &str) -> Arc<OwnDatabase> {
        let path = self.folder(folder).map(|folder| folder.join(name).with_extension("sqlite"));
        Arc::new(OwnDatabase::new(path, &self.opened))
    }

    /// The same to all who ask for it.
    pub fn shared(&self, folder: &str, name: &str) -> Arc<OwnDatabase> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let file = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let key = format!("{folder}/{file}");
        shared.entry(key).or_insert_with(|| self.own(folder, &file)).clone()
    }

    /// The blobs in the folder `NAME`, the same to all who ask.
    pub fn blobs(&self, name: &str) -> Arc<Blobs> {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        blobs.entry(name.to_owned()).or_insert_with(|| Blobs::new(self.folder(name), self.tokio.clone())).clone()
    }

    pub fn tokio(&self) -> &Handle {
        &self.tokio
    }

    /// The database `NAME.sqlite`, the same to all who ask. No file is touched before it is used.
    pub fn database(&self, name: &str, schema: Schema) -> Arc<Database> {
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let place = match &self.directory {
                Some(directory) => Place::File(directory.path.join(name).with_extension("sqlite")),
                None => Place::Memory,
            };
            Arc::new(Database::new(place, schema, self.tokio.clone()))
        };
        databases.entry(name.to_owned()).or_insert_with(make).clone()
    }
}

impl Drop for Store {
    /// Others may open the files now, whoever still holds a database.
    fn drop(&mut self) {
        for database in self.shared.lock().unwrap_or_else(PoisonError::into_inner).values() {
            database.close();
        }
    }
}
