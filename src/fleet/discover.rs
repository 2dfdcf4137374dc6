//! Arguments and the workspace file -> the directories to load, with the place that each was given.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern, glob_with};

use super::arguments::{self, Argument};
use super::workspace::{self, FILE_NAME, Workspace};
use super::{Options, Rule};
use crate::config::{self, Located};
use crate::error::{Place, Problem, Problems, nearest};

/// When nothing was given, at most this many projects near by are proposed.
const MAX_PROPOSED: usize = 8;

const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What is to be loaded.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) candidates: Vec<Candidate>,
    pub(super) workspace: Option<Workspace>,
    pub(super) watch: BTreeSet<PathBuf>,
}

/// A project's directory or configuration file, and where it was put.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// As it was given.
    pub(super) path: PathBuf,
    /// The same without links, where it exists.
    pub(super) real: PathBuf,
    pub(super) placed: Option<Placed>,
    /// Where the workspace file lists it.
    pub(super) listed: Option<Place>,
}

/// A place given by the command line or the workspace file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// None for an ordinary Worker.
    pub(super) namespace: Option<String>,
    pub(super) rule: Rule,
}

/// None when there is nothing to load, or no way to know what; why is noted.
pub(super) fn plan(options: &Options, problems: &mut Problems) -> Option<Plan> {
    if options.none {
        return Some(Plan::default());
    }
    let (arguments, workspace) = sources(options, problems)?;
    let mut search = Search { plan: Plan::default(), problems };
    for Argument { namespace, pattern } in &arguments {
        let placed = namespace.clone().map(|name| Placed { namespace: Some(name), rule: Rule::Argument });
        search.add(&options.directory, pattern, placed.as_ref(), None);
    }
    let mut plan = search.plan;
    if let Some(workspace) = workspace {
        let directory = directory_of(&workspace.file);
        if arguments.is_empty() {
            plan = Search { plan, problems }.listed(&workspace);
        } else {
            // Only what was asked for is loaded; the file says where it belongs. What else it lists need not exist.
            let mut unasked = Problems::default();
            let listed = Search { plan: Plan::default(), problems: &mut unasked }.listed(&workspace);
            plan.candidates = placed_by(plan.candidates, &listed.candidates);
        }
        plan.watch.insert(or_here(&directory).to_owned());
        plan.workspace = Some(workspace);
    }
    plan.candidates = without_twins(plan.candidates);
    Some(plan)
}

/// The arguments and the workspace file that are in force; without arguments the file says what is loaded.
fn sources(options: &Options, problems: &mut Problems) -> Option<(Vec<Argument>, Option<Workspace>)> {
    let base = &options.directory;
    let arguments: Vec<_> = options.projects.iter().map(|text| arguments::parse(text, base)).collect();
    if let Some(file) = &options.workspace {
        return Some((arguments, Some(workspace_at(&base.join(file), problems)?)));
    }
    if let [Argument { namespace: None, pattern }] = arguments.as_slice() {
        // `devflare dev ./platform`, where ./platform is no Worker but holds a workspace.
        let directory = tidy(&base.join(pattern));
        let file = directory.join(FILE_NAME);
        if file.is_file() && !config::is_project(&directory) {
            return Some((Vec::new(), Some(workspace::read(&file, problems)?)));
        }
    }
    let file = base.join(FILE_NAME);
    if file.is_file() {
        return Some((arguments, Some(workspace::read(&file, problems)?)));
    }
    if !arguments.is_empty() {
        return Some((arguments, None));
    }
    if config::is_project(or_here(base)) {
        return Some((vec![Argument { namespace: None, pattern: ".".to_owned() }], None));
    }
    problems.push(nothing_given(base));
    None
}

fn workspace_at(file: &Path, problems: &mut Problems) -> Option<Workspace> {
    if file.exists() {
        return workspace::read(file, problems);
    }
    let problem = Problem::error(format!("no such workspace file: {}", file.display()));
    let names = config::names_in(or_here(&directory_of(file)));
    let wanted = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    problems.push(match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("did you mean {}?", file.with_file_name(near).display())),
        None => problem,
    });
    None
}

/// Collects candidates, and the directories that decide about them.
struct Search<'a> {
    plan: Plan,
    problems: &'a mut Problems,
}

impl Search<'_> {
    /// Everything that a workspace file lists.
    fn listed(mut self, workspace: &Workspace) -> Plan {
        let directory = directory_of(&workspace.file);
        let ordinary = Placed { namespace: None, rule: Rule::Workspace };
        for pattern in &workspace.workers {
            self.add(&directory, &pattern.value, Some(&ordinary), Some(pattern));
        }
        for (namespace, patterns) in &workspace.namespaces {
            let placed = Placed { namespace: Some(namespace.clone()), rule: Rule::Workspace };
            for pattern in patterns {
                self.add(&directory, &pattern.value, Some(&placed), Some(pattern));
            }
        }
        self.plan
    }

    fn add(&mut self, base: &Path, pattern: &str, placed: Option<&Placed>, from: Option<&Located<String>>) {
        let path = tidy(&base.join(pattern));
        if !pattern.contains(['*', '?', '[']) || path.exists() {
            self.plan.watch.insert(nearest_directory(&path));
            self.candidate(path, placed, from);
            return;
        }
        let before = self.plan.candidates.len();
        if let Err(why) = self.glob(base, pattern, placed) {
            let problem = Problem::error(format!("`{pattern}` is no valid pattern: {why}"));
            self.problems.push(placed_at(problem, from));
        } else if self.plan.candidates.len() == before {
            self.problems.push(placed_at(no_match(base, pattern), from));
        }
    }

    /// The projects that match a glob, and every directory in which another one could appear.
    fn glob(&mut self, base: &Path, pattern: &str, placed: Option<&Placed>) -> Result<(), glob::PatternError> {
        let mut prefix = if Path::new(pattern).is_absolute() { String::new() } else { escaped(base) };
        let (literal, rest) = split_literal(pattern);
        prefix.push_str(literal);
        self.plan.watch.insert(nearest_directory(&tidy(&base.join(literal))));
        let mut parts = rest.split('/').peekable();
        while let Some(part) = parts.next() {
            prefix.push_str(part);
            for path in glob_with(&prefix, MATCHING)?.flatten().filter(|path| !is_foreign(path)) {
                if path.is_dir() {
                    self.plan.watch.insert(path.clone());
                }
                let is_last = parts.peek().is_none();
                if is_last && (config::is_project(&path) || config::FILE_NAMES.iter().any(|name| path.ends_with(name)))
                {
                    self.candidate(path, placed, None);
                }
            }
            prefix.push('/');
        }
        Ok(())
    }

    fn candidate(&mut self, path: PathBuf, placed: Option<&Placed>, from: Option<&Located<String>>) {
        let listed = from.map(|pattern| pattern.place.clone());
        self.plan.candidates.push(Candidate { real: real(&path), path, placed: placed.cloned(), listed });
    }
}

/// Gives candidates that nothing placed the places that the workspace file lists for their directories.
fn placed_by(candidates: Vec<Candidate>, listed: &[Candidate]) -> Vec<Candidate> {
    let mut result = Vec::new();
    for candidate in candidates {
        let mut places = listed.iter().filter(|other| other.real == candidate.real).peekable();
        if candidate.placed.is_some() || places.peek().is_none() {
            result.push(candidate);
            continue;
        }
        result.extend(places.map(|other| Candidate { placed: other.placed.clone(), ..candidate.clone() }));
    }
    result
}

/// One directory counts once in each place, and without a place only if it has none.
fn without_twins(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::with_capacity(candidates.len());
    let mut seen = BTreeSet::new();
    let placed: BTreeSet<_> =
        candidates.iter().filter(|one| one.placed.is_some()).map(|one| one.real.clone()).collect();
    for candidate in candidates {
        if candidate.placed.is_none() && placed.contains(&candidate.real) {
            continue;
        }
        let namespace = candidate.placed.as_ref().and_then(|place| place.namespace.clone());
        if seen.insert((candidate.real.clone(), namespace)) {
            kept.push(candidate);
        }
    }
    kept
}

fn no_match(base: &Path, pattern: &str) -> Problem {
    let (literal, _) = split_literal(pattern);
    let directory = tidy(&base.join(literal));
    if !or_here(&directory).exists() {
        return config::missing_directory(&directory);
    }
    let problem = Problem::warning(format!("`{pattern}` matches no project"));
    problem.help("a project is a directory with a wrangler.toml, wrangler.json or wrangler.jsonc")
}

fn placed_at(mut problem: Problem, from: Option<&Located<String>>) -> Problem {
    problem.places.extend(from.map(|pattern| pattern.place.clone()));
    problem
}

/// What to type instead of nothing: the projects in the directory and one level below.
fn nothing_given(base: &Path) -> Problem {
    let problem = Problem::error("no project was given, and there is no devflare.toml and no wrangler.toml here");
    let mut found = Vec::new();
    for depth in ["*", "*/*"] {
        let paths = glob_with(&format!("{}{depth}", escaped(base)), MATCHING).into_iter().flatten().flatten();
        found.extend(paths.filter(|path| !is_foreign(path) && config::is_project(path)));
    }
    if found.is_empty() {
        return problem.help("name the projects: devflare dev ./my-dispatcher ./customer-worker-1");
    }
    let shown = |path: &PathBuf| format!("./{}", path.strip_prefix(base).unwrap_or(path).display());
    let list: Vec<_> = found.iter().take(MAX_PROPOSED).map(shown).collect();
    problem.help(format!("there are projects below it: devflare dev {}", list.join(" ")))
}

/// The part of a pattern before the component with the first wildcard, and the rest.
fn split_literal(pattern: &str) -> (&str, &str) {
    let wild = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    pattern.split_at(pattern[..wild].rfind('/').map_or(0, |at| at + 1))
}

/// A directory as the beginning of a pattern, ending in a slash; nothing for the process's own.
fn escaped(base: &Path) -> String {
    if base.as_os_str().is_empty() { String::new() } else { format!("{}/", Pattern::escape(&base.to_string_lossy())) }
}

/// Installed packages are nobody's projects.
fn is_foreign(path: &Path) -> bool {
    path.components().any(|part| part == Component::Normal("node_modules".as_ref()))
}

/// The directory itself, or the nearest one above it that exists.
fn nearest_directory(path: &Path) -> PathBuf {
    let existing = path.ancestors().find(|above| or_here(above).is_dir());
    or_here(existing.unwrap_or(path)).to_owned()
}

/// The path without links; as far as it exists, so that it stays the same when its end is deleted.
fn real(path: &Path) -> PathBuf {
    match (fs::canonicalize(or_here(path)), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        (Err(_), ..) => path.to_owned(),
    }
}

fn directory_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// Without `.` in the middle.
fn tidy(path: &Path) -> PathBuf {
    path.components().collect()
}
