//! What every answer of the API is wrapped in, and the errors with the codes that clients look for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use crate::store::StoreError;
use crate::worker::{Body, Response};

/// What a handler answers.
pub(super) type Answer = Result<Reply, ApiError>;

/// A success.
pub(super) enum Reply {
    Envelope {
        status: u16,
        result: Value,
        info: Option<Value>,
        messages: Vec<String>,
    },
    /// Not in an envelope: contents of scripts, values.
    Raw(Response),
}

/// A refusal: an HTTP status, and codes with texts, of which clients show all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) errors: Vec<(u32, String)>,
}

/// Cloudflare's numbers. Those that wrangler acts on: 10007, 10021, 10090, 10092.
pub(super) mod code {
    pub(crate) const BAD_REQUEST: u32 = 10_001;
    pub(crate) const NOT_UTF8_NAME: u32 = 10_003;
    pub(crate) const SCRIPT_NOT_FOUND: u32 = 10_007;
    pub(crate) const INTERNAL: u32 = 10_013;
    pub(crate) const INVALID_SCRIPT: u32 = 10_021;
    pub(crate) const TOO_LARGE: u32 = 10_027;
    pub(crate) const BINDING_NOT_FOUND: u32 = 10_056;
    pub(crate) const NO_HANDLERS: u32 = 10_068;
    pub(crate) const SERVICE_NOT_FOUND: u32 = 10_090;
    pub(crate) const USER_WORKER_NOT_FOUND: u32 = 10_092;
    pub(crate) const NAMESPACE_NOT_FOUND: u32 = 100_119;
    pub(crate) const NAMESPACE_EXISTS: u32 = 100_118;
    pub(crate) const BAD_TAG: u32 = 100_117;
    pub(crate) const VERSION_NOT_FOUND: u32 = 100_146;
    pub(crate) const NO_ROUTE: u32 = 7003;
    pub(crate) const NO_METHOD: u32 = 10_405;
    pub(crate) const NO_TOKEN: u32 = 9106;
    pub(crate) const WRONG_TOKEN: u32 = 10_000;
    pub(crate) const FORBIDDEN: u32 = 9109;
}

impl Reply {
    pub(super) fn of(result: Value) -> Self {
        Self::Envelope { status: 200, result, info: None, messages: Vec::new() }
    }

    pub(super) fn nothing() -> Self {
        Self::of(Value::Null)
    }

    /// With the facts of a list: counts, cursors.
    pub(super) fn list(result: Vec<Value>, info: Value) -> Self {
        Self::Envelope { status: 200, result: Value::Array(result), info: Some(info), messages: Vec::new() }
    }

    /// With facts of a list that is within something.
    pub(super) fn with_info(self, facts: Value) -> Self {
        match self {
            Self::Envelope { status, result, messages, .. } => {
                Self::Envelope { status, result, info: Some(facts), messages }
            }
            reply @ Self::Raw(_) => reply,
        }
    }

    /// With something to tell the client's user.
    pub(super) fn noting(self, note: Option<String>) -> Self {
        match (self, note) {
            (Self::Envelope { status, result, info, mut messages }, Some(note)) => {
                messages.push(note);
                Self::Envelope { status, result, info, messages }
            }
            (reply, _) => reply,
        }
    }

    pub(super) fn response(self) -> Response {
        match self {
            Self::Raw(response) => response,
            Self::Envelope { status, result, info, messages } => {
                let messages: Vec<_> = messages.iter().map(|text| json!({ "code": 0, "message": text })).collect();
                let mut body = json!({ "success": true, "errors": [], "messages": messages, "result": result });
                if let Some(info) = info {
                    body["result_info"] = info;
                }
                json_response(status, &body)
            }
        }
    }
}

impl ApiError {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, errors: vec![(code, message.into())] }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, code::BAD_REQUEST, message)
    }

    pub(super) fn response(&self) -> Response {
        let errors: Vec<_> =
            self.errors.iter().map(|(code, message)| json!({ "code": code, "message": message })).collect();
        let body = json!({ "success": false, "errors": errors, "messages": [], "result": null });
        json_response(self.status, &body)
    }

    /// In one line, for the terminal.
    pub(super) fn summary(&self) -> String {
        let first = self.errors.first();
        first.map_or_else(String::new, |(code, message)| {
            format!("{} [code: {code}]", message.lines().next().unwrap_or_default())
        })
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::new(429, 10_429, "Too many requests wait for the disk; please try again."),
            other => Self::new(500, code::INTERNAL, other.to_string()),
        }
    }
}

pub(super) fn json_response(status: u16, body: &Value) -> Response {
    raw(status, "application/json", body.to_string())
}

pub(super) fn raw(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Response {
        status,
        status_text: String::new(),
        headers,
        body: Some(Body::bytes(body)),
        encode_body: false,
        socket: None,
    }
}
