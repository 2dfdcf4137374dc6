//! `.../content`: a script's modules as they were uploaded, and new ones for it that leave everything else as it is.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Control;
use super::ask::Ask;
use super::catalog::{StoredModule, Version};
use super::envelope::{Answer, ApiError, Reply, code};
use super::live::upload_of;
use super::publish::{Draft, Keeps, source_of};
use super::route::{Route, of_script};
use super::{scripts, upload};
use crate::worker::{Body, Response};

pub(super) fn routes() -> Vec<Route> {
    let mut routes: Vec<_> = of_script(&Method::GET, "/content", whole).into();
    routes.extend(of_script(&Method::GET, "/content/v2", whole));
    routes.extend(of_script(&Method::PUT, "/content", put));
    routes
}

/// The modules: one as it is, several as a form.
pub(super) async fn whole(control: Arc<Control>, ask: Ask) -> Answer {
    let (script, mut version) = control.current(&ask.script()?).await?;
    if let Some(wanted) = ask.query("version") {
        version = control.version_of_script(&script, wanted).await?;
    }
    let modules = control.catalog.modules(&version.id).await?;
    let main = main_of(&version, &modules);
    let form = version.metadata.get("main_module").is_some() || modules.len() > 1;
    let (content_type, body) = match modules.first().filter(|_| !form) {
        Some(only) => ("application/javascript".to_owned(), only.bytes.clone()),
        None => as_form(&modules),
    };
    let mut headers = HeaderMap::new();
    let mut set = |name, value: &str| HeaderValue::from_str(value).map(|value| headers.insert(name, value)).ok();
    set(header::CONTENT_TYPE, &content_type);
    set(header::ETAG, &version.etag);
    set(header::HeaderName::from_static("cf-entrypoint"), &main);
    Ok(Reply::Raw(Response {
        status: 200,
        status_text: String::new(),
        headers,
        body: Some(Body::bytes(body)),
        encode_body: false,
        socket: None,
    }))
}

fn main_of(version: &Version, modules: &[StoredModule]) -> String {
    let named = version.metadata.get("main_module").or_else(|| version.metadata.get("body_part"));
    let named = named.and_then(Value::as_str).or_else(|| modules.first().map(|module| module.name.as_str()));
    named.unwrap_or_default().to_owned()
}

fn as_form(modules: &[StoredModule]) -> (String, Bytes) {
    let boundary = format!("devflare-{}", Uuid::new_v4().simple());
    let mut body = Vec::new();
    for module in modules {
        let name = module.name.replace('"', "%22");
        let kind = if module.content_type.is_empty() { "application/octet-stream" } else { &module.content_type };
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&module.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body.into())
}

/// Other modules, the bindings and the rest as before.
async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    control.script(&id).await?;
    let new = upload::read(&mut ask).await?;
    let source = source_of(&ask);
    let published = control
        .amend(id, source, move |before| {
            for key in ["main_module", "body_part"] {
                before.metadata.remove(key);
                if let Some(name) = new.metadata.get(key) {
                    before.metadata.insert(key.to_owned(), name.clone());
                }
            }
            before.modules = new.modules;
            Ok(())
        })
        .await?;
    let mut result = scripts::shown(&published.script, Some(&published.version));
    result["startup_time_ms"] = json!(published.version.startup_ms);
    Ok(Reply::of(result).noting(published.note))
}

impl Control {
    /// A new version that differs from the one before by what `change` does to it.
    pub(super) async fn amend(
        self: &Arc<Self>,
        id: crate::worker::WorkerId,
        source: String,
        change: impl FnOnce(&mut upload::Upload) -> Result<(), ApiError> + Send + 'static,
    ) -> Result<super::publish::Published, ApiError> {
        let control = self.clone();
        let amended = self.settings.tokio.spawn(async move {
            let _alone = control.locks.hold(&id).await;
            let (script, version) = control.current(&id).await?;
            let modules = control.catalog.modules(&version.id).await?;
            let mut upload = upload_of(&version, modules);
            upload.metadata.remove("annotations");
            upload.metadata.remove("migrations");
            change(&mut upload)?;
            let deploy = script.version.is_some();
            control.publish_alone(Draft { id, upload, source, deploy, keeps: Keeps::Nothing }).await
        });
        amended.await.unwrap_or_else(|_| Err(ApiError::new(500, code::INTERNAL, "The change broke off.")))
    }
}
