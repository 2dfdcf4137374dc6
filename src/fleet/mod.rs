//! Projects -> who is who: roles, namespaces, hosts and the edges between Workers.
//!
//! Reads files, starts nothing, and knows no isolates. [`load`] is strict, for the start: any mistake in any project is
//! an error. [`Fleet::reload`] is lenient, for every change after it: a project that is broken now keeps its place, and
//! no other one notices.

mod arguments;
mod checks;
mod discover;
mod hosts;
mod links;
mod member;
mod project;
mod roles;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use discover::Plan;
pub use hosts::Hosts;
pub use member::Member;
pub use project::Project;
pub use roles::Rule;
pub use workspace::{ApiPort, Settings};

use crate::config;
use crate::error::{Problem, Problems, nearest};
use crate::worker::WorkerId;

/// What the command line says about projects.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The working directory; empty for the process's own, so that paths are shown as they were typed.
    pub directory: PathBuf,
    /// `DIR` and `NAMESPACE=DIR`, either with globs.
    pub projects: Vec<String>,
    /// `--workspace FILE`.
    pub workspace: Option<PathBuf>,
    /// `--namespace NS`: for the projects that no rule places.
    pub namespace: Option<String>,
    /// No project is meant, whatever the directory holds.
    pub none: bool,
    pub config: config::Options,
}

/// A fleet, and what there is to say about it.
#[derive(Debug)]
pub struct Loaded {
    pub fleet: Fleet,
    /// Warnings alone from [`load`]; from [`Fleet::reload`] also what is wrong with the fleet as a whole.
    /// A member's own errors are in [`Member::problems`].
    pub problems: Problems,
}

/// All projects, each with its place.
#[derive(Debug)]
pub struct Fleet {
    /// In the order in which they were given; those of a glob by name.
    pub members: Vec<Arc<Member>>,
    pub hosts: Hosts,
    /// Of `devflare.toml`, and where that is silent of the first ordinary Worker's `[dev]`.
    pub settings: Settings,
    /// The ordinary Worker that answers where no host decides.
    pub default: Option<WorkerId>,
    /// Where in `members` each Worker is.
    by_id: HashMap<WorkerId, usize>,
    /// The problems that were told, so that a reload tells only new ones.
    told: HashSet<String>,
    plan: Plan,
}

/// Loads everything for a start.
///
/// # Errors
/// Every mistake in every project, and warnings among them.
pub fn load(options: &Options) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let Some(plan) = discover::plan(options, &mut problems) else { return Err(problems) };
    let members = member::load_all(&plan, options, None, &|_| true);
    let mut fleet = assemble(plan, members, None, options, &mut problems);
    fleet.told = said(&problems);
    for member in &fleet.members {
        problems.extend(member.problems.clone());
    }
    problems.fold_repeats();
    if problems.has_errors() { Err(problems) } else { Ok(Loaded { fleet, problems }) }
}

impl Fleet {
    /// Loads again after files changed; a project in a directory that `touched` denies is taken as it was.
    ///
    /// Never fails: what cannot be loaded keeps the place that it had. Tells only what the last load did not tell.
    #[must_use]
    pub fn reload(&self, options: &Options, touched: &dyn Fn(&Path) -> bool) -> Loaded {
        let mut problems = Problems::default();
        let plan = discover::plan(options, &mut problems).unwrap_or_else(|| self.plan.clone());
        let members = member::load_all(&plan, options, Some(self), touched);
        let mut fleet = assemble(plan, members, Some(self), options, &mut problems);
        fleet.told = said(&problems);
        problems.0.retain(|problem| !self.told.contains(&problem.to_string()));
        problems.fold_repeats();
        Loaded { fleet, problems }
    }

    #[must_use]
    pub fn member(&self, id: &WorkerId) -> Option<&Arc<Member>> {
        self.by_id.get(id).map(|at| &self.members[*at])
    }

    /// The ordinary Worker that a service binding names.
    #[must_use]
    pub fn service(&self, name: &str, environment: Option<&str>) -> Option<&WorkerId> {
        let of_environment = environment.and_then(|environment| self.ordinary(&format!("{name}-{environment}")));
        of_environment.or_else(|| self.ordinary(name))
    }

    /// The names of each namespace's user Workers; namespaces that are only bound are there, empty.
    #[must_use]
    pub fn namespaces(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut namespaces: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for namespace in self.members.iter().flat_map(|member| member.bound_namespaces()) {
            namespaces.entry(namespace).or_default();
        }
        for id in self.members.iter().filter_map(|member| member.id.as_ref()) {
            if let Some(namespace) = id.namespace() {
                namespaces.entry(namespace).or_default().insert(id.name());
            }
        }
        namespaces
    }

    /// Who answers a request on the Workers port.
    #[must_use]
    pub fn answering(&self, host: &str, path: &str) -> Option<&WorkerId> {
        self.hosts.find(host, path).or(self.default.as_ref())
    }

    /// The directories in which a new, changed or deleted file can change the fleet; none of them recursively.
    #[must_use]
    pub fn watch_dirs(&self) -> &BTreeSet<PathBuf> {
        &self.plan.watch
    }

    /// The workspace file that is in force; what is in it can change the fleet, too.
    #[must_use]
    pub fn workspace_file(&self) -> Option<&Path> {
        self.plan.workspace.as_ref().map(|workspace| workspace.file.as_path())
    }

    fn ordinary(&self, name: &str) -> Option<&WorkerId> {
        self.by_id.get_key_value(&WorkerId::plain(name)).map(|(id, _)| id)
    }
}

/// The names of files in a project's directory that can change the fleet. A new directory can, too.
#[must_use]
pub fn watched_names(options: &Options) -> Vec<String> {
    let mut names = config::watched_names(&options.config);
    names.extend(["package.json", workspace::FILE_NAME].map(str::to_owned));
    names
}

fn said(problems: &Problems) -> HashSet<String> {
    problems.0.iter().map(ToString::to_string).collect()
}

fn assemble(
    plan: Plan,
    mut members: Vec<Member>,
    previous: Option<&Fleet>,
    options: &Options,
    problems: &mut Problems,
) -> Fleet {
    roles::assign(&mut members, previous, options);
    checks::names(&mut members, previous);
    if let Some(problem) = unknown_environment(&members, options) {
        problems.push(problem);
    }
    let default = default_of(&members);
    let hosts = Hosts::of(&members, problems);
    let mut settings = plan.workspace.as_ref().map(|workspace| workspace.settings.clone()).unwrap_or_default();
    settings.complete(members.iter().find(|member| member.id.is_some() && member.id == default));
    let ids = members.iter().enumerate().filter_map(|(at, member)| Some((member.id.clone()?, at)));
    let by_id = ids.collect();
    let members = members.into_iter().map(Arc::new).collect();
    let fleet = Fleet { members, hosts, settings, default, by_id, told: HashSet::new(), plan };
    checks::links(&fleet, problems);
    fleet
}

/// The first ordinary Worker that dispatches, or else the first.
fn default_of(members: &[Member]) -> Option<WorkerId> {
    let ordinary = || members.iter().filter(|member| member.is_ordinary());
    let dispatcher = ordinary().find(|member| member.bound_namespaces().next().is_some());
    dispatcher.or_else(|| ordinary().next())?.id.clone()
}

/// `--env` that no project declares is a slip, or a project that is missing.
fn unknown_environment(members: &[Member], options: &Options) -> Option<Problem> {
    let wanted = options.config.environment.as_deref()?;
    let projects = || members.iter().filter_map(|member| member.project.as_deref());
    let declared: BTreeSet<_> = projects().flat_map(|project| project.config.environments()).collect();
    if declared.contains(wanted) || projects().next().is_none() {
        return None;
    }
    let problem = Problem::error(format!("no project has an environment `{wanted}`"));
    Some(match nearest(wanted, declared.iter().copied()) {
        Some(near) => problem.help(format!("did you mean --env {near}?")),
        None if declared.is_empty() => problem.help(format!("no configuration has an [env.{wanted}]: leave --env out")),
        None => problem.help(format!("there are: {}", declared.into_iter().collect::<Vec<_>>().join(", "))),
    })
}
