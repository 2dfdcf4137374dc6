//! What happens without a request: `scheduled()` of Workers, on the minute.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Runtime;
use crate::bindings::QueueConsumer;
use crate::worker::{Call, Cron, Errand, Ray, WorkerId, happen};

/// Tells what is to happen, and to whom, as things stand when it is asked.
pub trait Triggers: Send + Sync {
    /// The Workers that have schedules.
    fn schedules(&self) -> Vec<(WorkerId, Vec<Cron>)>;

    /// Who reads which queue.
    fn consumers(&self) -> Vec<QueueConsumer> {
        Vec::new()
    }
}

/// Nothing happens.
impl Triggers for () {
    fn schedules(&self) -> Vec<(WorkerId, Vec<Cron>)> {
        Vec::new()
    }
}

/// An event of the platform's own that has ended.
pub struct Happened<'a> {
    pub worker: &'a WorkerId,
    /// `scheduled`, `queue`.
    pub kind: &'static str,
    /// The cron expression, the queue and how many messages.
    pub what: String,
    pub well: bool,
    pub took: Duration,
    /// Of the requests that led to it: those that sent the messages of a queue.
    pub rays: &'a [Ray],
}

const MINUTE: u64 = 60_000;
/// Where the clock stands still, it is looked at this often.
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);
/// The clock may be set, and machines sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Has schedules fire from the next minute on.
pub(super) fn follow_clock(runtime: &Arc<Runtime>) {
    let (tokio, runtime) = (runtime.settings.engine.tokio.clone(), Arc::downgrade(runtime));
    tokio.spawn(async move {
        let Some(mut last) = runtime.upgrade().map(|runtime| now(&runtime) / MINUTE) else { return };
        loop {
            let Some(sleep) = runtime.upgrade().map(|runtime| MINUTE - now(&runtime) % MINUTE) else { return };
            tokio::time::sleep(Duration::from_millis(sleep).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)).await;
            let Some(running) = runtime.upgrade() else { return };
            let minute = now(&running) / MINUTE;
            if minute > last {
                // What the machine slept through is lost, as a missed bus.
                last = minute;
                fire(&running, minute);
            }
        }
    });
}

fn now(runtime: &Runtime) -> u64 {
    u64::try_from(runtime.settings.store.clock().now().as_millis()).unwrap_or(u64::MAX)
}

fn fire(runtime: &Arc<Runtime>, minute: u64) {
    for (worker, crons) in runtime.settings.triggers.schedules() {
        for cron in crons.iter().filter(|cron| cron.fits(minute)) {
            let facts = json!({ "scheduledTime": minute * MINUTE, "cron": cron.text() });
            let what = cron.text().to_owned();
            runtime.settings.engine.tokio.spawn(scheduled(Arc::downgrade(runtime), worker.clone(), facts, what));
        }
    }
}

async fn scheduled(runtime: Weak<Runtime>, worker: WorkerId, facts: serde_json::Value, what: String) {
    let Some(target) = runtime.upgrade().map(|runtime| runtime.fetcher(worker.clone(), None)) else { return };
    let started = Instant::now();
    let told = happen(&target, Errand::event("scheduled", &facts, Vec::new()), Call::default()).await;
    let Some(runtime) = runtime.upgrade() else { return };
    let (well, took) = (told["outcome"] == "ok", started.elapsed());
    runtime.settings.observer.happened(&Happened { worker: &worker, kind: "scheduled", what, well, took, rays: &[] });
}
