//! What the terminal said: tests expect lines of it, and complaints that nobody expected fail them.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use devflare::term::{Capture, Terminal};

use super::GUARD;

/// The captured terminal of one session.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) terminal: Terminal,
    pub(crate) capture: Capture,
    expected: Arc<Mutex<Vec<String>>>,
}

/// How lines begin that say that something is wrong.
const COMPLAINTS: [&str; 3] = ["error:", "warning:", "✖"];

impl Output {
    pub(crate) fn new(terminal: Terminal, capture: Capture) -> Self {
        Self { terminal, capture, expected: Arc::default() }
    }

    /// Everything said so far.
    pub(crate) fn text(&self) -> String {
        self.terminal.flush(GUARD);
        self.capture.text()
    }

    /// Waits until a line with these words was said.
    #[track_caller]
    pub(crate) fn expect(&self, words: &str) {
        self.tolerate(words);
        let start = Instant::now();
        while !self.text().lines().any(|line| line.contains(words)) {
            assert!(start.elapsed() < GUARD, "nobody said {words:?}:\n{}", self.text());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Lines with these words may be said.
    pub(crate) fn tolerate(&self, words: &str) {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).push(words.to_owned());
    }

    /// Complaints that no test expected.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        let text = self.text();
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        let complaints = text.lines().filter(|line| COMPLAINTS.iter().any(|word| line.starts_with(word)));
        let unexpected = complaints.filter(|line| !expected.iter().any(|words| line.contains(words)));
        unexpected.map(str::to_owned).collect()
    }
}
