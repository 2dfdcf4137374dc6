//! Scripts of the account and of namespaces: list, upload, look, delete.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ask::Ask;
use super::catalog::{Page, Script, TagFilter, Version};
use super::envelope::{Answer, ApiError, Reply};
use super::publish::{Draft, Keeps, Published, missing, source_of};
use super::route::{Route, of_account, of_script};
use super::{Control, moment, upload};
use crate::worker::WorkerId;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        of_account(Method::GET, "/workers/scripts", list),
        of_account(Method::GET, "/workers/dispatch/namespaces/{namespace}/scripts", list),
        of_account(Method::DELETE, "/workers/dispatch/namespaces/{namespace}/scripts", delete_by_tags),
        // What is below a script is asked for with the same name, but answers otherwise.
        of_account(Method::GET, "/workers/scripts/{script}", super::content::whole),
        of_account(Method::GET, "/workers/dispatch/namespaces/{namespace}/scripts/{script}", get),
    ];
    routes.extend(of_script(&Method::PUT, "", put));
    routes.extend(of_script(&Method::DELETE, "", delete));
    routes
}

/// Scripts on one page, unless the client says otherwise.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1000;

/// A script as lists and uploads show it.
pub(super) fn shown(script: &Script, version: Option<&Version>) -> Value {
    let metadata = version.map_or(&Value::Null, |version| &version.metadata);
    let modules = metadata.get("main_module").is_some();
    let assets = metadata.get("assets").is_some_and(|assets| !assets.is_null());
    let setting = |key: &str| script.settings.get(key).cloned().unwrap_or_default();
    let mut shown = json!({
        "id": script.id.name(),
        "tag": script.tag,
        "tags": script.tags,
        "created_on": moment::text(script.created),
        "modified_on": moment::text(script.modified),
        "usage_model": "standard",
        "logpush": setting("logpush").as_bool().unwrap_or(false),
        "last_deployed_from": setting("last_deployed_from"),
        "tail_consumers": setting("tail_consumers"),
        "observability": script.settings.get("observability").cloned().unwrap_or_else(|| json!({ "enabled": false })),
        "migration_tag": setting("migration_tag"),
    });
    if let Some(version) = version {
        shown["etag"] = json!(version.etag);
        shown["handlers"] = json!(version.handlers.handlers);
        shown["named_handlers"] = json!(version.handlers.named_handlers);
        shown["has_modules"] = json!(modules);
        shown["has_assets"] = json!(assets);
        shown["compatibility_date"] = metadata.get("compatibility_date").cloned().unwrap_or_default();
        shown["compatibility_flags"] = metadata.get("compatibility_flags").cloned().unwrap_or_else(|| json!([]));
        shown["entry_point"] =
            metadata.get("main_module").or_else(|| metadata.get("body_part")).cloned().unwrap_or_default();
    }
    if let Some(namespace) = script.id.namespace() {
        shown["dispatch_namespace"] = json!(namespace);
    }
    if shown["migration_tag"].is_null() {
        shown.as_object_mut().expect("it was made as one").remove("migration_tag");
    }
    shown
}

impl Control {
    /// The script, or why there is none.
    pub(super) async fn script(&self, id: &WorkerId) -> Result<Script, ApiError> {
        if let Some(namespace) = id.namespace() {
            self.namespace(namespace).await?;
        }
        self.catalog.script(id).await?.ok_or_else(|| missing(id))
    }

    /// The script and the version that is served, or else its latest one.
    pub(super) async fn current(&self, id: &WorkerId) -> Result<(Script, Version), ApiError> {
        let script = self.script(id).await?;
        let version = match &script.version {
            Some(version) => self.catalog.version(version).await?,
            None => self.catalog.versions(script.row).await?.into_iter().next(),
        };
        let version = version.ok_or_else(|| missing(id))?;
        Ok((script, version))
    }
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let namespace = ask.params.iter().find(|(name, _)| *name == "namespace").map(|(_, value)| value.clone());
    if let Some(namespace) = &namespace {
        control.namespace(namespace).await?;
    }
    // The account's own scripts come on one page, as on Cloudflare.
    let most = if namespace.is_some() { MAX_PAGE } else { usize::MAX - 1 };
    let limit = ask.query("limit").or_else(|| ask.query("per_page")).map(str::parse::<usize>);
    let limit = match limit {
        None if namespace.is_some() => PAGE,
        None => most,
        Some(Ok(limit)) if limit > 0 => limit.min(most),
        Some(_) => return Err(ApiError::bad("\"limit\" must be a positive number.")),
    };
    let filter = ask.query("tags").map(TagFilter::parse).unwrap_or_default();
    let after = ask.query("cursor").map(from_cursor).transpose()?.unwrap_or_default();
    let page = Page { filter, after, limit };
    let mut scripts = control.catalog.scripts(namespace.as_deref().unwrap_or_default(), page).await?;
    let more = scripts.len() > limit;
    scripts.truncate(limit);
    let cursor = scripts.last().filter(|_| more).map(|last| to_cursor(last.id.name())).unwrap_or_default();
    let list: Vec<_> = scripts.iter().map(|script| shown(script, None)).collect();
    let info = json!({ "count": list.len(), "per_page": limit.min(MAX_PAGE), "cursor": cursor });
    Ok(Reply::list(list, info))
}

/// A page's last name in hexadecimal digits: it passes through any URL.
fn to_cursor(name: &str) -> String {
    name.bytes().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn from_cursor(cursor: &str) -> Result<String, ApiError> {
    let invalid = || ApiError::bad("\"cursor\" is not valid.");
    let pairs = cursor.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    String::from_utf8(bytes.ok_or_else(invalid)?).map_err(|_| invalid())
}

async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    if let Some(namespace) = id.namespace() {
        control.namespace(namespace).await?;
    }
    let upload = upload::read(&mut ask).await?;
    if let Some(namespace) = id.namespace() {
        control.settle_namespace(namespace).await?;
    }
    let draft = Draft { id, upload, source: source_of(&ask), deploy: true, keeps: Keeps::Said };
    let Published { version, script, note } = control.publish(draft).await?;
    let mut result = shown(&script, Some(&version));
    result["startup_time_ms"] = json!(version.startup_ms);
    // wrangler shows it as the version's id.
    result["deployment_id"] = json!(version.id.replace('-', ""));
    result["version_id"] = json!(version.id);
    Ok(Reply::of(result).noting(note))
}

/// A user Worker's description; an account script answers its code here.
async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let (script, version) = control.current(&ask.script()?).await?;
    Ok(Reply::of(json!({
        "dispatch_namespace": script.id.namespace(),
        "created_on": moment::text(script.created),
        "modified_on": moment::text(script.modified),
        "script": shown(&script, Some(&version)),
    })))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    control.delete_scripts(vec![id]).await?;
    Ok(Reply::nothing())
}

impl Control {
    pub(super) async fn delete_scripts(&self, ids: Vec<WorkerId>) -> Result<Vec<WorkerId>, ApiError> {
        let mut gone = Vec::new();
        for id in ids {
            let _alone = self.locks.hold(&id).await;
            let deleted = self.catalog.delete_scripts(vec![id]).await?;
            self.withdraw(&deleted);
            gone.extend(deleted);
        }
        Ok(gone)
    }
}

/// All scripts of a namespace that have the tags; without any it would be all of them, which nobody means.
async fn delete_by_tags(control: Arc<Control>, ask: Ask) -> Answer {
    let namespace = ask.param("namespace").to_owned();
    control.namespace(&namespace).await?;
    let filter = ask.query("tags").map(TagFilter::parse).unwrap_or_default();
    if filter.0.is_empty() {
        return Err(ApiError::bad("Say which scripts to delete: ?tags=customer-123:yes"));
    }
    let page = Page { filter, ..Page::all() };
    let scripts = control.catalog.scripts(&namespace, page).await?;
    let gone = control.delete_scripts(scripts.into_iter().map(|script| script.id).collect()).await?;
    let gone: Vec<_> = gone.iter().map(|id| json!({ "id": id.name() })).collect();
    Ok(Reply::of(Value::Array(gone)))
}
