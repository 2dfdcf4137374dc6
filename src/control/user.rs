//! `/user`: who the token belongs to. Everybody is the same person here.

use std::sync::Arc;

use http::Method;
use serde_json::json;

use super::ask::Ask;
use super::envelope::{Answer, Reply};
use super::route::{Route, at, of_account};
use super::{ACCOUNT, Control};

/// Of the person who is said to have made everything.
pub(super) const EMAIL: &str = "developer@devflare.local";

pub(super) fn routes() -> Vec<Route> {
    vec![
        at(Method::GET, "/user", get),
        at(Method::GET, "/user/tokens/verify", verify),
        of_account(Method::GET, "/tokens/verify", verify),
    ]
}

async fn get(_: Arc<Control>, _: Ask) -> Answer {
    Ok(Reply::of(json!({
        "id": ACCOUNT, "email": EMAIL, "username": "devflare", "first_name": null, "last_name": null,
        "two_factor_authentication_enabled": false, "suspended": false,
    })))
}

async fn verify(_: Arc<Control>, _: Ask) -> Answer {
    Ok(Reply::of(json!({ "id": ACCOUNT, "status": "active" })))
}
