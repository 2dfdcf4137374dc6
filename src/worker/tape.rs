//! What one event says and suffers, for tail Workers and for those who follow a Worker's log; and who they are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// What is said in one event, while it goes on.
#[derive(Default)]
pub struct Tape(Mutex<Said>);

/// What was said.
#[derive(Default)]
pub struct Said {
    pub logs: Vec<Value>,
    pub exceptions: Vec<Value>,
    /// Of `node:diagnostics_channel`.
    pub channels: Vec<Value>,
    /// Of the answer to a request.
    pub status: Option<u16>,
    /// Not all of it is kept.
    pub truncated: bool,
    bytes: usize,
}

/// Bytes of one event, as on Cloudflare.
const ROOM: usize = 256 << 10;

impl Tape {
    /// A line of the console; its message is the JSON list of what was printed. `at`: milliseconds since 1970.
    pub fn log(&self, level: &str, message: &str, at: f64) {
        let list: Value = serde_json::from_str(message).unwrap_or_default();
        self.keep(message.len(), |said| said.logs.push(json!({ "message": list, "level": level, "timestamp": at })));
    }

    pub fn threw(&self, (name, message, stack): (&str, &str, &str), at: f64) {
        let mut thrown = json!({ "name": name, "message": message, "timestamp": at });
        if !stack.is_empty() {
            thrown["stack"] = json!(format!("{name}: {message}\n{stack}"));
        }
        self.keep(message.len() + stack.len(), |said| said.exceptions.push(thrown));
    }

    /// A message, JSON, on a diagnostics channel.
    pub fn published(&self, channel: &str, message: &str, at: f64) {
        let value: Value = serde_json::from_str(message).unwrap_or_default();
        let event = json!({ "channel": channel, "message": value, "timestamp": at });
        self.keep(channel.len() + message.len(), |said| said.channels.push(event));
    }

    pub fn answered(&self, status: u16) {
        lock(&self.0).status = Some(status);
    }

    /// All of it; the tape is empty then.
    pub fn take(&self) -> Said {
        std::mem::take(&mut *lock(&self.0))
    }

    fn keep(&self, bytes: usize, keep: impl FnOnce(&mut Said)) {
        let mut said = lock(&self.0);
        said.bytes += bytes + 64;
        if said.bytes > ROOM {
            said.truncated = true;
        } else {
            keep(&mut said);
        }
    }
}

type Deliver = Box<dyn FnOnce(Vec<Value>) + Send>;

/// The tail Workers of a Worker. They hear of its event, and of those of the user Workers that it dispatches to, at once:
/// when the last of them has ended, and with it the last handle to this.
pub struct Audience {
    /// That of the dispatcher.
    parent: Option<Arc<Audience>>,
    /// By the number of the invocation.
    items: Mutex<Vec<(u64, Value)>>,
    deliver: Mutex<Option<Deliver>>,
}

/// Events that are told at once; a dispatcher may call more.
const MAX_ITEMS: usize = 1_000;

impl Audience {
    pub fn new(parent: Option<Arc<Self>>, deliver: impl FnOnce(Vec<Value>) + Send + 'static) -> Arc<Self> {
        Arc::new(Self { parent, items: Mutex::default(), deliver: Mutex::new(Some(Box::new(deliver))) })
    }

    pub fn hear(&self, invocation: u64, item: &Value) {
        let mut items = lock(&self.items);
        if items.len() < MAX_ITEMS {
            items.push((invocation, item.clone()));
        }
        drop(items);
        if let Some(parent) = &self.parent {
            parent.hear(invocation, item);
        }
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        let mut items = std::mem::take(&mut *lock(&self.items));
        items.sort_by_key(|(invocation, _)| *invocation);
        if let Some(deliver) = lock(&self.deliver).take().filter(|_| !items.is_empty()) {
            deliver(items.into_iter().map(|(_, item)| item).collect());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
