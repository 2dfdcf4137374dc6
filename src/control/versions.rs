//! `.../versions`: uploads that are not served yet, and those that were.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::catalog::{Script, Version};
use super::envelope::{Answer, ApiError, Reply, code};
use super::publish::{Draft, Keeps, source_of};
use super::route::{Route, of_script};
use super::{Control, bindings, moment, upload, user};

pub(super) fn routes() -> Vec<Route> {
    let mut routes: Vec<_> = of_script(&Method::GET, "/versions", list).into();
    routes.extend(of_script(&Method::POST, "/versions", create));
    routes.extend(of_script(&Method::GET, "/versions/{version}", get));
    routes
}

/// A version as lists show it.
fn summary(version: &Version) -> Value {
    let annotations = version.metadata.get("annotations").cloned().unwrap_or_else(|| json!({}));
    json!({
        "id": version.id,
        "number": version.number,
        "metadata": {
            "created_on": moment::text(version.created),
            "modified_on": moment::text(version.created),
            "source": version.source,
            "author_id": super::ACCOUNT,
            "author_email": user::EMAIL,
            "has_preview": false,
        },
        "annotations": annotations,
    })
}

/// A version with what it is made of.
fn whole(version: &Version) -> Value {
    let metadata = |key: &str, default: Value| version.metadata.get(key).cloned().unwrap_or(default);
    let mut whole = summary(version);
    whole["startup_time_ms"] = json!(version.startup_ms);
    whole["resources"] = json!({
        "bindings": bindings::shown(version),
        "script": {
            "etag": version.etag,
            "handlers": version.handlers.handlers,
            "named_handlers": version.handlers.named_handlers,
            "last_deployed_from": version.source,
        },
        "script_runtime": {
            "compatibility_date": metadata("compatibility_date", Value::Null),
            "compatibility_flags": metadata("compatibility_flags", json!([])),
            "limits": metadata("limits", json!({})),
            "usage_model": "standard",
        },
    });
    whole
}

impl Control {
    /// A version of this script.
    pub(super) async fn version_of_script(&self, script: &Script, id: &str) -> Result<Version, ApiError> {
        let found = self.catalog.versions(script.row).await?.into_iter().find(|version| version.id == id);
        found.ok_or_else(|| {
            let text = format!("The version {id:?} of the Worker {:?} does not exist.", script.id.name());
            ApiError::new(404, code::VERSION_NOT_FOUND, text)
        })
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&ask.script()?).await?;
    let versions = control.catalog.versions(script.row).await?;
    // wrangler asks for those that can be deployed, which are all.
    let number = |key: &str, default: usize| ask.query(key).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (page, per_page) = (number("page", 1).max(1), number("per_page", versions.len().max(1)).max(1));
    let shown: Vec<_> = versions.iter().skip((page - 1) * per_page).take(per_page).map(summary).collect();
    let info = json!({
        "page": page, "per_page": per_page, "count": shown.len(), "total_count": versions.len(),
        "total_pages": versions.len().div_ceil(per_page),
    });
    Ok(Reply::Envelope { status: 200, result: json!({ "items": shown }), info: Some(info), messages: Vec::new() })
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&ask.script()?).await?;
    Ok(Reply::of(whole(&control.version_of_script(&script, ask.param("version")).await?)))
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let upload = upload::read(&mut ask).await?;
    let draft = Draft { id, upload, source: source_of(&ask), deploy: false, keeps: Keeps::Said };
    let published = control.publish(draft).await?;
    Ok(Reply::of(whole(&published.version)).noting(published.note))
}
