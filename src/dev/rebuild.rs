//! Changes on disk -> the Workers they concern, built and swapped; everything else is left alone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::command::Command;
use super::project::{Build, Version, broken, owner_of};
use super::watch::{Changes, Owner, WatchSet};
use super::{EAGER_BUILDS, QUIET, Session, lock};
use crate::config::{BuildCommand, Node};
use crate::error::{Problem, Problems};
use crate::fleet::{self, Fleet, Member, Project};
use crate::graph::Graph;
use crate::runtime::{About, WorkerSpec};
use crate::term::{Line as _, Reload, ReloadKind, Style};
use crate::worker::WorkerId;

/// Who watches configurations and globbed folders.
const FLEET: &str = "(configurations)";
/// A change that fails is told, and served as an error, only if nothing more has changed for this long: a file may be
/// half written, or a checkout under way.
const PATIENCE: Duration = Duration::from_millis(50);
/// The same if something changes all the time.
const MAX_PATIENCE: Duration = Duration::from_secs(1);

impl Session {
    /// Builds everything for the start; what is wrong goes to `problems`. A Worker starts while the next one is built.
    pub(super) async fn build_all(self: &Arc<Self>, problems: &mut Problems) {
        let fleet = self.fleet();
        let _read_again_at_the_first_change = self.watch_fleet(&fleet);
        let eager = fleet.members.len() <= EAGER_BUILDS;
        let mut starting = Vec::new();
        for member in &fleet.members {
            let (Some(id), Ok(_)) = (&member.id, member.state()) else { continue };
            let build = self.new_build(id, member);
            if id.namespace().is_some() && !eager {
                self.runtime.put(spec(id, &build, None));
                continue;
            }
            match off_thread(&build).await {
                Ok(graph) => {
                    let (session, id) = (self.clone(), id.clone());
                    starting.push(tokio::spawn(async move { session.first(&id, &build, graph).await }));
                }
                Err(found) => problems.extend(found),
            }
        }
        for started in starting {
            // A panic in there was told when it happened.
            problems.extend(started.await.unwrap_or_default());
        }
    }

    /// Ordinary Workers run from the start, user Workers from their first request; both must compile.
    async fn first(&self, id: &WorkerId, build: &Arc<Build>, graph: Option<Arc<Graph>>) -> Problems {
        let version = Version::new(build, graph);
        let spec = WorkerSpec { source: version.clone(), ..spec(id, build, None) };
        if id.namespace().is_none() {
            // An exception at start-up is the Worker's own: the runtime has told it, and answers with it.
            let _told = self.runtime.replace(spec).await;
        } else {
            self.runtime.put(spec);
        }
        version.program().err().unwrap_or_default()
    }

    /// Returns when everything saved before the call is served.
    pub(super) async fn catch_up(self: &Arc<Self>) {
        let Some(watcher) = &self.watcher else { return };
        let seen = watcher.barrier().await;
        if self.served.load(Ordering::Acquire) < seen {
            self.rebuild(seen).await;
        }
    }

    /// Rebuilds after changes that no request waits for.
    pub(super) fn follow_changes(self: &Arc<Self>) {
        let Some(watcher) = self.watcher.clone() else { return };
        let session = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let Some(served) = session.upgrade().map(|session| session.served.load(Ordering::Acquire)) else {
                    return;
                };
                watcher.changed(served).await;
                tokio::time::sleep(QUIET).await;
                let Some(session) = session.upgrade() else { return };
                session.catch_up().await;
            }
        });
    }

    /// Loads everything again, changed or not.
    pub async fn reload_all(self: &Arc<Self>) {
        let _one_at_a_time = self.rebuilding.lock().await;
        let changes = Changes { everything: true, ..Changes::default() };
        let mut failing = Failing::new();
        self.apply(&changes, &mut failing).await;
        self.give_up(failing);
    }

    async fn rebuild(self: &Arc<Self>, seen: u64) {
        let session = self.clone();
        // On its own: a client that leaves must not break it off, for nobody else knows what the watcher said.
        let rebuilt = tokio::spawn(async move { session.rebuild_to(seen).await });
        // A panic in there was told when it happened.
        let _ = rebuilt.await;
    }

    async fn rebuild_to(self: &Arc<Self>, seen: u64) {
        let _one_at_a_time = self.rebuilding.lock().await;
        let Some(watcher) = self.watcher.as_ref().filter(|_| self.served.load(Ordering::Acquire) < seen) else {
            return;
        };
        let mut heals_until = None;
        let mut failing = Failing::new();
        let reached = loop {
            let (changes, reached) = watcher.take();
            self.apply(&changes, &mut failing).await;
            if failing.is_empty() {
                break reached;
            }
            let now = tokio::time::Instant::now();
            let last = *heals_until.get_or_insert(now + MAX_PATIENCE);
            let until = last.min(now + PATIENCE);
            if tokio::time::timeout_at(until, watcher.changed(reached)).await.is_err() {
                break reached;
            }
        };
        self.give_up(failing);
        self.served.store(reached, Ordering::Release);
    }

    /// Rebuilds what changed, and keeps account of who fails now.
    async fn apply(self: &Arc<Self>, changes: &Changes, failing: &mut Failing) {
        if changes.is_empty() {
            return;
        }
        let old = self.fleet();
        let fleet = self.reload_fleet(&old, changes);
        if !Arc::ptr_eq(&old, &fleet) {
            self.runtime.read_queues();
        }
        let current: HashSet<_> = fleet.members.iter().filter_map(|member| member.id.clone()).collect();
        for gone in old.members.iter().filter_map(|member| member.id.as_ref()).filter(|id| !current.contains(*id)) {
            failing.remove(gone);
            self.drop_worker(gone);
        }
        for member in &fleet.members {
            let Some(id) = &member.id else { continue };
            let before = old.member(id);
            self.refresh_pages(id, member.project.as_deref(), changes);
            let files = changes.owners.get(&owner_of(member));
            let rewired = before.is_none_or(|before| is_rewired(before, member));
            if rewired || files.is_some() || changes.everything {
                let files = files.cloned().unwrap_or_default();
                match self.update(id, member, Change { added: before.is_none(), rewired, files }).await {
                    Ok(()) => drop(failing.remove(id)),
                    Err(failed) => drop(failing.insert(id.clone(), failed)),
                }
            }
        }
    }

    /// The fleet after the changes; the same one when they are in no configuration.
    fn reload_fleet(self: &Arc<Self>, old: &Arc<Fleet>, changes: &Changes) -> Arc<Fleet> {
        let touched = changes.owners.get(&Owner::from(FLEET));
        if touched.is_none() && !changes.everything {
            return old.clone();
        }
        let mut fleet = old.clone();
        let mut suspects = touched.cloned().unwrap_or_default();
        let mut everything = changes.everything;
        loop {
            let is_touched = |directory: &Path| {
                let real = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
                everything || suspects.iter().any(|path| path.starts_with(&real))
            };
            let loaded = fleet.reload(&self.options.fleet, &is_touched);
            loaded.problems.0.into_iter().for_each(|problem| self.terminal.tell(problem));
            fleet = Arc::new(loaded.fleet);
            // What was read before it was watched is read again.
            let fresh = self.watch_fleet(&fleet);
            if fresh.is_empty() {
                break;
            }
            (suspects, everything) = (fresh.into_iter().collect(), false);
        }
        *self.fleet.write().unwrap_or_else(std::sync::PoisonError::into_inner) = fleet.clone();
        for member in fleet.members.iter().filter(|member| member.id.is_none()) {
            self.tell_unless_healed(member.clone());
        }
        fleet
    }

    /// A new project that has no place yet may be half written: its mistakes are told if they last.
    fn tell_unless_healed(self: &Arc<Self>, member: Arc<Member>) {
        let session = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            let Some(session) = session.upgrade() else { return };
            let unhealed = session.fleet().members.iter().any(|now| Arc::ptr_eq(now, &member));
            if unhealed {
                member.problems.0.iter().cloned().for_each(|problem| session.terminal.tell(problem));
            }
        });
    }

    /// Watches what the fleet is made of; answers what was not watched before.
    fn watch_fleet(&self, fleet: &Fleet) -> Vec<PathBuf> {
        let Some(watcher) = &self.watcher else { return Vec::new() };
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let names = fleet::watched_names(&self.options.fleet);
        let mut set = WatchSet {
            listings: fleet.watch_dirs().iter().map(|path| absolute(path)).collect(),
            files: fleet.workspace_file().into_iter().map(absolute).collect(),
        };
        for member in &fleet.members {
            let directory = absolute(&member.path);
            set.files.extend(names.iter().map(|name| directory.join(name)));
            set.files.insert(directory);
            // A build tool's configuration may be elsewhere.
            set.files.extend(member.project.iter().map(|project| absolute(&project.config.file)));
        }
        watcher.watch(&Owner::from(FLEET), set)
    }

    fn new_build(&self, id: &WorkerId, member: &Member) -> Arc<Build> {
        let project = member.project.clone().expect("only projects that loaded are built");
        let mut builds = lock(&self.builds);
        let build = match builds.get(id) {
            Some(build) if Arc::ptr_eq(&build.project, &project) => return build.clone(),
            Some(build) => build.rewired(project, self),
            None => Build::new(member, project, self),
        };
        builds.insert(id.clone(), build.clone());
        drop(builds);
        self.follow_files(id, &build.project);
        let tails = build.project.config.section("tail_consumers").map(Node::to_json).unwrap_or_default();
        self.runtime.set_about(id, About::default().with_tails(&tails));
        build
    }

    fn drop_worker(&self, id: &WorkerId) {
        self.runtime.set_about(id, About::default());
        if !self.control.reinstate(id) {
            self.runtime.remove(id);
        }
        lock(&self.broken).remove(id);
        if let (Some(build), Some(watcher)) = (lock(&self.builds).remove(id), &self.watcher) {
            watcher.forget(&build.owner);
        }
        self.forget_files(id);
        self.live.reloaded(&id.to_string());
        let took = Duration::ZERO;
        self.terminal.tell(Reload { worker: id.to_string(), kind: ReloadKind::Removed, files: Vec::new(), took });
    }

    /// Builds and swaps a Worker.
    async fn update(self: &Arc<Self>, id: &WorkerId, member: &Member, change: Change) -> Result<(), Failed> {
        let started = Instant::now();
        let Some(project) = &member.project else {
            self.tell_problems(&member.problems);
            return Err(Failed::Told);
        };
        let build = self.new_build(id, member);
        if member.state().is_err() {
            return Err(Failed::build(&build, member.problems.clone()));
        }
        if change.rewired {
            project.warnings.0.iter().cloned().for_each(|warning| self.terminal.tell(warning));
        }
        if build.command.as_ref().is_some_and(|command| command.is_due()) {
            self.build_aside(id, &build, (change, started));
            return Ok(());
        }
        let graph = match off_thread(&build).await {
            Ok(None) if !change.rewired => return Ok(()),
            Ok(graph) => graph,
            Err(problems) => return Err(Failed::build(&build, problems)),
        };
        self.swap(id, &build, graph, (change, started)).await
    }

    /// A build command may take long: it is this Worker's requests that wait for it, nobody else's.
    fn build_aside(self: &Arc<Self>, id: &WorkerId, build: &Arc<Build>, change: (Change, Instant)) {
        self.runtime.put(spec(id, build, None));
        let (session, id, build) = (Arc::downgrade(self), id.clone(), build.clone());
        tokio::spawn(async move {
            build.forget();
            let refreshed = off_thread(&build).await;
            let Some(session) = session.upgrade() else { return };
            let done = match refreshed {
                Ok(graph) => session.swap(&id, &build, graph, change).await,
                Err(problems) => Err(Failed::build(&build, problems)),
            };
            if let Err(failed) = done {
                session.give_up(Failing::from([(id, failed)]));
            }
        });
    }

    /// For a project's configuration.
    pub(super) fn command(&self, config: &BuildCommand, worker: &str) -> Arc<Command> {
        Arc::new(Command::new(config, worker, &self.terminal, self.options.build_limit))
    }

    async fn swap(
        &self,
        id: &WorkerId,
        build: &Arc<Build>,
        graph: Option<Arc<Graph>>,
        (change, started): (Change, Instant),
    ) -> Result<(), Failed> {
        let version = Version::new(build, graph);
        if let Err(problems) = version.program() {
            return Err(Failed::build(build, problems));
        }
        let healed = lock(&self.broken).remove(id).is_some();
        let spec = WorkerSpec { source: version, ..spec(id, build, None) };
        let started_well = if id.namespace().is_none() || self.runtime.is_loaded(id) {
            self.runtime.replace(spec).await.is_ok()
        } else {
            self.runtime.put(spec);
            true
        };
        self.live.reloaded(&id.to_string());
        if !started_well {
            return Err(Failed::Told);
        }
        let kind = match change {
            Change { added: true, .. } => ReloadKind::Added,
            _ if healed => ReloadKind::Healed,
            _ => ReloadKind::Changed,
        };
        let files = change.files.into_iter().collect();
        self.terminal.tell(Reload { worker: id.to_string(), kind, files, took: started.elapsed() });
        Ok(())
    }

    /// Tells of what has not healed; those Workers answer with what is wrong until they are mended.
    fn give_up(&self, failing: Failing) {
        for (id, failed) in failing {
            let Failed::Build(build, problems) = failed else { continue };
            self.runtime.put_broken(spec(&id, &build, None), broken(&problems));
            let mut text = String::new();
            let style = Style::plain(&self.base());
            problems.0.iter().for_each(|problem| problem.pretty(&style, &mut text));
            self.live.failed(&id.to_string(), text.trim_end());
            self.tell_problems(&problems);
            lock(&self.broken).insert(id, problems);
        }
    }

    fn tell_problems(&self, problems: &Problems) {
        problems.0.iter().cloned().for_each(|problem| self.terminal.tell(problem));
    }
}

/// The Workers whose last change does not work.
type Failing = BTreeMap<WorkerId, Failed>;

async fn off_thread(build: &Arc<Build>) -> Result<Option<Arc<Graph>>, Problems> {
    let build = build.clone();
    let refreshed = tokio::task::spawn_blocking(move || build.refresh()).await;
    refreshed.unwrap_or_else(|_| Err(Problem::error("the build broke off").into()))
}

enum Failed {
    /// Its build; until it is given up, the version before goes on.
    Build(Arc<Build>, Problems),
    /// Its start, or its configuration: that was told, and the Worker answers with it.
    Told,
}

impl Failed {
    fn build(build: &Arc<Build>, problems: Problems) -> Self {
        build.forget();
        Self::Build(build.clone(), problems)
    }
}

/// What happened to a Worker.
struct Change {
    added: bool,
    /// Its configuration changed.
    rewired: bool,
    files: BTreeSet<PathBuf>,
}

fn is_rewired(before: &Member, now: &Member) -> bool {
    let same = match (&before.project, &now.project) {
        (Some(before), Some(now)) => Arc::ptr_eq(before, now),
        (before, now) => before.is_none() && now.is_none(),
    };
    !same || before.problems.has_errors() != now.problems.has_errors() || before.problems.has_errors()
}

fn spec(id: &WorkerId, build: &Arc<Build>, graph: Option<Arc<Graph>>) -> WorkerSpec {
    let project: Arc<Project> = build.project.clone();
    WorkerSpec {
        id: id.clone(),
        source: Version::new(build, graph),
        cpu: project.config.limits.cpu_ms.map(Duration::from_millis),
        subrequests: project.config.limits.subrequests,
        assets: build.assets.clone(),
        shares: Vec::new(),
        outbound: None,
        bindings: Arc::new(ProjectBindings(project)),
    }
}

/// A project's bindings, shared with the project.
struct ProjectBindings(Arc<Project>);

impl crate::runtime::Bindings for ProjectBindings {
    fn list(&self) -> &[Box<dyn crate::bindings::Binding>] {
        &self.0.bindings
    }

    fn migrations(&self) -> crate::bindings::Migrations {
        crate::bindings::migrations(self.0.config.section("migrations"))
    }
}
