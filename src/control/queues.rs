//! `/queues`: made, found and deleted. What waits in them, and who reads them, the API does not tell yet.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::StoredResource;
use super::envelope::{Answer, ApiError, Reply};
use super::resources::PageOf;
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::bindings::{Resource, ResourceKind};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/queues", list),
        of_account(Method::POST, "/queues", create),
        of_account(Method::GET, "/queues/{queue}", get),
        of_account(Method::DELETE, "/queues/{queue}", delete),
    ]
}

/// Queues are known by their names; clients want an id.
fn id_of(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string()
}

fn shown(one: &StoredResource) -> Value {
    json!({
        "queue_id": id_of(&one.resource.name), "queue_name": one.resource.name,
        "created_on": moment::text(one.created), "modified_on": moment::text(one.created),
        "producers": [], "producers_total_count": 0, "consumers": [], "consumers_total_count": 0,
        "settings": { "delivery_delay": 0, "message_retention_period": 345_600 },
    })
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let all = control.resources(ResourceKind::Queue).await?;
    let wanted: Vec<_> = ask.query.iter().filter(|(key, _)| key == "name").map(|(_, name)| name).collect();
    let all = all.iter().filter(|one| wanted.is_empty() || wanted.contains(&&one.resource.name));
    Ok(PageOf::of(&ask, 100).reply(all.map(shown).collect()))
}

#[derive(serde::Deserialize)]
struct Named {
    #[serde(default)]
    queue_name: String,
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Named { queue_name: name } = ask.json().await?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=63).contains(&name.len()) || !name.bytes().all(fits) {
        return Err(ApiError::new(400, 11_003, "The queue name is not valid."));
    }
    let resource = Resource { kind: ResourceKind::Queue, id: name.clone(), name };
    if !control.make_resource(resource.clone(), Value::Null).await? {
        let what =
            format!("Queue name '{}' is already taken. Please use a different name and try again.", resource.name);
        return Err(ApiError::new(409, 11_009, what));
    }
    Ok(Reply::of(shown(&StoredResource { resource, created: control.now(), settings: Value::Null })))
}

impl Control {
    async fn queue(&self, ask: &Ask) -> Result<StoredResource, ApiError> {
        let all = self.resources(ResourceKind::Queue).await?;
        let found = all.into_iter().find(|one| id_of(&one.resource.name) == ask.param("queue"));
        found.ok_or_else(|| ApiError::new(404, 11_000, "Queue not found."))
    }
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&control.queue(&ask).await?)))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = control.queue(&ask).await?.resource.id;
    control.catalog.delete_resource(ResourceKind::Queue, &id).await?;
    Ok(Reply::nothing())
}
