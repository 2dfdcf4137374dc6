//! `/workers/workers`: the newer view on the account's Workers, which newer versions of wrangler ask for `workers.dev`.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::envelope::{Answer, Reply};
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::worker::WorkerId;

pub(super) fn routes() -> Vec<Route> {
    vec![of_account(Method::GET, "/workers/workers/{worker}", get)]
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&WorkerId::plain(ask.param("worker"))).await?;
    let set = |key: &str| script.settings.get(key).and_then(Value::as_bool).unwrap_or(false);
    let observability = script.settings.get("observability").cloned();
    Ok(Reply::of(json!({
        "id": script.tag,
        "name": script.id.name(),
        "created_on": moment::text(script.created),
        "updated_on": moment::text(script.modified),
        "tags": script.tags,
        "logpush": set("logpush"),
        "observability": observability.unwrap_or_else(|| json!({ "enabled": false })),
        "subdomain": { "enabled": set("workers_dev"), "previews_enabled": set("preview_urls") },
    })))
}
