//! Lines on their way to the one thread that renders and writes them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Dropped, Format, Line, Options, Sink, Stream, Style};

/// Bytes of guest text that wait at most; what comes on top is dropped and counted.
const ROOM: usize = 2 << 20;

/// Lines of devflare's own (reloads, mistakes) that wait at most, for a terminal that was stopped for good.
const OWN_LINES: usize = 10_000;

/// Pause after a write, so that a thousand requests a second cost two hundred wake-ups and not a thousand.
const PAUSE: Duration = Duration::from_millis(5);

/// The telling end; the writing thread ends after it.
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    written: Condvar,
}

/// A line and where it goes.
type Told = (Stream, Box<dyn Line>);

/// What the writing thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Doing {
    #[default]
    Pausing,
    /// Waits for a line; must be woken.
    Waiting,
    Writing,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Told>,
    /// Where the first line is to say "ready", what is told before it waits here.
    early: Option<VecDeque<Told>>,
    bytes: usize,
    dropped: u64,
    doing: Doing,
    hurry: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn start(options: &Arc<Options>, sink: Box<dyn Sink>) -> Self {
        let early = (options.format == Format::Json && options.ready_first).then(VecDeque::new);
        let state = State { early, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), arrived: Condvar::new(), written: Condvar::new() });
        let writer = Writer { shared: Arc::clone(&shared), sink, options: Arc::clone(options) };
        let spawned = thread::Builder::new().name("terminal".to_owned()).spawn(move || writer.run());
        if spawned.is_err() {
            // Without a thread nobody would ever write: say nothing rather than fill the memory.
            shared.state().closed = true;
        }
        Self(shared)
    }

    pub(super) fn push(&self, stream: Stream, line: Box<dyn Line>) {
        let mut state = self.0.state();
        let full = if line.may_drop() { state.bytes > ROOM } else { state.lines.len() > OWN_LINES };
        if full || state.closed {
            state.dropped += 1;
            return;
        }
        state.bytes += line.size();
        state.place(stream, line);
        if state.doing == Doing::Waiting {
            self.0.arrived.notify_one();
        }
    }

    pub(super) fn flush(&self, patience: Duration) {
        let end = Instant::now() + patience;
        let mut state = self.0.state();
        state.hurry = true;
        self.0.arrived.notify_one();
        while !state.lines.is_empty() || state.doing == Doing::Writing || state.dropped > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                break;
            }
            state = self.0.written.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.hurry = false;
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.arrived.notify_one();
    }
}

impl State {
    fn place(&mut self, stream: Stream, line: Box<dyn Line>) {
        if line.opens() {
            self.lines.push_back((stream, line));
            self.lines.extend(self.early.take().unwrap_or_default());
        } else if stream == Stream::Out
            && let Some(early) = &mut self.early
        {
            early.push_back((stream, line));
        } else {
            // The first word of a failing start: what was noted before it belongs there too.
            let early = self.early.as_mut().map(std::mem::take).unwrap_or_default();
            self.lines.extend(early.into_iter().map(|(_, line)| (stream, line)));
            self.lines.push_back((stream, line));
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for lines and takes them all; `None` at the end.
    fn take(&self) -> Option<(VecDeque<Told>, u64)> {
        let mut state = self.state();
        state.doing = Doing::Pausing;
        self.written.notify_all();
        let pausing = |state: &mut State| !state.hurry && !state.closed;
        state = self.arrived.wait_timeout_while(state, PAUSE, pausing).unwrap_or_else(PoisonError::into_inner).0;
        state.doing = Doing::Waiting;
        let empty = |state: &mut State| state.lines.is_empty() && state.dropped == 0 && !state.closed;
        state = self.arrived.wait_while(state, empty).unwrap_or_else(PoisonError::into_inner);
        state.doing = Doing::Writing;
        state.bytes = 0;
        let (lines, dropped) = (std::mem::take(&mut state.lines), std::mem::take(&mut state.dropped));
        (!lines.is_empty() || dropped > 0).then_some((lines, dropped))
    }
}

struct Writer {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    options: Arc<Options>,
}

impl Writer {
    fn run(mut self) {
        let style = Style::new(&self.options);
        while let Some((lines, dropped)) = self.shared.take() {
            let last = lines.back().map_or(self.options.stream, |(stream, _)| *stream);
            let told = (dropped > 0).then(|| (last, Box::new(Dropped { lines: dropped }) as Box<dyn Line>));
            if self.write(lines.into_iter().chain(told), &style).is_err() {
                // Nobody reads any more (`| head`). The Workers go on; there is nothing to say it to.
                self.shared.state().closed = true;
                self.shared.written.notify_all();
                return;
            }
        }
    }

    /// Writes neighbours of one stream in one go.
    fn write(&mut self, lines: impl Iterator<Item = Told>, style: &Style) -> io::Result<()> {
        let (mut text, mut current) = (String::new(), self.options.stream);
        for (stream, line) in lines {
            if stream != current && !text.is_empty() {
                self.sink.write(current, &text)?;
                text.clear();
            }
            current = stream;
            match self.options.format {
                Format::Pretty => line.pretty(style, &mut text),
                Format::Json => {
                    text.push_str(&line.json(style).to_string());
                    text.push('\n');
                }
            }
        }
        if text.is_empty() { Ok(()) } else { self.sink.write(current, &text) }
    }
}
