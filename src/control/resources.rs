//! KV namespaces, databases, buckets and queues alike: what clients have made, what uploads bind, and what watched
//! projects bind. Each kind has a file with its endpoints.

use serde_json::{Value, json};

use super::Control;
use super::ask::Ask;
use super::catalog::StoredResource;
use super::envelope::{ApiError, Reply};
use crate::bindings::{Resource, ResourceKind};

/// A page of a list that is counted in pages.
pub(super) struct PageOf {
    pub(super) page: usize,
    pub(super) per_page: usize,
}

impl PageOf {
    pub(super) fn of(ask: &Ask, default: usize) -> Self {
        let number = |name: &str, default: usize| {
            ask.query(name).and_then(|text| text.parse().ok()).filter(|number| *number > 0).unwrap_or(default)
        };
        Self { page: number("page", 1), per_page: number("per_page", default).min(1000) }
    }

    /// The items that are on it, and how many there are.
    pub(super) fn reply(&self, all: Vec<Value>) -> Reply {
        let total = all.len();
        let first = (self.page - 1).saturating_mul(self.per_page);
        let items: Vec<_> = all.into_iter().skip(first).take(self.per_page).collect();
        let info = json!({
            "page": self.page, "per_page": self.per_page, "count": items.len(), "total_count": total,
            "total_pages": total.div_ceil(self.per_page),
        });
        Reply::list(items, info)
    }
}

impl Control {
    /// All of a kind, by name.
    pub(super) async fn resources(&self, kind: ResourceKind) -> Result<Vec<StoredResource>, ApiError> {
        let mut all = self.catalog.resources(kind).await?;
        for resource in self.watched_resources(kind) {
            if !all.iter().any(|one| one.resource.id == resource.id) {
                all.push(StoredResource { resource, created: 0, settings: Value::Null });
            }
        }
        all.sort_by(|a, b| a.resource.name.cmp(&b.resource.name));
        Ok(all)
    }

    /// The one of this id, or else of this name.
    pub(super) async fn resource(&self, kind: ResourceKind, wanted: &str) -> Result<Option<StoredResource>, ApiError> {
        if let Some(found) = self.catalog.resource(kind, wanted).await? {
            return Ok(Some(found));
        }
        let watched = self.watched_resources(kind).into_iter().find(|one| one.id == wanted || one.name == wanted);
        Ok(watched.map(|resource| StoredResource { resource, created: 0, settings: Value::Null }))
    }

    fn watched_resources(&self, kind: ResourceKind) -> Vec<Resource> {
        let mut all = (self.settings.resources)();
        all.retain(|resource| resource.kind == kind);
        all
    }

    /// A new one; false when there is one of that name or id.
    pub(super) async fn make_resource(&self, resource: Resource, settings: Value) -> Result<bool, ApiError> {
        if self.resource(resource.kind, &resource.name).await?.is_some() {
            return Ok(false);
        }
        self.catalog.create_resource(StoredResource { resource, created: self.now(), settings }).await
    }
}
