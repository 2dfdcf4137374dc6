//! `/zones/{zone}/custom_hostnames`: hosts of customers, which lead to the platform. On the Workers port any host does;
//! here platforms keep account of theirs.

use std::net::IpAddr;
use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::CustomHostname;
use super::envelope::{Answer, ApiError, Reply};
use super::resources::PageOf;
use super::route::{Route, at};
use super::{Control, moment};

pub(super) fn routes() -> Vec<Route> {
    const ALL: &str = "/zones/{zone}/custom_hostnames";
    const ONE: &str = "/zones/{zone}/custom_hostnames/{hostname}";
    vec![
        at(Method::GET, ALL, list),
        at(Method::POST, ALL, create),
        at(Method::GET, ONE, get),
        at(Method::PATCH, ONE, edit),
        at(Method::DELETE, ONE, delete),
    ]
}

const DUPLICATE: u32 = 1406;
const INVALID: u32 = 1407;
const NOT_FOUND: u32 = 1436;
/// What a client may say of one.
const SETTINGS: [&str; 4] = ["ssl", "custom_metadata", "custom_origin_server", "custom_origin_sni"];

/// Whether a name could be a host of the Internet: labels of letters, digits and hyphens, no address.
pub(super) fn is_hostname(name: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() < 256 && name.contains('.') && name.split('.').all(is_label) && name.parse::<IpAddr>().is_err()
}

/// As a client sees it: awaiting its certificate in the answer that makes it, in use from then on.
fn shown(one: &CustomHostname, is_new: bool) -> Value {
    // Differs: a custom hostname is active at the first look: no DNS and no certificate authority can be asked offline.
    let (status, ssl_status) = if is_new { ("pending", "initializing") } else { ("active", "active") };
    let token = Uuid::new_v5(&Uuid::NAMESPACE_DNS, one.id.as_bytes()).to_string();
    let mut ssl = json!({
        "id": token, "type": "dv", "method": "http", "bundle_method": "ubiquitous", "wildcard": false,
        "certificate_authority": "google", "hosts": [one.hostname],
    });
    let mut whole = json!({ "id": one.id, "hostname": one.hostname, "created_at": moment::text(one.created) });
    for (key, value) in one.settings.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("ssl", Value::Object(asked)) => asked.iter().for_each(|(key, value)| ssl[key] = value.clone()),
            _ => whole[key] = value.clone(),
        }
    }
    ssl["status"] = json!(ssl_status);
    whole["ssl"] = ssl;
    whole["status"] = json!(status);
    whole["verification_errors"] = json!([]);
    if is_new {
        let name = format!("_cf-custom-hostname.{}", one.hostname);
        whole["ownership_verification"] = json!({ "type": "txt", "name": name, "value": token });
        let url = format!("http://{}/.well-known/cf-custom-hostname-challenge/{}", one.hostname, one.id);
        whole["ownership_verification_http"] = json!({ "http_url": url, "http_body": token });
    }
    whole
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let zone = control.zone(&ask).await?;
    let mut all = control.catalog.custom_hostnames(&zone.id).await?;
    if let Some(wanted) = ask.query("hostname") {
        all.retain(|one| one.hostname.contains(&wanted.to_ascii_lowercase()));
    }
    if let Some(wanted) = ask.query("id") {
        all.retain(|one| one.id == wanted);
    }
    Ok(PageOf::of(&ask, 20).reply(all.iter().map(|one| shown(one, false)).collect()))
}

fn settings(body: &Value, before: Value) -> Value {
    let mut settings = before.as_object().cloned().unwrap_or_default();
    let given = SETTINGS.iter().filter_map(|key| Some(((*key).to_owned(), body.get(key)?.clone())));
    settings.extend(given.collect::<Map<_, _>>());
    Value::Object(settings)
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let zone = control.zone(&ask).await?;
    let body: Value = ask.json().await?;
    let hostname = body["hostname"].as_str().unwrap_or_default().to_ascii_lowercase();
    if !is_hostname(&hostname) {
        let what = "Invalid custom hostname. It must be shorter than 256 characters and be no IP address.";
        return Err(ApiError::new(400, INVALID, what));
    }
    let id = Uuid::new_v4().to_string();
    let settings = settings(&body, Value::Null);
    let made = CustomHostname { id, zone: zone.id, hostname, created: control.now(), settings };
    if !control.catalog.put_custom_hostname(made.clone()).await? {
        return Err(ApiError::new(409, DUPLICATE, "Duplicate custom hostname found."));
    }
    Ok(Reply::Envelope { status: 201, result: shown(&made, true), info: None, messages: Vec::new() })
}

fn missing() -> ApiError {
    ApiError::new(404, NOT_FOUND, "The custom hostname was not found.")
}

async fn find(control: &Control, ask: &Ask) -> Result<CustomHostname, ApiError> {
    let zone = control.zone(ask).await?;
    control.catalog.custom_hostname((&zone.id, ask.param("hostname"))).await?.ok_or_else(missing)
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&find(&control, &ask).await?, false)))
}

async fn edit(control: Arc<Control>, mut ask: Ask) -> Answer {
    let body: Value = ask.json().await?;
    let before = find(&control, &ask).await?;
    let settings = settings(&body, before.settings);
    let edited = CustomHostname { settings, ..before };
    let _its_own_name = control.catalog.put_custom_hostname(edited.clone()).await?;
    Ok(Reply::of(shown(&edited, false)))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let found = find(&control, &ask).await?;
    if !control.catalog.delete_custom_hostname((&found.zone, &found.id)).await? {
        return Err(missing());
    }
    Ok(Reply::of(json!({ "id": found.id })))
}

#[cfg(test)]
mod tests {
    use super::is_hostname;

    #[test]
    fn hosts_of_the_internet_are_told_from_other_names() {
        for name in ["a.b", "shop.example.com", "xn--bcher-kva.example", "_acme.example.com"] {
            assert!(is_hostname(name), "{name}");
        }
        for name in ["", "a", ".a.b", "a..b", "-a.b", "a b.c", "1.2.3.4", "a.b/c", "*.a.b", "é.com"] {
            assert!(!is_hostname(name), "{name}");
        }
        assert!(!is_hostname(&format!("{}.example.com", "a".repeat(64))));
    }
}
