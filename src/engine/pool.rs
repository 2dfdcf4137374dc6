//! The threads that run turns: at least as many as cores and two, more while some are busy for long, and a monitor.
//!
//! JavaScript never runs on the threads that drive sockets. A turn longer than a few milliseconds lowers its thread's
//! priority and lets a spare thread start; a native builtin that outlives the CPU limit (the interrupt handler does
//! not run there) gets its isolate condemned, and its thread retires when the builtin returns.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::invocation::{Invocation, nanos};
use super::isolate::Isolate;
use super::turn::{slept, thread_cpu_of};

/// Threads at most; more spinning Workers than that share them.
const MAX_THREADS: usize = 64;
/// Native stack of an engine thread: deep recursion of JavaScript and of QuickJS' own C code, along imports above all.
/// Only what is used of it is memory.
const STACK: usize = 64 << 20;
/// A turn longer than this lets a spare thread start.
const LONG_TURN: Duration = Duration::from_millis(4);
/// A turn longer than this runs on at a lower priority.
const DEMOTING_TURN: Duration = Duration::from_millis(12);
/// Signs of life (one for each 20 µs or so of bytecode) that tell such a turn from a thread that merely waits its turn
/// on a busy machine.
const DEMOTING_BEATS: u64 = 100;
/// How often the monitor looks while turns run.
const TICK: Duration = Duration::from_millis(2);
/// Time without a sign of life after which a turn is taken to sit in a native builtin.
const SILENCE: Duration = Duration::from_millis(250);

/// See the module's text.
pub struct Pool {
    queue: Mutex<Queue>,
    wake: Condvar,
    slots: Mutex<Vec<Arc<Slot>>>,
    base: usize,
    next_invocation: AtomicU64,
    /// The monitor sleeps while this is false.
    watched: (Mutex<bool>, Condvar),
    busy: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    ready: VecDeque<Arc<Isolate>>,
    idle: usize,
    threads: usize,
    stopped: bool,
}

/// What the monitor sees of one thread.
struct Slot {
    thread_id: u32,
    demoted: AtomicBool,
    turn: Mutex<Option<TurnNote>>,
}

struct TurnNote {
    isolate: Weak<Isolate>,
    invocation: Option<Arc<Invocation>>,
    since: Instant,
    /// Of the isolate when the turn began.
    first_beat: u64,
    beats: u64,
    silent_since: Instant,
}

thread_local! {
    /// Whether this thread is an engine thread within a turn: it will look at the queue itself when the turn ends.
    static IN_TURN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Pool {
    /// A pool with `threads` threads to begin with.
    #[must_use]
    pub fn start(threads: usize) -> Arc<Self> {
        let pool = Arc::new(Self {
            queue: Mutex::default(),
            wake: Condvar::new(),
            slots: Mutex::default(),
            base: threads.max(1),
            next_invocation: AtomicU64::new(1),
            watched: (Mutex::new(false), Condvar::new()),
            busy: AtomicUsize::new(0),
        });
        for _ in 0..pool.base {
            pool.add_thread(&mut pool.lock_queue());
        }
        let watched = Arc::downgrade(&pool);
        thread::Builder::new()
            .name("engine-monitor".into())
            .spawn(move || monitor(&watched))
            .expect("the system can start one more thread");
        pool
    }

    pub fn next_invocation_id(&self) -> u64 {
        self.next_invocation.fetch_add(1, Ordering::Relaxed)
    }

    /// Ends the threads once their turns are over.
    pub fn stop(&self) {
        let mut queue = self.lock_queue();
        queue.stopped = true;
        queue.ready.clear();
        self.wake.notify_all();
        *self.watched.0.lock().expect("the flag's holders do not panic") = true;
        self.watched.1.notify_all();
    }

    pub(super) fn push(self: &Arc<Self>, isolate: Arc<Isolate>) {
        let mut queue = self.lock_queue();
        if queue.stopped {
            return;
        }
        queue.ready.push_back(isolate);
        // A thread within a turn takes the first one itself when its turn ends.
        let own = usize::from(IN_TURN.get());
        if queue.ready.len() > own && queue.idle > 0 {
            self.wake.notify_one();
        }
    }

    fn add_thread(self: &Arc<Self>, queue: &mut Queue) {
        if queue.threads >= MAX_THREADS || queue.stopped {
            return;
        }
        queue.threads += 1;
        let pool = self.clone();
        let started = thread::Builder::new().name("engine".into()).stack_size(STACK).spawn(move || pool.run_thread());
        if started.is_err() {
            queue.threads -= 1;
        }
    }

    fn run_thread(self: Arc<Self>) {
        let slot = Arc::new(Slot { thread_id: thread_id(), demoted: AtomicBool::new(false), turn: Mutex::new(None) });
        self.lock_slots().push(slot.clone());
        while let Some(isolate) = self.next(&slot) {
            self.run_turn(&slot, &isolate);
        }
        self.lock_slots().retain(|other| !Arc::ptr_eq(other, &slot));
    }

    /// The next isolate; `None` ends this thread: it was demoted (an ordinary user cannot raise a priority again),
    /// it is one too many, or the pool stops.
    fn next(self: &Arc<Self>, slot: &Slot) -> Option<Arc<Isolate>> {
        let mut queue = self.lock_queue();
        loop {
            if slot.demoted.load(Ordering::Relaxed) || queue.stopped {
                queue.threads -= 1;
                if queue.threads < self.base || (!queue.ready.is_empty() && queue.idle == 0) {
                    self.add_thread(&mut queue);
                }
                return None;
            }
            if let Some(isolate) = queue.ready.pop_front() {
                if !queue.ready.is_empty() && queue.idle > 0 {
                    self.wake.notify_one();
                }
                return Some(isolate);
            }
            if queue.threads > self.base + 2 {
                queue.threads -= 1;
                return None;
            }
            queue.idle += 1;
            queue = self.wake.wait(queue).expect("the queue's holders do not panic");
            queue.idle -= 1;
            slept();
        }
    }

    fn run_turn(&self, slot: &Slot, isolate: &Arc<Isolate>) {
        self.wake_monitor();
        IN_TURN.set(true);
        let note = |invocation: Option<&Arc<Invocation>>| {
            let now = Instant::now();
            *slot.lock_turn() = Some(TurnNote {
                isolate: Arc::downgrade(isolate),
                invocation: invocation.cloned(),
                since: now,
                first_beat: isolate.clock.beats(),
                beats: isolate.clock.beats(),
                silent_since: now,
            });
        };
        isolate.run_turn(&note);
        *slot.lock_turn() = None;
        IN_TURN.set(false);
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    fn wake_monitor(&self) {
        if self.busy.fetch_add(1, Ordering::Relaxed) == 0 {
            let mut watched = self.watched.0.lock().expect("the flag's holders do not panic");
            if !*watched {
                *watched = true;
                self.watched.1.notify_one();
            }
        }
    }

    /// One look of the monitor: long turns get a spare thread, silent ones past their limit are condemned.
    fn look(self: &Arc<Self>) {
        let slots: Vec<_> = self.lock_slots().clone();
        let long = slots.iter().filter(|slot| slot.look()).count();
        let mut queue = self.lock_queue();
        if !queue.ready.is_empty() {
            if queue.idle > 0 {
                self.wake.notify_one();
            } else if queue.threads - long.min(queue.threads) < self.base {
                self.add_thread(&mut queue);
            }
        }
    }

    fn lock_queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("the queue's holders do not panic")
    }

    fn lock_slots(&self) -> MutexGuard<'_, Vec<Arc<Slot>>> {
        self.slots.lock().expect("the slots' holders do not panic")
    }
}

impl Slot {
    fn lock_turn(&self) -> MutexGuard<'_, Option<TurnNote>> {
        self.turn.lock().expect("the note's holders do not panic")
    }

    /// Whether the turn is long; demotes its thread, and condemns its isolate when it is stuck past its limit.
    fn look(&self) -> bool {
        let stuck = {
            let mut turn = self.lock_turn();
            let Some(note) = turn.as_mut() else { return false };
            if note.since.elapsed() < LONG_TURN {
                return false;
            }
            let busy = note.beats_since_start() > DEMOTING_BEATS || note.since.elapsed() > SILENCE;
            if busy && note.since.elapsed() > DEMOTING_TURN && !self.demoted.swap(true, Ordering::Relaxed) {
                lower_priority(self.thread_id);
            }
            note.stuck(self.thread_id)
        };
        if let Some((isolate, invocation, used)) = stuck {
            let failure = invocation.as_ref().map(|owner| {
                owner.charge(used);
                (owner, owner.cpu_failure())
            });
            isolate.condemn(failure);
        }
        true
    }
}

impl TurnNote {
    fn beats_since_start(&self) -> u64 {
        self.isolate.upgrade().map_or(0, |isolate| isolate.clock.beats().saturating_sub(self.first_beat))
    }

    /// The isolate and the invocation of a message that is silent and past its limit, and the CPU nanoseconds that the
    /// message has used.
    fn stuck(&mut self, thread: u32) -> Option<(Arc<Isolate>, Option<Arc<Invocation>>, u64)> {
        let isolate = self.isolate.upgrade()?;
        let beats = isolate.clock.beats();
        if beats != self.beats {
            self.beats = beats;
            self.silent_since = Instant::now();
            return None;
        }
        if self.silent_since.elapsed() < SILENCE || isolate.clock.is_condemned() {
            return None;
        }
        let used = match thread_cpu_of(thread) {
            Some(cpu) => isolate.clock.overrun(cpu)?,
            None => self.overrun_by_the_wall()?,
        };
        Some((isolate, self.invocation.clone(), used))
    }

    /// Where a thread's CPU time cannot be read from outside: it runs all the time, as far as anybody knows.
    fn overrun_by_the_wall(&self) -> Option<u64> {
        let limit = self.invocation.as_ref().and_then(|owner| owner.limits.cpu).unwrap_or(Duration::from_secs(10));
        let elapsed = self.since.elapsed();
        (elapsed > limit + SILENCE).then(|| nanos(elapsed))
    }
}

fn monitor(pool: &Weak<Pool>) {
    loop {
        let Some(pool) = pool.upgrade() else { return };
        if pool.lock_queue().stopped {
            return;
        }
        pool.look();
        let busy = pool.busy.load(Ordering::Relaxed) > 0;
        let mut watched = pool.watched.0.lock().expect("the flag's holders do not panic");
        if busy {
            drop(watched);
            drop(pool);
            thread::sleep(TICK);
            continue;
        }
        *watched = false;
        while !*watched {
            watched = pool.watched.1.wait(watched).expect("the flag's holders do not panic");
        }
    }
}

#[cfg(target_os = "linux")]
fn thread_id() -> u32 {
    u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn thread_id() -> u32 {
    0
}

/// Linux alone has a priority per thread; elsewhere the system's scheduler shares the cores as it sees fit.
#[cfg(target_os = "linux")]
fn lower_priority(thread_id: u32) {
    let id = i32::try_from(thread_id).ok().and_then(rustix::process::Pid::from_raw);
    let _refused_is_harmless = rustix::process::setpriority_process(id, 10);
}

#[cfg(not(target_os = "linux"))]
fn lower_priority(_thread_id: u32) {}
