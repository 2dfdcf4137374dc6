//! Signals that end the process or speak to it, as one stream.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind};

use crate::error::Problem;

/// The signals that a command listens to from its start on; until then they end the process as always.
pub(super) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
    resume: unix::Signal,
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// To end, by this signal.
    End(Signal),
    /// The process was stopped (Ctrl-Z) and goes on.
    Resumed,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Problem> {
        Self::install().map_err(|error| Problem::error(format!("Signals cannot be listened to: {error}.")))
    }

    fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hangup: unix::signal(SignalKind::hangup())?,
            resume: unix::signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
        })
    }

    /// Waits for a signal to end; answers its number.
    pub(super) async fn end(&mut self) -> u8 {
        loop {
            if let Told::End(signal) = self.next().await {
                return u8::try_from(signal.as_raw()).unwrap_or(0);
            }
        }
    }

    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.interrupt.recv() => Told::End(Signal::INT),
            _ = self.terminate.recv() => Told::End(Signal::TERM),
            _ = self.hangup.recv() => Told::End(Signal::HUP),
            _ = self.resume.recv() => Told::Resumed,
        }
    }
}
