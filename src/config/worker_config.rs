//! What one project says about its Worker, once everything is checked.

use std::path::{Path, PathBuf};

use super::environment::Sections;
use super::node::{Located, Node, Value};
use super::routes::{self, Route};
use super::settings::{self, BuildCommand, Dev, Limits, Modules};
use super::variables::{self, Variable};
use super::{Options, date};
use crate::error::{Place, Problem, Problems, nearest};
use crate::worker::{Complaint, Cron, complaints};

/// A Worker's configuration in one environment. The keys that no field holds are in [`WorkerConfig::section`].
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Absolute.
    pub directory: PathBuf,
    /// As the user named it.
    pub file: PathBuf,
    /// The chosen environment; none when the project declares none.
    pub environment: Option<String>,
    pub name: String,
    /// Where the name is written; none when it was taken from the directory.
    pub name_place: Option<Place>,
    /// Absolute; none for a Worker of assets alone. The file need not exist.
    pub main: Option<Located<PathBuf>>,
    /// `YYYY-MM-DD`; today where nothing says otherwise.
    pub compatibility_date: String,
    pub compatibility_flags: Vec<String>,
    pub routes: Vec<Route>,
    pub crons: Vec<Cron>,
    pub dev: Dev,
    pub limits: Limits,
    /// devflare's own key: this is a user Worker of that namespace.
    pub dispatch_namespace: Option<Located<String>>,
    pub modules: Modules,
    pub build: Option<BuildCommand>,
    /// From `.dev.vars`, `.env` and `--var`; those of the configuration are in `section("vars")`.
    pub variables: Vec<Variable>,
    sections: Sections,
}

impl WorkerConfig {
    /// The value of a key in the chosen environment, by wrangler's rules of inheritance.
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Node> {
        self.sections.get(key)
    }

    /// The environments that the project declares.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.sections.declared()
    }

    /// What Cloudflare dislikes about the name. Only ordinary Workers are held to it: user Workers may have any.
    #[must_use]
    pub fn name_is_bad(&self) -> Option<Problem> {
        let place = self.name_place.as_ref().filter(|_| !is_worker_name(&self.name))?;
        let mut problem = Problem::error(format!("`{}` is no name for a Worker", self.name));
        problem.places.push(place.clone());
        let better = as_worker_name(&self.name);
        Some(problem.help(format!("use lower-case letters, digits, dashes and underscores, such as {better:?}")))
    }

    /// Why `main` cannot be opened, for whoever tried: it points to the configuration and names what was meant.
    #[must_use]
    pub fn main_is_missing(&self) -> Option<Problem> {
        let main = self.main.as_ref()?;
        let what = format!("the entry point does not exist: {}", main.value.display());
        let problem = Problem::error(what).at(&main.place.source, main.place.span.clone(), "no such file");
        let Some(help) = self.other_main(&main.value) else { return Some(problem) };
        Some(problem.help(help))
    }

    fn other_main(&self, main: &Path) -> Option<String> {
        if self.build.is_some() {
            return Some("the build command has not written it".to_owned());
        }
        let wanted = main.file_name()?.to_str()?;
        let entries = std::fs::read_dir(main.parent()?).ok()?;
        let names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let stem = |name: &str| name.split('.').next().map(str::to_owned);
        let same_stem = names.iter().find(|name| stem(name) == stem(wanted)).map(String::as_str);
        let near = same_stem.or_else(|| nearest(wanted, names.iter().map(String::as_str)))?;
        let near = main.with_file_name(near);
        let near = near.strip_prefix(&self.directory).unwrap_or(&near);
        Some(format!("did you mean main = {:?}?", near.display().to_string()))
    }
}

/// Checks the tree of a file and builds the configuration; none when an error was noted.
pub(super) fn build(
    file: PathBuf,
    directory: PathBuf,
    root: Node,
    options: &Options,
    problems: &mut Problems,
) -> Option<WorkerConfig> {
    let sections = Sections::choose(root, options.environment.as_deref(), problems);
    let (name, name_place) = name(&directory, &sections, problems);
    let config = WorkerConfig {
        environment: sections.environment().map(str::to_owned),
        name,
        name_place,
        main: main(&directory, &sections, problems),
        compatibility_date: compatibility_date(&sections, options, problems),
        compatibility_flags: compatibility_flags(&sections, problems),
        routes: routes::read(&sections, problems),
        crons: settings::crons(&sections, problems),
        dev: settings::dev(&sections, problems),
        limits: settings::limits(&sections, problems),
        dispatch_namespace: dispatch_namespace(&sections, problems),
        modules: settings::modules(&directory, &sections, options, problems),
        build: settings::build(&directory, &sections, problems),
        variables: variables::read(&directory, &sections, options, problems),
        directory,
        file,
        sections,
    };
    dates_in_vars(config.section("vars"), problems);
    (!problems.has_errors()).then_some(config)
}

/// The environment's own name, or the top level's with the environment's appended, as wrangler.
fn name(directory: &Path, sections: &Sections, problems: &mut Problems) -> (String, Option<Place>) {
    let top = sections.root().get("name").filter(|node| node.as_str() != Some(""));
    let own = sections.own("name");
    if let Some((node, text)) = own.or(top).and_then(|node| Some((node, node.as_str()?))) {
        let name = match sections.environment() {
            Some(environment) if own.is_none() => format!("{text}-{environment}"),
            _ => text.to_owned(),
        };
        return (name, Some(node.place("")));
    }
    let derived = directory.file_name().map_or_else(String::new, |name| as_worker_name(&name.to_string_lossy()));
    let name = if derived.is_empty() { "worker".to_owned() } else { derived };
    if top.is_none() && own.is_none() {
        let what = format!("this Worker has no name: it is called `{name}`, after its directory");
        let root = sections.root();
        problems.push(Problem::warning(what).in_file(&*root.source.path).help(format!("add name = {name:?}")));
    }
    (name, None)
}

fn is_worker_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
        && !text.starts_with('-')
}

fn as_worker_name(text: &str) -> String {
    let lower = text.to_lowercase();
    let dashed: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    dashed.trim_matches('-').to_owned()
}

fn main(directory: &Path, sections: &Sections, problems: &mut Problems) -> Option<Located<PathBuf>> {
    if let Some(node) = sections.get("main") {
        return node.as_str().map(|main| Located::new(directory.join(main), node));
    }
    let has_assets = sections.get("assets").is_some_and(|assets| assets.get("directory").is_some());
    if has_assets {
        return None;
    }
    let root = sections.root();
    let mut problem =
        Problem::error("`main` is missing: which file is the Worker's entry point?").in_file(&*root.source.path);
    let stray =
        root.entries().iter().find_map(|(_, section)| section.get("main").filter(|main| main.as_str().is_some()));
    problem = match stray {
        Some(stray) if stray.key_span.is_some() => {
            problem.places.push(stray.key_place(""));
            problem.help(format!("`{}` stands below a [table]: move it above the first one", stray.path))
        }
        _ if root.get("pages_build_output_dir").is_some() => {
            problem.help("this is a Pages project: devflare runs Workers")
        }
        _ => problem.help("add main = \"src/index.js\""),
    };
    problems.push(problem);
    None
}

fn compatibility_date(sections: &Sections, options: &Options, problems: &mut Problems) -> String {
    if let Some(date) = &options.compatibility_date {
        if !date::is_valid(date) {
            let problem = Problem::error(format!("--compatibility-date {date:?} is no date"));
            problems.push(problem.help("write YYYY-MM-DD"));
        }
        return date.clone();
    }
    let today = options.today.clone();
    let Some(node) = sections.get("compatibility_date") else {
        let what = format!("no `compatibility_date`: today's is used, {today}");
        let problem = Problem::warning(what).in_file(&*sections.root().source.path);
        problems.push(problem.help(format!("add compatibility_date = {today:?}, so that it stays")));
        return today;
    };
    let Some(text) = node.as_str() else { return today };
    if !date::is_valid(text) {
        let problem = node.error(format!("{text:?} is no date"), "");
        let help = match date::repaired(text) {
            Some(date) => format!("write {date:?}, with plain hyphens"),
            None => "write YYYY-MM-DD".to_owned(),
        };
        problems.push(problem.help(help));
    } else if text > today.as_str() {
        let what = "this compatibility date is in the future: Cloudflare would refuse it";
        problems.push(node.warning(what, format!("today is {today}")));
    }
    text.to_owned()
}

fn compatibility_flags(sections: &Sections, problems: &mut Problems) -> Vec<String> {
    let items = sections.get("compatibility_flags").map(Node::items).unwrap_or_default();
    let (nodes, flags): (Vec<_>, Vec<_>) = items.iter().filter_map(|item| Some((item, item.as_str()?))).unzip();
    for (at, complaint) in complaints(&flags) {
        let what = complaint.about(flags[at]);
        let problem = if complaint.is_mild() { nodes[at].warning(what, "") } else { nodes[at].error(what, "") };
        problems.push(match complaint {
            Complaint::Unknown(Some(meant)) => problem.help(format!("did you mean {meant:?}?")),
            _ => problem,
        });
    }
    flags.into_iter().map(str::to_owned).collect()
}

fn dispatch_namespace(sections: &Sections, problems: &mut Problems) -> Option<Located<String>> {
    let node = sections.get("dispatch_namespace")?;
    let text = node.as_str()?;
    if text.is_empty() {
        problems.push(node.error("`dispatch_namespace` must not be empty", ""));
    }
    Some(Located::new(text.to_owned(), node))
}

fn dates_in_vars(vars: Option<&Node>, problems: &mut Problems) {
    for (_, node) in vars.map(Node::entries).unwrap_or_default() {
        if let Value::Date(text) = &node.value {
            let problem = node.error(format!("`{}` is a TOML date, which a variable cannot be", node.path), "");
            problems.push(problem.help(format!("quote it: {text:?}")));
        }
    }
}
