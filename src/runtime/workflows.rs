//! Instances of workflows go on when they are due: a task looks for them, has `run()` of their class called, and keeps how
//! that ended. What had no end when the process had one is due still, and runs again: steps that were done are not.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};

use super::{Happened, Runtime};
use crate::bindings::{Flow, InstanceKey, WorkflowEnding, WorkflowRun, Workflows};
use crate::worker::{Call, Errand, Failure, WorkerId};

/// Instances that run at a time; those that sleep or wait for long do not.
const MAX_LIVE: usize = 100;
/// Before what could not be looked up, or has no Worker yet, is tried again.
const PATIENCE: Duration = Duration::from_secs(1);
/// The clock may be set while nothing is due.
const LONGEST_SLEEP: i64 = 60_000;

impl Runtime {
    /// Instances of workflows.
    pub fn workflows(&self) -> &Arc<Workflows> {
        &self.workflows
    }

    /// The workflows that Workers have or bind, with their classes; the owner's own word comes first.
    pub fn flows(&self) -> Vec<(Flow, String)> {
        let mut found: Vec<(Flow, String)> = Vec::new();
        for (id, slot) in self.read().iter() {
            for (flow, class) in slot.spec.bindings.list().iter().filter_map(|binding| binding.workflow(id)) {
                match found.iter_mut().find(|(other, _)| *other == flow) {
                    Some(known) if flow.owner == *id => known.1 = class,
                    Some(_) => {}
                    None => found.push((flow, class)),
                }
            }
        }
        found.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        found
    }

    /// A Worker came or was replaced: its instances go on in its new code.
    pub(super) fn follow_workflows(self: &Arc<Self>, id: &WorkerId) {
        let binds = |slot: Arc<super::slot::Slot>| {
            slot.spec.bindings.list().iter().any(|binding| binding.workflow(id).is_some())
        };
        if !self.slot(id).is_some_and(binds) {
            return;
        }
        self.workflows.call();
        self.workflows.has_changed();
        if !self.follows_workflows.swap(true, Ordering::AcqRel) {
            let follower = follow(Arc::downgrade(self), self.workflows.clone());
            self.settings.engine.tokio.spawn(follower);
        }
    }
}

async fn follow(runtime: Weak<Runtime>, workflows: Arc<Workflows>) {
    let mut changes = workflows.follow();
    let places = Arc::new(Semaphore::new(MAX_LIVE));
    loop {
        changes.mark_unchanged();
        let mut sleep = Duration::from_millis(LONGEST_SLEEP.unsigned_abs());
        let free = places.available_permits();
        let next = if free == 0 { Ok(Vec::new()) } else { workflows.next(free).await };
        for (key, due) in next.unwrap_or_else(|_| {
            sleep = PATIENCE;
            Vec::new()
        }) {
            let Some(running) = runtime.upgrade() else { return };
            let wait = due - workflows.now();
            if wait > 0 {
                sleep = sleep.min(Duration::from_millis(wait.min(LONGEST_SLEEP).unsigned_abs()));
                break;
            }
            let owner = Flow::parse(&key.flow).map(|flow| flow.owner);
            let Some(owner) = owner.filter(|owner| running.contains(owner)) else {
                sleep = sleep.min(PATIENCE);
                continue;
            };
            drop(running);
            let Ok(place) = places.clone().try_acquire_owned() else { break };
            // Noted before the next look, so that nothing runs twice.
            let Ok(Some(run)) = workflows.begin(&key).await else { continue };
            let going = go_on(runtime.clone(), workflows.clone(), (owner, key), run);
            tokio::spawn(async move {
                going.await;
                drop(place);
            });
        }
        if runtime.strong_count() == 0 {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            _ = changes.changed() => {}
        }
    }
}

async fn go_on(
    runtime: Weak<Runtime>,
    workflows: Arc<Workflows>,
    (owner, key): (WorkerId, InstanceKey),
    run: WorkflowRun,
) {
    let started = Instant::now();
    let ending = match runtime.upgrade() {
        Some(runtime) => {
            let target = runtime.fetcher(owner.clone(), Some(run.class.clone()));
            drop(runtime);
            let (sender, told) = oneshot::channel();
            target.invoke(errand(&run), Call::default(), Box::new(move |told| drop(sender.send(told))));
            match told.await.unwrap_or(Err(Failure::Stopped)) {
                Ok(parcel) if !parcel.thrown => ending(&serde_json::from_slice(&parcel.bytes).unwrap_or_default()),
                Ok(_) => None,
                Err(failure) => of_failure(&failure),
            }
        }
        None => None,
    };
    let well = match &ending {
        Some(WorkflowEnding::Told) => Some(true),
        Some(WorkflowEnding::Errored(_)) => Some(false),
        _ => None,
    };
    // What cannot be kept is due again after the next start.
    let _kept = workflows.end(&run.id, ending).await;
    if let (Some(runtime), Some(well)) = (runtime.upgrade(), well) {
        let name = key.flow.split_once(':').map_or("", |(_, name)| name);
        let (what, took) = (format!("{name} {}", key.id), started.elapsed());
        runtime.settings.observer.happened(&Happened { worker: &owner, kind: "workflow", what, well, took, rays: &[] });
    }
}

fn errand(run: &WorkflowRun) -> Errand {
    let InstanceKey { flow, id } = &run.id.key;
    let facts = json!({ "flow": flow, "id": id, "generation": run.id.generation, "created": run.created });
    Errand::event("workflow", &facts, run.params.clone())
}

/// What `workflow_run.js` tells.
fn ending(told: &Value) -> Option<WorkflowEnding> {
    match told["outcome"].as_str()? {
        "complete" | "stopped" => Some(WorkflowEnding::Told),
        "errored" => Some(WorkflowEnding::Errored(told["error"].to_string())),
        "suspended" => Some(WorkflowEnding::Suspended(told["due"].as_i64())),
        _ => None,
    }
}

/// None for what is not the instance's fault.
fn of_failure(failure: &Failure) -> Option<WorkflowEnding> {
    match failure {
        Failure::Broken { .. } | Failure::Stopped | Failure::NotFound | Failure::Cancelled => None,
        Failure::Threw { name, message, .. } => {
            Some(WorkflowEnding::Errored(json!({ "name": name, "message": message }).to_string()))
        }
        other => Some(WorkflowEnding::Errored(json!({ "name": "Error", "message": other.to_string() }).to_string())),
    }
}
