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
    routes.extend(of_script(&Method::PATCH, "/secrets-bulk", bulk));
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

/// A secret as a client gives it, whole.
fn checked(mut secret: Map<String, Value>) -> Result<Value, ApiError> {
    secret.entry("type").or_insert_with(|| json!("secret_text"));
    let secret = Value::Object(secret);
    let has_name = secret["name"].as_str().is_some_and(|name| !name.is_empty());
    if !has_name || !is_secret(&secret) {
        return Err(ApiError::bad("A secret needs a \"name\", and the \"type\" \"secret_text\" or \"secret_key\"."));
    }
    if secret["type"] == "secret_text" && !secret["text"].is_string() {
        return Err(ApiError::bad("A secret needs its value in \"text\"."));
    }
    Ok(secret)
}

/// Adds a secret, or replaces the one of its name.
fn keep(bindings: &mut Vec<Value>, secret: Value) -> Result<(), ApiError> {
    match bindings.iter_mut().find(|binding| binding["name"] == secret["name"]) {
        Some(known) if is_secret(known) => *known = secret,
        Some(_) => {
            let name = secret["name"].as_str().unwrap_or_default();
            let text = format!("Binding name '{name}' already in use. Please use a different name and try again.");
            return Err(ApiError::new(400, 10_053, text));
        }
        None => bindings.push(secret),
    }
    Ok(())
}

async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let secret = checked(ask.json().await?)?;
    let answer = shown(&secret);
    let source = source_of(&ask);
    let published = control.amend(id, source, move |before| keep(bindings_of(before), secret)).await?;
    Ok(Reply::of(answer).noting(published.note))
}

/// Several at once: `{ "secrets": { NAME: secret or null } }`, where null deletes, whether it was there or not.
async fn bulk(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    let mut body: Map<String, Value> = ask.json().await?;
    let Some(Value::Object(given)) = body.remove("secrets") else {
        return Err(ApiError::bad("\"secrets\" must be an object."));
    };
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (name, secret) in given {
        match secret {
            Value::Object(mut secret) => {
                secret.insert("name".to_owned(), json!(name));
                kept.push(checked(secret)?);
            }
            Value::Null => gone.push(name),
            _ => return Err(ApiError::bad(format!("The secret {name:?} must be an object, or null."))),
        }
    }
    let source = source_of(&ask);
    let published = control
        .amend(id, source, move |before| {
            let bindings = bindings_of(before);
            bindings.retain(|binding| !(is_secret(binding) && gone.iter().any(|name| binding["name"] == **name)));
            kept.into_iter().try_for_each(|secret| keep(bindings, secret))
        })
        .await?;
    let all = published.version.metadata.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = all.iter().filter(|binding| is_secret(binding)).map(shown).collect();
    Ok(Reply::of(Value::Array(all)).noting(published.note))
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
