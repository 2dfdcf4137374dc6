//! Where rendered text goes: the process' standard streams, or a test's memory.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stream {
    #[default]
    Out,
    Error,
}

/// Takes text that is ready for a terminal.
pub trait Sink: Send {
    /// # Errors
    /// When nobody reads any more; nothing is written from then on.
    fn write(&mut self, stream: Stream, text: &str) -> io::Result<()>;
}

/// The process' standard output and error.
pub struct Standard;

impl Sink for Standard {
    fn write(&mut self, stream: Stream, text: &str) -> io::Result<()> {
        match stream {
            Stream::Out => put(&mut io::stdout().lock(), text),
            Stream::Error => put(&mut io::stderr().lock(), text),
        }
    }
}

fn put(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// Keeps what was written. Clones share it.
#[derive(Clone, Default)]
pub struct Capture(Arc<Mutex<String>>);

impl Capture {
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Capture {
    fn write(&mut self, _: Stream, text: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }
}
