//! Custom domains: hosts that belong to one script whole, behind all routes. Set by a script's list, or one by one.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Control;
use super::ask::Ask;
use super::catalog::{Page, Script};
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, of_account, of_script};
use super::triggers::{DOMAINS, checked, keep};
use crate::worker::WorkerId;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        of_account(Method::GET, "/workers/domains/records", list),
        of_account(Method::GET, "/workers/domains/records/{domain}", get),
        of_account(Method::GET, "/workers/domains", list),
        of_account(Method::PUT, "/workers/domains", put_one),
        of_account(Method::GET, "/workers/domains/{domain}", get),
        of_account(Method::DELETE, "/workers/domains/{domain}", delete),
    ];
    routes.extend(of_script(&Method::POST, "/domains/changeset", changeset));
    routes.extend(of_script(&Method::PUT, "/domains/records", put));
    routes
}

const TAKEN: u32 = 100_117;
const NOT_FOUND: u32 = 100_114;

fn shown(origin: &Value, id: &WorkerId) -> Value {
    let mut domain = origin.clone();
    let hostname = origin["hostname"].as_str().unwrap_or_default().to_ascii_lowercase();
    domain["id"] = json!(Uuid::new_v5(&Uuid::NAMESPACE_DNS, hostname.as_bytes()).simple().to_string());
    domain["service"] = json!(id.name());
    domain["environment"] = json!("production");
    domain["zone_name"] = json!(super::zones::domain_of(&hostname).unwrap_or_else(|| hostname.clone()));
    domain["hostname"] = json!(hostname);
    domain
}

fn of(script: &Script) -> Vec<Value> {
    script.settings.get(DOMAINS).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn has(domains: &[Value], hostname: &Value) -> bool {
    let same = |other: &Value| {
        other["hostname"].as_str().zip(hostname.as_str()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    domains.iter().any(same)
}

impl Control {
    /// Who else has a domain, with all that it has.
    async fn owners(&self, hostname: &Value, but: &WorkerId) -> Result<Vec<Script>, ApiError> {
        let mut all = self.catalog.scripts("", Page::all()).await?;
        all.retain(|script| script.id != *but && has(&of(script), hostname));
        Ok(all)
    }

    /// Takes a domain from those who have it, if that is allowed.
    async fn take(&self, hostname: &Value, id: &WorkerId, may_override: bool) -> Result<(), ApiError> {
        for owner in self.owners(hostname, id).await? {
            if !may_override {
                let what = format!("The hostname {hostname} is already a custom domain of the script {}.", owner.id);
                return Err(ApiError::new(409, TAKEN, what));
            }
            let rest = of(&owner).into_iter().filter(|domain| !has(std::slice::from_ref(domain), hostname));
            keep(self, &owner.id, DOMAINS, rest.collect()).await?;
        }
        Ok(())
    }
}

/// What would change. Nobody else's DNS can be in the way here, but another script can.
async fn changeset(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let script = control.script(&id).await?;
    let origins = checked(&ask.json().await?, "hostname")?;
    let (mut added, mut updated) = (Vec::new(), Vec::new());
    for origin in &origins {
        match control.owners(&origin["hostname"], &id).await?.first() {
            Some(owner) => {
                let mut domain = shown(origin, &owner.id);
                domain["modified"] = json!(true);
                updated.push(domain);
            }
            None if has(&of(&script), &origin["hostname"]) => updated.push(shown(origin, &id)),
            None => added.push(shown(origin, &id)),
        }
    }
    let removed: Vec<_> = of(&script).into_iter().filter(|domain| !has(&origins, &domain["hostname"])).collect();
    Ok(Reply::of(json!({ "added": added, "removed": removed, "updated": updated, "conflicting": [] })))
}

async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let body: Value = ask.json().await?;
    let domains: Vec<_> = checked(&body["origins"], "hostname")?.iter().map(|origin| shown(origin, &id)).collect();
    let _alone = control.hosts.lock().await;
    for domain in &domains {
        control.take(&domain["hostname"], &id, body["override_existing_origin"] == true).await?;
    }
    keep(&control, &id, DOMAINS, domains.clone()).await?;
    Ok(Reply::of(Value::Array(domains)))
}

/// One more for a script, whoever had it.
async fn put_one(control: Arc<Control>, mut ask: Ask) -> Answer {
    let body: Value = ask.json().await?;
    let [origin] = checked(&json!([body]), "hostname")?.try_into().expect("one gives one");
    let service = body["service"].as_str().ok_or_else(|| ApiError::bad("The body must name a \"service\"."))?;
    let id = WorkerId::plain(service);
    let script = control.script(&id).await?;
    let domain = shown(&origin, &id);
    let _alone = control.hosts.lock().await;
    control.take(&domain["hostname"], &id, true).await?;
    let mut domains = of(&script);
    domains.retain(|other| other["id"] != domain["id"]);
    domains.push(domain.clone());
    keep(&control, &id, DOMAINS, domains).await?;
    Ok(Reply::of(domain))
}

async fn all(control: &Control) -> Result<Vec<(WorkerId, Value)>, ApiError> {
    let scripts = control.catalog.scripts("", Page::all()).await?;
    Ok(scripts.iter().flat_map(|script| of(script).into_iter().map(|domain| (script.id.clone(), domain))).collect())
}

/// The custom domains of one script, or of all.
async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let fits = |domain: &Value, key: &str| ask.query(key).is_none_or(|wanted| domain[key] == wanted);
    let mut domains: Vec<_> = all(&control).await?.into_iter().map(|(_, domain)| domain).collect();
    domains.retain(|domain| ["service", "hostname", "zone_name"].iter().all(|key| fits(domain, key)));
    Ok(Reply::of(Value::Array(domains)))
}

async fn find(control: &Control, ask: &Ask) -> Result<(WorkerId, Value), ApiError> {
    let found = all(control).await?.into_iter().find(|(_, domain)| domain["id"] == ask.param("domain"));
    found.ok_or_else(|| ApiError::new(404, NOT_FOUND, "The custom domain was not found."))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(find(&control, &ask).await?.1))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let _alone = control.hosts.lock().await;
    let (id, domain) = find(&control, &ask).await?;
    let rest = of(&control.script(&id).await?).into_iter().filter(|other| other["id"] != domain["id"]);
    keep(&control, &id, DOMAINS, rest.collect()).await?;
    Ok(Reply::nothing())
}
