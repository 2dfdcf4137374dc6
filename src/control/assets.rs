//! Static assets of uploads: a session says what is to come, buckets bring it, and a token for the whole goes with the
//! script. Hashes are a namespace's: what is known there is not sent again.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::Control;
use super::ask::Ask;
use super::catalog::{Catalog, StoredAsset};
use super::envelope::{Answer, ApiError, Reply, code};
use super::multipart::Part;
use super::publish::{Draft, Keeps};
use super::route::{Route, of_account, of_script};
use crate::assets::{Asset, Content, Files, Settings, Site};
use crate::store::Blobs;
use crate::worker::{Body, WorkerId};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![of_account(Method::POST, "/workers/assets/upload", upload).without_token()];
    routes.extend(of_script(&Method::POST, "/assets-upload-session", session));
    routes
}

/// Cloudflare's limits.
const MAX_SIZE: u64 = 25 << 20;
const MAX_COUNT: usize = 100_000;
const MAX_PATH: usize = 1024;
/// What one bucket holds at most.
const BUCKET_BYTES: u64 = 40 << 20;
const BUCKET_COUNT: usize = 500;
const HOUR: i64 = 3600;
const BLOBS: &str = "assets";

/// Signs tokens: new with every start, so that a token ends with its process at the latest.
pub(super) struct Signer([u8; 32]);

impl Default for Signer {
    fn default() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system has random bytes");
        Self(key)
    }
}

/// What a token says.
#[derive(serde::Serialize, serde::Deserialize)]
struct Claims {
    exp: i64,
    iat: i64,
    /// The namespace, or empty.
    scope: String,
    script: String,
    manifest: String,
    /// Everything is there: it may go with a script.
    complete: bool,
}

impl Signer {
    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        mac.update(text.as_bytes());
        mac
    }

    /// Looks like a JWT: clients read its `exp`.
    fn sign(&self, claims: &Claims) -> String {
        let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
        let body = serde_json::to_string(claims).expect("plain data can be written");
        let text = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&body));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&text).finalize().into_bytes());
        format!("{text}.{signature}")
    }

    /// Compares in constant time.
    fn read(&self, token: &str, now: i64) -> Result<Claims, ApiError> {
        let refused = |why: &str| ApiError::new(401, code::WRONG_TOKEN, format!("The assets token is {why}."));
        let (text, signature) = token.rsplit_once('.').ok_or_else(|| refused("not valid"))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| refused("not valid"))?;
        self.mac(text).verify_slice(&signature).map_err(|_| refused("not valid"))?;
        let body = text.split_once('.').and_then(|(_, body)| URL_SAFE_NO_PAD.decode(body).ok());
        let claims: Option<Claims> = body.and_then(|body| serde_json::from_slice(&body).ok());
        claims.filter(|claims| claims.exp > now).ok_or_else(|| refused("expired"))
    }
}

fn scope_of(id: &WorkerId) -> &str {
    id.namespace().unwrap_or_default()
}

async fn session(control: Arc<Control>, mut ask: Ask) -> Answer {
    let id = ask.script()?;
    if let Some(namespace) = id.namespace() {
        control.namespace(namespace).await?;
    }
    let body: Value = ask.json().await?;
    let manifest = body.get("manifest").filter(|manifest| manifest.is_object());
    let manifest = manifest.ok_or_else(|| ApiError::bad("\"manifest\" must be an object of paths."))?.clone();
    check(manifest.as_object().expect("it was looked at"))?;
    let name = Uuid::new_v4().to_string();
    let missing = control.catalog.open_manifest((&name, scope_of(&id)), manifest, control.now()).await?;
    let jwt = control.token((scope_of(&id), id.name()), &name, missing.is_empty());
    Ok(Reply::of(json!({ "jwt": jwt, "buckets": buckets(missing) })))
}

fn check(manifest: &Map<String, Value>) -> Result<(), ApiError> {
    if manifest.len() > MAX_COUNT {
        let what = format!("The manifest has {} files; {MAX_COUNT} are allowed.", manifest.len());
        return Err(ApiError::new(413, code::TOO_LARGE, what));
    }
    let mut sizes = HashMap::new();
    for (path, entry) in manifest {
        let steps = path.strip_prefix('/').map(|path| path.split('/'));
        let is_path = steps.is_some_and(|mut steps| !steps.any(|step| matches!(step, "" | "." | "..")));
        if !is_path || path.len() > MAX_PATH || path.contains('\0') {
            return Err(ApiError::bad(format!("{path:?} is not a valid path of an asset.")));
        }
        let hash = entry.get("hash").and_then(Value::as_str);
        let hash = hash.filter(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let hash = hash.ok_or_else(|| ApiError::bad(format!("{path}: \"hash\" must be 32 hexadecimal digits.")))?;
        let size = entry.get("size").and_then(Value::as_u64);
        let size = size.ok_or_else(|| ApiError::bad(format!("{path}: \"size\" must be a number of bytes.")))?;
        if size > MAX_SIZE {
            let what = format!("{path} has {size} bytes; an asset may have {} MiB.", MAX_SIZE >> 20);
            return Err(ApiError::new(413, code::TOO_LARGE, what));
        }
        if *sizes.entry(hash).or_insert(size) != size {
            return Err(ApiError::bad(format!("{path}: its hash stands for files of two sizes.")));
        }
    }
    Ok(())
}

fn buckets(missing: Vec<(String, u32)>) -> Vec<Vec<String>> {
    let mut buckets: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for (hash, size) in missing {
        let size = u64::from(size);
        match buckets.last_mut() {
            Some(last) if size <= room && last.len() < BUCKET_COUNT => {
                room -= size;
                last.push(hash);
            }
            _ => {
                room = BUCKET_BYTES.saturating_sub(size);
                buckets.push(vec![hash]);
            }
        }
    }
    buckets
}

async fn upload(control: Arc<Control>, mut ask: Ask) -> Answer {
    let sent = ask.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = sent.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim().to_owned());
    let claims = control.signer.read(&token.unwrap_or_default(), control.now() / 1000)?;
    let sizes = control.catalog.manifest_sizes(&claims.manifest).await?;
    let mut files = Vec::new();
    for part in ask.parts().await? {
        files.push(decoded(part, &sizes)?);
    }
    let blobs = control.store().blobs(BLOBS);
    let kept = blobs.clone();
    let written = control.settings.tokio.spawn_blocking(move || keep(&kept, files)).await;
    let assets = written.unwrap_or_else(|_| Err("the upload broke off".to_owned()));
    let assets = assets.map_err(|why| ApiError::new(500, code::INTERNAL, why))?;
    let (spare, complete) = control.catalog.add_assets((&claims.manifest, &claims.scope), assets).await?;
    for blob in &spare {
        blobs.remove(blob);
    }
    if !complete {
        return Ok(Reply::Envelope { status: 202, result: json!({}), info: None, messages: Vec::new() });
    }
    let jwt = control.token((&claims.scope, &claims.script), &claims.manifest, true);
    Ok(Reply::Envelope { status: 201, result: json!({ "jwt": jwt }), info: None, messages: Vec::new() })
}

/// A file of a bucket: its hash, its type, its bytes.
type Sent = (String, Option<String>, u32, Bytes);

fn decoded(part: Part, sizes: &HashMap<String, u32>) -> Result<Sent, ApiError> {
    let Some(size) = sizes.get(&part.name) else {
        return Err(ApiError::bad(format!("The manifest names no file with the hash {:?}.", part.name)));
    };
    let bytes = STANDARD.decode(part.bytes.trim_ascii());
    let bytes = bytes.map_err(|_| ApiError::bad(format!("The file {} is not in base64.", part.name)))?;
    if bytes.len() as u64 != u64::from(*size) {
        let what = format!("The file {} has {} bytes; the manifest says {size}.", part.name, bytes.len());
        return Err(ApiError::bad(what));
    }
    let content_type = match part.content_type.as_str() {
        "" => None,
        "application/null" => Some(String::new()),
        known => Some(known.to_owned()),
    };
    Ok((part.name, content_type, *size, bytes.into()))
}

fn keep(blobs: &Blobs, files: Vec<Sent>) -> Result<Vec<StoredAsset>, String> {
    let mut kept = Vec::with_capacity(files.len());
    for (hash, content_type, size, bytes) in files {
        let (blob, _) = blobs.write(Body::bytes(bytes), |_| {})?;
        kept.push(StoredAsset { hash, size, content_type, blob });
    }
    Ok(kept)
}

impl Control {
    fn token(&self, (scope, script): (&str, &str), manifest: &str, complete: bool) -> String {
        let iat = self.now() / 1000;
        let (scope, script, manifest) = (scope.to_owned(), script.to_owned(), manifest.to_owned());
        self.signer.sign(&Claims { exp: iat + HOUR, iat, scope, script, manifest, complete })
    }

    /// Puts into the draft which assets its version has, in place of the token that says so.
    pub(super) async fn settle_assets(&self, draft: &mut Draft, before: Option<Value>) -> Result<(), ApiError> {
        if draft.keeps == Keeps::Nothing {
            return Ok(());
        }
        let metadata = &mut draft.upload.metadata;
        let keeps = metadata.remove("keep_assets").is_some_and(|keeps| keeps == true);
        let asked = metadata.remove("assets").filter(|assets| !assets.is_null());
        let before = before.filter(|assets| keeps && !assets.is_null());
        let Some(asked) = asked else {
            metadata.extend(before.map(|assets| ("assets".to_owned(), assets)));
            return Ok(());
        };
        let manifest = match (asked.get("jwt").and_then(Value::as_str), &before) {
            (Some(token), _) => {
                let claims = self.signer.read(token, self.now() / 1000)?;
                let fits = claims.scope == scope_of(&draft.id) && claims.script == draft.id.name();
                if !fits || !claims.complete || !self.catalog.is_complete(&claims.manifest).await? {
                    return Err(ApiError::bad("The assets token is not of a complete upload for this script."));
                }
                json!(claims.manifest)
            }
            (None, Some(before)) => before["manifest"].clone(),
            (None, None) => return Err(ApiError::bad("\"assets\" has no \"jwt\": complete an upload session first.")),
        };
        let config = asked.get("config").cloned().unwrap_or_else(|| json!({}));
        metadata.insert("assets".to_owned(), json!({ "config": config, "manifest": manifest }));
        Ok(())
    }

    /// The files of a version, as its metadata tells them.
    pub(super) fn site(&self, metadata: &Value) -> Option<Arc<Site>> {
        let assets = metadata.get("assets")?;
        let config = assets.get("config").cloned().unwrap_or_default();
        let files = Uploaded {
            catalog: self.catalog.clone(),
            blobs: self.store().blobs(BLOBS),
            manifest: assets.get("manifest")?.as_str()?.to_owned(),
            known: OnceLock::new(),
            config: config.clone(),
        };
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default();
        let flags = metadata.get("compatibility_flags").and_then(Value::as_array).into_iter().flatten();
        let flags: Vec<_> = flags.filter_map(|flag| flag.as_str().map(str::to_owned)).collect();
        let settings = Settings::of_upload(&config, text("compatibility_date"), &flags);
        let has_worker = metadata.get("main_module").or_else(|| metadata.get("body_part")).is_some();
        Some(Arc::new(Site::new(settings, Arc::new(files), has_worker)))
    }
}

/// The files of an upload; they are looked up once, when the first is asked for.
struct Uploaded {
    catalog: Catalog,
    blobs: Arc<Blobs>,
    manifest: String,
    known: OnceLock<HashMap<String, StoredAsset>>,
    config: Value,
}

impl Files for Uploaded {
    fn find(&self, path: &str) -> Option<Asset> {
        let known = self.known.get_or_init(|| self.catalog.manifest(&self.manifest).unwrap_or_default());
        let found = known.get(path)?;
        Some(Asset {
            path: path.to_owned(),
            length: found.size.into(),
            tag: Some(found.hash.clone()),
            content_type: found.content_type.clone(),
            content: Content::Blob(self.blobs.clone(), found.blob.clone()),
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.config.get(name)?.as_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: i64) -> Claims {
        let text = |text: &str| text.to_owned();
        Claims { exp, iat: 0, scope: text("staging"), script: text("shop"), manifest: text("m"), complete: true }
    }

    #[test]
    fn tokens_end_after_their_hour_and_cannot_be_forged() {
        let signer = Signer::default();
        let token = signer.sign(&claims(HOUR));
        assert_eq!(signer.read(&token, HOUR - 1).map(|read| read.script).ok(), Some("shop".to_owned()));
        let why = |refused: Result<Claims, ApiError>| refused.err().map(|error| error.summary()).unwrap_or_default();
        assert!(why(signer.read(&token, HOUR)).contains("The assets token is expired."));
        let (head, rest) = token.split_once('.').expect("it has three parts");
        let signature = rest.split_once('.').expect("it has three parts").1;
        let longer = URL_SAFE_NO_PAD.encode(serde_json::to_string(&claims(HOUR * 99)).expect("plain data"));
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let forged = [
            format!("{head}.{longer}.{signature}"),
            format!("{none}.{longer}."),
            format!("{head}.{longer}"),
            Signer::default().sign(&claims(HOUR * 99)),
            String::new(),
        ];
        for token in forged {
            assert!(why(signer.read(&token, 0)).contains("The assets token is not valid."), "{token}");
        }
    }

    #[test]
    fn a_manifest_has_bounds() {
        let entry = |hash: usize, size: u64| json!({ "hash": format!("{hash:032x}"), "size": size });
        let of = |count: usize| (0..count).map(|at| (format!("/{at}"), entry(at, 1))).collect::<Map<_, _>>();
        assert!(check(&of(MAX_COUNT)).is_ok());
        let refused = |manifest: &Map<String, Value>| check(manifest).err().map(|error| error.status);
        assert_eq!(refused(&of(MAX_COUNT + 1)), Some(413));
        let one = |path: &str, entry: Value| Map::from_iter([(path.to_owned(), entry)]);
        assert!(check(&one("/a", entry(1, MAX_SIZE))).is_ok());
        assert_eq!(refused(&one("/a", entry(1, MAX_SIZE + 1))), Some(413));
        assert_eq!(refused(&one(&format!("/{}", "a".repeat(MAX_PATH)), entry(1, 1))), Some(400));
        for path in ["a", "/", "/a//b", "/./a", "/a/..", "/a\0"] {
            assert_eq!(refused(&one(path, entry(1, 1))), Some(400), "{path}");
        }
        let mut twice = one("/a", entry(1, 1));
        twice.insert("/b".to_owned(), entry(1, 2));
        assert_eq!(refused(&twice), Some(400));
    }

    #[test]
    fn no_bucket_is_larger_than_a_client_may_send() {
        let size = u32::try_from(MAX_SIZE).expect("it is 25 MiB");
        let missing: Vec<_> = (0..3).map(|at| (format!("large {at}"), size)).collect();
        assert_eq!(buckets(missing).iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
        let missing: Vec<_> = (0..=BUCKET_COUNT * 2).map(|at| (at.to_string(), 1)).collect();
        assert_eq!(buckets(missing).iter().map(Vec::len).collect::<Vec<_>>(), [BUCKET_COUNT, BUCKET_COUNT, 1]);
    }
}
