//! `.../tags`: up to eight words by which a platform finds its customers' scripts again.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use super::Control;
use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply, code};
use super::publish::missing;
use super::route::{Route, of_script};

pub(super) fn routes() -> Vec<Route> {
    let mut routes: Vec<_> = of_script(&Method::GET, "/tags", list).into();
    routes.extend(of_script(&Method::PUT, "/tags", replace));
    routes.extend(of_script(&Method::PUT, "/tags/{tag}", add));
    routes.extend(of_script(&Method::DELETE, "/tags/{tag}", remove));
    routes
}

/// As on Cloudflare.
const MAX_TAGS: usize = 8;
/// Bytes of one tag.
const MAX_TAG: usize = 63;

fn refused(what: impl Into<String>) -> ApiError {
    ApiError::new(400, code::BAD_TAG, what)
}

/// The `tags` of an upload's metadata or of settings.
pub(super) fn of_metadata(metadata: &Map<String, Value>) -> Result<Option<Vec<String>>, ApiError> {
    match metadata.get("tags") {
        None | Some(Value::Null) => Ok(None),
        Some(tags) => checked(tags).map(Some),
    }
}

fn checked(tags: &Value) -> Result<Vec<String>, ApiError> {
    let tags = tags.as_array().and_then(|tags| tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect());
    check(tags.ok_or_else(|| refused("Tags must be a list of strings."))?)
}

fn check(tags: Vec<String>) -> Result<Vec<String>, ApiError> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        if tag.is_empty() || tag.contains([',', '&']) || tag.contains(char::is_control) {
            return Err(refused(format!(
                "The tag {tag:?} is not valid: it must not be empty, nor contain \",\" or \"&\"."
            )));
        }
        if tag.len() > MAX_TAG {
            return Err(refused(format!("The tag {tag:?} is longer than {MAX_TAG} bytes.")));
        }
        if !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    if kept.len() > MAX_TAGS {
        return Err(refused(format!("A script can have {MAX_TAGS} tags; these are {}.", kept.len())));
    }
    Ok(kept)
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(json!(control.script(&ask.script()?).await?.tags)))
}

async fn change(
    control: &Control,
    ask: &Ask,
    change: impl FnOnce(Vec<String>) -> Result<Vec<String>, ApiError> + Send + 'static,
) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let changed = control.catalog.change_tags(&id, change).await?;
    changed.ok_or_else(|| missing(&id))?.map(|tags| Reply::of(json!(tags)))
}

async fn replace(control: Arc<Control>, mut ask: Ask) -> Answer {
    let body: Value = ask.json().await?;
    let tags = checked(body.get("tags").unwrap_or(&body))?;
    change(&control, &ask, move |_| Ok(tags)).await
}

async fn add(control: Arc<Control>, ask: Ask) -> Answer {
    let tag = ask.param("tag").to_owned();
    change(&control, &ask, move |mut tags| {
        tags.push(tag);
        check(tags)
    })
    .await
}

async fn remove(control: Arc<Control>, ask: Ask) -> Answer {
    let tag = ask.param("tag").to_owned();
    change(&control, &ask, move |mut tags| {
        tags.retain(|known| *known != tag);
        Ok(tags)
    })
    .await
}
