//! The only writer to the terminal: what a user sees, line by line.
//!
//! Knows neither JavaScript nor HTTP: those who have something to say fill in a [`Line`] and hand it to
//! [`Terminal::tell`], which never waits. Lines queue up, bounded, for one thread that renders and writes them; a
//! Worker that floods its console loses lines, and is told how many. Tests give a [`Sink`] of their own.
//!
//! Colour has one meaning: red failed, yellow differs from Cloudflare, green is live, dim is detail.

mod escape;
mod frame;
mod keys;
mod level;
mod line;
mod queue;
mod secret;
mod sink;
mod style;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use escape::{plain, visible};
pub use frame::{Frame, Row};
pub use keys::{Key, Keys};
pub use level::Level;
pub use line::{
    Banner, BindingRow, Checked, Cleared, Console, ConsoleLevel, Done, Dropped, Exception, HappenedLine, Line, Note,
    Reload, ReloadKind, RequestLine, Traced, WorkerRow,
};
pub use secret::ask_secret;
pub use sink::{Capture, Sink, Standard, Stream};
pub use style::{Style, wants_color};

use queue::Queue;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Pretty,
    /// One JSON object per line, `{"event":"ready",...}` first.
    Json,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub format: Format,
    pub level: Level,
    /// Where lines go; mistakes that end the process go to standard error.
    pub stream: Stream,
    pub color: bool,
    /// Paths below it are shown relative to it.
    pub base: PathBuf,
    /// Machines are told nothing on this stream before the line that says "ready".
    pub ready_first: bool,
}

/// The way to the terminal. Clones share it.
#[derive(Clone)]
pub struct Terminal {
    queue: Arc<Queue>,
    options: Arc<Options>,
}

impl Terminal {
    /// Starts the writing thread; it ends with the last clone.
    pub fn start(options: Options, sink: impl Sink + 'static) -> Self {
        let options = Arc::new(options);
        Self { queue: Arc::new(Queue::start(&options, Box::new(sink))), options }
    }

    /// Tells a line, if its level is wanted; machines are always told when everything serves. Never waits.
    pub fn tell(&self, line: impl Line + 'static) {
        let awaited = line.opens() && self.options.format == Format::Json;
        if awaited || line.level() <= self.options.level {
            self.queue.push(self.options.stream, Box::new(line));
        }
    }

    /// Tells on standard error why the process is about to end, whatever the level.
    pub fn fail(&self, line: impl Line + 'static) {
        self.queue.push(Stream::Error, Box::new(line));
    }

    /// Waits until everything told so far is written, but not longer than `patience`: a reader may have stopped.
    pub fn flush(&self, patience: Duration) {
        self.queue.flush(patience);
    }

    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }
}
