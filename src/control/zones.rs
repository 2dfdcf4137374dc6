//! `/zones`: the domains of the account. Those that routes and custom domains name are there without being made, and an
//! id of a real zone, as configurations carry it, is taken as it is.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply, code};
use super::resources::PageOf;
use super::route::{Route, at};
use super::{ACCOUNT, Control, moment};

pub(super) fn routes() -> Vec<Route> {
    vec![
        at(Method::GET, "/zones", list),
        at(Method::POST, "/zones", create),
        at(Method::GET, "/zones/{zone}", get),
        at(Method::DELETE, "/zones/{zone}", delete),
    ]
}

/// Where nothing names another one.
const DEFAULT: &str = "example.com";
const TAKEN: u32 = 1061;

/// A domain.
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) name: String,
    created: i64,
}

impl Zone {
    fn named(name: &str, created: i64) -> Self {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes()).simple().to_string();
        Self { id, name: name.to_owned(), created }
    }

    fn shown(&self) -> Value {
        let time = moment::text(self.created);
        json!({
            "id": self.id, "name": self.name, "status": "active", "type": "full", "paused": false, "development_mode": 0,
            "account": { "id": ACCOUNT, "name": "devflare" },
            "owner": { "id": ACCOUNT, "name": "devflare", "type": "organization" },
            "plan": { "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "legacy_id": "free" },
            "meta": { "phishing_detected": false, "custom_certificate_quota": 0, "page_rule_quota": 3, "step": 4 },
            "name_servers": ["a.ns.localhost", "b.ns.localhost"], "permissions": ["#zone:read", "#zone:edit"],
            "original_name_servers": null, "original_registrar": null, "original_dnshost": null,
            "created_on": time, "modified_on": time, "activated_on": time,
        })
    }
}

/// The domain that a host belongs to, as far as its labels tell.
#[must_use]
pub fn domain_of(host: &str) -> Option<String> {
    let mut labels = host.trim_matches('.').rsplit('.').filter(|label| !label.is_empty());
    let (top, second) = (labels.next()?, labels.next()?);
    Some(format!("{second}.{top}").to_ascii_lowercase())
}

impl Control {
    async fn zones(&self) -> Result<Vec<Zone>, ApiError> {
        let mut named = self.catalog.zones().await?;
        let mut implied = (self.settings.zones)();
        implied.extend(self.live.hosts_of_all().iter().filter_map(|host| domain_of(host)));
        for name in implied {
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, 0));
            }
        }
        if named.is_empty() {
            named.push((DEFAULT.to_owned(), 0));
        }
        named.sort();
        Ok(named.iter().map(|(name, created)| Zone::named(name, *created)).collect())
    }

    /// The zone of this id.
    pub(super) async fn zone(&self, ask: &Ask) -> Result<Zone, ApiError> {
        let id = ask.param("zone").to_ascii_lowercase();
        if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let what = format!("Could not route to /zones/{id}, perhaps your object identifier is invalid?");
            return Err(ApiError::new(404, code::NO_ROUTE, what));
        }
        let known = self.zones().await?.into_iter().find(|zone| zone.id == id);
        Ok(known.unwrap_or_else(|| Zone { id, name: DEFAULT.to_owned(), created: 0 }))
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let mut all = control.zones().await?;
    if let Some(name) = ask.query("name") {
        let name = name.to_ascii_lowercase();
        all.retain(|zone| zone.name == name);
        // Differs: any domain that a client asks for by name is a zone of the account: no registrar can be asked offline.
        if all.is_empty() && domain_of(&name).as_deref() == Some(&name) {
            all.push(Zone::named(&name, 0));
        }
    }
    Ok(PageOf::of(&ask, 20).reply(all.iter().map(Zone::shown).collect()))
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let body: Value = ask.json().await?;
    let name = body["name"].as_str().unwrap_or_default().to_ascii_lowercase();
    if !super::custom_hostnames::is_hostname(&name) {
        return Err(ApiError::new(400, 1001, "Invalid domain"));
    }
    let now = control.now();
    if !control.catalog.create_zone(&name, now).await? {
        return Err(ApiError::new(400, TAKEN, format!("{name} already exists")));
    }
    Ok(Reply::of(Zone::named(&name, now).shown()))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(control.zone(&ask).await?.shown()))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let zone = control.zone(&ask).await?;
    control.catalog.delete_zone(&zone.name).await?;
    Ok(Reply::of(json!({ "id": zone.id })))
}

#[cfg(test)]
mod tests {
    use super::domain_of;

    #[test]
    fn hosts_belong_to_domains() {
        assert_eq!(domain_of("a.b.Example.com").as_deref(), Some("example.com"));
        assert_eq!(domain_of(".example.com").as_deref(), Some("example.com"));
        assert_eq!(domain_of("localhost"), None);
        assert_eq!(domain_of(""), None);
    }
}
