//! `/workflows`: the workflows that Workers bind, and their instances. A workflow is there once a Worker is that has it, so
//! that making one only says what is known.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply};
use super::resources::PageOf;
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::bindings::{
    CommandOutcome, Flow, InstanceKey, NewInstance, ShownStep, WorkflowCommand, WorkflowInstance, check_instance_id,
};
use crate::web::serial::{of_json, to_json};

pub(super) fn routes() -> Vec<Route> {
    const ONE: &str = "/workflows/{workflow}/instances/{instance}";
    vec![
        of_account(Method::GET, "/workflows", list),
        of_account(Method::GET, "/workflows/{workflow}", get),
        of_account(Method::PUT, "/workflows/{workflow}", put),
        of_account(Method::DELETE, "/workflows/{workflow}", delete),
        of_account(Method::GET, "/workflows/{workflow}/versions", versions),
        of_account(Method::GET, "/workflows/{workflow}/instances", instances),
        of_account(Method::POST, "/workflows/{workflow}/instances", create),
        of_account(Method::POST, "/workflows/{workflow}/instances/batch", create_many),
        of_account(Method::GET, ONE, describe),
        of_account(Method::PATCH, "/workflows/{workflow}/instances/{instance}/status", change),
        of_account(Method::POST, "/workflows/{workflow}/instances/{instance}/events/{event}", send),
    ]
}

/// As on the paid plan: 30 days.
const RETENTION: i64 = 2_592_000_000;

fn no_workflow() -> ApiError {
    ApiError::new(404, 10_200, "workflows.api.error.workflow_not_found")
}

fn no_instance() -> ApiError {
    ApiError::new(404, 10_201, "workflows.api.error.instance_not_found")
}

fn id_of(text: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()).to_string()
}

impl Control {
    fn flow(&self, ask: &Ask) -> Result<(Flow, String), ApiError> {
        let name = ask.param("workflow");
        self.settings.runtime.flows().into_iter().find(|(flow, _)| flow.name == name).ok_or_else(no_workflow)
    }

    fn instance_key(&self, ask: &Ask) -> Result<InstanceKey, ApiError> {
        Ok(self.flow(ask)?.0.key(ask.param("instance")))
    }

    /// A workflow is as old as the oldest of its instances.
    async fn shown_flow(&self, (flow, class): &(Flow, String)) -> Result<Value, ApiError> {
        let counts = self.settings.runtime.workflows().counts(flow).await?;
        let (first, last) = (counts.iter().map(|one| one.2).min(), counts.iter().map(|one| one.3).max());
        let by_status: serde_json::Map<_, _> =
            counts.iter().map(|(status, count, ..)| (status.clone(), json!(count))).collect();
        let made = moment::text(first.unwrap_or_else(|| self.now()));
        Ok(json!({
            "id": id_of(&flow.to_string()), "name": flow.name, "class_name": class, "script_name": flow.owner.name(),
            "created_on": made, "modified_on": made, "triggered_on": last.map(moment::text), "instances": by_status,
        }))
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let mut all = Vec::new();
    for flow in control.settings.runtime.flows() {
        all.push(control.shown_flow(&flow).await?);
    }
    Ok(PageOf::of(&ask, 100).reply(all))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    Ok(Reply::of(control.shown_flow(&control.flow(&ask)?).await?))
}

async fn put(control: Arc<Control>, ask: Ask) -> Answer {
    let mut shown = control.shown_flow(&control.flow(&ask)?).await?;
    shown["version_id"] = shown["id"].clone();
    Ok(Reply::of(shown))
}

/// Its instances go; the workflow itself stays as long as a Worker has it.
async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let (flow, _) = control.flow(&ask)?;
    control.settings.runtime.workflows().forget(&flow).await?;
    Ok(Reply::of(json!({ "status": "ok", "success": true })))
}

/// One: the code that runs.
async fn versions(control: Arc<Control>, ask: Ask) -> Answer {
    let mut one = control.shown_flow(&control.flow(&ask)?).await?;
    one["workflow_id"] = one["id"].clone();
    Ok(PageOf::of(&ask, 100).reply(vec![one]))
}

fn brief(instance: &WorkflowInstance, flow: &Flow) -> Value {
    let at = |at: Option<i64>| at.map(moment::text);
    let id = id_of(&flow.to_string());
    json!({
        "id": instance.id, "status": instance.status, "workflow_id": id, "version_id": id,
        "created_on": moment::text(instance.created), "modified_on": moment::text(instance.modified),
        "started_on": at(instance.started), "ended_on": at(instance.ended),
    })
}

async fn instances(control: Arc<Control>, ask: Ask) -> Answer {
    let (flow, _) = control.flow(&ask)?;
    let page = PageOf::of(&ask, 50);
    let (page_number, size) = (page.page, page.per_page);
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let from = whole(page_number.saturating_sub(1).saturating_mul(size));
    let status = ask.query("status").map(str::to_owned);
    let (list, total) = control.settings.runtime.workflows().list(&flow, status, (from, whole(size))).await?;
    let info = json!({ "page": page_number, "per_page": size, "count": list.len(), "total_count": total });
    Ok(Reply::list(list.iter().map(|one| brief(one, &flow)).collect(), info))
}

#[derive(Default, serde::Deserialize)]
struct Wanted {
    instance_id: Option<String>,
    #[serde(default)]
    params: Option<Value>,
}

impl Wanted {
    fn instance(self, class: &str) -> Result<NewInstance, ApiError> {
        let id = self.instance_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        if !check_instance_id(&id) {
            return Err(ApiError::new(400, 10_202, "workflows.api.error.invalid_instance_id"));
        }
        // Some clients send JSON within JSON.
        let params = match self.params {
            Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            params => params.unwrap_or_else(|| json!({})),
        };
        let params = of_json(&params);
        Ok(NewInstance { id, class: class.to_owned(), params, retention: (RETENTION, RETENTION) })
    }
}

async fn create(control: Arc<Control>, mut ask: Ask) -> Answer {
    let (flow, class) = control.flow(&ask)?;
    let body = ask.bytes().await?;
    let wanted: Wanted = if body.is_empty() { Wanted::default() } else { parsed(&body)? };
    let one = wanted.instance(&class)?;
    let (id, workflows) = (one.id.clone(), control.settings.runtime.workflows());
    if workflows.create(&flow, vec![one]).await?.is_empty() {
        return Err(ApiError::new(409, 10_203, "workflows.api.error.instance_already_exists"));
    }
    let made = workflows.find(&flow.key(&id)).await?.ok_or_else(no_instance)?;
    Ok(Reply::of(brief(&made, &flow)))
}

/// Instances that may be made at once.
const MAX_BATCH: usize = 100;

/// Those that are there already are passed over, as in a Worker's `createBatch()`.
async fn create_many(control: Arc<Control>, mut ask: Ask) -> Answer {
    let (flow, class) = control.flow(&ask)?;
    let wanted: Vec<Wanted> = ask.json().await?;
    if !(1..=MAX_BATCH).contains(&wanted.len()) {
        return Err(ApiError::bad(format!("A batch has between 1 and {MAX_BATCH} instances.")));
    }
    let list = wanted.into_iter().map(|one| one.instance(&class)).collect::<Result<_, _>>()?;
    let workflows = control.settings.runtime.workflows();
    let mut made = Vec::new();
    for id in workflows.create(&flow, list).await? {
        made.extend(workflows.find(&flow.key(&id)).await?.map(|one| brief(&one, &flow)));
    }
    Ok(Reply::of(Value::Array(made)))
}

fn parsed<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad(format!("Could not parse the JSON body: {error}")))
}

async fn describe(control: Arc<Control>, ask: Ask) -> Answer {
    let (flow, _) = control.flow(&ask)?;
    let key = control.instance_key(&ask)?;
    let workflows = control.settings.runtime.workflows();
    let instance = workflows.find(&key).await?.ok_or_else(no_instance)?;
    let now = workflows.now();
    let steps: Vec<_> = workflows.steps(&key).await?.iter().map(|step| shown_step(step, now)).collect();
    let parsed = |text: &String| serde_json::from_str::<Value>(text).unwrap_or_default();
    let success = match &*instance.status {
        "complete" => json!(true),
        "errored" | "terminated" => json!(false),
        _ => Value::Null,
    };
    Ok(Reply::of(json!({
        "status": instance.status, "params": to_json(&instance.params), "success": success,
        "output": instance.output.as_deref().map(to_json), "error": instance.error.as_ref().map(parsed),
        "trigger": { "source": "unknown" }, "versionId": id_of(&flow.to_string()), "steps": steps,
        "queued": moment::text(instance.created), "start": instance.started.map(moment::text),
        "end": instance.ended.map(moment::text), "step_count": steps.len(),
    })))
}

fn shown_step(step: &ShownStep, now: i64) -> Value {
    let (kind, name) = step.name.split_once(':').unwrap_or(("do", &step.name));
    let error = step.error.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (start, is_over) = (moment::text(step.began), matches!(&*step.state, "complete" | "failed"));
    let output = step.result.as_deref().map(to_json);
    let end = is_over.then(|| moment::text(step.changed));
    match kind {
        "sleep" => {
            let due = step.due.unwrap_or(now);
            json!({ "type": "sleep", "name": name, "start": start, "end": moment::text(due), "finished": due <= now,
                "error": error })
        }
        "waitForEvent" => json!({ "type": "waitForEvent", "name": name, "start": start, "end": end,
            "finished": is_over, "output": output, "error": error }),
        _ => {
            let success = is_over.then_some(step.state == "complete");
            let attempt = json!({ "start": start, "end": end, "success": success, "error": error });
            json!({ "type": "step", "name": name, "start": start, "end": end, "success": success, "output": output,
                "attempts": [attempt], "config": { "retries": { "limit": 5, "delay": 10_000 }, "timeout": 600_000 } })
        }
    }
}

#[derive(serde::Deserialize)]
struct Change {
    #[serde(alias = "action")]
    status: String,
}

async fn change(control: Arc<Control>, mut ask: Ask) -> Answer {
    let key = control.instance_key(&ask)?;
    let command = match &*ask.json::<Change>().await?.status {
        "pause" => WorkflowCommand::Pause,
        "resume" => WorkflowCommand::Resume,
        "terminate" => WorkflowCommand::Terminate,
        "restart" => WorkflowCommand::Restart,
        other => return Err(ApiError::bad(format!("Unknown status: {other}"))),
    };
    let workflows = control.settings.runtime.workflows();
    match workflows.command(&key, command).await? {
        CommandOutcome::Missing => Err(no_instance()),
        CommandOutcome::Over => Err(ApiError::new(409, 10_204, "workflows.api.error.instance_already_ended")),
        CommandOutcome::Done => {
            let status = workflows.find(&key).await?.ok_or_else(no_instance)?.status;
            Ok(Reply::of(json!({ "status": status, "timestamp": moment::text(workflows.now()) })))
        }
    }
}

async fn send(control: Arc<Control>, mut ask: Ask) -> Answer {
    let key = control.instance_key(&ask)?;
    let body = ask.bytes().await?;
    let payload: Value = if body.is_empty() { Value::Null } else { parsed(&body)? };
    let kind = ask.param("event").to_owned();
    let sent = control.settings.runtime.workflows().send_event(&key, kind, of_json(&payload)).await?;
    if sent { Ok(Reply::nothing()) } else { Err(no_instance()) }
}
