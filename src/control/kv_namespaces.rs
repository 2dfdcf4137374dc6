//! `/storage/kv/namespaces`. What is in them is `kv_values`' affair.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Control;
use super::ask::Ask;
use super::catalog::StoredResource;
use super::envelope::{Answer, ApiError, Reply};
use super::resources::PageOf;
use super::route::{Route, of_account};
use crate::bindings::{KvEntries, KvError, Resource, ResourceKind};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/storage/kv/namespaces", list),
        of_account(Method::POST, "/storage/kv/namespaces", create),
        of_account(Method::GET, "/storage/kv/namespaces/{kv}", get),
        of_account(Method::PUT, "/storage/kv/namespaces/{kv}", rename),
        of_account(Method::DELETE, "/storage/kv/namespaces/{kv}", delete),
    ]
}

fn shown(one: &StoredResource) -> Value {
    json!({ "id": one.resource.id, "title": one.resource.name, "supports_url_encoding": true })
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let mut all = control.resources(ResourceKind::Kv).await?;
    if ask.query("order") == Some("id") {
        all.sort_by(|a, b| a.resource.id.cmp(&b.resource.id));
    }
    if ask.query("direction") == Some("desc") {
        all.reverse();
    }
    Ok(PageOf::of(&ask, 20).reply(all.iter().map(shown).collect()))
}

#[derive(serde::Deserialize)]
struct Named {
    title: Option<String>,
}

async fn title(ask: &mut Ask) -> Result<String, ApiError> {
    let Named { title } = ask.json().await?;
    let title = title.unwrap_or_default();
    match title.len() {
        0 => Err(ApiError::new(400, 10_019, "a title is required")),
        1..=512 => Ok(title),
        _ => Err(ApiError::new(400, 10_019, "the title is longer than 512 bytes")),
    }
}

fn taken() -> ApiError {
    ApiError::new(400, 10_014, "a namespace with this account ID and title already exists")
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let name = title(&mut ask).await?;
    let resource = Resource { kind: ResourceKind::Kv, id: Uuid::new_v4().simple().to_string(), name };
    if !control.make_resource(resource.clone(), Value::Null).await? {
        return Err(taken());
    }
    Ok(Reply::of(shown(&StoredResource { resource, created: 0, settings: Value::Null })))
}

impl Control {
    /// The namespace that the route names.
    pub(super) async fn kv(&self, ask: &Ask) -> Result<StoredResource, ApiError> {
        let found = self.resource(ResourceKind::Kv, ask.param("kv")).await?;
        found
            .filter(|one| one.resource.id == ask.param("kv"))
            .ok_or_else(|| ApiError::new(404, 10_013, "namespace not found"))
    }

    pub(super) async fn kv_entries(&self, ask: &Ask) -> Result<KvEntries, ApiError> {
        Ok(KvEntries::of(self.store(), &self.kv(ask).await?.resource.id))
    }
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&control.kv(&ask).await?)))
}

async fn rename(control: Arc<Control>, mut ask: Ask) -> Answer {
    let mut one = control.kv(&ask).await?;
    one.resource.name = title(&mut ask).await?;
    if !control.catalog.change_resource(one.clone()).await? {
        return Err(taken());
    }
    Ok(Reply::of(shown(&one)))
}

/// With all that is in it.
async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = control.kv(&ask).await?.resource.id;
    let entries = KvEntries::of(control.store(), &id);
    told(|done| entries.clear(done)).await?;
    control.catalog.delete_resource(ResourceKind::Kv, &id).await?;
    Ok(Reply::of(json!({})))
}

type Done<T> = Box<dyn FnOnce(Result<T, KvError>) + Send>;

/// Waits for an operation that tells when it is done.
pub(super) async fn told<T: Send + 'static>(start: impl FnOnce(Done<T>)) -> Result<T, ApiError> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    start(Box::new(move |result| drop(sender.send(result))));
    let stopped = |_| ApiError::new(500, super::envelope::code::INTERNAL, "devflare is stopping.");
    Ok(receiver.await.map_err(stopped)??)
}

impl From<KvError> for ApiError {
    fn from(error: KvError) -> Self {
        let code = match error.status {
            413 => 10_027,
            414 => 10_033,
            429 => 10_429,
            500 => super::envelope::code::INTERNAL,
            _ => super::envelope::code::BAD_REQUEST,
        };
        Self::new(error.status, code, error.message)
    }
}
