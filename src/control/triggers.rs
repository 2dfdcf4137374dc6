//! What has a script run: `.../routes`, `.../domains` and `.../schedules`. Routes and domains answer on the Workers port
//! like those of a watched project.
//! Schedules fire like a project's `triggers.crons`, of user Workers, too.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, of_account, of_script};
use super::{Control, moment};
use crate::config::Pattern;
use crate::worker::{Cron, WorkerId};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![of_account(Method::GET, "/workers/domains/records", records)];
    routes.extend(of_script(&Method::GET, "/routes", routes_of));
    routes.extend(of_script(&Method::PUT, "/routes", put_routes));
    routes.extend(of_script(&Method::POST, "/domains/changeset", changeset));
    routes.extend(of_script(&Method::PUT, "/domains/records", put_domains));
    routes.extend(of_script(&Method::GET, "/schedules", schedules));
    routes.extend(of_script(&Method::PUT, "/schedules", put_schedules));
    routes
}

/// Where a script's settings keep them.
const ROUTES: &str = "routes";
const DOMAINS: &str = "domains";
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

    pub(super) fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.domains.is_empty()
    }

    /// How well they fit a host in lower case, without port, and a path; a domain stands behind all routes.
    pub(super) fn fit(&self, host: &str, path: &str) -> Option<(bool, usize, bool, usize)> {
        let routes = self.routes.iter().filter(|pattern| pattern.matches(host, path));
        let domain = self.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host));
        routes.map(Pattern::specificity).max().or(domain.then_some((false, 0, false, 0)))
    }
}

async fn kept(control: &Control, ask: &Ask, key: &str) -> Result<Value, ApiError> {
    let script = control.script(&ask.script()?).await?;
    Ok(script.settings.get(key).cloned().unwrap_or_else(|| json!([])))
}

/// Keeps a list in the script's settings, and has hosts lead to it from now on.
async fn keep(control: &Control, id: &WorkerId, key: &str, list: Vec<Value>) -> Result<(), ApiError> {
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
fn checked(list: &Value, field: &str) -> Result<Vec<Value>, ApiError> {
    let wrong = || ApiError::bad(format!("The body must be a list of objects with a \"{field}\"."));
    let items = list.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item[field].as_str().map(|_| item.clone()).ok_or_else(wrong)).collect()
}

async fn routes_of(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(kept(&control, &ask, ROUTES).await?))
}

async fn put_routes(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let mut routes = checked(&ask.json().await?, "pattern")?;
    for route in &mut routes {
        let pattern = route["pattern"].as_str().unwrap_or_default();
        if Pattern::parse(pattern).is_none() {
            return Err(ApiError::new(400, 10_022, format!("The route pattern {pattern:?} is not valid.")));
        }
        route["id"] = json!(Uuid::new_v5(&Uuid::NAMESPACE_URL, pattern.as_bytes()).simple().to_string());
        route["script"] = json!(id.name());
    }
    keep(&control, &id, ROUTES, routes.clone()).await?;
    Ok(Reply::of(Value::Array(routes)))
}

/// What would change: nobody else's DNS can be in the way here.
async fn changeset(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let origins = checked(&ask.json().await?, "hostname")?;
    Ok(Reply::of(json!({ "added": origins, "removed": [], "updated": [], "conflicting": [] })))
}

async fn put_domains(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let body: Value = ask.json().await?;
    let mut domains = checked(&body["origins"], "hostname")?;
    for domain in &mut domains {
        let hostname = domain["hostname"].as_str().unwrap_or_default();
        domain["id"] = json!(Uuid::new_v5(&Uuid::NAMESPACE_DNS, hostname.as_bytes()).simple().to_string());
        domain["service"] = json!(id.name());
        domain["environment"] = json!("production");
    }
    keep(&control, &id, DOMAINS, domains.clone()).await?;
    Ok(Reply::of(Value::Array(domains)))
}

/// The custom domains of one script, or of all.
async fn records(control: Arc<Control>, ask: Ask) -> Answer {
    let wanted = ask.query("service");
    let all = control.catalog.scripts("", super::catalog::Page::all()).await?;
    let mine = all.iter().filter(|script| wanted.is_none_or(|name| script.id.name() == name));
    let domains = mine.filter_map(|script| script.settings.get(DOMAINS)?.as_array().cloned()).flatten();
    Ok(Reply::of(Value::Array(domains.collect())))
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
