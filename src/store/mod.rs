//! The state directory: the one place where devflare keeps what Workers store.
//!
//! A [`Store`] is a directory, or memory alone, and hands out [`Database`]s by name: SQLite files that open when they
//! are first used and commit the writes of many callers together. What is in them is their users' affair: this layer
//! knows no bindings, no JavaScript, and no engine thread ever waits for it.
//!
//! A write that was told done survives the end of the process by any means; loss of power it need not survive.

mod database;
mod directory;
mod failure;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

pub use database::{Access, Database, Schema};
pub use failure::StoreError;

use crate::clock::Clock;
use crate::error::Problem;
use database::Place;
use directory::Directory;

/// See the module's text.
pub struct Store {
    directory: Option<Directory>,
    clock: Arc<dyn Clock>,
    tokio: Handle,
    databases: Mutex<HashMap<String, Arc<Database>>>,
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
        Ok(Arc::new(Self { directory, clock, tokio, databases: Mutex::default() }))
    }

    /// Keeps everything in memory, and nothing when it is dropped.
    pub fn in_memory(clock: Arc<dyn Clock>, tokio: Handle) -> Arc<Self> {
        Arc::new(Self { directory: None, clock, tokio, databases: Mutex::default() })
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What the user should know about the directory.
    pub fn warning(&self) -> Option<&Problem> {
        self.directory.as_ref()?.warning.as_ref()
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
