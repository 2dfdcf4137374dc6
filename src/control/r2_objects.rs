//! `/r2/buckets/{bucket}/objects`: objects streamed in and out, listed and deleted.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply, raw};
use super::route::{Route, of_account};
use super::{Control, moment};
use crate::bindings::{R2Get, R2List, R2Meta, R2Object, R2Put};
use crate::worker::Body;

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::GET, "/r2/buckets/{r2}/objects", list),
        of_account(Method::DELETE, "/r2/buckets/{r2}/objects", delete_many),
        of_account(Method::GET, "/r2/buckets/{r2}/objects/{*object}", get),
        of_account(Method::PUT, "/r2/buckets/{r2}/objects/{*object}", put),
        of_account(Method::DELETE, "/r2/buckets/{r2}/objects/{*object}", delete),
    ]
}

/// Headers that are kept with an object, and what they are called there.
const KEPT: [(HeaderName, &str); 5] = [
    (header::CONTENT_TYPE, "contentType"),
    (header::CONTENT_DISPOSITION, "contentDisposition"),
    (header::CONTENT_ENCODING, "contentEncoding"),
    (header::CONTENT_LANGUAGE, "contentLanguage"),
    (header::CACHE_CONTROL, "cacheControl"),
];

fn shown(object: &R2Object) -> Value {
    json!({
        "key": object.key, "etag": object.etag, "size": object.size, "last_modified": moment::text(object.uploaded),
        "http_metadata": object.meta.http, "custom_metadata": object.meta.custom,
        "storage_class": if object.meta.storage_class.is_empty() { "Standard" } else { &object.meta.storage_class },
        "ssec": object.meta.ssec.is_some(),
    })
}

async fn list(control: Arc<Control>, ask: Ask) -> Answer {
    let bucket = control.r2_bucket(&ask).await?;
    let text = |name: &str| ask.query(name).map(str::to_owned);
    let options = R2List {
        prefix: text("prefix").unwrap_or_default(),
        delimiter: text("delimiter").unwrap_or_default(),
        limit: ask.query("per_page").and_then(|text| text.parse().ok()),
        cursor: text("cursor").filter(|text| !text.is_empty()),
        start_after: text("start_after"),
    };
    let page = bucket.list(options).await?;
    let objects: Vec<_> = page.objects.iter().map(shown).collect();
    let info = json!({
        "cursor": page.cursor.unwrap_or_default(), "is_truncated": page.truncated, "per_page": objects.len(),
        "delimited": page.delimited_prefixes,
    });
    Ok(Reply::list(objects, info))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let bucket = control.r2_bucket(&ask).await?;
    let found = bucket.get(ask.param("object").to_owned(), R2Get::default()).await?;
    let Some((object, Some((body, ..)))) = found else {
        return Err(ApiError::new(404, 10_007, "The specified key does not exist."));
    };
    let mut response = raw(200, "application/octet-stream", Bytes::new());
    response.body = Some(body);
    for (name, key) in KEPT {
        if let Some(value) = object.meta.http.get(key).and_then(Value::as_str).and_then(|text| text.parse().ok()) {
            response.headers.insert(name, value);
        }
    }
    let etag = HeaderValue::from_str(&format!("\"{}\"", object.etag)).expect("it is hexadecimal");
    response.headers.insert(header::ETAG, etag);
    Ok(Reply::Raw(response))
}

/// The body goes to the disk as it comes.
async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let bucket = control.r2_bucket(&ask).await?;
    let text = |name: &str| ask.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kept = |(name, key): &(HeaderName, &str)| Some(((*key).to_owned(), json!(text(name.as_str())?)));
    let http: Map<_, _> = KEPT.iter().filter_map(kept).collect();
    let meta = R2Meta { http, storage_class: text("cf-r2-storage-class").unwrap_or_default(), ..R2Meta::default() };
    let body = ask.body.get_mut().unwrap_or_else(PoisonError::into_inner).take();
    let body = body.unwrap_or_else(|| Body::bytes(Bytes::new()));
    let put = R2Put { meta, ..R2Put::default() };
    let stored = bucket.put(ask.param("object").to_owned(), body, put).await?;
    Ok(Reply::of(stored.map_or(Value::Null, |object| {
        json!({ "key": object.key, "etag": object.etag, "version": object.version, "size": object.size.to_string(),
            "uploaded": moment::text(object.uploaded), "storage_class": shown(&object)["storage_class"] })
    })))
}

async fn delete(control: Arc<Control>, ask: Ask) -> Answer {
    let bucket = control.r2_bucket(&ask).await?;
    bucket.delete(vec![ask.param("object").to_owned()]).await?;
    Ok(Reply::of(json!({ "key": ask.param("object") })))
}

async fn delete_many(control: Arc<Control>, mut ask: Ask) -> Answer {
    let bucket = control.r2_bucket(&ask).await?;
    let keys: Vec<String> = ask.json().await?;
    bucket.delete(keys.clone()).await?;
    Ok(Reply::of(keys.iter().map(|key| json!({ "key": key })).collect()))
}
