//! The timers of one isolate: they fire in the order of their deadlines, equal ones in the order they were set.
//!
//! One tokio task sleeps until the next deadline and posts a message for each timer that is due, charged to the
//! invocation that set it. It exists only while there are timers. What a timer runs is not known here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rquickjs::{Ctx, Result};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::ops::{Completer, begin_event, cancel_event, is_pending, on_op_cancel};
use super::realm::{current, realm};

/// Timers an invocation may have at once, as on Cloudflare.
const LIMIT: usize = 10_000;

/// An invocation has as many timers as it may have.
#[derive(Debug, Clone, Copy)]
pub struct TooManyTimers {
    pub active: usize,
    /// Timers it had before that have ended.
    pub finished: usize,
}

type Fire = dyn for<'js> Fn(&Ctx<'js>, u64) -> Result<()> + Send + Sync;

/// See the module's text.
#[derive(Default)]
pub(super) struct Alarm {
    state: Mutex<State>,
    /// The next deadline is another one than before.
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// By deadline and number: numbers grow, so equal deadlines keep their order.
    due: BTreeMap<(Instant, u64), Timer>,
    deadlines: HashMap<u64, Instant>,
    /// By invocation, while it has timers: how many, and how many ended.
    owners: HashMap<u64, TooManyTimers>,
    /// The task that sleeps exists.
    awake: bool,
}

#[derive(Clone)]
struct Timer {
    event: Arc<Completer>,
    period: Option<Duration>,
    fire: Arc<Fire>,
}

/// Has `fire` called with the timer's number after `delay`; again and again if `repeat`. It ends with
/// [`cancel_event`] or with its invocation.
pub fn start_timer<F>(ctx: &Ctx<'_>, delay: Duration, repeat: bool, fire: F) -> std::result::Result<u64, TooManyTimers>
where
    F: for<'js> Fn(&Ctx<'js>, u64) -> Result<()> + Send + Sync + 'static,
{
    let alarm = realm(ctx).alarm.clone();
    let owner = current(ctx).map_or(0, |invocation| invocation.id);
    alarm.lock().count(owner)?;
    let event = begin_event(ctx);
    let id = event.id();
    let forget = alarm.clone();
    on_op_cancel(ctx, &event, move || forget.remove(id, owner));
    let timer = Timer { event: Arc::new(event), period: repeat.then_some(delay), fire: Arc::new(fire) };
    alarm.set(&realm(ctx).tokio, Instant::now() + delay, timer);
    Ok(id)
}

impl State {
    fn count(&mut self, owner: u64) -> std::result::Result<(), TooManyTimers> {
        let counts = self.owners.entry(owner).or_insert(TooManyTimers { active: 0, finished: 0 });
        if counts.active >= LIMIT {
            return Err(*counts);
        }
        counts.active += 1;
        Ok(())
    }

    fn uncount(&mut self, owner: u64) {
        let Some(counts) = self.owners.get_mut(&owner) else { return };
        counts.active -= 1;
        counts.finished += 1;
        if counts.active == 0 {
            self.owners.remove(&owner);
        }
    }
}

impl Alarm {
    fn set(self: &Arc<Self>, tokio: &tokio::runtime::Handle, at: Instant, timer: Timer) {
        let mut state = self.lock();
        let key = (at, timer.event.id());
        state.deadlines.insert(key.1, at);
        state.due.insert(key, timer);
        let is_next = state.due.first_key_value().is_some_and(|(first, _)| *first == key);
        if !state.awake {
            state.awake = true;
            tokio.spawn(ring(self.clone()));
        } else if is_next {
            self.changed.notify_one();
        }
    }

    /// A timer has ended, or its invocation has.
    fn remove(&self, id: u64, owner: u64) {
        let mut state = self.lock();
        state.uncount(owner);
        if let Some(at) = state.deadlines.remove(&id) {
            state.due.remove(&(at, id));
            if state.due.is_empty() {
                self.changed.notify_one();
            }
        }
    }

    /// Forgets all timers: the isolate is gone.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.due.clear();
        state.deadlines.clear();
        state.owners.clear();
        self.changed.notify_one();
    }

    /// The next deadline; without one the task ends.
    fn next(&self) -> Option<Instant> {
        let mut state = self.lock();
        let next = state.due.first_key_value().map(|((at, _), _)| *at);
        state.awake = next.is_some();
        next
    }

    fn take_due(&self, now: Instant) -> Vec<Timer> {
        let mut state = self.lock();
        let mut taken = Vec::new();
        while state.due.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            let Some(((_, id), timer)) = state.due.pop_first() else { break };
            state.deadlines.remove(&id);
            taken.push(timer);
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the holders of timers do not panic")
    }
}

async fn ring(alarm: Arc<Alarm>) {
    while let Some(next) = alarm.next() {
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = alarm.changed.notified() => {}
        }
        for timer in alarm.take_due(Instant::now()) {
            post(&alarm, timer);
        }
    }
}

/// A repeating timer is set again when it has run, so that a busy isolate's mailbox does not fill up.
fn post(alarm: &Arc<Alarm>, timer: Timer) {
    let alarm = alarm.clone();
    timer.event.clone().post(move |ctx| {
        let id = timer.event.id();
        let wanted = if timer.period.is_some() { is_pending(ctx, id) } else { cancel_event(ctx, id) };
        if !wanted {
            return Ok(());
        }
        let result = (timer.fire)(ctx, id);
        if let Some(period) = timer.period
            && is_pending(ctx, id)
        {
            alarm.set(&realm(ctx).tokio, Instant::now() + period, timer);
        }
        result
    });
}
