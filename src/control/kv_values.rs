//! `/storage/kv/namespaces/{id}/...`: keys, values and metadata, one by one and in bulk.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Map, Value, json};

use super::Control;
use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply, raw};
use super::kv_namespaces::told;
use super::route::{Route, of_account};
use crate::bindings::{KvEntries, KvKey, KvPut, KvQuery};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/storage/kv/namespaces/{kv}/keys", keys),
        of_account(Method::GET, "/storage/kv/namespaces/{kv}/values/{*key}", get),
        of_account(Method::PUT, "/storage/kv/namespaces/{kv}/values/{*key}", put),
        of_account(Method::DELETE, "/storage/kv/namespaces/{kv}/values/{*key}", delete),
        of_account(Method::GET, "/storage/kv/namespaces/{kv}/metadata/{*key}", metadata),
        of_account(Method::PUT, "/storage/kv/namespaces/{kv}/bulk", put_many),
        of_account(Method::DELETE, "/storage/kv/namespaces/{kv}/bulk", delete_many),
        of_account(Method::POST, "/storage/kv/namespaces/{kv}/bulk/delete", delete_many),
        of_account(Method::POST, "/storage/kv/namespaces/{kv}/bulk/get", get_many),
    ]
}

/// Keys of one call of a bulk endpoint.
const MAX_BULK: usize = 10_000;

fn no_key() -> ApiError {
    ApiError::new(404, 10_009, "get: 'key not found'")
}

fn number(ask: &Ask, name: &str) -> Result<Option<i64>, ApiError> {
    let wrong = || ApiError::bad(format!("\"{name}\" must be an integer."));
    ask.query(name).filter(|text| !text.is_empty()).map(|text| text.parse().map_err(|_| wrong())).transpose()
}

fn json_of(text: Option<&String>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

async fn keys(control: Arc<Control>, ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    let query = KvQuery {
        prefix: ask.query("prefix").unwrap_or_default().to_owned(),
        limit: number(&ask, "limit")?,
        cursor: ask.query("cursor").map(str::to_owned),
    };
    let page = told(|done| entries.list(query, done)).await?;
    let shown = |key: &KvKey| {
        let mut shown = Map::from_iter([("name".to_owned(), json!(key.name))]);
        shown.extend(key.expiration.map(|at| ("expiration".to_owned(), json!(at))));
        shown.extend(json_of(key.metadata.as_ref()).map(|value| ("metadata".to_owned(), value)));
        Value::Object(shown)
    };
    let keys: Vec<_> = page.keys.iter().map(shown).collect();
    let cursor = page.cursor.unwrap_or_default();
    // The SDK looks for it in the second place, all others in the first.
    let info = json!({ "count": keys.len(), "cursor": cursor, "cursors": { "after": cursor } });
    Ok(Reply::list(keys, info))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    let found = told(|done| entries.get(ask.param("key").to_owned(), done)).await?.ok_or_else(no_key)?;
    let mut response = raw(200, "application/octet-stream", found.value);
    if let Some(at) = found.expiration {
        response.headers.insert("expiration", HeaderValue::from(at));
    }
    Ok(Reply::Raw(response))
}

async fn metadata(control: Arc<Control>, ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    let found = told(|done| entries.get(ask.param("key").to_owned(), done)).await?.ok_or_else(no_key)?;
    Ok(Reply::of(json_of(found.metadata.as_ref()).unwrap_or_default()))
}

/// The value alone, or a form of it and its metadata.
async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    let (expiration, expiration_ttl) = (number(&ask, "expiration")?, number(&ask, "expiration_ttl")?);
    let (value, metadata) = if ask.content_type().starts_with("multipart/form-data") {
        let parts = ask.parts().await?;
        let part = |name: &str| parts.iter().find(|part| part.name == name).map(|part| part.bytes.clone());
        let value = part("value").ok_or_else(|| ApiError::bad("The form has no part named \"value\"."))?;
        (value, part("metadata").map(|json| checked(&json)).transpose()?.flatten())
    } else {
        (ask.bytes().await?, None)
    };
    let options = KvPut { expiration, expiration_ttl, metadata };
    told(|done| entries.put(ask.param("key").to_owned(), value, options, done)).await?;
    Ok(Reply::of(json!({})))
}

/// Metadata as it is kept; `null` is none.
fn checked(json: &Bytes) -> Result<Option<String>, ApiError> {
    let value: Value = serde_json::from_slice(json)
        .map_err(|error| ApiError::bad(format!("The part \"metadata\" is not valid JSON: {error}")))?;
    // The SDK sends text as a JSON string of JSON.
    let value = match &value {
        Value::String(text) => serde_json::from_str(text).unwrap_or(value),
        _ => value,
    };
    Ok(Some(value).filter(|value| !value.is_null()).map(|value| value.to_string()))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    told(|done| entries.delete(ask.param("key").to_owned(), done)).await?;
    Ok(Reply::of(json!({})))
}

#[derive(serde::Deserialize)]
struct Pair {
    key: String,
    value: Value,
    #[serde(default)]
    base64: bool,
    expiration: Option<i64>,
    expiration_ttl: Option<i64>,
    metadata: Option<Value>,
}

impl Pair {
    fn bytes(&self) -> Result<Vec<u8>, ApiError> {
        let text = match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if !self.base64 {
            return Ok(text.into_bytes());
        }
        STANDARD.decode(&text).map_err(|_| ApiError::bad(format!("The value of {:?} is not valid Base64.", self.key)))
    }
}

fn few<T>(list: Vec<T>) -> Result<Vec<T>, ApiError> {
    if list.len() > MAX_BULK {
        return Err(ApiError::bad(format!("At most {MAX_BULK} keys may be given at once.")));
    }
    Ok(list)
}

/// All are checked before one is stored.
async fn put_many(control: Arc<Control>, mut ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    let pairs = few(ask.json::<Vec<Pair>>().await?)?;
    let values = pairs.iter().map(Pair::bytes).collect::<Result<Vec<_>, _>>()?;
    let count = pairs.len();
    let puts = pairs.into_iter().zip(values).map(|(pair, value)| {
        let metadata = pair.metadata.filter(|value| !value.is_null()).map(|value| value.to_string());
        let options = KvPut { expiration: pair.expiration, expiration_ttl: pair.expiration_ttl, metadata };
        (pair.key, value, options)
    });
    told(|done| entries.put_many(puts.collect(), done)).await?;
    Ok(Reply::of(json!({ "successful_key_count": count, "unsuccessful_keys": [] })))
}

async fn delete_many(control: Arc<Control>, mut ask: Ask) -> Answer {
    let entries = control.kv_entries(&ask).await?;
    let keys = few(ask.json::<Vec<String>>().await?)?;
    let count = keys.len();
    told(|done| entries.delete_many(keys, done)).await?;
    Ok(Reply::of(json!({ "successful_key_count": count, "unsuccessful_keys": [] })))
}

#[derive(serde::Deserialize)]
struct Wanted {
    keys: Vec<String>,
    r#type: Option<String>,
    #[serde(default, rename = "withMetadata")]
    with_metadata: bool,
}

async fn get_many(control: Arc<Control>, mut ask: Ask) -> Answer {
    let entries: KvEntries = control.kv_entries(&ask).await?;
    let Wanted { keys, r#type, with_metadata } = ask.json().await?;
    let wanted = keys.clone();
    let found = told(|done| entries.get_many(wanted, done)).await?;
    let mut values = Map::new();
    for (key, entry) in keys.into_iter().zip(found) {
        let Some(entry) = entry else {
            values.insert(key, Value::Null);
            continue;
        };
        let text = String::from_utf8_lossy(&entry.value).into_owned();
        let value = if r#type.as_deref() == Some("json") {
            serde_json::from_str(&text)
                .map_err(|_| ApiError::bad(format!("The value of {key:?} is not valid JSON.")))?
        } else {
            Value::String(text)
        };
        let metadata = json_of(entry.metadata.as_ref());
        let shown = if with_metadata {
            let mut shown = json!({ "value": value, "metadata": metadata });
            if let Some(at) = entry.expiration {
                shown["expiration"] = json!(at);
            }
            shown
        } else {
            value
        };
        values.insert(key, shown);
    }
    Ok(Reply::of(json!({ "values": values })))
}
