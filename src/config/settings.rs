//! The smaller sections that devflare itself uses: `dev`, `limits`, `triggers`, and what `compile` and `graph` need.

use std::path::{Path, PathBuf};

use super::Options;
use super::environment::Sections;
use super::fields::Fields;
use super::node::{Located, Node};
use crate::error::{Problem, Problems};
use crate::worker::Cron;

/// `[dev]`; none of it applies to a Worker as such, only to how it is served.
#[derive(Debug, Clone, Default)]
pub struct Dev {
    pub port: Option<u16>,
    pub ip: Option<String>,
    /// The host that Workers see in `request.url`.
    pub host: Option<String>,
    pub local_protocol: Option<String>,
    pub upstream_protocol: Option<String>,
}

/// `limits`: milliseconds and counts; none where nothing is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub cpu_ms: Option<u64>,
    pub subrequests: Option<u64>,
}

/// What decides how files become modules. Paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    pub rules: Vec<Rule>,
    pub base_dir: Option<PathBuf>,
    pub tsconfig: Option<PathBuf>,
    pub no_bundle: bool,
    pub find_additional_modules: bool,
    pub preserve_file_names: bool,
    pub jsx_factory: Option<String>,
    pub jsx_fragment: Option<String>,
    /// Name and the JavaScript expression that replaces it.
    pub define: Vec<(String, String)>,
    /// Import specifier and what is imported instead.
    pub alias: Vec<(String, String)>,
    /// What `process.env.NODE_ENV` becomes, where the process says it.
    pub node_env: Option<String>,
    /// `WRANGLER_BUILD_CONDITIONS` of the process, in place of `workerd` and `worker`.
    pub conditions: Option<Vec<String>>,
}

/// `build.command`: what makes the main file.
#[derive(Debug, Clone)]
pub struct BuildCommand {
    pub command: Located<String>,
    /// Where it runs; absolute.
    pub directory: PathBuf,
    /// What it reads: files and directories, absolute.
    pub watch: Vec<PathBuf>,
}

impl PartialEq for BuildCommand {
    fn eq(&self, other: &Self) -> bool {
        let all = |one: &Self| (one.command.value.clone(), one.directory.clone(), one.watch.clone());
        all(self) == all(other)
    }
}

/// One of wrangler's module rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `ESModule`, `CommonJS`, `CompiledWasm`, `Text`, `Data`, `PythonModule` or `PythonRequirement`.
    pub kind: String,
    pub globs: Vec<String>,
    pub fallthrough: bool,
}

const RULE_KINDS: [&str; 7] =
    ["ESModule", "CommonJS", "CompiledWasm", "Text", "Data", "PythonModule", "PythonRequirement"];
/// The types for which wrangler has rules of its own.
const DEFAULT_RULES: [&str; 3] = ["Text", "Data", "CompiledWasm"];
const PROTOCOLS: [&str; 2] = ["http", "https"];
const ANY_COUNT: std::ops::RangeInclusive<i64> = 0..=i64::MAX;

pub(super) fn dev(sections: &Sections, problems: &mut Problems) -> Dev {
    let Some(mut fields) = table(sections, "dev", problems) else { return Dev::default() };
    let dev = Dev {
        port: fields.integer("port", 0..=65_535).and_then(|port| u16::try_from(port).ok()),
        ip: fields.string("ip").map(|ip| ip.value),
        host: fields.string("host").map(|host| host.value),
        local_protocol: fields.one_of("local_protocol", &PROTOCOLS),
        upstream_protocol: fields.one_of("upstream_protocol", &PROTOCOLS),
    };
    fields.integer("inspector_port", 0..=65_535);
    fields.string("inspector_ip");
    fields.bool("enable_containers");
    fields.raw("container_engine");
    fields.bool("generate_types");
    fields.finish();
    dev
}

pub(super) fn limits(sections: &Sections, problems: &mut Problems) -> Limits {
    let Some(mut fields) = table(sections, "limits", problems) else { return Limits::default() };
    let limits = Limits {
        cpu_ms: fields.integer("cpu_ms", ANY_COUNT).and_then(|value| u64::try_from(value).ok()),
        subrequests: fields.integer("subrequests", ANY_COUNT).and_then(|value| u64::try_from(value).ok()),
    };
    fields.finish();
    limits
}

/// When `scheduled()` is to run.
pub(super) fn crons(sections: &Sections, problems: &mut Problems) -> Vec<Cron> {
    let Some(mut fields) = table(sections, "triggers", problems) else { return Vec::new() };
    let mut crons = Vec::new();
    for Located { value, place } in fields.strings("crons") {
        match Cron::parse(&value) {
            Ok(cron) => crons.push(cron),
            Err(why) => {
                let problem = Problem::error(format!("the cron expression {value:?} is not valid: {why}"));
                let problem = problem.at(&place.source, place.span.clone(), "");
                fields.push(problem.help("minute, hour, day of the month, month, weekday: \"*/5 * * * *\""));
            }
        }
    }
    fields.finish();
    crons
}

pub(super) fn build(directory: &Path, sections: &Sections, problems: &mut Problems) -> Option<BuildCommand> {
    let mut fields = table(sections, "build", problems)?;
    let command = fields.string("command").filter(|command| !command.value.trim().is_empty());
    let working = fields.string("cwd").map_or_else(|| directory.to_path_buf(), |cwd| directory.join(cwd.value));
    let watch = match fields.raw("watch_dir").map(|node| (node.as_str(), node.items())) {
        Some((Some(one), _)) => vec![one.to_owned()],
        Some((None, several)) => several.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        None => vec![String::from("src")],
    };
    fields.raw("upload");
    fields.finish();
    let watch = watch.iter().map(|path| directory.join(path.strip_prefix("./").unwrap_or(path))).collect();
    Some(BuildCommand { command: command?, directory: working, watch })
}

pub(super) fn modules(directory: &Path, sections: &Sections, options: &Options, problems: &mut Problems) -> Modules {
    let text = |key| sections.get(key).and_then(Node::as_str).map(str::to_owned);
    let path = |key| sections.get(key).and_then(Node::as_str).map(|path| directory.join(path));
    let flag = |key| sections.get(key).and_then(Node::as_bool).unwrap_or(false);
    let rules = sections.get("rules").map(Node::items).unwrap_or_default();
    let conditions = options.variable("WRANGLER_BUILD_CONDITIONS");
    ended_rules(rules, problems);
    Modules {
        rules: rules.iter().filter_map(|node| rule(node, problems)).collect(),
        base_dir: path("base_dir"),
        tsconfig: path("tsconfig"),
        no_bundle: flag("no_bundle"),
        find_additional_modules: flag("find_additional_modules"),
        preserve_file_names: flag("preserve_file_names"),
        jsx_factory: text("jsx_factory"),
        jsx_fragment: text("jsx_fragment"),
        define: overridden(pairs(sections.get("define"), problems), &options.defines),
        alias: overridden(pairs(sections.get("alias"), problems), &options.aliases),
        node_env: options.variable("NODE_ENV").filter(|value| !value.is_empty()).map(str::to_owned),
        conditions: conditions.map(|names| names.split(',').map(str::to_owned).collect()),
    }
}

/// wrangler warns of rules that end others of their type, unless they say so with `fallthrough = false`.
fn ended_rules(rules: &[Node], problems: &mut Problems) {
    let kind = |node: &Node| node.get("type").and_then(Node::as_str).unwrap_or_default().to_owned();
    let mut ended = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let kind_of_rule = kind(rule);
        let goes_on = rule.get("fallthrough").and_then(Node::as_bool);
        if goes_on == Some(true) || ended.contains(&kind_of_rule) {
            continue;
        }
        let has_others = rules[at + 1..].iter().any(|other| kind(other) == kind_of_rule);
        if goes_on.is_none() && (has_others || DEFAULT_RULES.contains(&&*kind_of_rule)) {
            let what = format!("this rule ends the rules of its type: no later one for `{kind_of_rule}` counts");
            let problem = rule.warning(what, "has no `fallthrough`");
            problems
                .push(problem.help("`fallthrough = true` keeps them, `fallthrough = false` says that this is meant"));
        }
        ended.push(kind_of_rule);
    }
}

fn rule(node: &Node, problems: &mut Problems) -> Option<Rule> {
    let mut fields = Fields::of(node, problems)?;
    let is_missing = fields.node().get("type").is_none();
    let kind = if is_missing {
        fields.required_string("type").map(|kind| kind.value)
    } else {
        fields.one_of("type", &RULE_KINDS)
    };
    let fallthrough = fields.bool("fallthrough").unwrap_or(false);
    if node.get("globs").is_none() {
        let problem = node.error(format!("`{}` has no `globs`", node.path), "`globs` is missing here");
        fields.push(problem.help("globs = [\"**/*.txt\"]"));
    }
    let globs = fields.strings("globs").into_iter().map(|glob| glob.value).collect();
    fields.finish();
    Some(Rule { kind: kind?, globs, fallthrough })
}

fn pairs(node: Option<&Node>, problems: &mut Problems) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (key, value) in node.map(Node::entries).unwrap_or_default() {
        match value.as_str() {
            Some(text) => pairs.push((key.clone(), text.to_owned())),
            None => problems.push(value.must_be("a string")),
        }
    }
    pairs
}

fn overridden(mut pairs: Vec<(String, String)>, by: &[(String, String)]) -> Vec<(String, String)> {
    pairs.retain(|(key, _)| !by.iter().any(|(name, _)| name == key));
    pairs.extend_from_slice(by);
    pairs
}

/// The fields of a section; none when it is absent or no table, which was noted when its shape was checked.
fn table<'a>(sections: &'a Sections, key: &str, problems: &'a mut Problems) -> Option<Fields<'a>> {
    sections.get(key).filter(|node| node.is_table()).and_then(|node| Fields::of(node, problems))
}
