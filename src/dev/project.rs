//! One project's builds: its module graph, read anew when something changed, and the versions that Workers run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use super::command::Command;
use super::lock;
use super::stack;
use super::untouched::Untouched;
use super::watch::{Owner, WatchSet, Watcher};
use crate::assets::{Folder, Site};
use crate::compile::Cache;
use crate::engine::Program;
use crate::error::{Problem, Problems};
use crate::fleet::{Member, Project};
use crate::graph::{self, Body, Graph};
use crate::runtime::{self, ProgramCache};
use crate::term::Terminal;
use crate::worker::{Compat, Failure};

/// What stays the same over a project's versions.
pub(super) struct Build {
    pub(super) owner: Owner,
    pub(super) project: Arc<Project>,
    cache: Arc<Cache>,
    programs: Arc<ProgramCache>,
    watcher: Option<Watcher>,
    /// Paths in stacks are shown relative to it.
    base: PathBuf,
    graph: Mutex<Option<Arc<Graph>>>,
    terminal: Terminal,
    /// The last build's warnings; what stays as it was is not told again.
    warned: Mutex<Vec<(String, Option<Arc<Path>>)>>,
    pub(super) assets: Option<Arc<Site>>,
    pub(super) command: Option<Arc<Command>>,
}

/// One state of a project's files, as a Worker runs it.
pub(super) struct Version {
    build: Arc<Build>,
    graph: OnceLock<Arc<Graph>>,
}

impl Build {
    pub(super) fn new(member: &Member, project: Arc<Project>, around: &super::Session) -> Arc<Self> {
        let config = &project.config;
        let command = config.build.as_ref().map(|build| around.command(build, &config.name));
        let kept = around.bytecode.as_ref().map(|directory| directory.file(&config.directory));
        Arc::new(Self {
            owner: owner_of(member),
            command,
            assets: site(&project),
            project,
            cache: around.cache.clone(),
            programs: Arc::new(ProgramCache::kept_in(kept)),
            watcher: around.watcher.clone(),
            base: around.base(),
            graph: Mutex::default(),
            terminal: around.terminal.clone(),
            warned: Mutex::default(),
        })
    }

    /// The same project with another configuration: what is compiled stays.
    pub(super) fn rewired(&self, project: Arc<Project>, around: &super::Session) -> Arc<Self> {
        let config = &project.config;
        let command = config.build.as_ref().map(|build| {
            let old = self.command.clone().filter(|command| command.is_of(build));
            old.unwrap_or_else(|| around.command(build, &config.name))
        });
        Arc::new(Self {
            command,
            assets: site(&project),
            owner: self.owner.clone(),
            project,
            cache: self.cache.clone(),
            programs: self.programs.clone(),
            watcher: self.watcher.clone(),
            base: self.base.clone(),
            graph: Mutex::new(lock(&self.graph).clone()),
            terminal: self.terminal.clone(),
            warned: Mutex::new(lock(&self.warned).clone()),
        })
    }

    /// Reads the files and builds the graph; `None` when it is what it was.
    pub(super) fn refresh(&self) -> Result<Option<Arc<Graph>>, Problems> {
        let graph = Arc::new(self.load()?);
        self.warn(&graph.warnings);
        let mut last = lock(&self.graph);
        if last.as_ref().is_some_and(|last| same(last, &graph)) {
            return Ok(None);
        }
        *last = Some(graph.clone());
        Ok(Some(graph))
    }

    fn warn(&self, warnings: &Problems) {
        let about = |warning: &Problem| {
            let path = warning.places.first().map(|place| place.source.path.clone());
            (warning.what.clone(), path)
        };
        let before = std::mem::replace(&mut *lock(&self.warned), warnings.0.iter().map(about).collect());
        let fresh = warnings.0.iter().filter(|warning| !before.contains(&about(warning)));
        fresh.for_each(|warning| self.terminal.tell(warning.clone()));
    }

    /// After a failed build the next good one counts as new, whatever it was before.
    pub(super) fn forget(&self) {
        *lock(&self.graph) = None;
    }

    /// Builds until no file has changed between its reading and its being watched.
    fn load(&self) -> Result<Graph, Problems> {
        if self.project.config.main.is_none() && self.assets.is_some() {
            return Ok(graph::without_code(&self.cache));
        }
        let main = self.main()?;
        let directory = &self.project.config.directory;
        loop {
            if let Some(Err(problem)) = self.command.as_ref().map(|command| command.ensure()) {
                self.watch(&graph::WatchSet::default(), SystemTime::now());
                return Err(problem.into());
            }
            let begun = SystemTime::now();
            let loaded = graph::load(directory, &main, &graph::Options::of(&self.project.config), &self.cache);
            let watch = loaded.as_ref().map_or_else(|failed| &failed.watch, |graph| &graph.watch);
            if self.watch(watch, begun) {
                return loaded.map_err(|failed| self.explained(failed.problems));
            }
        }
    }

    fn main(&self) -> Result<PathBuf, Problems> {
        let config = &self.project.config;
        let Some(main) = &config.main else {
            let what = format!("`{}` has no entry point", config.name);
            return Err(Problem::error(what).in_file(&config.file).help("set `main` to the Worker's script").into());
        };
        Ok(main.value.clone())
    }

    /// A missing entry point is a mistake of the configuration.
    fn explained(&self, problems: Problems) -> Problems {
        let config = &self.project.config;
        let missing = config.main.as_ref().is_some_and(|main| !main.value.exists());
        config.main_is_missing().filter(|_| missing).map_or(problems, Into::into)
    }

    /// Watches what a build that began then has asked for; answers whether it has all of it as it is.
    fn watch(&self, set: &graph::WatchSet, begun: SystemTime) -> bool {
        let Some(watcher) = &self.watcher else { return true };
        let mut set = set.clone();
        if let Some(command) = &self.command {
            let read = command.watched();
            set.files.extend(read.files);
            set.missing.extend(read.missing);
            set.listings.extend(read.listings);
        }
        let files = set.files.union(&set.missing).cloned().collect();
        let fresh = watcher.watch(&self.owner, WatchSet { files, listings: set.listings });
        let mut untouched = Untouched::since(begun);
        fresh.iter().all(
            |path| {
                if set.missing.contains(path) { untouched.is_missing(path) } else { untouched.is_file(path) }
            },
        )
    }
}

/// The project's static files.
fn site(project: &Project) -> Option<Arc<Site>> {
    let (directory, settings) = project.assets.clone()?;
    Some(Arc::new(Site::new(settings, Arc::new(Folder::new(directory)), project.config.main.is_some())))
}

/// The name under which a member's files are watched.
pub(super) fn owner_of(member: &Member) -> Owner {
    member.id.as_ref().map_or_else(|| member.path.display().to_string(), ToString::to_string).into()
}

/// Whether two graphs run the same: the compile cache gives equal code as one.
fn same(a: &Graph, b: &Graph) -> bool {
    a.modules.len() == b.modules.len()
        && a.modules.iter().zip(&b.modules).all(|(a, b)| {
            let body = match (&a.body, &b.body) {
                (Body::Code(a), Body::Code(b)) => a.code == b.code,
                (Body::Text(a), Body::Text(b)) => a == b,
                (Body::Data(a), Body::Data(b)) => a == b,
                _ => false,
            };
            body && a.name == b.name && a.resolved == b.resolved
        })
}

impl Version {
    /// A version of the files as they are in `graph`, or as they will be at its first use.
    pub(super) fn new(build: &Arc<Build>, graph: Option<Arc<Graph>>) -> Arc<Self> {
        let known = OnceLock::new();
        if let Some(graph) = graph {
            drop(known.set(graph));
        }
        Arc::new(Self { build: build.clone(), graph: known })
    }

    fn graph(&self) -> Result<Arc<Graph>, Problems> {
        if let Some(graph) = self.graph.get() {
            return Ok(graph.clone());
        }
        let graph = match self.build.refresh()? {
            Some(graph) => graph,
            None => lock(&self.build.graph).clone().expect("it was built before"),
        };
        Ok(self.graph.get_or_init(|| graph).clone())
    }

    pub(super) fn program(&self) -> Result<Program, Problems> {
        self.build.programs.program(&*self.graph()?)
    }
}

impl runtime::Source for Version {
    fn load(&self) -> Result<Arc<Program>, Failure> {
        self.program().map(Arc::new).map_err(|problems| broken(&problems))
    }

    fn compat(&self) -> Compat {
        let config = &self.build.project.config;
        Compat::new(&config.compatibility_date, &config.compatibility_flags)
    }

    fn map_stack(&self, stack: &str) -> String {
        self.graph.get().map_or_else(|| stack.to_owned(), |graph| stack::mapped(stack, graph, &self.build.base))
    }
}

/// What callers of a Worker that does not build are told.
pub(super) fn broken(problems: &Problems) -> Failure {
    let first = problems.0.iter().find(|problem| problem.severity == crate::error::Severity::Error);
    let summary = first.map_or_else(|| "the Worker does not build".to_owned(), ToString::to_string);
    Failure::Broken { summary, detail: String::new() }
}
