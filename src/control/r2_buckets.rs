//! `/r2/buckets`. What is in them is `r2_objects`' affair.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::catalog::StoredResource;
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::bindings::{R2Bucket, R2Error, R2List, Resource, ResourceKind};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/r2/buckets", list),
        of_account(Method::POST, "/r2/buckets", create),
        of_account(Method::GET, "/r2/buckets/{r2}", get),
        of_account(Method::PATCH, "/r2/buckets/{r2}", change),
        of_account(Method::DELETE, "/r2/buckets/{r2}", delete),
    ]
}

fn shown(one: &StoredResource) -> Value {
    json!({
        "name": one.resource.name, "creation_date": moment::text(one.created), "location": "WEUR",
        "storage_class": one.settings["storageClass"].as_str().unwrap_or("Standard"), "jurisdiction": "default",
    })
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let all = control.resources(ResourceKind::R2).await?;
    let wanted = ask.query("name_contains").unwrap_or_default();
    let after = ask.query("cursor").or(ask.query("start_after")).unwrap_or_default();
    let mut all: Vec<_> = all.iter().filter(|one| one.resource.name.contains(wanted)).collect();
    if ask.query("direction") == Some("desc") {
        all.reverse();
        all.retain(|one| after.is_empty() || *one.resource.name < *after);
    } else {
        all.retain(|one| *one.resource.name > *after);
    }
    let per_page = ask.query("per_page").and_then(|text| text.parse().ok()).unwrap_or(1000);
    let page: Vec<_> = all.iter().take(per_page).map(|one| shown(one)).collect();
    let cursor = page.last().filter(|_| page.len() < all.len()).map(|last| last["name"].clone()).unwrap_or_default();
    let info = json!({ "cursor": cursor, "per_page": per_page });
    Ok(Reply::of(json!({ "buckets": page })).with_info(info))
}

#[derive(serde::Deserialize)]
struct Creation {
    #[serde(default)]
    name: String,
    #[serde(rename = "storageClass")]
    storage_class: Option<String>,
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let Creation { name, storage_class } = ask.json().await?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good =
        (3..=63).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-') && !name.ends_with('-');
    if !good {
        return Err(ApiError::new(400, 10_005, "The specified bucket name is not valid."));
    }
    let resource = Resource { kind: ResourceKind::R2, id: name.clone(), name };
    let settings = storage_class.map_or(Value::Null, |class| json!({ "storageClass": class }));
    if !control.make_resource(resource.clone(), settings.clone()).await? {
        let what = "The bucket you tried to create already exists, and you own it.";
        return Err(ApiError::new(409, 10_004, what));
    }
    Ok(Reply::of(shown(&StoredResource { resource, created: control.now(), settings })))
}

impl Control {
    /// The bucket that the route names.
    pub(super) async fn r2(&self, ask: &Ask) -> Result<StoredResource, ApiError> {
        let found = self.resource(ResourceKind::R2, ask.param("r2")).await?;
        found.ok_or_else(|| ApiError::new(404, 10_006, "The specified bucket does not exist."))
    }

    pub(super) async fn r2_bucket(&self, ask: &Ask) -> Result<R2Bucket, ApiError> {
        Ok(R2Bucket::of(self.store(), &self.r2(ask).await?.resource.id))
    }
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(shown(&control.r2(&ask).await?)))
}

async fn change(control: Arc<Control>, ask: Ask) -> Answer {
    let mut one = control.r2(&ask).await?;
    if let Some(class) = ask.headers.get("cf-r2-storage-class").and_then(|class| class.to_str().ok()) {
        one.settings = json!({ "storageClass": class });
        control.catalog.change_resource(one.clone()).await?;
    }
    Ok(Reply::of(shown(&one)))
}

/// Only an empty one.
async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = control.r2(&ask).await?.resource.id;
    let bucket = R2Bucket::of(control.store(), &id);
    let page = bucket.list(R2List { limit: Some(1), ..R2List::default() }).await?;
    if !page.objects.is_empty() {
        let what = format!("The bucket you tried to delete ({id}) is not empty.");
        return Err(ApiError::new(409, 10_008, what));
    }
    control.catalog.delete_resource(ResourceKind::R2, &id).await?;
    Ok(Reply::of(json!({})))
}

impl From<R2Error> for ApiError {
    fn from(error: R2Error) -> Self {
        let status = match error.code {
            10_001 => 500,
            10_007 | 10_024 => 404,
            10_039 => 416,
            _ => 400,
        };
        Self::new(status, error.code, error.message)
    }
}
