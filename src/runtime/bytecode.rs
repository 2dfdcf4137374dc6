//! Bytecode that outlives the process: one file per project, so that a start compiles only what has changed.
//!
//! QuickJS runs bytecode unchecked, so none is taken from elsewhere: the directory must belong to the user alone, and
//! each file carries a code made with a key that is kept there. What fits another build of devflare has another name.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::web::BUILD_ID;

/// Files that are kept, of this and of other builds; the oldest go first.
const KEPT: usize = 2_048;
/// What all of them may take together; here too the oldest go first.
const KEPT_BYTES: u64 = 1 << 30;
/// Larger files are neither written nor read.
const MAX_FILE: u64 = 256 << 20;
const DIGEST: usize = 32;

/// Whose bytecode it is: a hash of a module's name and code.
pub(super) type Key = [u8; DIGEST];

/// A project's bytecode by module.
pub(super) type Pack = HashMap<Key, Arc<[u8]>>;

/// The directory of all projects' bytecode.
pub struct BytecodeDirectory {
    path: PathBuf,
    key: Key,
}

/// One project's file in it.
pub struct BytecodeFile {
    directory: Arc<BytecodeDirectory>,
    name: String,
}

impl BytecodeDirectory {
    /// `None` where it cannot be made, or is not the user's alone: then nothing is kept.
    #[must_use]
    pub fn open(path: &Path) -> Option<Arc<Self>> {
        let parent = path.parent()?;
        fs::create_dir_all(parent).ok()?;
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return None,
            _ => {}
        }
        if !is_private(path, true) {
            return None;
        }
        let key = key_in(&path.join("key"))?;
        Some(Arc::new(Self { path: path.to_path_buf(), key }))
    }

    /// The file for a project, by its directory.
    #[must_use]
    pub fn file(self: &Arc<Self>, project: &Path) -> BytecodeFile {
        let digest = Sha256::digest(project.as_os_str().as_encoded_bytes());
        let name = format!("{BUILD_ID}-{}", hex(&digest[..16]));
        BytecodeFile { directory: self.clone(), name }
    }

    fn code(&self, content: &[u8]) -> Key {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key may have any length");
        code.update(BUILD_ID.as_bytes());
        code.update(content);
        code.finalize().into_bytes().into()
    }

    /// Removes the oldest files beyond those that are kept.
    fn prune(&self, kept: usize, kept_bytes: u64) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .filter(|entry| entry.file_name() != "key")
            .filter_map(|entry| {
                let status = entry.metadata().ok()?;
                Some((status.modified().ok()?, status.len(), entry.path()))
            })
            .collect();
        files.sort();
        let mut sum = 0;
        for (place, (_, length, path)) in files.into_iter().rev().enumerate() {
            sum += length;
            if place >= kept || sum > kept_bytes {
                // Another devflare may have removed it.
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl BytecodeFile {
    /// What was kept; nothing if there is none, or if it is not what this build has written here.
    pub(super) fn load(&self) -> Pack {
        self.read().unwrap_or_default()
    }

    fn read(&self) -> Option<Pack> {
        let path = self.directory.path.join(&self.name);
        if !is_private(&path, false) || fs::metadata(&path).ok()?.len() > MAX_FILE {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        let (code, content) = bytes.split_at_checked(DIGEST)?;
        (code == self.directory.code(content)).then(|| unpacked(content)).flatten()
    }

    /// Keeps it for the next start; a disk that is full or read-only keeps nothing.
    pub(super) fn save(&self, pack: &Pack) {
        let mut content = Vec::new();
        for (key, bytecode) in pack {
            content.extend_from_slice(key);
            content.extend_from_slice(&(bytecode.len() as u64).to_le_bytes());
            content.extend_from_slice(bytecode);
        }
        if content.len() as u64 > MAX_FILE - DIGEST as u64 {
            return;
        }
        let path = self.directory.path.join(&self.name);
        let beside = self.directory.path.join(format!("{}.{}", self.name, std::process::id()));
        if write(&beside, &[&self.directory.code(&content), &content])
            .and_then(|()| fs::rename(&beside, &path))
            .is_err()
        {
            let _ = fs::remove_file(beside);
        }
        self.directory.prune(KEPT, KEPT_BYTES);
    }
}

/// The key of a module.
pub(super) fn key(name: &str, code: &str) -> Key {
    let mut digest = Sha256::new();
    digest.update(name.as_bytes());
    digest.update([0]);
    digest.update(code.as_bytes());
    digest.finalize().into()
}

fn unpacked(mut content: &[u8]) -> Option<Pack> {
    let mut pack = Pack::new();
    while !content.is_empty() {
        let (key, rest) = content.split_first_chunk::<DIGEST>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (bytecode, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        pack.insert(*key, bytecode.into());
        content = rest;
    }
    Some(pack)
}

/// The key of this directory; made when it is first asked for.
fn key_in(path: &Path) -> Option<Key> {
    let mut key = Key::default();
    if !path.exists() {
        getrandom::fill(&mut key).ok()?;
        let beside = path.with_extension(std::process::id().to_string());
        write(&beside, &[&key]).ok()?;
        // The first of several that start at the same time wins.
        let _ = fs::hard_link(&beside, path);
        fs::remove_file(&beside).ok()?;
    }
    let mut file = fs::File::open(path).ok().filter(|_| is_private(path, false))?;
    file.read_exact(&mut key).ok()?;
    Some(key)
}

fn write(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))
}

/// Whether only the user could have written it.
fn is_private(path: &Path, is_directory: bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|status| {
        let kind = if is_directory { status.is_dir() } else { status.is_file() };
        kind && status.uid() == rustix::process::geteuid().as_raw() && status.mode() & 0o022 == 0
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn pack() -> Pack {
        Pack::from([
            (key("a.js", "1"), Arc::from([1_u8, 2, 3].as_slice())),
            (key("b.js", "2"), Arc::from([].as_slice())),
        ])
    }

    #[test]
    fn what_is_kept_is_there_for_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let open = || BytecodeDirectory::open(&folder.path().join("bytecode")).unwrap();
        open().file(Path::new("/p")).save(&pack());
        assert_eq!(open().file(Path::new("/p")).load(), pack());
        assert_eq!(open().file(Path::new("/q")).load(), Pack::new());
    }

    #[test]
    fn what_somebody_else_wrote_or_changed_is_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytecode");
        let directory = BytecodeDirectory::open(&path).unwrap();
        let file = directory.file(Path::new("/p"));
        file.save(&pack());
        let at = path.join(&file.name);
        let bytes = fs::read(&at).unwrap();
        for broken in [&bytes[..bytes.len() - 1], &bytes[1..], b"", &[&bytes[..40], b"x", &bytes[41..]].concat()] {
            fs::write(&at, broken).unwrap();
            assert_eq!(file.load(), Pack::new());
        }
        // From a directory with another key.
        let other = BytecodeDirectory::open(&folder.path().join("other")).unwrap().file(Path::new("/p"));
        other.save(&pack());
        fs::copy(folder.path().join("other").join(&other.name), &at).unwrap();
        assert_eq!(file.load(), Pack::new());
        fs::write(&at, &bytes).unwrap();
        assert_eq!(file.load(), pack());
        fs::set_permissions(&at, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(file.load(), Pack::new());
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytecode");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(BytecodeDirectory::open(&path).is_none());
        assert!(BytecodeDirectory::open(Path::new("/proc/nothing/bytecode")).is_none());
    }

    #[test]
    fn a_file_that_cannot_be_written_keeps_nothing_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytecode");
        let file = BytecodeDirectory::open(&path).unwrap().file(Path::new("/p"));
        fs::create_dir_all(path.join(&file.name).join("full")).unwrap();
        file.save(&pack());
        assert_eq!(file.load(), Pack::new());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "the key and the directory in the way");
        fs::remove_dir_all(&path).unwrap();
        file.save(&pack());
        assert_eq!(file.load(), Pack::new());
    }

    #[test]
    fn the_oldest_files_go_when_there_are_too_many_or_they_are_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytecode");
        let directory = BytecodeDirectory::open(&path).unwrap();
        for age in 0..5_u64 {
            let file = fs::File::create(path.join(age.to_string())).unwrap();
            file.set_len(100).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000 - age)).unwrap();
        }
        let left = || {
            let mut names: Vec<_> =
                fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names.join(" ")
        };
        directory.prune(4, 1_000);
        assert_eq!(left(), "0 1 2 3 key");
        directory.prune(4, 250);
        assert_eq!(left(), "0 1 key");
    }
}
