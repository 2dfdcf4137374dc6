//! The assets of a watched project: a directory, as it is when it is asked. What is remembered of it is compared with
//! the disk at each use, so nothing is stale.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use md5::{Digest as _, Md5};
use tokio_util::io::ReaderStream;

use super::{Asset, Content, Files};
use crate::worker::Body;

/// See the module's text.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// Where that is, with links followed.
    real: Remembered<PathBuf>,
    ignored: Remembered<Gitignore>,
}

/// What was made of a file or directory, as long as that is what it was.
#[derive(Debug)]
struct Remembered<T>(Mutex<Option<(Stamp, Arc<T>)>>);

/// Another one after every change, unless another follows at once.
type Stamp = ([u64; 3], [i64; 4]);

impl<T> Remembered<T> {
    /// Made anew where the file has changed; not kept where it has just been changed, for its times may not tell of
    /// another change.
    fn of(&self, status: &Metadata, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let stamp = ([status.dev(), status.ino(), status.len()], times(status));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, made)) = known.as_ref().filter(|(of, _)| *of == stamp) {
            return Some(made.clone());
        }
        let fresh = Arc::new(make()?);
        *known = (!is_unsettled(status)).then(|| (stamp, fresh.clone()));
        Some(fresh)
    }
}

const IGNORE: &str = ".assetsignore";
/// Files that say something about the others, and are none themselves.
const SPECIAL: [&str; 3] = [IGNORE, "_headers", "_redirects"];
/// Seconds in which a file may change again without another time.
const UNSETTLED: i64 = 2;
const CHUNK: usize = 64 * 1024;

impl Folder {
    pub fn new(root: PathBuf) -> Self {
        Self { root, real: Remembered(Mutex::default()), ignored: Remembered(Mutex::default()) }
    }

    fn real(&self) -> Option<Arc<PathBuf>> {
        self.real.of(&fs::metadata(&self.root).ok()?, || self.root.canonicalize().ok())
    }

    /// The file of a decoded path: below the directory, with links followed, spelt exactly as it is on disk.
    fn locate(&self, path: &str) -> Option<PathBuf> {
        let inner = Path::new(path.strip_prefix('/')?);
        let plain = inner.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || path.ends_with('/') || path.contains("//") || path.contains('\0') {
            return None;
        }
        let real = self.root.join(inner).canonicalize().ok()?;
        let within = match real.strip_prefix(&*self.real()?) {
            Ok(within) => within.to_owned(),
            // Something above it may have been renamed.
            Err(_) => real.strip_prefix(self.root.canonicalize().ok()?).ok()?.to_owned(),
        };
        let spelt = within == inner || within.to_string_lossy().to_lowercase() != path[1..].to_lowercase();
        (spelt && !self.is_ignored(inner)).then_some(real)
    }

    fn is_ignored(&self, path: &Path) -> bool {
        if SPECIAL.iter().any(|special| path == Path::new(special)) {
            return true;
        }
        let file = self.root.join(IGNORE);
        let Ok(status) = fs::metadata(&file) else { return false };
        let rules = self.ignored.of(&status, || patterns(&fs::read_to_string(&file).ok()?));
        rules.is_some_and(|rules| rules.matched_path_or_any_parents(Path::new("/").join(path), false).is_ignore())
    }
}

fn patterns(text: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("/");
    for line in text.lines() {
        // A pattern that cannot be read matches nothing.
        let _unreadable = builder.add_line(None, line);
    }
    builder.build().ok()
}

fn times(status: &Metadata) -> [i64; 4] {
    [status.mtime(), status.mtime_nsec(), status.ctime(), status.ctime_nsec()]
}

fn is_unsettled(status: &Metadata) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).is_ok_and(|now| now - status.ctime() < UNSETTLED)
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
    for time in times(status) {
        hash.update(time.to_le_bytes());
    }
    hash.update(status.ino().to_le_bytes());
    hash.update(status.len().to_le_bytes());
    if is_unsettled(status) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
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

    #[test]
    fn what_is_remembered_of_the_directory_is_never_stale() {
        let (kept, folder) = folder();
        let (root, rules) = (kept.path().join("public"), kept.path().join("public/.assetsignore"));
        assert!(folder.find("/secret.txt").is_none() && folder.find("/file.txt").is_some());
        fs::write(&rules, "file*\n!secrets\n").expect("a disk with room");
        assert!(folder.find("/secret.txt").is_some() && folder.find("/file.txt").is_none());
        fs::remove_file(&rules).expect("it is there");
        assert!(folder.find("/file.txt").is_some());
        fs::rename(&root, kept.path().join("elsewhere")).expect("it is there");
        assert!(folder.find("/file.txt").is_none());
        symlink("elsewhere", &root).expect("links can be made");
        assert!(folder.find("/file.txt").is_some() && folder.find("/leak.txt").is_none());
        fs::remove_file(&root).expect("it is there");
        fs::create_dir_all(root.join("sub")).expect("a disk with room");
        assert!(folder.find("/file.txt").is_none());
    }

    #[test]
    fn names_are_compared_letter_by_letter() {
        let (kept, folder) = folder();
        // é as one character and as two, a Kelvin sign, a ligature, a Turkish i.
        for name in ["caf\u{e9}.txt", "\u{212a}.txt", "\u{fb01}le.txt", "\u{130}.txt"] {
            fs::write(kept.path().join("public").join(name), name).expect("a disk with room");
        }
        assert!(folder.find("/caf\u{e9}.txt").is_some() && folder.find("/\u{212a}.txt").is_some());
        for name in ["/cafe\u{301}.txt", "/k.txt", "/K.txt", "/i\u{307}.txt", "/CAF\u{c9}.txt", "/fi\u{200b}le.txt"] {
            assert!(folder.find(name).is_none(), "{name}");
        }
    }
}
