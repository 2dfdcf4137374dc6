//! `/workers/dispatch/namespaces`.
//!
//! A namespace that watched projects bind or fill is there without having been created, and may still be: the guide
//! begins with that.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::{Namespace, NamespaceChange};
use super::envelope::{Answer, ApiError, Reply, code};
use super::route::{Route, of_account};
use super::{ACCOUNT, Control, moment};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/workers/dispatch/namespaces", list),
        of_account(Method::POST, "/workers/dispatch/namespaces", create),
        of_account(Method::GET, "/workers/dispatch/namespaces/{namespace}", get),
        of_account(Method::PUT, "/workers/dispatch/namespaces/{namespace}", change),
        of_account(Method::PATCH, "/workers/dispatch/namespaces/{namespace}", change),
        of_account(Method::DELETE, "/workers/dispatch/namespaces/{namespace}", delete),
    ]
}

fn shown(namespace: &Namespace) -> Value {
    json!({
        "namespace_id": namespace.id,
        "namespace_name": namespace.name,
        "script_count": namespace.scripts,
        "trusted_workers": namespace.trusted,
        "created_on": moment::text(namespace.created),
        "created_by": ACCOUNT,
        "modified_on": moment::text(namespace.modified),
        "modified_by": ACCOUNT,
    })
}

async fn list(control: Arc<Control>, _: Ask) -> Answer {
    let mut all = control.catalog.namespaces().await?;
    for name in (control.settings.namespaces)() {
        if !all.iter().any(|namespace| namespace.name == name) {
            all.push(implied(name));
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let all: Vec<_> = all.iter().map(shown).collect();
    let count = all.len();
    Ok(Reply::list(all, json!({ "count": count, "page": 1, "per_page": count.max(1), "total_count": count })))
}

/// One that only projects speak of.
fn implied(name: String) -> Namespace {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string();
    Namespace { name, id, created: 0, modified: 0, trusted: false, scripts: 0 }
}

impl Control {
    /// The namespace, created or implied.
    pub(super) async fn namespace(&self, name: &str) -> Result<Namespace, ApiError> {
        if let Some(found) = self.catalog.namespace(name).await? {
            return Ok(found);
        }
        let implied_name = (self.settings.namespaces)().into_iter().find(|one| one == name);
        implied_name.map(implied).ok_or_else(|| {
            let text = format!("The dispatch namespace {name:?} does not exist: dispatch namespace not found.");
            ApiError::new(404, code::NAMESPACE_NOT_FOUND, text)
        })
    }

    /// Has the runtime know which namespaces are trusted.
    pub(super) async fn tell_trust(&self) -> Result<(), ApiError> {
        let all = self.catalog.namespaces().await?;
        let trusted = all.into_iter().filter(|namespace| namespace.trusted).map(|namespace| namespace.name);
        self.settings.runtime.trust(trusted.collect());
        Ok(())
    }

    /// Makes sure that a namespace that is written to is stored.
    pub(super) async fn settle_namespace(&self, name: &str) -> Result<(), ApiError> {
        let namespace = self.namespace(name).await?;
        self.catalog.create_namespace(&namespace.name, &namespace.id, self.now()).await.map(drop)
    }
}

#[derive(serde::Deserialize)]
struct Creation {
    name: Option<String>,
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Creation { name } = ask.json().await?;
    let name = name.unwrap_or_default();
    check_name(&name)?;
    let id = Uuid::new_v4().to_string();
    if !control.catalog.create_namespace(&name, &id, control.now()).await? {
        return Err(taken(&name));
    }
    Ok(Reply::of(shown(&control.namespace(&name).await?)))
}

fn taken(name: &str) -> ApiError {
    let text = format!("A namespace with this name already exists: {name:?}.");
    ApiError::new(409, code::NAMESPACE_EXISTS, text)
}

/// Letters of URLs, as Cloudflare takes them.
fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let good = (1..=63).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('.');
    if good {
        return Ok(());
    }
    let text = format!("{name:?} is not a valid namespace name: use letters, digits, dashes and underscores.");
    Err(ApiError::bad(text))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&control.namespace(ask.param("namespace")).await?)))
}

#[derive(serde::Deserialize)]
struct Changes {
    name: Option<String>,
    trusted_workers: Option<bool>,
}

/// wrangler's rename and the API's change of trust are one call.
async fn change(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Changes { name, trusted_workers: trusted } = ask.json().await?;
    let old = ask.param("namespace").to_owned();
    control.settle_namespace(&old).await?;
    let new = name.unwrap_or_else(|| old.clone());
    check_name(&new)?;
    let change = NamespaceChange { name: Some(new.clone()), trusted };
    if !control.catalog.change_namespace(&old, change, control.now()).await? {
        return Err(taken(&new));
    }
    control.tell_trust().await?;
    if new != old {
        control.moved(&old, &new);
        control.tell_about_all().await?;
    }
    Ok(Reply::of(shown(&control.namespace(&new).await?)))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let name = ask.param("namespace");
    control.namespace(name).await?;
    let gone = control.catalog.delete_namespace(name).await?;
    control.tell_trust().await?;
    control.withdraw(&gone);
    Ok(Reply::nothing())
}
