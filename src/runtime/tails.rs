//! Who hears what Workers do: tail Workers, when an event has ended, and those who follow a log.
//!
//! An event that nobody hears of is not recorded: with no tail anywhere that costs one look at a number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::Runtime;
use super::events::{Door, What};
use super::target::Target;
use crate::bindings::ObjectRecord;
use crate::engine::Invocation;
use crate::web::Event;
use crate::worker::{Audience, Call, Errand, Failure, Fetch, How, Request, Said, Tape, WorkerId, happen};

/// What is told of a Worker besides its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its tail Workers, and of which environment.
    pub tails: Vec<(String, Option<String>)>,
    pub version: Option<String>,
    pub tags: Vec<String>,
}

impl About {
    /// With the tail Workers that a `tail_consumers` lists.
    #[must_use]
    pub fn with_tails(mut self, listed: &Value) -> Self {
        let text = |item: &Value, key: &str| item[key].as_str().map(str::to_owned);
        let tail = |item: &Value| Some((text(item, "service")?, text(item, "environment")));
        self.tails = listed.as_array().into_iter().flatten().filter_map(tail).collect();
        self
    }
}

type Follower = Box<dyn Fn(&Value) + Send + Sync>;

/// See the module's text.
#[derive(Default)]
pub(super) struct Tails {
    about: RwLock<HashMap<WorkerId, Arc<About>>>,
    followers: Mutex<Vec<(u64, WorkerId, Arc<Follower>)>>,
    /// Workers that have tail Workers, and followers.
    listening: AtomicUsize,
    numbers: AtomicUsize,
    /// Tail Workers' events that have not ended.
    delivering: AtomicUsize,
}

/// Tail Workers' events at a time; what comes on top is not told.
const MAX_DELIVERING: usize = 1_000;

/// Follows a Worker's log until it is dropped.
pub struct Following {
    runtime: Weak<Runtime>,
    number: u64,
}

impl Drop for Following {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.upgrade() else { return };
        let gone = {
            let mut all = lock(&runtime.tails.followers);
            let at = all.iter().position(|(number, ..)| *number == self.number);
            at.map(|at| all.swap_remove(at))
        };
        if gone.is_some() {
            runtime.tails.listening.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Runtime {
    /// What there is to tell of a Worker, from its next event on.
    pub fn set_about(&self, worker: &WorkerId, about: About) {
        let listens = !about.tails.is_empty();
        let mut all = self.tails.about.write().unwrap_or_else(PoisonError::into_inner);
        let before =
            if about == About::default() { all.remove(worker) } else { all.insert(worker.clone(), Arc::new(about)) };
        let listened = before.is_some_and(|before| !before.tails.is_empty());
        match (listened, listens) {
            (false, true) => drop(self.tails.listening.fetch_add(1, Ordering::Relaxed)),
            (true, false) => drop(self.tails.listening.fetch_sub(1, Ordering::Relaxed)),
            _ => {}
        }
    }

    /// Has `hear` called with each event of a Worker, when it has ended.
    pub fn follow(self: &Arc<Self>, worker: WorkerId, hear: impl Fn(&Value) + Send + Sync + 'static) -> Following {
        let number = self.tails.numbers.fetch_add(1, Ordering::Relaxed) as u64;
        lock(&self.tails.followers).push((number, worker, Arc::new(Box::new(hear))));
        self.tails.listening.fetch_add(1, Ordering::Relaxed);
        Following { runtime: Arc::downgrade(self), number }
    }

    /// The tail Workers of a Worker, who hear of one event; with those of who dispatched to it.
    fn audience(self: &Arc<Self>, about: &Arc<About>, call: &Call) -> Arc<Audience> {
        let (runtime, about) = (Arc::downgrade(self), about.clone());
        Audience::new(call.audience.clone(), move |items| {
            let Some(runtime) = runtime.upgrade() else { return };
            for (service, environment) in &about.tails {
                runtime.tell_tail(service, environment.as_deref(), &items);
            }
        })
    }

    fn tell_tail(self: &Arc<Self>, service: &str, environment: Option<&str>, items: &[Value]) {
        let Some(id) = self.bound(service, environment) else { return };
        if self.tails.delivering.fetch_add(1, Ordering::Relaxed) >= MAX_DELIVERING {
            self.tails.delivering.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let target: Arc<dyn Fetch> = Arc::new(Target::new(self, id, "default".to_owned()));
        let errand = Errand::event("tail", &json!(items), Vec::new());
        let runtime = self.clone();
        self.settings.engine.tokio.spawn(async move {
            // What it throws is in its own log.
            happen(&target, errand, Call { tailing: true, ..Call::default() }).await;
            runtime.tails.delivering.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// The ordinary Worker that something names, in an environment if it is there.
    pub(super) fn bound(&self, service: &str, environment: Option<&str>) -> Option<WorkerId> {
        let of_environment = environment.map(|environment| format!("{service}-{environment}"));
        let ids = of_environment.into_iter().chain([service.to_owned()]).map(WorkerId::plain);
        ids.into_iter().find(|id| self.contains(id))
    }
}

/// One event that somebody will hear of.
pub(super) struct Recording {
    pub(super) tape: Arc<Tape>,
    followers: Vec<Arc<Follower>>,
    audience: Option<Arc<Audience>>,
    item: Value,
    started: Instant,
}

impl Recording {
    /// None where nobody listens. The call gets the audience of its own Worker.
    pub(super) fn begin(
        runtime: &Arc<Runtime>,
        worker: &WorkerId,
        (what, door): (&What, &Door),
        call: &mut Call,
    ) -> Option<Self> {
        let tails = &runtime.tails;
        if tails.listening.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let about = tails.about.read().unwrap_or_else(PoisonError::into_inner).get(worker).cloned();
        if let Some(about) = about.as_ref().filter(|about| !about.tails.is_empty() && !call.tailing) {
            call.audience = Some(runtime.audience(about, call));
        }
        let of_worker = |(_, id, follower): &(u64, WorkerId, Arc<Follower>)| (id == worker).then(|| follower.clone());
        let followers: Vec<_> = lock(&tails.followers).iter().filter_map(of_worker).collect();
        let audience = call.audience.clone();
        if followers.is_empty() && audience.is_none() {
            return None;
        }
        let mut item = item(worker, &about.unwrap_or_default(), what, door);
        // Differs: trace items also have the id of the request that led to them, as `rayId`.
        if let Some(ray) = call.ray {
            item["rayId"] = json!(ray.to_string());
        }
        Some(Self { tape: Arc::default(), followers, audience, item, started: Instant::now() })
    }

    /// The event has ended.
    pub(super) fn end(mut self, invocation: &Invocation, cpu: &Invocation, (failure, left): (Option<&Failure>, bool)) {
        if let Some(failure) = failure {
            tell_failure(&self.tape, failure);
        }
        let Said { logs, exceptions, channels, status, truncated, .. } = self.tape.take();
        let outcome = outcome(failure, left && status.is_none(), !exceptions.is_empty());
        let wall = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let cpu = u64::try_from(cpu.cpu_used().as_millis()).unwrap_or(u64::MAX);
        let facts = json!({ "outcome": outcome, "logs": logs, "exceptions": exceptions, "diagnosticsChannelEvents": channels,
            "truncated": truncated, "wallTime": wall, "cpuTime": cpu });
        if let (Value::Object(item), Value::Object(facts)) = (&mut self.item, facts) {
            item.extend(facts);
        }
        if let (Some(status), Some(event)) = (status, self.item["event"].as_object_mut()) {
            event.insert("response".to_owned(), json!({ "status": status }));
        }
        if let Some(audience) = self.audience {
            audience.hear(invocation.id, &self.item);
        }
        // What only tail Workers may ask for.
        if let Some(request) = self.item["event"]["request"].as_object_mut() {
            request.remove("unredacted");
        }
        for follower in &self.followers {
            follower(&self.item);
        }
    }
}

fn tell_failure(tape: &Tape, failure: &Failure) {
    match failure {
        Failure::Cancelled => {}
        Failure::Threw { name, message, stack } => tape.threw((name, message, stack), now()),
        other => tape.threw((other.name(), &other.to_string(), ""), now()),
    }
}

/// In Cloudflare's words.
fn outcome(failure: Option<&Failure>, left: bool, threw: bool) -> &'static str {
    match failure {
        Some(Failure::CpuLimit { .. }) => "exceededCpu",
        Some(Failure::MemoryLimit { .. }) => "exceededMemory",
        Some(Failure::Cancelled) => "canceled",
        Some(Failure::NotFound) => "scriptNotFound",
        Some(_) => "exception",
        None if left => "canceled",
        None if threw => "exception",
        None => "ok",
    }
}

/// What is known of an event when it begins.
fn item(worker: &WorkerId, about: &About, what: &What, door: &Door) -> Value {
    let mut item = json!({ "event": event_of(what), "eventTimestamp": now(), "scriptName": worker.name(),
        "scriptTags": about.tags });
    if let Some(namespace) = worker.namespace() {
        item["dispatchNamespace"] = json!(namespace);
    }
    if let Some(version) = &about.version {
        item["scriptVersion"] = json!({ "id": version });
    }
    match door {
        Door::Entrypoint { name, .. } => {
            item["executionModel"] = json!("stateless");
            item["entrypoint"] = json!(&**name);
        }
        Door::Object(resident) => {
            item["executionModel"] = json!("durableObject");
            let object = Event::of(resident).object.clone().and_then(|object| object.downcast::<ObjectRecord>().ok());
            if let Some(object) = object {
                (item["entrypoint"], item["durableObjectId"]) = (json!(&*object.class), json!(&*object.id));
            }
        }
    }
    item
}

fn event_of(what: &What) -> Value {
    match what {
        What::Request(request) => json!({ "request": request_of(request) }),
        What::Errand(Errand { how: How::Handle, path, .. }) => {
            let facts: Value = path.get(1).and_then(|facts| serde_json::from_str(facts).ok()).unwrap_or_default();
            handled(path.first().map(String::as_str).unwrap_or_default(), &facts)
        }
        What::Errand(errand) => json!({ "rpcMethod": errand.path.join(".") }),
    }
}

/// An event of the platform's own.
fn handled(name: &str, facts: &Value) -> Value {
    match name {
        "scheduled" => json!({ "cron": facts["cron"], "scheduledTime": facts["scheduledTime"] }),
        "queue" => {
            let messages = facts["messages"].as_array().map_or(0, Vec::len);
            json!({ "queue": facts["queue"], "batchSize": messages })
        }
        "email" => json!({ "mailFrom": facts["from"], "rcptTo": facts["to"] }),
        "alarm" => json!({ "scheduledTime": now() }),
        "tail" => {
            let told = facts.as_array().into_iter().flatten();
            let names: Vec<_> = told.map(|item| json!({ "scriptName": item["scriptName"] })).collect();
            json!({ "consumedEvents": names })
        }
        _ => Value::Null,
    }
}

fn request_of(request: &Request) -> Value {
    let headers = |redacts: bool| -> Map<String, Value> {
        let mut all = Map::new();
        for name in request.headers.keys() {
            let shown =
                if redacts && is_secret(name.as_str()) { REDACTED.to_owned() } else { joined(&request.headers, name) };
            all.insert(name.as_str().to_owned(), json!(shown));
        }
        all
    };
    let cf: Value = request.cf.as_deref().and_then(|cf| serde_json::from_str(cf).ok()).unwrap_or_default();
    let mut told = json!({ "url": request.url, "method": request.method.as_str(), "headers": headers(true) });
    if !cf.is_null() {
        told["cf"] = cf;
    }
    if request.headers.keys().any(|name| is_secret(name.as_str())) {
        told["unredacted"] = json!(headers(false));
    }
    told
}

const REDACTED: &str = "REDACTED";

/// Headers that may hold a secret, by their names, as on Cloudflare.
fn is_secret(name: &str) -> bool {
    let words = ["auth", "key", "secret", "token", "jwt"];
    matches!(name, "cookie" | "set-cookie") || words.iter().any(|word| name.contains(word))
}

fn joined(headers: &HeaderMap, name: &http::HeaderName) -> String {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join(", ")
}

/// Milliseconds since 1970.
#[allow(clippy::cast_precision_loss, reason = "times are below 2^53")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_millis() as f64)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
