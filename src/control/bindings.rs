//! `.../bindings`: what a script has bound, without the values of secrets.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::Control;
use super::ask::Ask;
use super::catalog::Version;
use super::envelope::{Answer, Reply};
use super::route::{Route, of_script};

pub(super) fn routes() -> Vec<Route> {
    of_script(&Method::GET, "/bindings", list).into()
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let (_, version) = control.current(&ask.script()?).await?;
    Ok(Reply::of(Value::Array(shown(&version))))
}

/// The bindings as anybody may see them.
pub(super) fn shown(version: &Version) -> Vec<Value> {
    let bindings = version.metadata.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
    let hidden = |binding: Value| {
        let bare = || json!({ "name": binding["name"], "type": binding["type"] });
        if is_secret(&binding) { bare() } else { binding }
    };
    bindings.into_iter().map(hidden).collect()
}

pub(super) fn is_secret(binding: &Value) -> bool {
    binding["type"] == "secret_text" || binding["type"] == "secret_key"
}
