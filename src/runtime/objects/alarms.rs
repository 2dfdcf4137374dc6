//! Alarms of Durable Objects: they ring on the store's clock, are tried again when their handler fails, and outlive restarts.
//!
//! The time is in the object's database. A mark beside it tells that there is one, so that a start need not open
//! every object; it is made before the alarm is saved and removed after it is gone.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Key, Origin, Target, lock};
use crate::bindings::alarm_of;
use crate::runtime::Runtime;
use crate::store::OwnDatabase;
use crate::worker::{Call, Errand, Fetch as _, How, Parcel, WorkerId};

/// See the module's text.
#[derive(Default)]
pub(super) struct Alarms {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// By time in milliseconds.
    due: BTreeSet<(i64, Key)>,
    /// What is set, and how often its handler has failed.
    set: HashMap<Key, Set>,
    /// The task that waits for them exists.
    awake: bool,
}

#[derive(Clone)]
struct Set {
    at: i64,
    name: Option<Arc<str>>,
    database: Arc<OwnDatabase>,
    failures: u32,
    /// The handler runs.
    ringing: bool,
}

/// Failures of a handler after which an alarm is given up, as on Cloudflare.
const MAX_RETRIES: u32 = 6;
/// Before the first retry; doubled for each later one.
const FIRST_RETRY: i64 = 2_000;
/// The clock may be set while nothing is due.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

impl Alarms {
    /// Sets an object's alarm, or takes it away.
    pub(super) fn set(
        self: &Arc<Self>,
        runtime: &Weak<Runtime>,
        (key, name): (&Key, Option<&Arc<str>>),
        database: &Arc<OwnDatabase>,
        at: Option<i64>,
    ) {
        match at {
            Some(at) => {
                database.mark(Some(name.map_or("", |name| &**name)));
                let database = database.clone();
                self.schedule(key, Set { at, name: name.cloned(), database, failures: 0, ringing: false });
                self.wake(runtime);
            }
            None => self.forget(key),
        }
    }

    fn schedule(&self, key: &Key, set: Set) {
        let mut state = lock(&self.state);
        if let Some(before) = state.set.get(key) {
            let before = (before.at, key.clone());
            state.due.remove(&before);
        }
        state.due.insert((set.at, key.clone()));
        state.set.insert(key.clone(), set);
        drop(state);
        self.changed.notify_one();
    }

    fn forget(&self, key: &Key) {
        let mut state = lock(&self.state);
        let Some(set) = state.set.remove(key) else { return };
        state.due.remove(&(set.at, key.clone()));
        drop(state);
        set.database.mark(None);
    }

    /// Gives the alarms of a class to another one. One that rings now rings once more there: its run may have ended with it.
    pub(super) fn move_class(&self, from: (&WorkerId, &str), to: (&WorkerId, &str)) {
        let mut state = lock(&self.state);
        let is_it = |key: &Key| key.worker == *from.0 && *key.class == *from.1;
        let moved: Vec<_> = state.set.extract_if(|key, _| is_it(key)).collect();
        state.due.retain(|(_, key)| !is_it(key));
        for (key, set) in moved {
            let key = Key { worker: to.0.clone(), class: to.1.into(), id: key.id };
            state.due.insert((set.at, key.clone()));
            state.set.insert(key, Set { ringing: false, ..set });
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Takes away the alarms of a class that is deleted.
    pub(super) fn forget_class(&self, worker: &WorkerId, class: &str) {
        let mut state = lock(&self.state);
        let is_it = |key: &Key| key.worker == *worker && *key.class == *class;
        state.set.retain(|key, _| !is_it(key));
        state.due.retain(|(_, key)| !is_it(key));
    }

    fn wake(self: &Arc<Self>, runtime: &Weak<Runtime>) {
        let Some(running) = runtime.upgrade() else { return };
        if std::mem::replace(&mut lock(&self.state).awake, true) {
            return;
        }
        running.settings.engine.tokio.spawn(wait(self.clone(), runtime.clone()));
    }

    /// The alarms that are due, and how long until the next one.
    fn take_due(&self, now: i64) -> (Vec<(Key, Set)>, Duration) {
        let mut state = lock(&self.state);
        let mut taken = Vec::new();
        while let Some((at, _)) = state.due.first()
            && *at <= now
            && let Some((_, key)) = state.due.pop_first()
        {
            if let Some(set) = state.set.get_mut(&key) {
                set.ringing = true;
                taken.push((key, set.clone()));
            }
        }
        let next = state.due.first().map(|(at, _)| u64::try_from(at - now).unwrap_or_default());
        (taken, next.map_or(LONGEST_SLEEP, Duration::from_millis).min(LONGEST_SLEEP))
    }

    /// Puts an alarm off that has nobody to ring for yet.
    fn put_off(&self, key: &Key, now: i64) {
        let set = lock(&self.state).set.get(key).filter(|set| set.ringing).cloned();
        if let Some(set) = set {
            self.schedule(key, Set { at: now + FIRST_RETRY, ringing: false, ..set });
        }
    }

    /// The handler has ended. One that set another alarm has that one now.
    fn rang(&self, key: &Key, well: bool, now: i64) {
        let set = lock(&self.state).set.get(key).filter(|set| set.ringing).cloned();
        let Some(mut set) = set else { return };
        if well || set.failures >= MAX_RETRIES {
            return self.forget(key);
        }
        set.at = now + (FIRST_RETRY << set.failures);
        set.failures += 1;
        set.ringing = false;
        self.schedule(key, set);
    }
}

impl Runtime {
    /// Sets the alarms that were set before the last end of the process.
    pub(in crate::runtime) fn find_alarms(self: &Arc<Self>) {
        let objects = &self.objects;
        for (folder, id, name) in objects.store.marked("objects") {
            let Some(origin) = Origin::from_folder(&folder) else { continue };
            let slot = self.slot(&origin.worker);
            let migrations = slot.map(|slot| slot.spec.bindings.migrations()).unwrap_or_default();
            let class = migrations.current(&origin.class).into();
            let key = Key { worker: origin.worker.clone(), class, id: id.into() };
            let resident = objects.resident(&key, &origin);
            let at = resident.database.with(|open, guard| guard.trusted(|| alarm_of(open)));
            let name = (!name.is_empty()).then(|| Arc::from(name));
            if let Ok(Some(at)) = at {
                objects.alarms.set(&Arc::downgrade(self), (&key, name.as_ref()), &resident.database, Some(at));
            } else {
                resident.database.mark(None);
            }
        }
    }
}

async fn wait(alarms: Arc<Alarms>, runtime: Weak<Runtime>) {
    loop {
        let (due, sleep) = {
            let Some(runtime) = runtime.upgrade() else { return };
            alarms.take_due(now(&runtime))
        };
        for (key, set) in due {
            ring(&alarms, &runtime, key, &set);
        }
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = alarms.changed.notified() => {}
        }
    }
}

fn now(runtime: &Runtime) -> i64 {
    i64::try_from(runtime.settings.store.clock().now().as_millis()).unwrap_or(i64::MAX)
}

fn ring(alarms: &Arc<Alarms>, runtime: &Weak<Runtime>, key: Key, set: &Set) {
    if let Some(running) = runtime.upgrade()
        && !running.contains(&key.worker)
    {
        return alarms.put_off(&key, now(&running));
    }
    let target = Target { runtime: runtime.clone(), key: key.clone(), name: set.name.clone() };
    let info = format!("[{{\"retryCount\":{},\"isRetry\":{}}}]", set.failures, set.failures > 0);
    let path = vec!["alarm".to_owned(), info];
    let errand = Errand { how: How::Handle, path, args: Parcel::default() };
    let (alarms, runtime) = (alarms.clone(), runtime.clone());
    let reply = Box::new(move |result: Result<Parcel, _>| {
        let Some(runtime) = runtime.upgrade() else { return };
        alarms.rang(&key, result.is_ok_and(|parcel| !parcel.thrown), now(&runtime));
    });
    target.invoke(errand, Call::default(), reply);
}
