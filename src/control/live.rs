//! Uploads as the runtime runs them: which there are, and how one loads when it is first asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};

use super::catalog::{Catalog, Indexed, Portion, StoredModule, Version};
use super::envelope::ApiError;
use super::triggers::{Hosts, crons_of};
use super::upload::{Module, Upload};
use super::{Control, migrations, moment};
use crate::bindings::{Binding, Migrations, of_upload};
use crate::compile::Cache;
use crate::config::Fit;
use crate::engine::Program;
use crate::error::{Problem, Problems};
use crate::graph::{self, Graph};
use crate::runtime::{self, ProgramCache, Share, WorkerSpec};
use crate::worker::{Compat, Cron, Failure, WorkerId, complaints};

/// Everything that is uploaded and deployed, by id: what is known of it without its contents.
#[derive(Default)]
pub(super) struct Live {
    workers: RwLock<BTreeMap<WorkerId, Indexed>>,
    /// Of those that have any.
    hosts: RwLock<BTreeMap<WorkerId, Hosts>>,
    schedules: RwLock<BTreeMap<WorkerId, Vec<Cron>>>,
}

impl Live {
    pub(super) fn ids(&self) -> Vec<WorkerId> {
        self.read().keys().cloned().collect()
    }

    pub(super) fn find(&self, id: &WorkerId) -> Option<Indexed> {
        self.read().get(id).cloned()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<WorkerId, Indexed>> {
        self.workers.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_hosts(&self, id: &WorkerId, hosts: Hosts) {
        let mut all = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        if hosts.is_empty() {
            all.remove(id);
        } else {
            all.insert(id.clone(), hosts);
        }
    }

    pub(super) fn set_schedules(&self, id: &WorkerId, crons: Vec<Cron>) {
        let mut all = self.schedules.write().unwrap_or_else(PoisonError::into_inner);
        if crons.is_empty() {
            all.remove(id);
        } else {
            all.insert(id.clone(), crons);
        }
    }

    /// Whose routes or domains fit a host and a path best.
    fn at(&self, host: &str, path: &str) -> Option<(Fit, WorkerId)> {
        let all = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        let fitting = all.iter().filter_map(|(id, hosts)| Some((hosts.fit(host, path)?, id)));
        fitting.max_by_key(|(fit, _)| *fit).map(|(fit, id)| (fit, id.clone()))
    }

    /// The hosts that routes and domains name.
    pub(super) fn hosts_of_all(&self) -> Vec<String> {
        let all = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        all.values().flat_map(Hosts::names).collect()
    }

    pub(super) fn insert(&self, indexed: Indexed) {
        self.workers.write().unwrap_or_else(PoisonError::into_inner).insert(indexed.id.clone(), indexed);
    }

    pub(super) fn remove(&self, id: &WorkerId) {
        self.set_hosts(id, Hosts::default());
        self.set_schedules(id, Vec::new());
        self.workers.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

impl Control {
    /// Has the runtime know everything that was uploaded before; it is loaded when it is first used.
    ///
    /// # Errors
    /// It cannot be read: nothing of it is served.
    pub async fn restore(self: &Arc<Self>) -> Result<(), Problem> {
        if !Catalog::is_used(self.store()) {
            return Ok(());
        }
        let index = self.catalog.index().await;
        let unread =
            |error: ApiError| Problem::warning(format!("what was uploaded cannot be read: {}", error.summary()));
        self.tell_trust().await.map_err(unread)?;
        self.tell_about_all().await.map_err(unread)?;
        for indexed in index.map_err(unread)? {
            self.settings.runtime.put(self.spec(&indexed));
            if let Some(settings) = &indexed.settings {
                self.live.set_hosts(&indexed.id, Hosts::of(settings));
                self.live.set_schedules(&indexed.id, crons_of(settings));
            }
            self.live.insert(indexed);
        }
        Ok(())
    }

    /// The uploads that have schedules.
    pub fn schedules(&self) -> Vec<(WorkerId, Vec<Cron>)> {
        let all = self.live.schedules.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(id, crons)| (id.clone(), crons.clone())).collect()
    }

    /// A project of this id is no longer watched: what is uploaded under its name is served again.
    pub fn reinstate(self: &Arc<Self>, id: &WorkerId) -> bool {
        let Some(indexed) = self.live.find(id) else { return false };
        self.settings.runtime.put(self.spec(&indexed));
        true
    }

    /// What is uploaded and deployed: the ordinary ones first.
    pub fn uploads(&self) -> Vec<WorkerId> {
        self.live.ids()
    }

    pub fn is_uploaded(&self, id: &WorkerId) -> bool {
        self.live.find(id).is_some()
    }

    /// The ordinary Worker of this name, if it is uploaded.
    pub fn ordinary(&self, name: &str) -> Option<WorkerId> {
        self.live.find(&WorkerId::plain(name)).map(|found| found.id)
    }

    /// The ordinary Worker that has a route or a custom domain for a host, without port, and a path; and how well it fits.
    pub fn routed(&self, host: &str, path: &str) -> Option<(Fit, WorkerId)> {
        self.live.at(host, path)
    }

    /// The uploaded Worker that answers where nothing else does: one that dispatches, or else any ordinary one.
    pub fn default_worker(&self) -> Option<WorkerId> {
        let live = self.live.read();
        let ordinary = || live.values().filter(|one| one.id.namespace().is_none());
        let dispatcher = ordinary().find(|one| one.dispatches);
        dispatcher.or_else(|| ordinary().next()).map(|one| one.id.clone())
    }

    /// Scripts of a namespace that has another name now.
    pub(super) fn moved(self: &Arc<Self>, from: &str, to: &str) {
        let ids: Vec<_> = self.live.ids().into_iter().filter(|id| id.namespace() == Some(from)).collect();
        for id in &ids {
            let Some(indexed) = self.live.find(id) else { continue };
            let crons = self.schedules().into_iter().find_map(|(other, crons)| (other == *id).then_some(crons));
            self.withdraw(std::slice::from_ref(id));
            let id = WorkerId::user(to, id.name());
            self.live.set_schedules(&id, crons.unwrap_or_default());
            self.serve(Indexed { id, ..indexed }, None);
        }
    }

    pub(super) fn spec(&self, indexed: &Indexed) -> WorkerSpec {
        let uploaded = Arc::new(Uploaded {
            version: indexed.version.clone(),
            catalog: self.catalog.clone(),
            cache: self.settings.cache.clone(),
            tokio: self.settings.tokio.clone(),
            first: Mutex::default(),
            bindings: OnceLock::new(),
            migrations: migrations::read(&indexed.migrations),
            compat: OnceLock::new(),
        });
        let shares = indexed.portions.iter().map(|portion| self.share(indexed, portion)).collect();
        WorkerSpec { assets: self.site(&indexed.assets), shares, ..worker(indexed, uploaded) }
    }

    fn share(&self, whole: &Indexed, portion: &Portion) -> Share {
        let (id, migrations) = (whole.id.clone(), whole.migrations.clone());
        let other = || Box::new(self.spec(&Indexed { id, migrations, ..portion.of.clone() }));
        let spec = (portion.of.version != whole.version).then(other);
        Share { version: portion.of.version.clone(), percentage: portion.percentage, spec }
    }

    /// The same for a version that was built a moment ago.
    pub(super) fn spec_of_built(&self, indexed: &Indexed, built: Built) -> WorkerSpec {
        let uploaded = Arc::new(Uploaded {
            version: indexed.version.clone(),
            catalog: self.catalog.clone(),
            cache: self.settings.cache.clone(),
            tokio: self.settings.tokio.clone(),
            first: Mutex::new(Some(Arc::new(built.program))),
            bindings: built.bindings.into(),
            migrations: migrations::read(&indexed.migrations),
            compat: built.compat.into(),
        });
        WorkerSpec { assets: self.site(&indexed.assets), ..worker(indexed, uploaded) }
    }
}

fn worker(indexed: &Indexed, uploaded: Arc<Uploaded>) -> WorkerSpec {
    WorkerSpec {
        id: indexed.id.clone(),
        source: uploaded.clone(),
        bindings: uploaded,
        cpu: indexed.cpu_ms.map(Duration::from_millis),
        subrequests: indexed.subrequests,
        assets: None,
        shares: Vec::new(),
        outbound: None,
    }
}

/// A version that compiles.
pub(super) struct Built {
    pub(super) program: Program,
    pub(super) bindings: Vec<Box<dyn Binding>>,
    pub(super) compat: Compat,
}

/// Why one does not.
pub(super) enum Unbuildable {
    Code(Problems),
    Other(ApiError),
}

/// Compiles an upload. Takes its time: not for a thread of tokio's own.
pub(super) fn build(upload: &Upload, version: (&str, i64), cache: &Cache) -> Result<Built, Unbuildable> {
    let mut items = upload.metadata.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
    for item in items.iter_mut().filter(|item| item["type"] == "version_metadata") {
        let tag = upload.metadata.get("annotations").and_then(|all| all["workers/tag"].as_str()).unwrap_or_default();
        item["version_id"] = json!(version.0);
        item["version_tag"] = json!(tag);
        item["version_created"] = json!(moment::text(version.1));
    }
    let part = |name: &str| {
        let found = upload.modules.iter().find(|module| module.part == name || module.name == name);
        found.map(|module| module.bytes.clone())
    };
    let bindings = of_upload(&items, &part).map_err(|what| Unbuildable::Other(super::upload::invalid(what)))?;
    let date = upload.metadata.get("compatibility_date").and_then(Value::as_str).unwrap_or_default();
    let flags = upload.metadata.get("compatibility_flags").and_then(Value::as_array);
    let flags: Vec<_> = flags.into_iter().flatten().filter_map(|flag| flag.as_str().map(str::to_owned)).collect();
    refuse_flags(&flags)?;
    let graph = graph_of(upload, &graph::Options::of_upload(&flags, date), cache)?;
    let program = ProgramCache::default().program(&graph).map_err(Unbuildable::Code)?;
    Ok(Built { program, bindings, compat: Compat::new(date, &flags) })
}

fn refuse_flags(flags: &[String]) -> Result<(), Unbuildable> {
    let names: Vec<&str> = flags.iter().map(String::as_str).collect();
    match complaints(&names).into_iter().find(|(_, complaint)| !complaint.is_mild()) {
        Some((at, complaint)) => Err(Unbuildable::Other(super::upload::invalid(complaint.about(names[at])))),
        None => Ok(()),
    }
}

fn graph_of(upload: &Upload, options: &graph::Options, cache: &Cache) -> Result<Graph, Unbuildable> {
    if upload.modules.is_empty() && upload.metadata.get("assets").is_some_and(Value::is_object) {
        return Ok(graph::without_code(cache));
    }
    let (main, _) = upload.main().map_err(Unbuildable::Other)?;
    let given = upload.given().map_err(Unbuildable::Other)?;
    graph::assemble(main, &given, options, cache).map_err(|failed| Unbuildable::Code(failed.problems))
}

/// A stored version as it was when it came.
pub(super) fn upload_of(version: &Version, modules: Vec<StoredModule>) -> Upload {
    let metadata = version.metadata.as_object().cloned().unwrap_or_default();
    let module = |StoredModule { name, part, content_type, bytes }| Module { name, part, content_type, bytes };
    Upload { metadata, modules: modules.into_iter().map(module).collect() }
}

/// An upload as the runtime's source of modules and bindings.
struct Uploaded {
    version: String,
    catalog: Catalog,
    cache: Arc<Cache>,
    tokio: tokio::runtime::Handle,
    /// What the check before the first use has compiled.
    first: Mutex<Option<Arc<Program>>>,
    /// Known once the modules were loaded, which is before anybody asks.
    bindings: OnceLock<Vec<Box<dyn Binding>>>,
    migrations: Migrations,
    compat: OnceLock<Compat>,
}

impl runtime::Source for Uploaded {
    fn load(&self) -> Result<Arc<Program>, Failure> {
        if let Some(program) = self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(program);
        }
        let broken = |summary: String| Failure::Broken { summary, detail: String::new() };
        let loaded = self.tokio.block_on(self.catalog.load(&self.version)).map_err(|error| broken(error.summary()))?;
        let Some((version, modules)) = loaded else { return Err(broken("this version is not stored any more".into())) };
        let built = build(&upload_of(&version, modules), (&self.version, version.created), &self.cache).map_err(
            |unbuildable| match unbuildable {
                Unbuildable::Other(error) => broken(error.summary()),
                Unbuildable::Code(problems) => broken(problems.0.first().map(ToString::to_string).unwrap_or_default()),
            },
        )?;
        let _the_same_as_before = (self.bindings.set(built.bindings), self.compat.set(built.compat));
        Ok(Arc::new(built.program))
    }

    fn compat(&self) -> Compat {
        self.compat.get().cloned().unwrap_or_default()
    }

    /// Names and lines are those of the upload; only devflare's own frames are left out.
    fn map_stack(&self, stack: &str) -> String {
        let lines: Vec<_> = stack.lines().filter(|line| !line.contains("internal:")).collect();
        lines.join("\n")
    }
}

impl runtime::Bindings for Uploaded {
    fn list(&self) -> &[Box<dyn Binding>] {
        self.bindings.get().map(Vec::as_slice).unwrap_or_default()
    }

    fn migrations(&self) -> Migrations {
        self.migrations.clone()
    }
}
