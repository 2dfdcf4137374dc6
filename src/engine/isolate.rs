//! An isolate is an actor: a mailbox, its own QuickJS runtime, and turns that the pool's threads run one at a time.
//!
//! No JavaScript value leaves it. Handles that Rust holds live in the runtime's user data and die before the runtime.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use rquickjs::{Context, Ctx, Result, Runtime};

use super::invocation::{Invocation, Standing};
use super::ops::cancel_ops;
use super::outbox;
use super::pool::Pool;
use super::program::Program;
use super::realm::{Realm, realm as realm_of};
use super::throw::{Thrown, describe};
use super::turn::TurnClock;
use super::{async_context, rejections};
use crate::worker::Failure;

/// Work for an isolate's thread.
pub type Job = Box<dyn for<'js> FnOnce(&Ctx<'js>) -> Result<()> + Send>;

struct Message {
    invocation: Option<Arc<Invocation>>,
    job: Job,
}

#[derive(Debug, Clone, Copy)]
pub struct IsolateOptions {
    /// Bytes of QuickJS heap.
    pub memory_limit: usize,
    /// Bytes of native stack JavaScript may use.
    pub stack_limit: usize,
}

impl Default for IsolateOptions {
    fn default() -> Self {
        Self { memory_limit: 128 << 20, stack_limit: 1 << 20 }
    }
}

/// What isolates run on.
#[derive(Clone)]
pub struct Engine {
    pub pool: Arc<Pool>,
    pub tokio: tokio::runtime::Handle,
}

/// Messages one turn takes at most, so that isolates share the threads fairly.
const MESSAGES_PER_TURN: usize = 16;
/// CPU nanoseconds for start-up: Cloudflare allows one second; QuickJS has no JIT.
const STARTUP_BUDGET: u64 = 10_000_000_000;
/// CPU nanoseconds that code without an invocation may use (clean-up).
const UNOWNED_BUDGET: u64 = 10_000_000_000;
/// CPU nanoseconds to run down what an interrupted message left in the microtask queue.
const CLEANUP_BUDGET: u64 = 20_000_000;

/// See the module's text.
pub struct Isolate {
    pub name: Arc<str>,
    pub options: IsolateOptions,
    pool: Arc<Pool>,
    pub(super) tokio: tokio::runtime::Handle,
    mailbox: Mutex<VecDeque<Message>>,
    scheduled: AtomicBool,
    retired: AtomicBool,
    pub(super) clock: Arc<TurnClock>,
    open: Mutex<HashMap<u64, Arc<Invocation>>>,
    inner: Mutex<Stage>,
}

/// Runs once in a fresh isolate: natives, bindings, modules.
pub type Boot = Box<dyn for<'js> FnOnce(&Ctx<'js>) -> Result<()> + Send>;
/// Told once how the boot went.
pub type Booted = Box<dyn FnOnce(std::result::Result<(), Failure>) + Send>;

/// An isolate's QuickJS is made by its first turn, on an engine thread.
enum Stage {
    Fresh { program: Arc<Program>, boot: Boot, booted: Booted },
    Running(Inner),
    Broken(Failure),
    Gone,
}

/// Field order is drop order: the context before its runtime.
struct Inner {
    context: Context,
    #[allow(dead_code, reason = "held so that it outlives the context")]
    runtime: Runtime,
}

impl Isolate {
    /// A new isolate whose modules come from `program`. Its first turn, scheduled at once, runs `boot`.
    pub fn start(
        name: Arc<str>,
        options: IsolateOptions,
        on: Engine,
        program: Arc<Program>,
        boot: (Boot, Booted),
    ) -> Arc<Self> {
        let isolate = Arc::new(Self {
            name,
            options,
            pool: on.pool,
            tokio: on.tokio,
            mailbox: Mutex::default(),
            scheduled: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            clock: Arc::default(),
            open: Mutex::default(),
            inner: Mutex::new(Stage::Fresh { program, boot: boot.0, booted: boot.1 }),
        });
        isolate.schedule();
        isolate
    }

    fn boot(self: &Arc<Self>, program: &Arc<Program>, boot: Boot) -> std::result::Result<Inner, Failure> {
        let refused = |error: rquickjs::Error| Failure::error(format!("the isolate did not start: {error}"));
        let runtime = Runtime::new().map_err(refused)?;
        runtime.set_memory_limit(self.options.memory_limit);
        runtime.set_max_stack_size(self.options.stack_limit + program.stack());
        let clock = self.clock.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || clock.poll())));
        runtime.set_loader(program.resolver(), program.loader());
        runtime.set_host_promise_rejection_tracker(Some(rejections::tracker()));
        let context = Context::full(&runtime).map_err(refused)?;
        self.clock.arm(STARTUP_BUDGET);
        context.with(|ctx| {
            let realm = Realm::new(&ctx, self, program.clone());
            ctx.store_userdata(realm).map(|_| ()).expect("nothing else borrows user data yet");
            boot(&ctx).map_err(|error| match error {
                _ if self.clock.interrupted() => Failure::error("Script startup exceeded CPU time limit."),
                rquickjs::Error::Exception => self.failure_of(&describe(&ctx, &ctx.catch())),
                other => refused(other),
            })?;
            self.drain_microtasks(&ctx);
            realm_of(&ctx).finish_startup();
            Ok(())
        })?;
        self.clock.rest();
        Ok(Inner { context, runtime })
    }

    /// Boots a fresh isolate; what came of it is told to whoever started it.
    fn make_ready<'a>(self: &Arc<Self>, stage: &'a mut Stage) -> std::result::Result<&'a Inner, Option<Failure>> {
        if matches!(stage, Stage::Fresh { .. }) {
            let Stage::Fresh { program, boot, booted } = std::mem::replace(stage, Stage::Gone) else {
                return Err(None);
            };
            match self.boot(&program, boot) {
                Ok(inner) => {
                    *stage = Stage::Running(inner);
                    booted(Ok(()));
                }
                Err(failure) => {
                    self.retire();
                    *stage = Stage::Broken(failure.clone());
                    booted(Err(failure));
                }
            }
        }
        match stage {
            Stage::Running(inner) => Ok(inner),
            Stage::Broken(failure) => Err(Some(failure.clone())),
            _ => Err(None),
        }
    }

    /// Queues `job`; it runs on an engine thread, charged to `invocation`, its microtasks with it.
    pub fn post<F>(self: &Arc<Self>, invocation: Option<Arc<Invocation>>, job: F)
    where
        F: for<'js> FnOnce(&Ctx<'js>) -> Result<()> + Send + 'static,
    {
        self.lock_mailbox().push_back(Message { invocation, job: Box::new(job) });
        self.schedule();
    }

    /// Starts an invocation with its first message.
    pub fn invoke<F>(self: &Arc<Self>, invocation: &Arc<Invocation>, job: F)
    where
        F: for<'js> FnOnce(&Ctx<'js>) -> Result<()> + Send + 'static,
    {
        let message = Message { invocation: Some(invocation.clone()), job: Box::new(job) };
        {
            // Both at once, for `find_hung`: an open invocation whose message is not in the mailbox has begun.
            let mut open = self.lock_open();
            open.insert(invocation.id, invocation.clone());
            self.lock_mailbox().push_back(message);
        }
        if self.clock.is_condemned() {
            self.fail(invocation, &Failure::Stopped);
            return;
        }
        self.schedule();
    }

    /// Takes no new invocations; the runtime replaces it and lets it drain.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// An invocation that has not ended.
    pub fn invocation(&self, id: u64) -> Option<Arc<Invocation>> {
        self.lock_open().get(&id).cloned()
    }

    /// Events that have not ended.
    pub fn open_count(&self) -> usize {
        self.lock_open().values().filter(|one| !one.is_resident()).count()
    }

    /// Takes a resident in; its first event follows.
    pub fn take_in(&self, resident: &Arc<Invocation>) {
        self.lock_open().insert(resident.id, resident.clone());
    }

    /// Ends all residents and their events.
    pub fn turn_out(self: &Arc<Self>, failure: &Failure) {
        let residents: Vec<_> = self.lock_open().values().filter(|one| one.is_resident()).cloned().collect();
        for resident in residents {
            self.fail(&resident, failure);
        }
    }

    /// Ends an invocation well: its pending work is dropped.
    pub fn finish(self: &Arc<Self>, ctx: &Ctx<'_>, invocation: &Arc<Invocation>) {
        if invocation.end(None) {
            self.lock_open().remove(&invocation.id);
            cancel_ops(ctx, invocation);
        }
    }

    /// Ends an invocation with a failure, from any thread; the work it left is dropped at the next turn.
    pub fn fail(self: &Arc<Self>, invocation: &Arc<Invocation>, failure: &Failure) {
        if !invocation.end(Some(failure)) {
            return;
        }
        self.lock_open().remove(&invocation.id);
        if invocation.is_resident() {
            self.fail_events_of(invocation, failure);
        }
        if !self.clock.is_condemned() {
            let ended = invocation.clone();
            self.post(None, move |ctx| {
                cancel_ops(ctx, &ended);
                Ok(())
            });
        }
    }

    fn fail_events_of(self: &Arc<Self>, resident: &Arc<Invocation>, failure: &Failure) {
        let is_its = |one: &&Arc<Invocation>| one.resident().is_some_and(|owner| Arc::ptr_eq(owner, resident));
        let events: Vec<_> = self.lock_open().values().filter(is_its).cloned().collect();
        for event in events {
            self.fail(&event, failure);
        }
    }

    /// Gives the isolate up: every open invocation fails, `culprit` with its own failure. The thread that may be
    /// stuck in it retires when the native builtin returns.
    pub(super) fn condemn(self: &Arc<Self>, culprit: Option<(&Arc<Invocation>, Failure)>) {
        self.retire();
        self.clock.condemn();
        if let Some((invocation, failure)) = culprit {
            self.fail(invocation, &failure);
        }
        let open: Vec<_> = self.lock_open().values().cloned().collect();
        for invocation in open {
            self.fail(&invocation, &Failure::Stopped);
        }
        // Dropped after the lock: what a message holds may post another one when it goes.
        let waiting = std::mem::take(&mut *self.lock_mailbox());
        drop(waiting);
    }

    fn schedule(self: &Arc<Self>) {
        if !self.scheduled.swap(true, Ordering::AcqRel) {
            self.pool.push(self.clone());
        }
    }

    /// One turn on an engine thread. `note` tells the monitor whose message runs.
    pub(super) fn run_turn(self: &Arc<Self>, note: &dyn Fn(Option<&Arc<Invocation>>)) {
        let mut stage = self.lock_stage();
        note(None);
        match self.make_ready(&mut stage) {
            Ok(inner) => self.take_messages(inner, note),
            Err(failure) => self.refuse_messages(failure.as_ref()),
        }
        if self.clock.is_condemned() {
            *stage = Stage::Gone;
        }
        drop(stage);
        self.scheduled.store(false, Ordering::Release);
        if !self.lock_mailbox().is_empty() && !self.clock.is_condemned() {
            self.schedule();
        }
    }

    fn take_messages(self: &Arc<Self>, inner: &Inner, note: &dyn Fn(Option<&Arc<Invocation>>)) {
        for _ in 0..MESSAGES_PER_TURN {
            if self.clock.is_condemned() {
                return;
            }
            let Some(message) = self.lock_mailbox().pop_front() else { break };
            if message.invocation.as_ref().is_some_and(|owner| owner.is_finished()) {
                continue;
            }
            note(message.invocation.as_ref());
            self.run_message(inner, message);
        }
        if !self.clock.is_condemned() {
            self.find_hung(inner);
        }
    }

    /// The isolate did not start, or is gone: its messages fail with the reason.
    fn refuse_messages(self: &Arc<Self>, failure: Option<&Failure>) {
        let waiting = std::mem::take(&mut *self.lock_mailbox());
        for invocation in waiting.into_iter().filter_map(|message| message.invocation) {
            self.fail(&invocation, failure.unwrap_or(&Failure::Stopped));
        }
        let (kept, unowned) = std::mem::take(&mut *self.lock_mailbox())
            .into_iter()
            .partition::<VecDeque<_>, _>(|message| message.invocation.is_some());
        self.lock_mailbox().extend(kept);
        drop(unowned);
    }

    fn run_message(self: &Arc<Self>, inner: &Inner, message: Message) {
        let Message { invocation, job } = message;
        let budget = invocation.as_ref().map_or(UNOWNED_BUDGET, |owner| owner.remaining());
        let begin = self.clock.arm(budget);
        inner.context.with(|ctx| {
            let acting = invocation.as_ref().map(|owner| owner.resident().unwrap_or(owner)).cloned();
            realm_of(&ctx).current.replace(acting);
            async_context::reset(&ctx);
            let result = job(&ctx);
            if result.is_err() && !self.clock.interrupted() {
                self.after_throw(&ctx, invocation.as_ref());
            }
            self.drain_microtasks(&ctx);
            realm_of(&ctx).current.replace(None);
            outbox::flush(&ctx, !self.clock.interrupted());
        });
        if let Some(owner) = &invocation {
            owner.charge(begin.used());
        }
        if self.clock.interrupted() {
            self.after_interrupt(inner, invocation.as_ref());
        }
        self.clock.rest();
    }

    /// Runs the microtasks, then tells of rejections that nobody handled, until neither is left.
    fn drain_microtasks(&self, ctx: &Ctx<'_>) {
        let mut jobs = 0_u32;
        while !self.clock.interrupted() {
            if !ctx.execute_pending_job() && !rejections::tell(ctx) {
                return;
            }
            jobs += 1;
            if jobs.is_multiple_of(256) && self.clock.poll() {
                return;
            }
        }
    }

    /// The message itself threw, which only the heap's limit or a mistake of ours makes it do.
    fn after_throw(self: &Arc<Self>, ctx: &Ctx<'_>, invocation: Option<&Arc<Invocation>>) {
        let failure = self.failure_of(&describe(ctx, &ctx.catch()));
        if let Some(invocation) = invocation {
            self.fail(invocation, &failure);
        }
    }

    /// A thrown value as a failure; one that tells of the heap's limit retires the isolate.
    pub fn failure_of(&self, thrown: &Thrown) -> Failure {
        if thrown.message == OUT_OF_MEMORY {
            self.retire();
            return Failure::MemoryLimit { limit: self.options.memory_limit };
        }
        let Thrown { name, message, stack } = thrown.clone();
        Failure::Threw { name, message, stack }
    }

    /// The message ran into its deadline: its invocation fails, and the isolate is replaced. What it left in the
    /// microtask queue gets a small budget; if that is not enough (a flood), the isolate is given up at once.
    fn after_interrupt(self: &Arc<Self>, inner: &Inner, invocation: Option<&Arc<Invocation>>) {
        self.retire();
        if let Some(invocation) = invocation {
            self.fail(invocation, &invocation.cpu_failure());
        }
        self.clock.arm(CLEANUP_BUDGET);
        inner.context.with(|ctx| self.drain_microtasks(&ctx));
        if self.clock.interrupted() {
            self.condemn(None);
        }
    }

    /// Nothing pending in the isolate, yet invocations are open: they can never end by themselves.
    fn find_hung(self: &Arc<Self>, inner: &Inner) {
        if self.open_count() == 0 || !self.lock_mailbox().is_empty() {
            return;
        }
        let idle = inner.context.with(|ctx| realm_of(&ctx).active_ops.get() == 0);
        if !idle {
            return;
        }
        let hung: Vec<_> = {
            let open = self.lock_open();
            if !self.lock_mailbox().is_empty() {
                return;
            }
            // What stays between events may be answered by the next one.
            open.values().filter(|one| matches!(one.standing, Standing::Event)).cloned().collect()
        };
        for invocation in hung {
            self.fail(&invocation, &Failure::Hung);
        }
    }

    fn lock_stage(&self) -> MutexGuard<'_, Stage> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn lock_mailbox(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.mailbox.lock().expect("the mailbox' holders do not panic")
    }

    fn lock_open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Invocation>>> {
        self.open.lock().expect("the holders of open invocations do not panic")
    }
}

/// QuickJS' words when the heap's limit is reached.
const OUT_OF_MEMORY: &str = "out of memory";
