//! `/d1/database/{id}/import` and `/export`: whole files of SQL, which clients send to and fetch from URLs of their own.
//!
//! Such a URL is asked for without a token: its name is one that nobody guesses, and it ends after an hour.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::d1_queries::meta;
use super::envelope::{Answer, ApiError, Reply, raw};
use super::route::{Route, at, of_account};
use super::{Control, PREFIX};
use crate::store::OwnDatabase;
use crate::store::sql::{self, Dump, Rows, SqlError};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::POST, "/d1/database/{d1}/import", import),
        of_account(Method::POST, "/d1/database/{d1}/export", export),
        at(Method::PUT, "/devflare/files/{file}", put).without_token(),
        at(Method::GET, "/devflare/files/{file}", get).without_token(),
    ]
}

/// Files on their way; the oldest is dropped for one too many.
#[derive(Default)]
pub(super) struct Files(Mutex<Vec<OnTheWay>>);

struct OnTheWay {
    name: String,
    /// Milliseconds since 1970.
    until: i64,
    content: Option<Bytes>,
}

const MAX_FILES: usize = 16;
const HOUR: i64 = 3_600_000;

impl Files {
    fn open(&self, content: Option<Bytes>, now: i64) -> String {
        let name = format!("{}.sql", Uuid::new_v4().simple());
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|file| file.until > now);
        if files.len() == MAX_FILES {
            files.remove(0);
        }
        files.push(OnTheWay { name: name.clone(), until: now + HOUR, content });
        name
    }

    fn with<T>(&self, name: &str, now: i64, work: impl FnOnce(&mut OnTheWay) -> Option<T>) -> Result<T, ApiError> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = files.iter_mut().find(|file| file.name == name && file.until > now).and_then(work);
        found.ok_or_else(|| ApiError::new(404, 7404, "There is no such file, or its time is over."))
    }
}

async fn put(control: Arc<Control>, mut ask: Ask) -> Answer {
    let bytes = ask.bytes().await?;
    let etag = md5(&bytes);
    control.files.with(ask.param("file"), control.now(), |file| {
        file.content = Some(bytes);
        Some(())
    })?;
    let mut response = raw(200, "text/plain", Bytes::new());
    response.headers.insert(header::ETAG, HeaderValue::from_str(&format!("\"{etag}\"")).expect("it is ASCII"));
    Ok(Reply::Raw(response))
}

async fn get(control: Arc<Control>, ask: Ask) -> Answer {
    let content = control.files.with(ask.param("file"), control.now(), |file| file.content.clone())?;
    Ok(Reply::Raw(raw(200, "application/sql", content)))
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn url(ask: &Ask, name: &str) -> String {
    format!("{}{PREFIX}/devflare/files/{name}", ask.origin)
}

#[derive(serde::Deserialize)]
struct Import {
    #[serde(default)]
    action: String,
    #[serde(default)]
    filename: String,
    #[serde(default)]
    etag: String,
}

/// What has been done when this answers: nothing is left to poll for.
async fn import(control: Arc<Control>, mut ask: Ask) -> Answer {
    let file = control.d1_file(&ask).await?;
    let Import { action, filename, etag } = ask.json().await?;
    match action.as_str() {
        "init" => {
            let name = control.files.open(None, control.now());
            let url = url(&ask, &name);
            Ok(Reply::of(json!({ "success": true, "upload_url": url, "filename": name, "messages": [] })))
        }
        "ingest" => {
            let content = control.files.with(&filename, control.now(), |file| file.content.take())?;
            if !etag.is_empty() && md5(&content) != etag {
                return Err(ApiError::new(400, 7500, "The file is not the one that was announced: its MD5 differs."));
            }
            let text = String::from_utf8_lossy(&content).into_owned();
            Ok(Reply::of(control.with_d1(file, move |file| ingested(file, &text)).await?))
        }
        "poll" => {
            Ok(Reply::of(json!({ "success": false, "error": "Not currently importing anything.", "messages": [] })))
        }
        _ => Err(ApiError::new(400, 7400, "\"action\" must be \"init\", \"ingest\" or \"poll\".")),
    }
}

fn ingested(file: &OwnDatabase, text: &str) -> Result<Value, SqlError> {
    let began = std::time::Instant::now();
    let statements = sql::statements(text);
    let (total, size) = file.transact(false, |open, guard| {
        let mut total = Rows::default();
        for statement in &statements {
            let rows = sql::run(open, guard, statement, &[])?;
            total.rows_read += rows.rows_read;
            total.rows_written += rows.rows_written;
            total.last_row_id = rows.last_row_id;
        }
        Ok::<_, SqlError>((total, guard.trusted(|| sql::size(open))?))
    })?;
    let bookmark = Uuid::new_v4().to_string();
    let meta = meta(&total, began.elapsed().as_secs_f64() * 1000.0, size);
    Ok(json!({
        "success": true, "status": "complete", "type": "import", "at_bookmark": bookmark, "messages": [],
        "result": { "num_queries": statements.len(), "final_bookmark": bookmark, "meta": meta },
    }))
}

#[derive(serde::Deserialize)]
struct Export {
    #[serde(default)]
    dump_options: Options,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Options {
    no_data: bool,
    no_schema: bool,
    tables: Vec<String>,
}

async fn export(control: Arc<Control>, mut ask: Ask) -> Answer {
    let one = control.d1(&ask).await?;
    let file = control.d1_file(&ask).await?;
    let Export { dump_options: Options { no_data, no_schema, tables } } = ask.json().await?;
    let dump = Dump { no_schema, no_data, tables };
    let text = control.with_d1(file, move |file| file.transact(true, |open, guard| guard.trusted(|| dump.write(open))));
    let name = control.files.open(Some(text.await?.into()), control.now());
    let result = json!({ "filename": format!("{}.sql", one.resource.name), "signed_url": url(&ask, &name) });
    Ok(Reply::of(json!({
        "success": true, "status": "complete", "type": "export", "at_bookmark": Uuid::new_v4().to_string(),
        "messages": [], "result": result,
    })))
}
