//! `.../settings` of a version, and `.../script-settings` of the script: what is configured besides the code.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::catalog::{Script, Version};
use super::envelope::{Answer, ApiError, Reply};
use super::publish::source_of;
use super::route::{Route, of_script};
use super::secrets::bindings_of;
use super::{Control, bindings, tags};

pub(super) fn routes() -> Vec<Route> {
    let mut routes: Vec<_> = of_script(&Method::GET, "/settings", get).into();
    routes.extend(of_script(&Method::PATCH, "/settings", patch));
    routes.extend(of_script(&Method::GET, "/script-settings", get_of_script));
    routes.extend(of_script(&Method::PATCH, "/script-settings", patch_of_script));
    routes.extend(of_script(&Method::PUT, "/script-settings", patch_of_script));
    routes
}

/// Keys that are a version's.
const OF_VERSION: [&str; 6] =
    ["compatibility_date", "compatibility_flags", "limits", "placement", "annotations", "usage_model"];
/// Keys that are the script's.
const OF_SCRIPT: [&str; 4] = ["logpush", "observability", "tail_consumers", "placement"];

fn of_script_shown(script: &Script) -> Map<String, Value> {
    let or = |key: &str, default: Value| script.settings.get(key).cloned().unwrap_or(default);
    let mut shown = Map::new();
    shown.insert("logpush".to_owned(), or("logpush", json!(false)));
    shown.insert("tail_consumers".to_owned(), or("tail_consumers", Value::Null));
    shown.insert("observability".to_owned(), or("observability", json!({ "enabled": false })));
    shown.insert("tags".to_owned(), json!(script.tags));
    shown
}

fn shown(script: &Script, version: &Version) -> Value {
    let mut shown = of_script_shown(script);
    for key in OF_VERSION.iter().filter(|key| **key != "annotations") {
        if let Some(value) = version.metadata.get(*key) {
            shown.insert((*key).to_owned(), value.clone());
        }
    }
    shown.insert("usage_model".to_owned(), json!("standard"));
    shown.entry("compatibility_flags").or_insert_with(|| json!([]));
    shown.entry("placement").or_insert_with(|| json!({}));
    shown.insert("bindings".to_owned(), Value::Array(bindings::shown(version)));
    if let Some(tag) = script.settings.get("migration_tag") {
        shown.insert("migration_tag".to_owned(), tag.clone());
    }
    Value::Object(shown)
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let (script, version) = control.current(&ask.script()?).await?;
    Ok(Reply::of(shown(&script, &version)))
}

/// The settings in a form's part `settings`, or as the body itself.
async fn changes_of(ask: &mut Ask) -> Result<Map<String, Value>, ApiError> {
    if !ask.content_type().starts_with("multipart/") {
        return ask.json().await;
    }
    let parts = ask.parts().await?;
    let part = parts.iter().find(|part| part.name == "settings");
    let part = part.ok_or_else(|| ApiError::bad("The form has no part named \"settings\"."))?;
    let invalid = |error| ApiError::bad(format!("The part \"settings\" is not a JSON object: {error}"));
    serde_json::from_slice(&part.bytes).map_err(invalid)
}

async fn patch(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let changes = changes_of(&mut ask).await?;
    let tags = tags::of_metadata(&changes)?;
    let new_tags = tags.clone();
    let amendment = changes.clone();
    let published = control
        .amend(id.clone(), source_of(&ask), move |before| {
            if let Some(new) = amendment.get("bindings") {
                let new = new.as_array().ok_or_else(|| ApiError::bad("\"bindings\" must be a list."))?;
                let old = bindings_of(before);
                *old = new.iter().map(|item| filled(item, old)).collect::<Result<_, _>>()?;
            }
            for key in OF_VERSION.iter().chain(&OF_SCRIPT).chain(&["migrations"]) {
                if let Some(value) = amendment.get(*key) {
                    before.metadata.insert((*key).to_owned(), value.clone());
                }
            }
            if let Some(tags) = new_tags {
                before.metadata.insert("tags".to_owned(), json!(tags));
            }
            Ok(())
        })
        .await?;
    Ok(Reply::of(shown(&published.script, &published.version)).noting(published.note))
}

/// A binding whose value is not sent again is meant to stay: `inherit`, or its name and type alone.
fn filled(item: &Value, before: &[Value]) -> Result<Value, ApiError> {
    let inherits = item["type"] == "inherit";
    let name = if inherits && item["old_name"].is_string() { &item["old_name"] } else { &item["name"] };
    let bare = item.as_object().is_some_and(|fields| fields.keys().all(|key| key == "name" || key == "type"));
    let found = before.iter().find(|old| old["name"] == *name && (inherits || old["type"] == item["type"]));
    match found {
        Some(old) if inherits || bare => {
            let mut old = old.clone();
            old["name"] = item["name"].clone();
            Ok(old)
        }
        None if inherits => Err(ApiError::bad(format!("Binding {name} cannot be inherited: there is none."))),
        _ => Ok(item.clone()),
    }
}

async fn get_of_script(control: Arc<Control>, ask: Ask) -> Answer {
    let script = control.script(&ask.script()?).await?;
    Ok(Reply::of(Value::Object(of_script_shown(&script))))
}

async fn patch_of_script(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let changes = changes_of(&mut ask).await?;
    if let Some(tags) = tags::of_metadata(&changes)? {
        control.catalog.change_tags(&id, move |_| Ok::<_, ApiError>(tags)).await?;
    }
    let kept = changes.into_iter().filter(|(key, _)| OF_SCRIPT.contains(&key.as_str())).collect();
    control.catalog.set(&id, kept, control.now()).await?;
    let script = control.script(&id).await?;
    control.tell_about(&script);
    Ok(Reply::of(Value::Object(of_script_shown(&script))))
}
