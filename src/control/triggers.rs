//! What has a script run: `.../routes` and `.../schedules`; custom domains are in `domains`. Routes and domains answer on
//! the Workers port like those of a watched project.
//! Schedules fire like a project's `triggers.crons`, of user Workers, too.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::Page;
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, of_script};
use super::{Control, moment};
use crate::config::{Fit, Pattern};
use crate::worker::{Cron, WorkerId};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(of_script(&Method::GET, "/routes", routes_of));
    routes.extend(of_script(&Method::PUT, "/routes", put_routes));
    routes.extend(of_script(&Method::GET, "/schedules", schedules));
    routes.extend(of_script(&Method::PUT, "/schedules", put_schedules));
    routes
}

/// Where a script's settings keep them.
pub(super) const ROUTES: &str = "routes";
pub(super) const DOMAINS: &str = "domains";
const SCHEDULES: &str = "schedules";

/// Hosts that lead to an upload.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    routes: Vec<Pattern>,
    domains: Vec<String>,
}

impl Hosts {
    /// Of a script's settings.
    pub(super) fn of(settings: &Value) -> Self {
        let texts = |list: &str, key: &str| {
            let items = settings.get(list).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.get(key)?.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let routes = texts(ROUTES, "pattern").iter().filter_map(|text| Pattern::parse(text)).collect();
        Self { routes, domains: texts(DOMAINS, "hostname") }
    }

    /// Those that name a host.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let routes = self.routes.iter().map(|pattern| pattern.host.clone()).filter(|host| !host.is_empty());
        routes.chain(self.domains.iter().cloned())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.domains.is_empty()
    }

    /// How well they fit a host in lower case, without port, and a path; a domain stands behind all routes.
    pub(super) fn fit(&self, host: &str, path: &str) -> Option<Fit> {
        let routes = self.routes.iter().filter(|pattern| pattern.matches(host, path));
        let domain = self.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host));
        routes.map(Pattern::specificity).max().or(domain.then_some(Pattern::BEHIND_ALL))
    }
}

async fn kept(control: &Control, ask: &Ask, key: &str) -> Result<Value, ApiError> {
    let script = control.script(&ask.script()?).await?;
    Ok(script.settings.get(key).cloned().unwrap_or_else(|| json!([])))
}

/// Keeps a list in the script's settings, and has hosts lead to it from now on.
pub(super) async fn keep(control: &Control, id: &WorkerId, key: &str, list: Vec<Value>) -> Result<(), ApiError> {
    control.script(id).await?;
    let _alone = control.locks.hold(id).await;
    let change = Map::from_iter([(key.to_owned(), Value::Array(list))]);
    control.catalog.set(id, change, control.now()).await?;
    let script = control.script(id).await?;
    control.live.set_hosts(id, Hosts::of(&script.settings));
    control.live.set_schedules(id, crons_of(&script.settings));
    Ok(())
}

/// The schedules in a script's settings.
pub(super) fn crons_of(settings: &Value) -> Vec<Cron> {
    let items = settings.get(SCHEDULES).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| Cron::parse(item["cron"].as_str()?).ok()).collect()
}

/// The items of a list that each have a text in this field.
pub(super) fn checked(list: &Value, field: &str) -> Result<Vec<Value>, ApiError> {
    let wrong = || ApiError::bad(format!("The body must be a list of objects with a \"{field}\"."));
    let items = list.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item[field].as_str().map(|_| item.clone()).ok_or_else(wrong)).collect()
}

async fn routes_of(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(kept(&control, &ask, ROUTES).await?))
}

async fn put_routes(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let routes = checked(&ask.json().await?, "pattern")?;
    let routes = routes.iter().map(|route| shown_route(route, &id)).collect::<Result<Vec<_>, _>>()?;
    let _alone = control.hosts.lock().await;
    control.refuse_taken(&id, &routes).await?;
    keep(&control, &id, ROUTES, routes.clone()).await?;
    Ok(Reply::of(Value::Array(routes)))
}

/// A route of a script, as clients see it.
pub(super) fn shown_route(route: &Value, id: &WorkerId) -> Result<Value, ApiError> {
    let pattern = route["pattern"].as_str().unwrap_or_default();
    if Pattern::parse(pattern).is_none() {
        return Err(ApiError::new(400, 10_022, format!("The route pattern {pattern:?} is not valid.")));
    }
    let mut shown = route.clone();
    let name = pattern.to_ascii_lowercase();
    shown["id"] = json!(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string());
    shown["script"] = json!(id.name());
    Ok(shown)
}

/// What is answered to whoever claims a route that is another script's.
pub(super) fn taken(route: &Value) -> ApiError {
    let what =
        format!("A route with the same pattern already exists: {} leads to {}.", route["pattern"], route["script"]);
    ApiError::new(409, 10_020, what)
}

impl Control {
    /// Refuses routes of which another script has one.
    pub(super) async fn refuse_taken(&self, id: &WorkerId, routes: &[Value]) -> Result<(), ApiError> {
        let others = self.catalog.scripts("", Page::all()).await?;
        for other in others.iter().filter(|other| other.id != *id) {
            let theirs = other.settings.get(ROUTES).and_then(Value::as_array).into_iter().flatten();
            if let Some(route) = theirs.into_iter().find(|one| routes.iter().any(|route| route["id"] == one["id"])) {
                return Err(taken(route));
            }
        }
        Ok(())
    }
}

async fn schedules(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(json!({ "schedules": kept(&control, &ask, SCHEDULES).await? })))
}

async fn put_schedules(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let mut schedules = checked(&ask.json().await?, "cron")?;
    let now = moment::text(control.now());
    for schedule in &mut schedules {
        let cron = schedule["cron"].as_str().unwrap_or_default();
        if let Err(why) = Cron::parse(cron) {
            return Err(ApiError::new(400, 10_100, format!("The cron expression {cron:?} is not valid: {why}.")));
        }
        schedule["created_on"] = json!(now);
        schedule["modified_on"] = json!(now);
    }
    keep(&control, &id, SCHEDULES, schedules.clone()).await?;
    Ok(Reply::of(json!({ "schedules": schedules })))
}
