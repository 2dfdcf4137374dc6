//! The assets of a watched project: a directory, as it is when it is asked. Nothing is remembered, so nothing is stale.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ignore::gitignore::GitignoreBuilder;
use md5::{Digest as _, Md5};
use tokio_util::io::ReaderStream;

use super::{Asset, Content, Files};
use crate::worker::Body;

/// See the module's text.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

const IGNORE: &str = ".assetsignore";
/// Files that say something about the others, and are none themselves.
const SPECIAL: [&str; 3] = [IGNORE, "_headers", "_redirects"];
/// Seconds in which a file may change again without another time.
const UNSETTLED: i64 = 2;
const CHUNK: usize = 64 * 1024;

impl Folder {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The file of a decoded path: below the directory, with links followed, spelt exactly as it is on disk.
    fn locate(&self, path: &str) -> Option<PathBuf> {
        let inner = Path::new(path.strip_prefix('/')?);
        let plain = inner.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || path.ends_with('/') || path.contains("//") || path.contains('\0') {
            return None;
        }
        let root = self.root.canonicalize().ok()?;
        let real = root.join(inner).canonicalize().ok()?;
        let within = real.strip_prefix(&root).ok()?;
        let spelt = within == inner || within.to_string_lossy().to_lowercase() != path[1..].to_lowercase();
        (spelt && !self.is_ignored(inner)).then_some(real)
    }

    fn is_ignored(&self, path: &Path) -> bool {
        if SPECIAL.iter().any(|special| path == Path::new(special)) {
            return true;
        }
        let Ok(patterns) = fs::read_to_string(self.root.join(IGNORE)) else { return false };
        let mut builder = GitignoreBuilder::new("/");
        for line in patterns.lines() {
            // A pattern that cannot be read matches nothing.
            let _unreadable = builder.add_line(None, line);
        }
        builder
            .build()
            .is_ok_and(|rules| rules.matched_path_or_any_parents(Path::new("/").join(path), false).is_ignore())
    }
}

impl Files for Folder {
    fn find(&self, path: &str) -> Option<Asset> {
        let file = self.locate(path)?;
        let status = fs::metadata(&file).ok().filter(Metadata::is_file)?;
        Some(Asset {
            path: path.to_owned(),
            length: status.len(),
            tag: None,
            content_type: None,
            content: Content::File(file),
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root.join(name)).ok()
    }
}

/// Another one after every change of a file, as far as times can tell; another one each time just after it changed.
pub(super) fn tag_of(status: &Metadata) -> String {
    let mut hash = Md5::new();
    let times = [status.mtime(), status.mtime_nsec(), status.ctime(), status.ctime_nsec()];
    for time in times {
        hash.update(time.to_le_bytes());
    }
    hash.update(status.ino().to_le_bytes());
    hash.update(status.len().to_le_bytes());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if i64::try_from(now.as_secs()).is_ok_and(|now| now - status.ctime() < UNSETTLED) {
        hash.update(now.as_nanos().to_le_bytes());
    }
    super::hexadecimal(&hash.finalize())
}

/// A part of a file; a large one is never in memory whole.
pub(super) fn read(path: &Path, part: Range<u64>) -> io::Result<Body> {
    let length = part.end - part.start;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(part.start))?;
    let file = tokio::io::AsyncReadExt::take(tokio::fs::File::from_std(file), length);
    let chunks = ReaderStream::with_capacity(file, CHUNK);
    let frames = futures_util::StreamExt::map(chunks, |chunk| chunk.map(http_body::Frame::data));
    Ok(Body::stream(http_body_util::StreamBody::new(frames), Some(length)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let directory = tempfile::tempdir().expect("a folder");
        let root = directory.path().join("public");
        for (name, text) in [
            ("public/file.txt", "file"),
            ("public/sub/deep.txt", "deep"),
            ("public/_headers", "/*"),
            ("public/sub/_headers", "an asset like others"),
            ("public/.assetsignore", "secret*\n!secret-not.txt\nnode_modules\n"),
            ("public/secret.txt", "s"),
            ("public/secret-not.txt", "n"),
            ("public/node_modules/a/b.js", "b"),
            ("outside.txt", "outside"),
        ] {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a disk with room");
            fs::write(path, text).expect("a disk with room");
        }
        symlink(directory.path().join("outside.txt"), root.join("leak.txt")).expect("links can be made");
        symlink("..", root.join("up")).expect("links can be made");
        symlink("file.txt", root.join("alias.txt")).expect("links can be made");
        (directory, Folder::new(root))
    }

    #[test]
    fn files_are_found_by_their_exact_paths() {
        let (_kept, folder) = folder();
        for path in ["/file.txt", "/sub/deep.txt", "/alias.txt", "/sub/_headers", "/secret-not.txt"] {
            assert!(folder.find(path).is_some(), "{path}");
        }
        for path in
            ["/", "/sub", "/sub/", "/FILE.txt", "/nope", "file.txt", "//file.txt", "/sub//deep.txt", "/file.txt/"]
        {
            assert!(folder.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn nothing_outside_of_the_directory_is_found() {
        let (_kept, folder) = folder();
        for path in [
            "/../outside.txt",
            "/sub/../../outside.txt",
            "/leak.txt",
            "/up/outside.txt",
            "/./file.txt",
            "/file.txt\0",
            "/..",
            "/up",
        ] {
            assert!(folder.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn what_is_ignored_or_special_is_no_asset() {
        let (_kept, folder) = folder();
        for path in ["/secret.txt", "/node_modules/a/b.js", "/_headers", "/.assetsignore"] {
            assert!(folder.find(path).is_none(), "{path}");
        }
    }
}
