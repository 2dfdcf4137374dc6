//! `workers.dev`: the account's subdomain, and whether a script answers there. Locally it answers in any case.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::envelope::{Answer, Reply};
use super::route::{Route, of_account, of_script};
use super::{Control, SUBDOMAIN};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        of_account(Method::GET, "/workers/subdomain", of_the_account),
        of_account(Method::PUT, "/workers/subdomain", of_the_account),
    ];
    routes.extend(of_script(&Method::GET, "/subdomain", get));
    routes.extend(of_script(&Method::POST, "/subdomain", set));
    routes.extend(of_script(&Method::DELETE, "/subdomain", unset));
    routes
}

async fn of_the_account(_: Arc<Control>, _: Ask) -> Answer {
    Ok(Reply::of(json!({ "subdomain": SUBDOMAIN })))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&ask.script()?).await?;
    let set = |key: &str| script.settings.get(key).and_then(Value::as_bool).unwrap_or(false);
    Ok(Reply::of(json!({ "enabled": set("workers_dev"), "previews_enabled": set("preview_urls") })))
}

async fn set(control: Arc<Control>, mut ask: Ask) -> Answer {
    let changes: Map<String, Value> = ask.json().await?;
    change(control, ask, &changes).await
}

async fn unset(control: Arc<Control>, ask: Ask) -> Answer {
    let changes = [("enabled", false), ("previews_enabled", false)];
    change(control, ask, &changes.map(|(key, value)| (key.to_owned(), json!(value))).into_iter().collect()).await
}

async fn change(control: Arc<Control>, ask: Ask, changes: &Map<String, Value>) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let known = [("enabled", "workers_dev"), ("previews_enabled", "preview_urls")];
    let kept = known.iter().filter_map(|(key, setting)| {
        let value = changes.get(*key).filter(|value| value.is_boolean())?;
        Some(((*setting).to_owned(), value.clone()))
    });
    control.catalog.set(&id, kept.collect(), control.now()).await?;
    get(control, ask).await
}
