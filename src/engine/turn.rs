//! The clock of one turn: a thread-CPU deadline that QuickJS' interrupt handler compares, and the sign of life that
//! tells the monitor a loop (which the handler stops) from a native builtin (which it cannot).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

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
    /// Starts a message with `budget` nanoseconds; answers the thread's CPU time.
    pub(super) fn arm(&self, budget: u64) -> u64 {
        let now = thread_cpu();
        self.started.store(now, Ordering::Relaxed);
        self.deadline.store(now.saturating_add(budget), Ordering::Relaxed);
        self.interrupted.store(false, Ordering::Relaxed);
        now
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
