//! What `wrangler dev` stores (`.wrangler/state/v3`), brought into the state directory.
//!
//! Each namespace, database and bucket is an SQLite file that is called by a hash of its name; values and objects are
//! files beside. Names come from the project's configuration, and from the folders of values and objects.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::bindings::{self, KvEntries, KvPut, R2Bucket, R2Meta, R2Put, ResourceKind, d1_file};
use crate::clock;
use crate::config;
use crate::error::{Problem, Problems};
use crate::store::Store;
use crate::worker::{Body, WorkerId};

/// The folder of a project's state, or the folder itself.
pub(super) fn found_in(from: &Path) -> Option<PathBuf> {
    let candidates = [from.join(".wrangler/state/v3"), from.join("state/v3"), from.join("v3"), from.to_owned()];
    let is_it = |path: &PathBuf| ["kv", "d1", "r2"].iter().any(|kind| path.join(kind).join(class(kind)).is_dir());
    candidates.into_iter().find(is_it)
}

/// The folder of the files of a kind.
fn class(kind: &str) -> &'static str {
    match kind {
        "kv" => "miniflare-KVNamespaceObject",
        "d1" => "miniflare-D1DatabaseObject",
        _ => "miniflare-R2BucketObject",
    }
}

/// What the file of a name is called.
fn file_of(kind: &str, name: &str) -> String {
    let key = Sha256::digest(class(kind));
    let sign = |bytes: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length is a key");
        mac.update(bytes);
        mac.finalize().into_bytes()[..16].to_vec()
    };
    let first = sign(name.as_bytes());
    let second = sign(&first);
    first.iter().chain(&second).fold(String::new(), |text, byte| text + &format!("{byte:02x}")) + ".sqlite"
}

/// One store of wrangler's: its file, the name that its values are filed under, and its name here.
struct Source {
    file: PathBuf,
    name: String,
    id: String,
}

/// What could be told so far of what was done.
type Told = Result<String, Problems>;

pub(super) async fn import(store: &Arc<Store>, project: &Path, state: &Path) -> Told {
    let named = names(project);
    let mut text = String::new();
    for kind in ["kv", "d1", "r2"] {
        let (sources, unknown) = sources(state, kind, &named);
        for source in sources {
            let line = match kind {
                "kv" => kv(store, state, &source).await,
                "d1" => d1(store, &source),
                _ => r2(store, state, &source).await,
            };
            writeln!(text, "  {}", line?).expect("writing to a string succeeds");
        }
        for file in unknown {
            writeln!(text, "  left {}: no configuration names it", file.display())
                .expect("writing to a string succeeds");
        }
    }
    Ok(format!("Imported from {}:\n{text}", state.display()))
}

/// The names that wrangler may use for what the project binds, and the ones here.
fn names(project: &Path) -> BTreeMap<(&'static str, String), String> {
    let options = config::Options { today: clock::date(SystemTime::now()), ..config::Options::default() };
    let mut names = BTreeMap::new();
    let (Some(config), mut problems) = config::load(project, &options) else { return names };
    let worker = WorkerId::plain(config.name.as_str());
    for binding in bindings::declare(&config, &mut problems) {
        let Some(resource) = binding.resource(&worker) else { continue };
        let kind = match resource.kind {
            ResourceKind::Kv => "kv",
            ResourceKind::D1 => "d1",
            ResourceKind::R2 => "r2",
            ResourceKind::Queue => continue,
        };
        for name in [&resource.id, &resource.name, &binding.name().to_owned()] {
            names.entry((kind, name.clone())).or_insert_with(|| resource.id.clone());
        }
    }
    for (kind, section, preview, real) in [
        ("kv", "kv_namespaces", "preview_id", "id"),
        ("d1", "d1_databases", "preview_database_id", "database_id"),
        ("r2", "r2_buckets", "preview_bucket_name", "bucket_name"),
    ] {
        for item in config.section(section).map(config::Node::items).unwrap_or_default() {
            let text = |field| item.get(field).and_then(config::Node::as_str).map(str::to_owned);
            if let (Some(preview), Some(real)) = (text(preview), text(real)) {
                names.insert((kind, preview), real);
            }
        }
    }
    names
}

/// The stores of a kind whose names are known, and the files of the others.
fn sources(
    state: &Path,
    kind: &'static str,
    named: &BTreeMap<(&'static str, String), String>,
) -> (Vec<Source>, Vec<PathBuf>) {
    let list = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders = list(&state.join(kind)).filter(|path| path.join("blobs").is_dir());
    let folders = folders.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    let mut known: BTreeMap<String, String> = folders.map(|name| (name.clone(), name)).collect();
    let configured = named.iter().filter(|((of, _), _)| *of == kind);
    known.extend(configured.map(|((_, name), id)| (name.clone(), id.clone())));
    let folder = state.join(kind).join(class(kind));
    let source = |(name, id): (String, String)| {
        let file = folder.join(file_of(kind, &name));
        file.exists().then_some(Source { file, name, id })
    };
    let sources: Vec<_> = known.into_iter().filter_map(source).collect();
    let is_left = |path: &PathBuf| {
        let is_store = path.extension().is_some_and(|end| end == "sqlite") && !path.ends_with("metadata.sqlite");
        is_store && !sources.iter().any(|source| source.file == *path)
    };
    let left = list(&folder).filter(is_left).collect();
    (sources, left)
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Problems {
    Problem::error(format!("it cannot be imported: {error}")).in_file(path).into()
}

/// A copy of a database that was not changed by opening it: its journal is beside it.
struct Copy {
    folder: PathBuf,
    open: Connection,
}

impl Copy {
    fn of(file: &Path) -> Result<Self, Problems> {
        let folder = std::env::temp_dir().join(format!("devflare-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        let copy = folder.join("copy.sqlite");
        fs::copy(file, &copy).map_err(|error| failed(file, error))?;
        let _there_may_be_none = fs::copy(file.with_extension("sqlite-wal"), folder.join("copy.sqlite-wal"));
        let open = Connection::open(&copy).map_err(|error| failed(file, error))?;
        Ok(Self { folder, open })
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _left_to_the_system = fs::remove_dir_all(&self.folder);
    }
}

async fn kv(store: &Store, state: &Path, source: &Source) -> Told {
    let broken = |error: rusqlite::Error| failed(&source.file, error);
    let copy = Copy::of(&source.file)?;
    let rows = copy.open.prepare("SELECT key, blob_id, expiration, metadata FROM _mf_entries").and_then(|mut all| {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        all.query_map([], row)?.collect::<rusqlite::Result<Vec<(String, String, Option<i64>, Option<String>)>>>()
    });
    let now = store.clock().now().as_secs().cast_signed();
    let blobs = state.join("kv").join(&source.name).join("blobs");
    let mut puts = Vec::new();
    for (key, blob, expiration, metadata) in rows.map_err(broken)? {
        // Milliseconds there; what ends within a minute is not put here either.
        let expiration = expiration.map(|at| at / 1000);
        if expiration.is_some_and(|at| at < now + 60) {
            continue;
        }
        let path = blobs.join(blob);
        let value = fs::read(&path).map_err(|error| failed(&path, error))?;
        puts.push((key, value, KvPut { expiration, expiration_ttl: None, metadata }));
    }
    let count = puts.len();
    let (sender, done) = tokio::sync::oneshot::channel();
    KvEntries::of(store, &source.id).put_many(puts, move |result| drop(sender.send(result)));
    let stored = done.await.map_err(|_| failed(&source.file, "devflare is stopping"))?;
    stored.map_err(|error| failed(&source.file, error.message))?;
    Ok(format!("KV namespace {}: {count} keys", source.id))
}

fn d1(store: &Store, source: &Source) -> Told {
    let copy = Copy::of(&source.file)?;
    let plain = "PRAGMA journal_mode = DELETE; DROP TABLE IF EXISTS _cf_METADATA; DROP TABLE IF EXISTS _cf_ALARM;
        DROP TABLE IF EXISTS _cf_KV;";
    copy.open.execute_batch(plain).map_err(|error| failed(&source.file, error))?;
    let bytes = fs::read(copy.folder.join("copy.sqlite")).map_err(|error| failed(&source.file, error))?;
    let size = bytes.len();
    d1_file(store, &source.id).replace(bytes).map_err(|error| failed(&source.file, error))?;
    Ok(format!("D1 database {}: {size} bytes", source.id))
}

async fn r2(store: &Arc<Store>, state: &Path, source: &Source) -> Told {
    let broken = |error: rusqlite::Error| failed(&source.file, error);
    let copy = Copy::of(&source.file)?;
    let objects = "SELECT key, blob_id, http_metadata, custom_metadata FROM _mf_objects";
    let rows = copy.open.prepare(objects).and_then(|mut all| {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        all.query_map([], row)?.collect::<rusqlite::Result<Vec<(String, Option<String>, String, String)>>>()
    });
    let rows = rows.map_err(broken)?;
    let bucket = R2Bucket::of(store, &source.id);
    let blobs = state.join("r2").join(&source.name).join("blobs");
    let count = rows.len();
    for (key, blob, http, custom) in rows {
        let blob = blob.map_or_else(|| parts(&copy.open, &key), |blob| Ok(vec![blob])).map_err(broken)?;
        let mut bytes = Vec::new();
        for path in blob.iter().map(|blob| blobs.join(blob)) {
            bytes.extend(fs::read(&path).map_err(|error| failed(&path, error))?);
        }
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        let meta = R2Meta { http: json(&http), custom: json(&custom), ..R2Meta::default() };
        let put = bucket.put(key, Body::bytes(bytes), R2Put { meta, ..R2Put::default() });
        put.await.map_err(|error| failed(&source.file, error.message))?;
    }
    Ok(format!("R2 bucket {}: {count} objects", source.id))
}

/// The blobs of an object that was uploaded in parts.
fn parts(open: &Connection, key: &str) -> rusqlite::Result<Vec<String>> {
    let query = "SELECT blob_id FROM _mf_multipart_parts WHERE object_key = ?1 ORDER BY part_number";
    open.prepare(query)?.query_map([key], |row| row.get(0))?.collect()
}
