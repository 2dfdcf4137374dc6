//! Bytes too many for a database: a file each, written once and then only read, streamed both ways; or memory.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::StoreError;
use crate::worker::{Body, BodyError};

/// See the module's text.
pub struct Blobs {
    folder: Option<PathBuf>,
    memory: Mutex<HashMap<String, Bytes>>,
    recent: Mutex<Recent>,
    tokio: Handle,
}

/// A stretch of a blob.
#[derive(Debug, Clone)]
pub struct Piece {
    pub id: String,
    pub offset: u64,
    pub length: u64,
}

/// Bytes that are read at a time.
const CHUNK: usize = 256 << 10;
/// Fewer are read at once.
const SMALL: u64 = 1 << 20;
/// Bytes of small blobs that stay at hand after they were read.
const AT_HAND: usize = 8 << 20;
/// How many those are at most.
const MOST_AT_HAND: usize = 64;

impl Blobs {
    pub(super) fn new(folder: Option<PathBuf>, tokio: Handle) -> Arc<Self> {
        Arc::new(Self { folder, memory: Mutex::default(), recent: Mutex::default(), tokio })
    }

    /// Keeps a body; `seen` is shown each chunk. Nothing is kept of one that breaks off. Blocks.
    pub fn write(&self, body: Body, mut seen: impl FnMut(&[u8])) -> Result<(String, u64), String> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let mut sink = self.sink(&id).map_err(|error| self.failure(&error))?;
        let written = self.copy(body, &mut sink, &mut seen);
        match (written, sink) {
            (Ok(size), Sink::File(_)) => Ok((id, size)),
            (Ok(size), Sink::Memory(bytes)) => {
                self.lock().insert(id.clone(), bytes.into());
                Ok((id, size))
            }
            (Err(why), _) => {
                self.remove(&id);
                Err(why)
            }
        }
    }

    fn copy(&self, mut body: Body, sink: &mut Sink, seen: &mut impl FnMut(&[u8])) -> Result<u64, String> {
        let mut size = 0;
        while let Some(chunk) = self.tokio.block_on(body.chunk()) {
            let chunk = chunk.map_err(|error| error.message)?;
            seen(&chunk);
            size += chunk.len() as u64;
            match sink {
                Sink::File(file) => file.write_all(&chunk).map_err(|error| self.failure(&error))?,
                Sink::Memory(bytes) => bytes.extend_from_slice(&chunk),
            }
        }
        Ok(size)
    }

    /// In the words of a database that fails.
    fn failure(&self, error: &io::Error) -> String {
        let file = self.folder.as_ref().map_or_else(|| "memory".into(), |folder| folder.display().to_string().into());
        match error.kind() {
            io::ErrorKind::StorageFull => StoreError::Full { file },
            _ => StoreError::Failed { file, why: error.to_string() },
        }
        .to_string()
    }

    fn sink(&self, id: &str) -> io::Result<Sink> {
        let Some(path) = self.path(id) else { return Ok(Sink::Memory(Vec::new())) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create_new(path).map(Sink::File)
    }

    /// What [`Blobs::read`] would answer, where that has been read lately. Does not block.
    pub fn at_hand(&self, pieces: &[Piece]) -> Option<Body> {
        let [piece] = pieces else { return None };
        self.recent().find(piece).map(Body::bytes)
    }

    /// The pieces one after the other as a body; an error if one of them is gone. Blocks.
    pub fn read(self: &Arc<Self>, pieces: Vec<Piece>) -> io::Result<Body> {
        let length = pieces.iter().map(|piece| piece.length).sum();
        let whole = match &pieces[..] {
            [piece] if piece.offset == 0 && self.folder.is_some() => Some(piece.id.clone()),
            _ => None,
        };
        let mut sources = Vec::with_capacity(pieces.len());
        for piece in pieces.into_iter().filter(|piece| piece.length > 0) {
            sources.push(self.open(&piece)?);
        }
        if length <= SMALL {
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
            for source in &mut sources {
                source.read_to_end(&mut bytes)?;
            }
            let bytes = Bytes::from(bytes);
            if let Some(id) = whole {
                self.recent().keep(id, bytes.clone());
            }
            return Ok(Body::bytes(bytes));
        }
        let (sender, body) = Body::channel(Some(length), || {});
        let tokio = self.tokio.clone();
        self.tokio.spawn_blocking(move || {
            for mut source in sources {
                loop {
                    let mut chunk = vec![0; CHUNK];
                    match source.read(&mut chunk) {
                        Ok(0) => break,
                        Ok(read) => chunk.truncate(read),
                        Err(error) => return sender.abort(BodyError::new(error.to_string())),
                    }
                    if tokio.block_on(sender.send(chunk.into())).is_err() {
                        return sender.finish();
                    }
                }
            }
            sender.finish();
        });
        Ok(body)
    }

    fn open(&self, piece: &Piece) -> io::Result<Box<dyn io::Read + Send>> {
        let Some(path) = self.path(&piece.id) else {
            let bytes = self.lock().get(&piece.id).cloned().ok_or(io::ErrorKind::NotFound)?;
            let start = usize::try_from(piece.offset).unwrap_or(usize::MAX).min(bytes.len());
            return Ok(Box::new(io::Cursor::new(bytes.slice(start..)).take(piece.length)));
        };
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(piece.offset))?;
        Ok(Box::new(file.take(piece.length)))
    }

    /// Whoever reads it already may go on. Blocks.
    pub fn remove(&self, id: &str) {
        self.recent().forget(id);
        match self.path(id) {
            Some(path) => drop(fs::remove_file(path)),
            None => drop(self.lock().remove(id)),
        }
    }

    fn path(&self, id: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(id.get(..2).unwrap_or_default()).join(id))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Bytes>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Beginnings of blobs, the latest last.
#[derive(Default)]
struct Recent {
    list: VecDeque<(String, Bytes)>,
    size: usize,
}

impl Recent {
    fn find(&self, piece: &Piece) -> Option<Bytes> {
        let (_, bytes) = self.list.iter().rev().find(|(id, _)| *id == piece.id)?;
        let start = usize::try_from(piece.offset).ok()?;
        let end = start.checked_add(usize::try_from(piece.length).ok()?)?;
        (end <= bytes.len()).then(|| bytes.slice(start..end))
    }

    fn keep(&mut self, id: String, bytes: Bytes) {
        self.forget(&id);
        self.size += bytes.len();
        self.list.push_back((id, bytes));
        while (self.size > AT_HAND || self.list.len() > MOST_AT_HAND)
            && let Some((_, oldest)) = self.list.pop_front()
        {
            self.size -= oldest.len();
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some(at) = self.list.iter().position(|(one, _)| one == id)
            && let Some((_, bytes)) = self.list.remove(at)
        {
            self.size -= bytes.len();
        }
    }
}

enum Sink {
    File(File),
    Memory(Vec<u8>),
}
