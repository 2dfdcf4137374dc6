//! Why stored data could not be read or written, as a sentence for the developer.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// `file` is the database's path, or a word for memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// More work waits than may wait.
    Busy,
    /// The file is not a database, or is damaged.
    Damaged { file: Arc<str> },
    /// Its layout is from a later version.
    Newer { file: Arc<str>, found: usize, known: usize },
    /// There is no room on the disk.
    Full { file: Arc<str> },
    /// Anything else, in SQLite's or the system's words.
    Failed { file: Arc<str>, why: String },
}

impl StoreError {
    pub(super) fn of(error: &rusqlite::Error, file: Option<&Path>) -> Self {
        let file = file.map_or_else(|| "memory".into(), |file| file.display().to_string().into());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged { file },
            Some(ErrorCode::DiskFull) => Self::Full { file },
            _ => Self::Failed { file, why: error.to_string() },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many operations wait for the local store"),
            Self::Damaged { file } => {
                write!(f, "{file} is damaged or no database: move it away to start afresh")
            }
            Self::Newer { file, found, known } => write!(
                f,
                "{file} was written by a newer devflare (layout {found}, this one knows {known}): update devflare, or move \
                 the file away"
            ),
            Self::Full { file } => write!(f, "{file} cannot grow: the disk is full"),
            Self::Failed { file, why } => write!(f, "{file}: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}
