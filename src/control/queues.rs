//! `/queues`: made, found, changed, emptied and deleted. Who reads them: `queue_consumers`; what waits: `queue_messages`.

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
        of_account(Method::PUT, "/queues/{queue}", replace),
        of_account(Method::PATCH, "/queues/{queue}", change),
        of_account(Method::DELETE, "/queues/{queue}", delete),
        of_account(Method::POST, "/queues/{queue}/purge", purge),
        of_account(Method::GET, "/queues/{queue}/purge", purged),
        of_account(Method::GET, "/queues/{queue}/metrics", metrics),
    ]
}

/// Queues are known by their names; clients want an id.
pub(super) fn id_of(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string()
}

/// What a queue has where nothing else was said: seconds of delay and of retention.
fn defaults() -> Value {
    json!({ "delivery_delay": 0, "delivery_paused": false, "message_retention_period": 345_600 })
}

impl Control {
    fn shown_queue(&self, one: &StoredResource) -> Value {
        let mut settings = defaults();
        for (key, value) in one.settings.as_object().into_iter().flatten() {
            settings[key] = value.clone();
        }
        let consumers = self.consumers_of(&one.resource.name);
        json!({
            "queue_id": id_of(&one.resource.name), "queue_name": one.resource.name,
            "created_on": moment::text(one.created), "modified_on": moment::text(one.created),
            "producers": [], "producers_total_count": 0,
            "consumers_total_count": consumers.len(), "consumers": consumers, "settings": settings,
        })
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let all = control.resources(ResourceKind::Queue).await?;
    let wanted: Vec<_> = ask.query.iter().filter(|(key, _)| key == "name").map(|(_, name)| name).collect();
    let all = all.iter().filter(|one| wanted.is_empty() || wanted.contains(&&one.resource.name));
    Ok(PageOf::of(&ask, 100).reply(all.map(|one| control.shown_queue(one)).collect()))
}

#[derive(serde::Deserialize)]
struct Named {
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    settings: Value,
}

/// Seconds of delay and retention within what production allows.
fn check_settings(settings: &Value) -> Result<(), ApiError> {
    for (key, allowed) in [("delivery_delay", 0..=86_400), ("message_retention_period", 60..=1_209_600)] {
        if let Some(value) = settings.get(key).filter(|value| !value.is_null())
            && !value.as_i64().is_some_and(|seconds| allowed.contains(&seconds))
        {
            let what = format!("Invalid {key}: must be between {} and {} seconds.", allowed.start(), allowed.end());
            return Err(ApiError::new(400, 100_127, what));
        }
    }
    Ok(())
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Named { queue_name: name, settings } = ask.json().await?;
    check_settings(&settings)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=63).contains(&name.len()) || !name.bytes().all(fits) {
        return Err(ApiError::new(400, 11_003, "The queue name is not valid."));
    }
    let resource = Resource { kind: ResourceKind::Queue, id: name.clone(), name };
    if !control.make_resource(resource.clone(), settings.clone()).await? {
        let what =
            format!("Queue name '{}' is already taken. Please use a different name and try again.", resource.name);
        return Err(ApiError::new(409, 11_009, what));
    }
    let made = StoredResource { resource, created: control.now(), settings };
    Ok(Reply::of(control.shown_queue(&made)))
}

impl Control {
    pub(super) async fn queue(&self, ask: &Ask) -> Result<StoredResource, ApiError> {
        let all = self.resources(ResourceKind::Queue).await?;
        let found = all.into_iter().find(|one| id_of(&one.resource.name) == ask.param("queue"));
        found.ok_or_else(|| ApiError::new(404, 11_000, "Queue not found."))
    }
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(control.shown_queue(&control.queue(&ask).await?)))
}

/// All settings anew.
async fn replace(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Named { settings, .. } = ask.json().await?;
    keep(&control, &ask, settings).await
}

/// Some of the settings.
async fn change(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Named { settings: change, .. } = ask.json().await?;
    let mut settings = control.queue(&ask).await?.settings;
    for (key, value) in change.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    keep(&control, &ask, settings).await
}

/// Differs: a queue's settings are kept and shown, and only a producer's `delivery_delay` acts. Nothing here waits for days.
async fn keep(control: &Arc<Control>, ask: &Ask, settings: Value) -> Answer {
    check_settings(&settings)?;
    let one = StoredResource { settings, ..control.queue(ask).await? };
    control.catalog.change_resource(one.clone()).await?;
    Ok(Reply::of(control.shown_queue(&one)))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = control.queue(&ask).await?.resource.id;
    let queues = control.settings.runtime.queues();
    queues.detach(&id);
    queues.purge(&id).await?;
    control.catalog.delete_resource(ResourceKind::Queue, &id).await?;
    Ok(Reply::nothing())
}

#[derive(serde::Deserialize)]
struct Purge {
    #[serde(default)]
    delete_messages_permanently: bool,
}

async fn purge(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Purge { delete_messages_permanently: sure } = ask.json().await?;
    let one = control.queue(&ask).await?;
    if !sure {
        return Err(ApiError::bad("delete_messages_permanently must be true to purge a queue."));
    }
    control.settings.runtime.queues().purge(&one.resource.id).await?;
    Ok(Reply::of(control.shown_queue(&one)))
}

/// A purge is over when it is answered.
async fn purged(control: Arc<Control>, ask: Ask) -> Answer {
    control.queue(&ask).await?;
    Ok(Reply::of(json!({ "completed": "true", "started_at": moment::text(control.now()) })))
}

async fn metrics(control: Arc<Control>, ask: Ask) -> Answer {
    let backlog = control.settings.runtime.queues().backlog(&control.queue(&ask).await?.resource.id).await?;
    Ok(Reply::of(json!({ "backlog_count": backlog.count, "backlog_bytes": backlog.bytes })))
}
