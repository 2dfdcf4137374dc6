//! `devflare deploy`: builds a project and hands it to a devflare that runs, as `wrangler deploy` would.

mod form;
mod migrations;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueHint;
use http::Method;
use serde_json::{Map, Value, json};

use super::client::{Api, Connection, Content};
use super::flags::Reading;
use super::script::Script;
use crate::bindings::{self, Binding};
use crate::compile::Cache;
use crate::config::{self, Origin, WorkerConfig};
use crate::error::{Problem, Problems};
use crate::graph::{self, Graph};
use crate::term::Done;

/// Build a project and deploy it into a devflare that runs
///
/// With --dispatch-namespace it becomes a user Worker, otherwise an ordinary one. It stays deployed when devflare is started
/// again. Secrets that the Worker has are kept; those in .dev.vars stay here.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project's directory
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath, default_value = ".", hide_default_value = true)]
    directory: PathBuf,

    /// The dispatch namespace to deploy it into, as a user Worker
    #[arg(long, value_name = "NAMESPACE")]
    dispatch_namespace: Option<String>,

    /// The Worker's name [default: that of the configuration]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What to remember the version by
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,

    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    connection: Connection,
}

/// Keys of a configuration that the metadata has under the same name.
const PASSED_ON: [&str; 6] = ["limits", "observability", "logpush", "placement", "tail_consumers", "cache_options"];

pub(super) fn run(args: &Args) -> ExitCode {
    args.connection.run(async |api| deploy(args, api).await)
}

async fn deploy(args: &Args, api: &Api) -> Result<Done, Problems> {
    let (config, mut problems) = config::load(&args.directory, &args.reading.options());
    let Some(mut config) = config else { return Err(problems) };
    // Those of .dev.vars are for development.
    config.variables.retain(|variable| variable.origin == Origin::CommandLine);
    let bindings = bindings::declare(&config, &mut problems);
    if problems.has_errors() {
        return Err(problems);
    }
    let graph = build(&config)?;
    let script =
        Script { name: args.name.clone().unwrap_or_else(|| config.name.clone()), namespace: args.namespace(&config) };
    let modules = form::modules(&graph)?;
    let size: usize = modules.iter().map(|module| module.bytes.len()).sum();
    let mut metadata = metadata(args, &config, &bindings, &modules[0]);
    if let Some(migrations) = migrations::pending(&config, &script, api).await {
        metadata["migrations"] = migrations;
    }
    let upload = form::form(&metadata, &modules);
    let started = Instant::now();
    let answer = script.ask(api, Method::PUT, &[], Content::Form(upload.content_type, upload.body)).await;
    let answer = answer.map_err(|problem| explained(problem, &script))?;
    let mut done = Done::new(format!("Deployed {}{}", script.name, script.destination()))
        .row("modules", format!("{}, {}", modules.len(), shown(size)))
        .row("took", format!("{} ms", started.elapsed().as_millis()))
        .result(answer.result);
    done.hints = answer.messages;
    Ok(done)
}

impl Args {
    fn namespace(&self, config: &WorkerConfig) -> Option<String> {
        let configured = config.dispatch_namespace.as_ref().map(|namespace| namespace.value.clone());
        self.dispatch_namespace.clone().or(configured)
    }
}

fn build(config: &WorkerConfig) -> Result<Graph, Problems> {
    let Some(main) = &config.main else {
        let problem = Problem::error("there is no `main` in the configuration, so there is nothing to deploy");
        return Err(problem.in_file(&config.file).into());
    };
    if let Some(missing) = Some(config).filter(|_| !main.value.is_file()).and_then(WorkerConfig::main_is_missing) {
        return Err(missing.into());
    }
    let node_env = std::env::var("NODE_ENV").unwrap_or_else(|_| "production".to_owned());
    let options = graph::Options { node_env: Some(node_env), ..graph::Options::of(config) };
    graph::load(&config.directory, &main.value, &options, &Cache::default()).map_err(|failed| failed.problems)
}

/// What is said about the script beside its modules, in wrangler's words.
fn metadata(args: &Args, config: &WorkerConfig, bindings: &[Box<dyn Binding>], main: &form::Module) -> Value {
    let main_key = if main.is_script() { "body_part" } else { "main_module" };
    let mut metadata = Map::from_iter([
        (main_key.to_owned(), json!(*main.name)),
        ("bindings".to_owned(), bindings.iter().map(|binding| item(binding.as_ref())).collect()),
        ("compatibility_date".to_owned(), json!(config.compatibility_date)),
        ("compatibility_flags".to_owned(), json!(config.compatibility_flags)),
        ("keep_bindings".to_owned(), json!(["secret_text", "secret_key"])),
    ]);
    for key in PASSED_ON {
        metadata.extend(config.section(key).map(|node| (key.to_owned(), node.to_json())));
    }
    if let Some(message) = &args.message {
        metadata.insert("annotations".to_owned(), json!({ "workers/message": message }));
    }
    Value::Object(metadata)
}

fn item(binding: &dyn Binding) -> Value {
    let mut item =
        Map::from_iter([("name".to_owned(), json!(binding.name())), ("type".to_owned(), json!(binding.upload_type()))]);
    item.extend(binding.uploaded());
    Value::Object(item)
}

impl Script {
    /// ` to staging`, or nothing.
    fn destination(&self) -> String {
        self.namespace.as_ref().map(|namespace| format!(" to {namespace}")).unwrap_or_default()
    }
}

/// A namespace that is missing is soon made.
fn explained(problem: Problem, script: &Script) -> Problem {
    match &script.namespace {
        Some(namespace) if problem.help.is_none() && problem.what.contains("[code: 100119]") => {
            problem.help(format!("devflare dispatch-namespace create {namespace}"))
        }
        _ => problem,
    }
}

fn shown(bytes: usize) -> String {
    if bytes < 10_240 { format!("{bytes} bytes") } else { format!("{} KiB", bytes.div_ceil(1024)) }
}
