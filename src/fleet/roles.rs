//! Who is a user Worker of which namespace, and who is an ordinary Worker: the first rule that applies decides.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::links::Target;
use super::member::{Member, key};
use super::{Fleet, Options};
use crate::error::Problem;
use crate::worker::WorkerId;

/// Why a project is what it is, for the banner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// 1. `NAMESPACE=DIR`.
    Argument,
    /// 2. `devflare.toml`.
    Workspace,
    /// 3. `dispatch_namespace` in its configuration.
    Config,
    /// 4. This script of its `package.json` deploys it into the namespace.
    Script(String),
    /// `--namespace`, where none of the others applied.
    Flag,
    /// 5. The only namespace that is bound, and nothing speaks for an ordinary Worker.
    OnlyNamespace,
    /// An ordinary Worker, for this reason.
    Ordinary(Reason),
}

/// What speaks for an ordinary Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    Dispatches,
    HasRoutes,
    HasCrons,
    ConsumesQueues,
    /// Another Worker names it, below this key.
    NamedBy {
        worker: String,
        key: &'static str,
    },
    /// Nothing does, but no namespace is bound either.
    NoNamespace,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("by the command line"),
            Self::Workspace => f.write_str("by devflare.toml"),
            Self::Config => f.write_str("by dispatch_namespace in its configuration"),
            Self::Script(name) => write!(f, "by the script \"{name}\" in its package.json"),
            Self::Flag => f.write_str("by --namespace"),
            Self::OnlyNamespace => {
                f.write_str("inferred: the only bound namespace, and nothing else names this Worker")
            }
            Self::Ordinary(Reason::Dispatches) => f.write_str("it dispatches"),
            Self::Ordinary(Reason::HasRoutes) => f.write_str("it has routes"),
            Self::Ordinary(Reason::HasCrons) => f.write_str("it has crons"),
            Self::Ordinary(Reason::ConsumesQueues) => f.write_str("it consumes a queue"),
            Self::Ordinary(Reason::NamedBy { worker, key }) => write!(f, "{worker} names it in {key}"),
            Self::Ordinary(Reason::NoNamespace) => f.write_str("no namespace is bound"),
        }
    }
}

/// Gives each member its id and rule, or the problem that keeps it from one.
pub(super) fn assign(members: &mut [Member], previous: Option<&Fleet>, options: &Options) {
    let facts = Facts::of(members);
    for (at, member) in members.iter_mut().enumerate() {
        let Some(name) = member.name().map(str::to_owned) else { continue };
        match place(at, member, &facts, options) {
            Ok((namespace, rule)) => {
                member.id = Some(match namespace {
                    Some(namespace) => WorkerId::user(namespace, name),
                    None => WorkerId::plain(name),
                });
                member.rule = Some(rule);
            }
            Err(problem) => {
                let old = previous.and_then(|fleet| as_before(member, fleet));
                member.id = old.and_then(|old| old.id.clone());
                member.rule = old.and_then(|old| old.rule.clone());
                member.fail(*problem);
            }
        }
    }
}

/// The member that this one was.
pub(super) fn as_before<'f>(member: &Member, previous: &'f Fleet) -> Option<&'f Member> {
    let wanted = key(&member.real, member.placed.as_ref());
    previous.members.iter().map(AsRef::as_ref).find(|old| key(&old.real, old.placed.as_ref()) == wanted)
}

/// What all projects together say.
struct Facts {
    namespaces: BTreeSet<String>,
    /// Who names a Worker first, and below which key.
    named: HashMap<String, Vec<(usize, String, &'static str)>>,
}

impl Facts {
    fn of(members: &[Member]) -> Self {
        let mut facts = Self { namespaces: BTreeSet::new(), named: HashMap::new() };
        for (at, member) in members.iter().enumerate() {
            for link in member.project.iter().flat_map(|project| &project.links) {
                if let Target::Namespace(name) = &link.target {
                    facts.namespaces.insert(name.clone());
                }
                for name in link.target.worker_names() {
                    facts.named.entry(name).or_default().push((at, member.called(), link.how));
                }
            }
        }
        facts
    }

    /// Who else names the member.
    fn namer(&self, at: usize, name: &str) -> Option<Reason> {
        let (_, worker, key) = self.named.get(name)?.iter().find(|(by, ..)| *by != at)?;
        Some(Reason::NamedBy { worker: worker.clone(), key })
    }
}

type Placement = (Option<String>, Rule);

fn place(at: usize, member: &Member, facts: &Facts, options: &Options) -> Result<Placement, Box<Problem>> {
    if let Some(placed) = &member.placed {
        return Ok((placed.namespace.clone(), placed.rule.clone()));
    }
    let Some(project) = &member.project else { return Ok((None, Rule::Ordinary(Reason::NoNamespace))) };
    if let Some(namespace) = &project.config.dispatch_namespace {
        return Ok((Some(namespace.value.clone()), Rule::Config));
    }
    if let Some((script, namespace)) = project.scripts.first() {
        let others: BTreeSet<_> = project.scripts.iter().map(|(_, namespace)| namespace.as_str()).collect();
        if others.len() > 1 {
            let what = format!("the scripts in its package.json deploy `{}` into several namespaces", member.called());
            return Err(Box::new(choose(what, member, &others.into_iter().collect::<Vec<_>>())));
        }
        return Ok((Some(namespace.clone()), Rule::Script(script.clone())));
    }
    if let Some(reason) = ordinary(at, member, facts) {
        return Ok((None, Rule::Ordinary(reason)));
    }
    if let Some(namespace) = &options.namespace {
        return Ok((Some(namespace.clone()), Rule::Flag));
    }
    let bound: Vec<_> = facts.namespaces.iter().map(String::as_str).collect();
    match bound.as_slice() {
        [] => Ok((None, Rule::Ordinary(Reason::NoNamespace))),
        [only] => Ok((Some((*only).to_owned()), Rule::OnlyNamespace)),
        several => {
            let what = format!("`{}` could be a user Worker of several namespaces", member.called());
            Err(Box::new(choose(what, member, several)))
        }
    }
}

fn ordinary(at: usize, member: &Member, facts: &Facts) -> Option<Reason> {
    let project = member.project.as_ref()?;
    let config = &project.config;
    if member.bound_namespaces().next().is_some() {
        return Some(Reason::Dispatches);
    }
    if !config.routes.is_empty() {
        return Some(Reason::HasRoutes);
    }
    if !config.crons.is_empty() {
        return Some(Reason::HasCrons);
    }
    if project.consumes_queues() {
        return Some(Reason::ConsumesQueues);
    }
    facts.namer(at, &config.name)
}

/// The error that names the project and the choices.
fn choose(what: String, member: &Member, namespaces: &[&str]) -> Problem {
    let path = member.path.display().to_string();
    let path = if path.starts_with(['/', '.']) { path } else { format!("./{path}") };
    let arguments: Vec<_> = namespaces.iter().map(|name| format!("{name}={path}")).collect();
    let problem = Problem::error(format!("{what}: {}", namespaces.join(", "))).in_file(&member.path);
    problem.help(format!(
        "say which on the command line ({}), or by dispatch_namespace = {:?} in its configuration",
        arguments.join(" or "),
        namespaces[0],
    ))
}
