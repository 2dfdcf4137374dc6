//! The clock of one turn: a thread-CPU deadline that QuickJS' interrupt handler compares, and the sign of life that
//! tells the monitor a loop (which the handler stops) from a native builtin (which it cannot).

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::invocation::nanos;

/// Shared by the isolate, its interrupt handler and the monitor.
#[derive(Default)]
pub(super) struct TurnClock {
    /// Thread-CPU nanoseconds at which the current message began.
    started: AtomicU64,
    /// Thread-CPU nanoseconds at which the current message must stop.
    deadline: AtomicU64,
    /// Counts the interrupt handler's calls.
    beats: AtomicU64,
    /// The current message ran into its deadline.
    interrupted: AtomicBool,
    /// The isolate is given up: stop at the next sign of life.
    condemned: AtomicBool,
}

/// Nanoseconds of CPU this thread has used.
pub(super) fn thread_cpu() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// How long the time that passes counts as CPU time. The system's answer costs more than a short message does, so it is
/// asked for once in such a span, and after each longer message.
const SPAN: Duration = Duration::from_millis(1);

thread_local! {
    /// The system's last answer and when it came, while the thread has not slept since.
    static LAST: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
}

/// When a message began, by the wall and in its thread's CPU nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Begin {
    at: Instant,
    cpu: u64,
}

impl Begin {
    pub(super) fn now() -> Self {
        let at = Instant::now();
        let last = LAST.get().map(|(then, cpu)| (at.duration_since(then), cpu));
        let cpu = match last {
            Some((since, cpu)) if since < SPAN => cpu + nanos(since),
            _ => ask(at),
        };
        Self { at, cpu }
    }

    /// CPU nanoseconds since then.
    pub(super) fn used(self) -> u64 {
        let passed = self.at.elapsed();
        if passed < SPAN {
            return nanos(passed);
        }
        ask(Instant::now()).saturating_sub(self.cpu).min(nanos(passed))
    }
}

fn ask(at: Instant) -> u64 {
    let cpu = thread_cpu();
    LAST.set(Some((at, cpu)));
    cpu
}

/// The thread has slept: time has passed that was no CPU time.
pub(super) fn slept() {
    LAST.set(None);
}

/// The same of another thread, by its number in the system; `None` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn thread_cpu_of(thread: u32) -> Option<u64> {
    let told = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
    told.split(' ').next()?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn thread_cpu_of(_thread: u32) -> Option<u64> {
    None
}

impl TurnClock {
    /// Starts a message with `budget` nanoseconds.
    pub(super) fn arm(&self, budget: u64) -> Begin {
        let begin = Begin::now();
        self.started.store(begin.cpu, Ordering::Relaxed);
        self.deadline.store(begin.cpu.saturating_add(budget), Ordering::Relaxed);
        self.interrupted.store(false, Ordering::Relaxed);
        begin
    }

    /// Between messages there is nothing to be late with.
    pub(super) fn rest(&self) {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
    }

    /// The interrupt handler: true stops the code that runs.
    pub(super) fn poll(&self) -> bool {
        self.beats.fetch_add(1, Ordering::Relaxed);
        if self.condemned.load(Ordering::Relaxed) || thread_cpu() > self.deadline.load(Ordering::Relaxed) {
            self.interrupted.store(true, Ordering::Relaxed);
            return true;
        }
        false
    }

    /// CPU nanoseconds that the current message has used if it runs past its deadline at this CPU time of its thread.
    pub(super) fn overrun(&self, cpu: u64) -> Option<u64> {
        (cpu > self.deadline.load(Ordering::Relaxed)).then(|| cpu.saturating_sub(self.started.load(Ordering::Relaxed)))
    }

    pub(super) fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    pub(super) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    pub(super) fn condemn(&self) {
        self.condemned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_condemned(&self) -> bool {
        self.condemned.load(Ordering::Relaxed)
    }
}
