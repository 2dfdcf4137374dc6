//! A new version: what it inherits is put in, it is compiled and started beside what runs, stored, and then served.
//! What does not compile or start replaces nothing and is not stored.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Instant;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::ask::Ask;
use super::catalog::{Deployment, Indexed, Publication, Script, StoredModule, Version};
use super::envelope::{ApiError, code};
use super::live::{Built, Unbuildable, build};
use super::upload::{Upload, invalid};
use super::{Control, migrations, tags};
use crate::bindings::Resource;
use crate::error::{Problem, Problems};
use crate::graph::NO_HANDLERS;
use crate::runtime::{About, Attempt, Exported};
use crate::worker::{Failure, WorkerId};

/// A version to be made.
pub(super) struct Draft {
    pub(super) id: WorkerId,
    pub(super) upload: Upload,
    pub(super) source: String,
    /// It is served once it is stored.
    pub(super) deploy: bool,
    /// Bindings of the version before that this one has as well, unless it has others of their names.
    pub(super) keeps: Keeps,
}

/// See [`Draft::keeps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Those of the types in `keep_bindings`; secrets always, which no client sends again.
    Said,
    /// The draft has them all.
    Nothing,
}

/// What was made of a draft.
pub(super) struct Published {
    pub(super) version: Version,
    pub(super) script: Script,
    /// Something for the client's user.
    pub(super) note: Option<String>,
}

/// One change of a script at a time; scripts share locks by chance.
pub(super) struct Locks(Vec<Mutex<()>>);

const LOCKS: usize = 256;

impl Default for Locks {
    fn default() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(LOCKS).collect())
    }
}

impl Locks {
    pub(super) async fn hold(&self, id: &WorkerId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % LOCKS as u64).expect("it is less than their number");
        self.0[at].lock().await
    }
}

/// Who sends it, as far as Cloudflare tells them apart.
pub(super) fn source_of(ask: &Ask) -> String {
    let agent = ask.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if agent.starts_with("wrangler") { "wrangler" } else { "api" }.to_owned()
}

impl Control {
    /// Makes a version; nobody else may change the script meanwhile.
    pub(super) async fn publish(self: &Arc<Self>, draft: Draft) -> Result<Published, ApiError> {
        // On its own: a client that hangs up must not leave it stored and not served.
        let control = self.clone();
        let published = self.settings.tokio.spawn(async move {
            let _alone = control.locks.hold(&draft.id).await;
            control.publish_alone(draft).await
        });
        published.await.unwrap_or_else(|_| Err(ApiError::new(500, code::INTERNAL, "The upload broke off.")))
    }

    /// The same for those who hold the script's lock.
    pub(super) async fn publish_alone(self: &Arc<Self>, mut draft: Draft) -> Result<Published, ApiError> {
        let known = self.catalog.script(&draft.id).await?;
        let before = self.metadata_before(known.as_ref()).await?;
        inherit(&mut draft, before.get("bindings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default())?;
        self.settle_assets(&mut draft, before.get("assets").cloned()).await?;
        let tags = tags::of_metadata(&draft.upload.metadata)?;
        let version_id = Uuid::new_v4();
        let mut settings = settings_of(&draft);
        let mut indexed = indexed(&draft, &version_id.to_string());
        indexed.migrations = migrations::settle(&draft.upload.metadata, known.as_ref(), &mut settings)?;
        let (attempt, startup, resources) = self.start(&draft, &indexed).await?;
        let handlers = attempt.exported().await;
        let version = self.version_of(&draft, &version_id, (startup, handlers));
        let publication = Publication {
            id: draft.id.clone(),
            tag: Uuid::new_v4().simple().to_string(),
            modules: stored(&draft.upload),
            tags,
            settings,
            deployment: draft.deploy.then(|| deployment_of(&version)),
            indexed: indexed.clone(),
            version,
        };
        let mut version = publication.version.clone();
        version.number = self.catalog.publish(publication).await?;
        self.catalog.imply_resources(resources, self.now()).await?;
        let note = if draft.deploy { self.serve(indexed, Some(attempt)) } else { None };
        let script = self.catalog.script(&draft.id).await?.ok_or_else(|| missing(&draft.id))?;
        self.tell_about(&script);
        Ok(Published { version, script, note })
    }

    /// The metadata of the version that is served, or else of the latest one.
    async fn metadata_before(&self, script: Option<&Script>) -> Result<Value, ApiError> {
        let Some(script) = script else { return Ok(Value::Null) };
        let version = match &script.version {
            Some(id) => self.catalog.version(id).await?,
            None => self.catalog.versions(script.row).await?.into_iter().next(),
        };
        Ok(version.map(|version| version.metadata).unwrap_or_default())
    }

    /// Compiles and starts it beside what runs; answers also how many milliseconds that took, and what it binds.
    async fn start(
        self: &Arc<Self>,
        draft: &Draft,
        indexed: &Indexed,
    ) -> Result<(Attempt, i64, Vec<Resource>), ApiError> {
        let (upload, cache) = (draft.upload.clone(), self.settings.cache.clone());
        let (version, now) = (indexed.version.clone(), self.now());
        let built = self.settings.tokio.spawn_blocking(move || build(&upload, (&version, now), &cache)).await;
        let built: Built = match built {
            Ok(Ok(built)) => built,
            Ok(Err(Unbuildable::Other(error))) => return Err(error),
            Ok(Err(Unbuildable::Code(problems))) => return Err(refused_code(&problems)),
            Err(_) => return Err(ApiError::new(500, code::INTERNAL, "The script could not be compiled.")),
        };
        let resources = built.bindings.iter().filter_map(|binding| binding.resource(&draft.id)).collect();
        let started = Instant::now();
        let spec = self.spec_of_built(indexed, built);
        let attempt = self.settings.runtime.attempt(spec).await.map_err(|failure| refused_start(&failure))?;
        // Cloudflare never says that it took no time.
        let took = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX).max(1);
        Ok((attempt, took, resources))
    }

    fn version_of(&self, draft: &Draft, id: &Uuid, (startup_ms, handlers): (i64, Exported)) -> Version {
        let metadata = Value::Object(draft.upload.metadata.clone());
        Version {
            id: id.to_string(),
            number: 0,
            created: self.now(),
            etag: etag(&draft.upload),
            startup_ms,
            source: draft.source.clone(),
            handlers,
            metadata,
        }
    }

    /// Has a version answer the next request, unless a project of the same name is watched; then it says so.
    pub(super) fn serve(self: &Arc<Self>, indexed: Indexed, attempt: Option<Attempt>) -> Option<String> {
        let id = indexed.id.clone();
        let spec = attempt.is_none().then(|| self.spec(&indexed));
        self.live.insert(indexed);
        if (self.settings.watched)(&id) {
            return Some(format!("a watched project is called {id}, too, and is served in place of this upload"));
        }
        match (attempt, spec) {
            (Some(attempt), _) => self.settings.runtime.accept(attempt),
            (None, Some(spec)) => self.settings.runtime.put(spec),
            (None, None) => {}
        }
        None
    }

    /// Serves these no longer.
    pub(super) fn withdraw(&self, ids: &[WorkerId]) {
        for id in ids {
            self.live.remove(id);
            if !(self.settings.watched)(id) {
                self.settings.runtime.set_about(id, About::default());
                self.settings.runtime.remove(id);
            }
        }
    }
}

/// There is no such script.
pub(super) fn missing(id: &WorkerId) -> ApiError {
    match id.namespace() {
        // The newest wrangler takes no other code for a user Worker that is yet to come.
        Some(namespace) => {
            let text = format!("This Worker does not exist in the namespace {namespace:?}.");
            ApiError::new(404, code::USER_WORKER_NOT_FOUND, text)
        }
        None => ApiError::new(404, code::SCRIPT_NOT_FOUND, "This Worker does not exist on your account."),
    }
}

/// Puts in what the draft says it inherits from the bindings before.
fn inherit(draft: &mut Draft, before: &[Value]) -> Result<(), ApiError> {
    let metadata = &mut draft.upload.metadata;
    let given = match metadata.remove("bindings") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(ApiError::bad("\"bindings\" must be a list.")),
    };
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut bindings = Vec::with_capacity(given.len());
    for item in given {
        if text(&item, "type") != "inherit" {
            bindings.push(item);
            continue;
        }
        let name = text(&item, "name");
        let old = if item.get("old_name").is_some() { text(&item, "old_name") } else { name.clone() };
        let Some(found) = before.iter().find(|other| text(other, "name") == old) else {
            let what = format!("Binding '{name}' cannot be inherited: the version before has no '{old}'.");
            return Err(ApiError::new(400, code::BINDING_NOT_FOUND, what));
        };
        let mut found = found.clone();
        found["name"] = json!(name);
        bindings.push(found);
    }
    if draft.keeps == Keeps::Said {
        let kept = metadata.remove("keep_bindings").unwrap_or_default();
        let kept = |kind: &str| kept.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind));
        for other in before {
            let (name, kind) = (text(other, "name"), text(other, "type"));
            let stays = matches!(kind.as_str(), "secret_text" | "secret_key") || kept(&kind);
            if stays && !bindings.iter().any(|item| text(item, "name") == name) {
                bindings.push(other.clone());
            }
        }
    }
    metadata.insert("bindings".to_owned(), Value::Array(bindings));
    Ok(())
}

fn indexed(draft: &Draft, version: &str) -> Indexed {
    let metadata = Value::Object(draft.upload.metadata.clone());
    Indexed::of(draft.id.clone(), version, &metadata)
}

fn stored(upload: &Upload) -> Vec<StoredModule> {
    let modules = upload.modules.iter().map(|module| StoredModule {
        name: module.name.clone(),
        part: module.part.clone(),
        content_type: module.content_type.clone(),
        bytes: module.bytes.clone(),
    });
    modules.collect()
}

/// What of the metadata belongs to the script rather than to the version.
fn settings_of(draft: &Draft) -> Map<String, Value> {
    let mut settings = Map::new();
    for key in ["observability", "logpush", "tail_consumers", "placement"] {
        if let Some(value) = draft.upload.metadata.get(key) {
            settings.insert(key.to_owned(), value.clone());
        }
    }
    if draft.deploy {
        settings.insert("last_deployed_from".to_owned(), json!(draft.source));
    }
    settings
}

pub(super) fn deployment_of(version: &Version) -> Deployment {
    let mut annotations = version.metadata.get("annotations").cloned().unwrap_or_else(|| json!({}));
    if annotations.is_object() {
        annotations["workers/triggered_by"] = json!("upload");
    }
    Deployment {
        id: Uuid::new_v4().to_string(),
        created: version.created,
        source: version.source.clone(),
        versions: json!([{ "version_id": version.id, "percentage": 100 }]),
        annotations,
    }
}

fn etag(upload: &Upload) -> String {
    let mut hash = Sha256::new();
    hash.update(Value::Object(upload.metadata.clone()).to_string());
    for module in &upload.modules {
        hash.update(module.name.as_bytes());
        hash.update(&module.bytes);
    }
    hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Code that cannot be compiled, with its place as in a stack.
fn refused_code(problems: &Problems) -> ApiError {
    let Some(problem) = problems.0.iter().find(|one| one.severity == crate::error::Severity::Error) else {
        return invalid("The script could not be compiled.");
    };
    if problem.what == NO_HANDLERS {
        return ApiError::new(400, code::NO_HANDLERS, NO_HANDLERS);
    }
    invalid(described(problem))
}

fn described(problem: &Problem) -> String {
    let Some(place) = problem.places.first() else { return format!("Uncaught Error: {}", problem.what) };
    let (line, column) = place.source.line_column(place.span.start);
    let file = place.source.path.display();
    if problem.what.starts_with("No such module") {
        return format!("Uncaught Error: {}\n  at {file}:{line}:{column}\n", problem.what);
    }
    format!("Uncaught SyntaxError: {}\n  at {file}:{line}:{column}\n", problem.what)
}

/// Code that throws when it starts.
pub(super) fn refused_start(failure: &Failure) -> ApiError {
    let text = match failure {
        Failure::Threw { message, .. } if message.starts_with("Script startup exceeded") => message.clone(),
        Failure::Threw { name, message, stack } => {
            let head = format!("Uncaught {name}: {message}");
            stack.lines().fold(head, |text, frame| text + "\n  " + frame.trim()) + "\n"
        }
        Failure::CpuLimit { .. } => "Script startup exceeded CPU time limit.".to_owned(),
        Failure::MemoryLimit { .. } => "Script startup exceeded memory limits.".to_owned(),
        other => other.to_string(),
    };
    invalid(text)
}
