//! `/accounts` and `/memberships`: the one account that there is.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::envelope::{Answer, Reply};
use super::route::{Route, at, of_account};
use super::{ACCOUNT, Control};

pub(super) fn routes() -> Vec<Route> {
    vec![
        at(Method::GET, "/accounts", list),
        of_account(Method::GET, "", get),
        at(Method::GET, "/memberships", memberships),
    ]
}

fn shown(id: &str) -> Value {
    json!({ "id": id, "name": "devflare", "type": "standard", "settings": { "enforce_twofactor": false } })
}

/// One page; clients ask for the next ones until one is empty.
fn page(ask: &Ask, item: Value) -> Reply {
    let page: usize = ask.query("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let items: Vec<_> = std::iter::once(item).filter(|_| page <= 1).collect();
    let count = items.len();
    let info = json!({ "page": page, "per_page": 20, "count": count, "total_count": 1, "total_pages": 1 });
    Reply::list(items, info)
}

async fn list(_: Arc<Control>, ask: Ask) -> Answer {
    Ok(page(&ask, shown(ACCOUNT)))
}

async fn get(_: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(ask.param("account"))))
}

async fn memberships(_: Arc<Control>, ask: Ask) -> Answer {
    let membership = json!({
        "id": ACCOUNT, "status": "accepted", "account": shown(ACCOUNT), "roles": ["Super Administrator - All Privileges"],
        "permissions": {}, "api_access_enabled": true,
    });
    Ok(page(&ask, membership))
}
