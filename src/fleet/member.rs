//! One project in its place in the fleet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::{Candidate, Placed, Plan};
use super::links::Target;
use super::{Fleet, Options, Project, Rule};
use crate::error::{Problem, Problems};
use crate::worker::WorkerId;

/// A project, who it is, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Member {
    /// The directory or configuration file, as it was given.
    pub path: PathBuf,
    /// Who it is; none when it never loaded, or when it cannot be placed.
    pub id: Option<WorkerId>,
    /// Why it is that.
    pub rule: Option<Rule>,
    /// As it last loaded without an error.
    pub project: Option<Arc<Project>>,
    /// What keeps it from being served; empty for a sound one.
    pub problems: Problems,
    pub(super) real: PathBuf,
    pub(super) placed: Option<Placed>,
}

impl Member {
    /// The project, or why it cannot be served.
    ///
    /// # Errors
    /// What is wrong with it, at least one of which is an error.
    pub fn state(&self) -> Result<&Project, &Problems> {
        match &self.project {
            Some(project) if !self.problems.has_errors() => Ok(project),
            _ => Err(&self.problems),
        }
    }

    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        self.id.as_ref().is_some_and(|id| id.namespace().is_none())
    }

    /// The namespaces that it dispatches to.
    pub fn bound_namespaces(&self) -> impl Iterator<Item = &str> {
        let links = self.project.iter().flat_map(|project| &project.links);
        links.filter_map(|link| match &link.target {
            Target::Namespace(name) => Some(name.as_str()),
            Target::Worker { .. } => None,
        })
    }

    /// Its name, as its configuration has it.
    pub(super) fn name(&self) -> Option<&str> {
        self.project.as_ref().map(|project| project.config.name.as_str())
    }

    /// What it is called in a message: its name, or where it is.
    pub(super) fn called(&self) -> String {
        self.name().map_or_else(|| self.path.display().to_string(), str::to_owned)
    }

    pub(super) fn fail(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// Loads each candidate; one that fails keeps the project that it had.
pub(super) fn load_all(
    plan: &Plan,
    options: &Options,
    previous: Option<&Fleet>,
    touched: &dyn Fn(&Path) -> bool,
) -> Vec<Member> {
    let members = previous.map(|fleet| fleet.members.as_slice()).unwrap_or_default();
    let before: HashMap<_, _> =
        members.iter().map(|member| (key(&member.real, member.placed.as_ref()), member)).collect();
    // A project in two namespaces is read once.
    let mut loaded: HashMap<&Path, Result<Arc<Project>, Problems>> = HashMap::new();
    let mut members = Vec::with_capacity(plan.candidates.len());
    for candidate in &plan.candidates {
        let old = before.get(&key(&candidate.real, candidate.placed.as_ref())).map(AsRef::as_ref);
        let outcome = loaded.entry(&candidate.real).or_insert_with(|| match old {
            Some(Member { project: Some(project), problems, .. })
                if problems.0.is_empty() && !touched(&candidate.path) =>
            {
                Ok(Arc::clone(project))
            }
            _ => Project::load(&candidate.path, &options.config).map(Arc::new),
        });
        members.push(member(candidate, outcome, old));
    }
    members
}

fn member(candidate: &Candidate, outcome: &Result<Arc<Project>, Problems>, old: Option<&Member>) -> Member {
    let (project, problems) = match outcome {
        Ok(project) => (Some(Arc::clone(project)), Problems::default()),
        Err(problems) => (old.and_then(|old| old.project.clone()), listed(problems.clone(), candidate)),
    };
    Member {
        path: candidate.path.clone(),
        id: None,
        rule: None,
        project,
        problems,
        real: candidate.real.clone(),
        placed: candidate.placed.clone(),
    }
}

/// A directory that does not exist is shown where the workspace file lists it.
fn listed(mut problems: Problems, candidate: &Candidate) -> Problems {
    if !candidate.path.exists()
        && let Some(first) = problems.0.first_mut()
    {
        first.places.extend(candidate.listed.clone());
    }
    problems
}

/// What makes a member the same one as before.
pub(super) fn key<'a>(real: &'a Path, placed: Option<&'a Placed>) -> (&'a Path, Option<&'a str>) {
    (real, placed.and_then(|placed| placed.namespace.as_deref()))
}
