//! Events that a developer sends by hand, at wrangler's addresses: `/cdn-cgi/handler/scheduled?cron=...&time=...&format=json`,
//! `/cdn-cgi/handler/email?from=...&to=...` with the message as the body, and our own
//! `/cdn-cgi/handler/queue?queue=...` with a list of message bodies in JSON.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request as AxumRequest;
use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::Site;
use crate::worker::{Call, Errand, Response, happen};

const PREFIX: &str = "/cdn-cgi/handler/";
/// Wrangler's older address for `scheduled`.
const OLDER: &str = "/cdn-cgi/mf/scheduled";
/// As of an email on Cloudflare.
const MAX_BODY: usize = 25 << 20;

/// Whether a path without its query is such an address.
pub(super) fn is_one(path: &str) -> bool {
    path.starts_with(PREFIX) || path == OLDER
}

pub(super) async fn answer(site: &Site, url: &str, request: AxumRequest, call: Call) -> Response {
    let Ok(url) = Url::parse(url) else { return Response::text(400, "400: the URL is not valid.\n") };
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_BODY).await else {
        return Response::text(413, format!("413: an event's body has at most {MAX_BODY} bytes.\n"));
    };
    let event = Sent { site, query, body, call };
    match url.path().strip_prefix(PREFIX) {
        None | Some("scheduled") => event.scheduled().await,
        Some("queue") => event.queue().await,
        Some("email") => event.email().await,
        Some(_) => {
            let known = ["scheduled", "queue", "email"].map(|name| format!("{PREFIX}{name}")).join(", ");
            Response::text(404, format!("\"{}\" is not a valid handler. There are: {known}\n", url.path()))
        }
    }
}

struct Sent<'a> {
    site: &'a Site,
    query: HashMap<String, String>,
    body: Bytes,
    call: Call,
}

impl Sent<'_> {
    fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    async fn send(self, name: &str, facts: Value, body: Vec<u8>) -> Value {
        happen(&self.site.worker, Errand::event(name, &facts, body), self.call).await
    }

    async fn scheduled(self) -> Response {
        let time = self.asked("time").and_then(|time| time.parse::<f64>().ok()).unwrap_or_else(now);
        let facts = json!({ "scheduledTime": time, "cron": self.asked("cron").unwrap_or_default() });
        let as_json = self.asked("format") == Some("json");
        let told = self.send("scheduled", facts, Vec::new()).await;
        let status = if told["outcome"] == "ok" { 200 } else { 500 };
        let outcome = told["outcome"].as_str().unwrap_or_default().to_owned();
        if as_json { in_json(status, &told) } else { Response::text(status, outcome) }
    }

    /// The body is a list of message bodies; each may be any JSON.
    async fn queue(self) -> Response {
        let queue = self.asked("queue").unwrap_or("test").to_owned();
        let bodies: Vec<Value> = match serde_json::from_slice(&self.body) {
            Ok(Value::Array(bodies)) if !bodies.is_empty() => bodies,
            Ok(one) if !one.is_array() => vec![one],
            _ => return Response::text(400, "400: the body must be JSON, a list of the messages' bodies.\n"),
        };
        let (mut bytes, mut messages) = (Vec::new(), Vec::with_capacity(bodies.len()));
        for body in bodies {
            let start = bytes.len();
            bytes.extend_from_slice(body.to_string().as_bytes());
            let id = Uuid::new_v4().simple().to_string();
            let size = bytes.len() - start;
            messages.push(json!({ "id": id, "timestamp": now(), "attempts": 1, "type": "json", "size": size }));
        }
        let told = self.send("queue", json!({ "queue": queue, "messages": messages }), bytes).await;
        in_json(if told["outcome"] == "ok" { 200 } else { 500 }, &told)
    }

    async fn email(self) -> Response {
        let (Some(from), Some(to), false) = (self.asked("from"), self.asked("to"), self.body.is_empty()) else {
            let what = "Invalid email. Your request must include URL parameters specifying the `from` and `to` \
                        addresses, as well as an email in the body";
            return Response::text(400, what);
        };
        let (facts, body) = (json!({ "from": from, "to": to }), self.body.to_vec());
        let told = self.send("email", facts, body).await;
        match (told["rejected"].as_str(), told["outcome"].as_str()) {
            (Some(why), _) => Response::text(400, format!("Worker rejected email with the following reason: {why}")),
            (None, Some("ok")) => Response::text(200, "Worker successfully processed email"),
            _ => Response::text(500, "exception"),
        }
    }
}

fn in_json(status: u16, told: &Value) -> Response {
    let mut response = Response::text(status, told.to_string());
    let kind = http::HeaderValue::from_static("application/json");
    response.headers.insert(http::header::CONTENT_TYPE, kind);
    response
}

/// Milliseconds since 1970.
#[allow(clippy::cast_precision_loss, reason = "times are below 2^53")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_millis() as f64)
}
