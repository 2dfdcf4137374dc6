//! `.../tails`: a script's log, followed over a WebSocket; and what is told of uploads to whoever listens.
//!
//! The socket is asked for without a token: its name is one that nobody guesses, good for one connection, and for an hour.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::Script;
use super::envelope::{Answer, ApiError, Reply};
use super::publish::missing;
use super::route::{Route, at, of_script};
use super::{Control, PREFIX, access, moment};
use crate::runtime::About;
use crate::worker::{Message, Response, Socket, WorkerId};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![at(Method::GET, "/devflare/tails/{token}", connect).without_token()];
    routes.extend(of_script(&Method::GET, "/tails", list));
    routes.extend(of_script(&Method::POST, "/tails", create));
    routes.extend(of_script(&Method::DELETE, "/tails/{tail}", delete));
    routes
}

/// Tails that were asked for and have not ended.
#[derive(Default)]
pub(super) struct Tails(Mutex<Vec<Tail>>);

struct Tail {
    id: String,
    worker: WorkerId,
    /// Until somebody has connected.
    token: Option<String>,
    /// Milliseconds since 1970.
    until: i64,
    filters: Filters,
    /// Ends the connection.
    stop: CancellationToken,
}

const HOUR: i64 = 3_600_000;
/// Of one script at a time, as on Cloudflare.
const MAX_TAILS: usize = 10;
/// What clients and Cloudflare speak on the socket.
const PROTOCOL: &str = "trace-v1";

impl Tails {
    /// Those of a script, after whose time is over were forgotten.
    fn of(&self, worker: &WorkerId, now: i64) -> Vec<Value> {
        let mut all = self.lock();
        all.retain(|tail| tail.token.is_none() || tail.until > now);
        all.iter().filter(|tail| tail.worker == *worker).map(Tail::shown).collect()
    }

    /// Takes the token: who has it connects once.
    fn connect(&self, token: &str, now: i64) -> Option<(String, WorkerId, Filters, CancellationToken)> {
        let mut all = self.lock();
        let good = |wanted: &String| access::same(wanted.as_bytes(), token.as_bytes());
        let tail = all.iter_mut().find(|tail| tail.until > now && tail.token.as_ref().is_some_and(good))?;
        tail.token = None;
        Some((tail.id.clone(), tail.worker.clone(), tail.filters.clone(), tail.stop.clone()))
    }

    fn remove(&self, id: &str) -> Option<Tail> {
        let mut all = self.lock();
        let at = all.iter().position(|tail| tail.id == id)?;
        Some(all.swap_remove(at))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Tail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn shown(&self) -> Value {
        json!({ "id": self.id, "expires_at": moment::text(self.until) })
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let worker = ask.script()?;
    let all = control.tails.of(&worker, control.now());
    Ok(Reply::list(all, Value::Null))
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let worker = ask.script()?;
    // Of watched projects, too.
    if !control.settings.runtime.contains(&worker) {
        return Err(missing(&worker));
    }
    let body = ask.bytes().await?;
    let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_default() };
    if control.tails.of(&worker, control.now()).len() >= MAX_TAILS {
        return Err(ApiError::bad(format!("There are {MAX_TAILS} tails of this script already.")));
    }
    if let Some(script) = control.catalog.script(&worker).await? {
        control.tell_about(&script);
    }
    let (id, token) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    let until = control.now() + HOUR;
    let origin = ask.origin.replacen("http", "ws", 1);
    let url = format!("{origin}{PREFIX}/devflare/tails/{token}");
    let shown = json!({ "id": id, "url": url, "expires_at": moment::text(until) });
    let (filters, stop) = (Filters::of(&body), CancellationToken::new());
    control.tails.lock().push(Tail { id, worker, token: Some(token), until, filters, stop });
    Ok(Reply::of(shown))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let worker = ask.script()?;
    let known = control.tails.of(&worker, control.now()).iter().any(|tail| tail["id"] == ask.param("tail"));
    let tail = known.then(|| control.tails.remove(ask.param("tail"))).flatten();
    let tail = tail.ok_or_else(|| ApiError::new(404, 10_007, "There is no such tail."))?;
    tail.stop.cancel();
    Ok(Reply::nothing())
}

async fn connect(control: Arc<Control>, ask: Ask) -> Answer {
    let text = |name: &str| ask.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let speaks = text("sec-websocket-protocol").split(',').any(|protocol| protocol.trim() == PROTOCOL);
    if !text("upgrade").eq_ignore_ascii_case("websocket") || !speaks {
        return Err(ApiError::bad(format!("This is the address of a WebSocket that speaks {PROTOCOL}.")));
    }
    let Some((id, worker, filters, stop)) = control.tails.connect(ask.param("token"), control.now()) else {
        return Err(ApiError::new(404, 10_007, "There is no such tail, or its time is over."));
    };
    let (ours, theirs) = Socket::pair();
    let filters = Arc::new(Mutex::new(filters));
    let (sender, wanted) = (ours.sender.clone(), filters.clone());
    let following = control.settings.runtime.follow(worker, move |item| {
        let wanted = wanted.lock().unwrap_or_else(PoisonError::into_inner).want(item);
        if wanted {
            // A client that does not keep up loses events.
            let _lost = sender.send(Message::Text(item.to_string()));
        }
    });
    let ending = control.clone();
    control.settings.tokio.spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = listen(ours, &filters) => {}
        }
        drop((following, ending.tails.remove(&id)));
    });
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
    let response = Response { status: 101, headers, socket: Some(theirs), ..Response::text(101, "") };
    Ok(Reply::Raw(Response { body: None, ..response }))
}

/// Until the client leaves; what it sends may change the filters.
async fn listen(mut socket: Socket, filters: &Mutex<Filters>) {
    let Some(mut receiver) = socket.lend() else { return };
    while let Some(message) = receiver.next().await {
        match message {
            Message::Text(text) => {
                let said: Value = serde_json::from_str(&text).unwrap_or_default();
                if said["filters"].is_array() {
                    *filters.lock().unwrap_or_else(PoisonError::into_inner) = Filters::of(&said);
                }
            }
            Message::Binary(_) => {}
            Message::Close { .. } | Message::Broken(_) => break,
        }
    }
}

/// Which events somebody wants to hear of: those that fit all of them.
#[derive(Debug, Clone, Default)]
struct Filters(Vec<Value>);

impl Filters {
    fn of(body: &Value) -> Self {
        Self(body["filters"].as_array().cloned().unwrap_or_default())
    }

    fn want(&self, item: &Value) -> bool {
        self.0.iter().all(|filter| fits(filter, item))
    }
}

/// One filter, as clients send it; what it does not say does not matter.
fn fits(filter: &Value, item: &Value) -> bool {
    let request = &item["event"]["request"];
    let listed = |key: &str, found: &Value| filter[key].as_array().is_none_or(|list| list.contains(found));
    let header = |name: &str| request["headers"][name.to_ascii_lowercase()].as_str();
    let sampled = filter["sampling_rate"].as_f64().is_none_or(|rate| chance() < rate);
    let outcome = listed("outcome", &item["outcome"]);
    let method = listed("method", &request["method"]);
    let with_header = filter["header"]["key"].as_str().is_none_or(|key| {
        let query = filter["header"]["query"].as_str().unwrap_or_default();
        header(key).is_some_and(|value| value.contains(query))
    });
    let address = header("cf-connecting-ip").map_or(Value::Null, Value::from);
    // On this machine whoever asks is who follows.
    let client = listed("client_ip", &address) || listed("client_ip", &json!("self"));
    let version = filter["scriptVersion"].as_str().is_none_or(|id| item["scriptVersion"]["id"] == id);
    let query = filter["query"].as_str().is_none_or(|query| says(item, query));
    sampled && outcome && method && with_header && client && version && query
}

/// Whether a line of the log has these words.
fn says(item: &Value, query: &str) -> bool {
    let lines = item["logs"].as_array().into_iter().flatten();
    lines.filter_map(|line| line["message"].as_array()).flatten().any(|part| match part {
        Value::String(text) => text.contains(query),
        other => other.to_string().contains(query),
    })
}

/// From 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    let _zero_without = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

impl Control {
    /// Has the runtime know what there is to tell of a script, unless a watched project is served in its place.
    pub(super) fn tell_about(&self, script: &Script) {
        if (self.settings.watched)(&script.id) {
            return;
        }
        let about = About { tails: Vec::new(), version: script.version.clone(), tags: script.tags.clone() };
        let about = about.with_tails(&script.settings["tail_consumers"]);
        self.settings.runtime.set_about(&script.id, about);
    }

    /// The same for all that have tail Workers.
    pub(super) async fn tell_about_all(&self) -> Result<(), ApiError> {
        for script in self.catalog.tailed_scripts().await? {
            self.tell_about(&script);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_wanted_that_fits_every_filter() {
        let item = json!({
            "outcome": "ok", "scriptVersion": { "id": "v1" }, "logs": [{ "message": ["hello", { "a": "world" }] }],
            "event": { "request": { "method": "GET", "headers": { "x-plan": "free", "cf-connecting-ip": "127.0.0.1" } } },
        });
        let wants = |filters: Value| Filters::of(&json!({ "filters": filters })).want(&item);
        for fitting in [
            json!([]),
            json!([{ "outcome": ["ok", "canceled"] }, { "method": ["POST", "GET"] }]),
            json!([{ "header": { "key": "X-Plan" } }, { "header": { "key": "x-plan", "query": "re" } }]),
            json!([{ "client_ip": ["127.0.0.1"] }, { "client_ip": ["self"] }, { "scriptVersion": "v1" }]),
            json!([{ "query": "ell" }, { "query": "world" }, { "sampling_rate": 1.1 }, { "unknown": 1 }]),
        ] {
            assert!(wants(fitting.clone()), "{fitting}");
        }
        for other in [
            json!([{ "outcome": ["exception"] }]),
            json!([{ "outcome": ["ok"] }, { "method": ["POST"] }]),
            json!([{ "header": { "key": "x-other" } }]),
            json!([{ "header": { "key": "x-plan", "query": "paid" } }]),
            json!([{ "client_ip": ["10.0.0.1"] }]),
            json!([{ "scriptVersion": "v2" }]),
            json!([{ "query": "nothing of it" }]),
            json!([{ "sampling_rate": -1 }]),
        ] {
            assert!(!wants(other.clone()), "{other}");
        }
    }
}
