//! Single keys from the terminal, and the terminal as it was before, whatever happens.
//!
//! Only echo and line mode are switched off: Ctrl-C still is a signal, and output still returns to the line's start.
//! Nothing is touched when standard input is no terminal or another program has it (`devflare dev &`).

use std::io::{self, Read};
use std::thread;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::sync::mpsc;

/// A key that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Open,
    Reload,
    Clear,
    Quit,
}

/// Keys as they are pressed. Dropped, the terminal is as it was.
pub struct Keys {
    before: Termios,
    pressed: mpsc::Receiver<Key>,
}

/// Keys that wait; nobody types faster.
const WAITING: usize = 8;

impl Keys {
    /// `None` when there is no terminal to read keys from.
    #[must_use]
    pub fn listen() -> Option<Self> {
        let input = io::stdin();
        if !isatty(&input) || !in_foreground() {
            return None;
        }
        let before = tcgetattr(&input).ok()?;
        set(&before).ok()?;
        let (sender, pressed) = mpsc::channel(WAITING);
        let reader = thread::Builder::new().name("keys".to_owned()).spawn(move || read(&sender));
        let keys = Self { before, pressed };
        reader.is_ok().then_some(keys)
    }

    /// The next key; never, if the input has ended.
    pub async fn next(&mut self) -> Key {
        match self.pressed.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }

    /// Takes the terminal again, after the process was stopped (Ctrl-Z) and continued.
    pub fn resume(&self) {
        if in_foreground() {
            // At worst the keys need an Enter.
            let _ = set(&self.before);
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if in_foreground() {
            // Nothing can be done if the terminal is gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }
}

fn set(before: &Termios) -> rustix::io::Result<()> {
    let mut modes = before.clone();
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    tcsetattr(io::stdin(), OptionalActions::Now, &modes)
}

/// A background process that touches the terminal would be stopped.
fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// Runs until the process ends: a blocked read cannot be called back.
fn read(pressed: &mpsc::Sender<Key>) {
    for byte in io::stdin().lock().bytes() {
        let key = match byte {
            Ok(b'o' | b'O') => Key::Open,
            Ok(b'r' | b'R') => Key::Reload,
            Ok(b'c' | b'C') => Key::Clear,
            Ok(b'q' | b'Q') => Key::Quit,
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        match pressed.try_send(key) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
            Err(mpsc::error::TrySendError::Closed(_)) => return,
        }
    }
}
