//! What can only be seen in the whole fleet: two Workers of one name, and links that lead nowhere.

use std::collections::BTreeMap;

use super::Fleet;
use super::links::{Link, Target};
use super::member::Member;
use super::roles::as_before;
use crate::error::{Problem, Problems, nearest};
use crate::worker::WorkerId;

/// Refuses bad names, and all but one of several members with the same id: who had it before keeps it.
pub(super) fn names(members: &mut [Member], previous: Option<&Fleet>) {
    for member in members.iter_mut().filter(|member| member.is_ordinary()) {
        if let Some(problem) = member.project.as_ref().and_then(|project| project.config.name_is_bad()) {
            member.fail(problem);
        }
    }
    let mut owners: BTreeMap<WorkerId, Vec<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(id) = &member.id {
            owners.entry(id.clone()).or_default().push(at);
        }
    }
    for (id, owners) in owners.into_iter().filter(|(_, owners)| owners.len() > 1) {
        let had_it = |at: &&usize| {
            let old = previous.and_then(|fleet| as_before(&members[**at], fleet));
            old.is_some_and(|old| old.id.as_ref() == Some(&id))
        };
        let keeper = *owners.iter().find(had_it).unwrap_or(&owners[0]);
        for other in owners.into_iter().filter(|at| *at != keeper) {
            let problem = twice(&id, &members[keeper], &members[other]);
            members[other].id = None;
            members[other].fail(problem);
        }
    }
}

fn twice(id: &WorkerId, first: &Member, second: &Member) -> Problem {
    let what = match id.namespace() {
        Some(namespace) => format!("two user Workers of namespace `{namespace}` are called `{}`", id.name()),
        None => format!("two Workers are called `{}`", id.name()),
    };
    let mut problem = Problem::error(what);
    for member in [first, second] {
        let config = member.project.as_ref().map(|project| &project.config);
        match config.and_then(|config| config.name_place.clone()) {
            Some(place) => problem.places.push(place.labelled(member.path.display().to_string())),
            None => problem.file = Some(member.path.clone()),
        }
    }
    let help = match id.namespace() {
        Some(_) => "rename one, or put it into another namespace: NAMESPACE=DIR",
        None => "rename one, or put one into a namespace: NAMESPACE=DIR",
    };
    problem.help(help)
}

/// Warns about links that lead nowhere, and namespaces that nobody dispatches to.
pub(super) fn links(fleet: &Fleet, problems: &mut Problems) {
    for member in &fleet.members {
        let Some(project) = &member.project else { continue };
        for link in &project.links {
            let problem = match &link.target {
                Target::Namespace(name) => empty_namespace(fleet, name),
                Target::Worker { name, environment } if fleet.service(name, environment.as_deref()).is_none() => {
                    Some(unknown_worker(fleet, link, name))
                }
                Target::Worker { .. } => None,
            };
            if let Some(mut problem) = problem {
                problem.places.extend(link.place.clone());
                problems.push(problem);
            }
        }
        problems.extend(project.warnings.clone());
    }
    unreached(fleet, problems);
}

fn empty_namespace(fleet: &Fleet, name: &str) -> Option<Problem> {
    let namespaces = fleet.namespaces();
    // A project that could not be placed may be the one that is missed.
    let all_placed = fleet.members.iter().all(|member| member.id.is_some());
    if !all_placed || namespaces.get(name).is_some_and(|workers| !workers.is_empty()) {
        return None;
    }
    let problem = Problem::warning(format!("namespace `{name}` is bound, and has no user Workers"));
    let filled = namespaces.iter().filter(|(_, workers)| !workers.is_empty()).map(|(other, _)| *other);
    Some(match nearest(name, filled) {
        Some(near) => problem.help(format!("did you mean `{near}`? It has some")),
        None => problem.help(format!("add them: devflare dev ... {name}=./customers/*")),
    })
}

fn unknown_worker(fleet: &Fleet, link: &Link, name: &str) -> Problem {
    let what = format!("`{}` names the Worker `{name}`, which is not here: using it throws", link.how);
    let problem = Problem::warning(what);
    let ids = || fleet.members.iter().filter_map(|member| member.id.as_ref());
    if let Some(namespace) = ids().find(|id| id.name() == name).and_then(WorkerId::namespace) {
        let help = format!("`{name}` is a user Worker of `{namespace}`: only a dispatch binding reaches it");
        return problem.help(help);
    }
    let names = ids().filter(|id| id.namespace().is_none()).map(WorkerId::name);
    match nearest(name, names) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("add its project to the command line"),
    }
}

/// User Workers are reached by dispatch alone: says so where nothing dispatches to them.
fn unreached(fleet: &Fleet, problems: &mut Problems) {
    let namespaces = fleet.namespaces();
    let bound: Vec<_> = fleet.members.iter().flat_map(|member| member.bound_namespaces()).collect();
    for name in namespaces.keys().filter(|name| !bound.contains(*name)) {
        // A slip was told where the namespace is bound.
        if nearest(name, bound.iter().copied()).is_none() {
            let problem = Problem::warning(format!("no project dispatches to namespace `{name}`"));
            problems.push(problem.help("its user Workers are reached by a dispatch_namespaces binding alone"));
        }
    }
    if fleet.default.is_none() && fleet.members.iter().any(|member| member.id.is_some()) {
        let problem = Problem::warning("there is no ordinary Worker: nothing answers on the Workers port");
        problems.push(problem.help("add the dispatch Worker's project"));
    }
}
