//! A request to the API, as handlers read it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::envelope::{ApiError, code};
use super::multipart;
use super::multipart::Part;
use super::route::Params;
use crate::worker::{Body, BodyError, WorkerId};

/// See the module's text.
pub(super) struct Ask {
    pub(super) params: Params,
    pub(super) query: Vec<(String, String)>,
    /// `http://localhost:8788`, as the client calls it.
    pub(super) origin: String,
    pub(super) headers: HeaderMap,
    /// In a lock, so that handlers may share the rest with others.
    pub(super) body: Mutex<Option<Body>>,
}

/// Bytes of a body that is read whole; Cloudflare takes no longer ones either.
const MAX_BODY: usize = 100 << 20;
/// Names of scripts and namespaces: they become hosts, and parts of URLs.
const MAX_NAME: usize = 255;

impl Ask {
    /// A parameter of the route.
    pub(super) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).expect("handlers ask for parameters of their own routes")
    }

    /// The first value of a parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The script that the route names; it need not exist.
    pub(super) fn script(&self) -> Result<WorkerId, ApiError> {
        let name = self.param("script");
        let namespace = self.params.iter().find(|(known, _)| *known == "namespace").map(|(_, value)| value.as_str());
        let id = match namespace {
            Some(namespace) => WorkerId::user(namespace, name),
            None => WorkerId::plain(name),
        };
        check_name(&id).map(|()| id)
    }

    pub(super) fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The whole body.
    pub(super) async fn bytes(&mut self) -> Result<Bytes, ApiError> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(body) = body else { return Ok(Bytes::new()) };
        if body.length().is_some_and(|length| length > MAX_BODY as u64) {
            return Err(too_long());
        }
        let unreadable = |error: BodyError| {
            if error.message.contains("longer than") {
                return too_long();
            }
            ApiError::bad(format!("The body could not be read: {error}"))
        };
        body.collect_to(MAX_BODY).await.map_err(unreadable)
    }

    pub(super) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, ApiError> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ApiError::new(400, code::BAD_REQUEST, format!("Could not parse the JSON body: {error}")))
    }

    /// The parts of a form.
    pub(super) async fn parts(&mut self) -> Result<Vec<Part>, ApiError> {
        let content_type = self.content_type().to_owned();
        let bytes = self.bytes().await?;
        multipart::parse(&content_type, &bytes)
    }
}

fn too_long() -> ApiError {
    ApiError::new(413, code::TOO_LARGE, "The request's body is longer than 100 MiB.")
}

/// What a script cannot be called.
fn check_name(id: &WorkerId) -> Result<(), ApiError> {
    let bad = |name: &str| {
        name.is_empty()
            || name.len() > MAX_NAME
            || name.contains(['/', '\\'])
            || name.contains(char::is_control)
            || matches!(name, "." | "..")
    };
    if bad(id.name()) {
        return Err(ApiError::new(400, 10_016, format!("{:?} is not a valid script name.", id.name())));
    }
    Ok(())
}
