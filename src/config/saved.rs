//! What a save has left in a file, even if the save is still under way.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Who overwrites a file empties it first; one that was emptied this lately may be about to be filled.
const FRESH: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(1);

/// A file's bytes. One that has just become empty is waited for.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    loop {
        let mut file = File::open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if !bytes.is_empty() || !is_fresh(&file.metadata()?) {
            return Ok(bytes);
        }
        thread::sleep(PAUSE);
    }
}

/// Files without a time, or with one in the future, are never waited for.
fn is_fresh(file: &Metadata) -> bool {
    file.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age < FRESH))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_stays_empty_is_read_as_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("empty.txt");
        fs::write(&path, "").expect("a disk with room");
        assert!(read(&path).expect("a file").is_empty());
    }
}
