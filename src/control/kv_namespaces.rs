//! `/storage/kv/namespaces`: `wrangler delete` looks here for what a site has left behind. None is made by the API yet.

use std::sync::Arc;

use http::Method;
use serde_json::json;

use super::Control;
use super::ask::Ask;
use super::envelope::{Answer, Reply};
use super::route::{Route, of_account};

pub(super) fn routes() -> Vec<Route> {
    vec![of_account(Method::GET, "/storage/kv/namespaces", list)]
}

async fn list(_: Arc<Control>, _: Ask) -> Answer {
    Ok(Reply::list(Vec::new(), json!({ "count": 0, "page": 1, "per_page": 100, "total_count": 0 })))
}
