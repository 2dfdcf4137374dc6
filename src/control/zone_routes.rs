//! `/zones/{zone}/workers/routes`: the routes of scripts, one by one, as clients without a configuration set them.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::Control;
use super::ask::Ask;
use super::catalog::Page;
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, at};
use super::triggers::{ROUTES, keep, shown_route};
use crate::worker::WorkerId;

pub(super) fn routes() -> Vec<Route> {
    const ALL: &str = "/zones/{zone}/workers/routes";
    const ONE: &str = "/zones/{zone}/workers/routes/{route}";
    vec![
        at(Method::GET, ALL, list),
        at(Method::POST, ALL, create),
        at(Method::GET, ONE, get),
        at(Method::PUT, ONE, edit),
        at(Method::DELETE, ONE, delete),
    ]
}

const NOT_FOUND: u32 = 10_009;

async fn all(control: &Control) -> Result<Vec<(WorkerId, Value)>, ApiError> {
    let scripts = control.catalog.scripts("", Page::all()).await?;
    let of = |script: &super::catalog::Script| {
        script.settings.get(ROUTES).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    Ok(scripts.iter().flat_map(|script| of(script).into_iter().map(|route| (script.id.clone(), route))).collect())
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let zone = control.zone(&ask).await?;
    let mut routes: Vec<_> = all(&control).await?.into_iter().map(|(_, route)| route).collect();
    // Patterns without a domain are those of any zone.
    let domain = |route: &Value| {
        let host = route["pattern"].as_str()?.split("://").last()?.split('/').next()?;
        super::zones::domain_of(host.trim_start_matches('*'))
    };
    routes.retain(|route| domain(route).is_none_or(|domain| domain == zone.name));
    Ok(Reply::of(Value::Array(routes)))
}

async fn find(control: &Control, ask: &Ask) -> Result<(WorkerId, Value), ApiError> {
    control.zone(ask).await?;
    let found = all(control).await?.into_iter().find(|(_, route)| route["id"] == ask.param("route"));
    found.ok_or_else(|| ApiError::new(404, NOT_FOUND, "The route was not found."))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(find(&control, &ask).await?.1))
}

/// A route without a script leads past all Workers on Cloudflare; here there is nothing behind them.
async fn wanted(control: &Control, ask: &mut Ask) -> Result<(WorkerId, Value), ApiError> {
    control.zone(ask).await?;
    let body: Value = ask.json().await?;
    let script = body["script"].as_str().ok_or_else(|| ApiError::bad("The body must name a \"script\"."))?;
    let id = WorkerId::plain(script);
    control.script(&id).await?;
    let route = shown_route(&json!({ "pattern": body["pattern"] }), &id)?;
    Ok((id, route))
}

async fn add(control: &Control, id: &WorkerId, route: &Value) -> Result<(), ApiError> {
    control.refuse_taken(id, std::slice::from_ref(route)).await?;
    let mut routes = rest(control, id, &route["id"]).await?;
    routes.push(route.clone());
    keep(control, id, ROUTES, routes).await
}

/// A script's routes without one.
async fn rest(control: &Control, id: &WorkerId, but: &Value) -> Result<Vec<Value>, ApiError> {
    let script = control.script(id).await?;
    let routes = script.settings.get(ROUTES).and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(routes.into_iter().filter(|route| route["id"] != *but).collect())
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let (id, route) = wanted(&control, &mut ask).await?;
    let _alone = control.hosts.lock().await;
    if all(&control).await?.iter().any(|(_, other)| other["id"] == route["id"]) {
        return Err(super::triggers::taken(&route));
    }
    add(&control, &id, &route).await?;
    Ok(Reply::of(route))
}

async fn edit(control: Arc<Control>, mut ask: Ask) -> Answer {
    let (id, route) = wanted(&control, &mut ask).await?;
    let _alone = control.hosts.lock().await;
    let (before, old) = find(&control, &ask).await?;
    if route["id"] != old["id"] && all(&control).await?.iter().any(|(_, other)| other["id"] == route["id"]) {
        return Err(super::triggers::taken(&route));
    }
    keep(&control, &before, ROUTES, rest(&control, &before, &old["id"]).await?).await?;
    add(&control, &id, &route).await?;
    Ok(Reply::of(route))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let _alone = control.hosts.lock().await;
    let (id, route) = find(&control, &ask).await?;
    keep(&control, &id, ROUTES, rest(&control, &id, &route["id"]).await?).await?;
    Ok(Reply::of(json!({ "id": route["id"] })))
}
