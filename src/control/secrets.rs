//! `.../secrets`: bindings whose values go in and never come out. Each change is a new version, which is served.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use super::Control;
use super::ask::Ask;
use super::bindings::is_secret;
use super::envelope::{Answer, ApiError, Reply, code};
use super::publish::source_of;
use super::route::{Route, of_script};
use super::upload::Upload;

pub(super) fn routes() -> Vec<Route> {
    let mut routes: Vec<_> = of_script(&Method::GET, "/secrets", list).into();
    routes.extend(of_script(&Method::PUT, "/secrets", put));
    routes.extend(of_script(&Method::GET, "/secrets/{secret}", get));
    routes.extend(of_script(&Method::DELETE, "/secrets/{secret}", delete));
    routes
}

fn shown(secret: &Value) -> Value {
    json!({ "name": secret["name"], "type": secret["type"] })
}

async fn secrets(control: &Control, ask: &Ask) -> Result<Vec<Value>, ApiError> {
    let (_, version) = control.current(&ask.script()?).await?;
    let bindings = version.metadata.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(bindings.iter().filter(|binding| is_secret(binding)).map(shown).collect())
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(Value::Array(secrets(&control, &ask).await?)))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let name = ask.param("secret");
    let found = secrets(&control, &ask).await?.into_iter().find(|secret| secret["name"] == name);
    found.map(Reply::of).ok_or_else(|| no_such(name))
}

fn no_such(name: &str) -> ApiError {
    ApiError::new(404, code::BINDING_NOT_FOUND, format!("Binding '{name}' not found."))
}

/// The bindings of an upload, to be changed.
pub(super) fn bindings_of(upload: &mut Upload) -> &mut Vec<Value> {
    let bindings = upload.metadata.entry("bindings").or_insert_with(|| json!([]));
    if !bindings.is_array() {
        *bindings = json!([]);
    }
    bindings.as_array_mut().expect("it was made an array")
}

async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let mut secret: Map<String, Value> = ask.json().await?;
    secret.entry("type").or_insert_with(|| json!("secret_text"));
    let secret = Value::Object(secret);
    let has_name = secret["name"].as_str().is_some_and(|name| !name.is_empty());
    if !has_name || !is_secret(&secret) {
        return Err(ApiError::bad("A secret needs a \"name\", and the \"type\" \"secret_text\" or \"secret_key\"."));
    }
    if secret["type"] == "secret_text" && !secret["text"].is_string() {
        return Err(ApiError::bad("A secret needs its value in \"text\"."));
    }
    let answer = shown(&secret);
    let source = source_of(&ask);
    let published = control
        .amend(id, source, move |before| {
            let bindings = bindings_of(before);
            match bindings.iter_mut().find(|binding| binding["name"] == secret["name"]) {
                Some(known) if is_secret(known) => *known = secret,
                Some(_) => {
                    let text = format!(
                        "Binding name '{}' already in use. Please use a different name and try again.",
                        secret["name"].as_str().unwrap_or_default()
                    );
                    return Err(ApiError::new(400, 10_053, text));
                }
                None => bindings.push(secret),
            }
            Ok(())
        })
        .await?;
    Ok(Reply::of(answer).noting(published.note))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = ask.script()?;
    let name = ask.param("secret").to_owned();
    let source = source_of(&ask);
    let published = control
        .amend(id, source, move |before| {
            let bindings = bindings_of(before);
            let count = bindings.len();
            bindings.retain(|binding| !(is_secret(binding) && binding["name"] == name));
            if bindings.len() == count { Err(no_such(&name)) } else { Ok(()) }
        })
        .await?;
    Ok(Reply::of(Value::Null).noting(published.note))
}
