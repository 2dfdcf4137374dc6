//! Migrations of Durable Objects' classes: an upload brings the steps that are new, the script remembers all of them.

use serde_json::{Map, Value, json};

use super::catalog::Script;
use super::envelope::ApiError;
use crate::bindings::{Migrations, migrations};
use crate::config;
use crate::error::Source;

/// Where a script's settings keep the steps, and the tag of the last one.
const STEPS: &str = "migrations";
const TAG: &str = "migration_tag";

/// The steps that a script has taken.
pub(super) fn of(script: &Script) -> Value {
    script.settings.get(STEPS).cloned().unwrap_or_default()
}

/// Adds what an upload brings to the steps of its script: they go into its `settings`, and are the answer.
pub(super) fn settle(
    metadata: &Map<String, Value>,
    script: Option<&Script>,
    settings: &mut Map<String, Value>,
) -> Result<Value, ApiError> {
    let taken = script.map(of).unwrap_or_default();
    let Some(new) = metadata.get("migrations").filter(|new| new.is_object()) else { return Ok(taken) };
    let tag = script.and_then(|script| script.settings.get(TAG)?.as_str());
    let expected = new.get("old_tag").and_then(Value::as_str);
    if expected.is_some() && expected != tag {
        let tag = tag.unwrap_or_default();
        let text =
            format!("The migration tag {expected:?} is not that of the script, which is {tag:?}: precondition failed.");
        return Err(ApiError::new(412, 10_079, text));
    }
    let mut steps = taken.as_array().cloned().unwrap_or_default();
    let added = new.get("steps").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![new.clone()]);
    for mut step in added.into_iter().filter(Value::is_object) {
        step["tag"] = new.get("new_tag").cloned().unwrap_or_default();
        steps.push(step);
    }
    if let Some(tag) = new.get("new_tag") {
        settings.insert(TAG.to_owned(), tag.clone());
    }
    settings.insert(STEPS.to_owned(), json!(steps));
    Ok(Value::Array(steps))
}

/// The same as the runtime reads it.
pub(super) fn read(steps: &Value) -> Migrations {
    if steps.is_null() {
        return Migrations::default();
    }
    let text = json!({ STEPS: steps }).to_string();
    let read = config::read_value(&Source::new("metadata", text)).ok();
    read.map(|node| migrations(node.get(STEPS))).unwrap_or_default()
}
