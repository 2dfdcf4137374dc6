//! `/workers/services`: how wrangler asks whether a Worker exists, who deployed it last, and deletes it.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply, code};
use super::route::{Route, of_account};
use super::{Control, moment, scripts};
use crate::worker::WorkerId;

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/workers/services/{service}", get),
        of_account(Method::DELETE, "/workers/services/{service}", delete),
        of_account(Method::GET, "/workers/services/{service}/environments/{environment}", environment),
        of_account(Method::GET, "/workers/scripts/{script}/references", references),
        of_account(Method::GET, "/workers/tails/by-consumer/{script}", consumed),
    ]
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(
        404,
        code::SERVICE_NOT_FOUND,
        format!("The Worker {name:?} does not exist: workers.api.error.service_not_found"),
    )
}

/// wrangler tells this error from others by its code.
fn as_service(name: &str) -> impl Fn(ApiError) -> ApiError {
    let name = name.to_owned();
    move |error| if error.status == 404 { unknown(&name) } else { error }
}

async fn environment_of(control: &Control, name: &str) -> Result<Value, ApiError> {
    let (script, version) = control.current(&WorkerId::plain(name)).await.map_err(as_service(name))?;
    Ok(json!({
        "environment": "production",
        "created_on": moment::text(script.created),
        "modified_on": moment::text(script.modified),
        "script": scripts::shown(&script, Some(&version)),
    }))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let name = ask.param("service");
    let environment = environment_of(&control, name).await?;
    Ok(Reply::of(json!({
        "id": name,
        "created_on": environment["created_on"],
        "modified_on": environment["modified_on"],
        "default_environment": environment,
        "environments": [environment],
    })))
}

async fn environment(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(environment_of(&control, ask.param("service")).await?))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let name = ask.param("service");
    let id = WorkerId::plain(name);
    control.script(&id).await.map_err(as_service(name))?;
    control.delete_scripts(vec![id]).await?;
    Ok(Reply::nothing())
}

/// Who would miss the Worker, which wrangler asks before it deletes one: nobody is asked for here.
async fn references(control: Arc<Control>, ask: Ask) -> Answer {
    control.script(&ask.script()?).await?;
    Ok(Reply::of(
        json!({ "services": { "incoming": [], "outgoing": [] }, "durable_objects": [], "dispatch_outbounds": [] }),
    ))
}

async fn consumed(_: Arc<Control>, _: Ask) -> Answer {
    Ok(Reply::of(json!([])))
}
