//! `devflare state`: what is in the state directory, as a whole.

mod wrangler;

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Subcommand, ValueHint};

use super::serve::tokio;
use super::{fail, flags, say};
use crate::bindings::{KvEntries, R2Bucket};
use crate::clock::SystemClock;
use crate::error::{Problem, Problems};
use crate::store::Store;
use crate::term::{Level, Stream};

/// Show, empty, copy or bring in what Workers have stored
///
/// While `devflare dev` runs, it alone uses the state directory: stop it first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Where the data of Workers is kept
    #[arg(long, global = true, value_name = "DIR", default_value = ".devflare/state", value_hint = ValueHint::DirPath)]
    persist_to: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what is stored
    List,
    /// Delete all that is stored
    Clear,
    /// Copy all that is stored into a new folder
    Export {
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        to: PathBuf,
    },
    /// Bring in what `export` has copied, or what `wrangler dev` has stored for a project (KV, D1, R2)
    Import {
        /// A folder of `export`, a project, or its `.wrangler/state/v3`
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        from: PathBuf,
    },
}

pub(super) fn run(args: &Args) -> ExitCode {
    match args.run() {
        Ok(text) => {
            say(Stream::Out, &text);
            ExitCode::SUCCESS
        }
        Err(problems) => fail(&flags::Log::plain(Stream::Error, Level::Log), problems),
    }
}

impl Args {
    fn run(&self) -> Result<String, Problems> {
        let runtime = tokio()?;
        let store = Store::open(&self.persist_to, Arc::new(SystemClock), runtime.handle().clone())?;
        match &self.command {
            Command::List => runtime.block_on(list(&store)),
            Command::Clear => {
                store.clear().map_err(|error| unusable(&self.persist_to, &error))?;
                Ok("Nothing is stored any more.\n".to_owned())
            }
            Command::Export { to } => {
                if to.exists() {
                    let problem = Problem::error("this is there already").in_file(to);
                    return Err(problem.help("name a folder that is yet to be made").into());
                }
                store.export(to).map_err(|error| unusable(to, &error))?;
                Ok(format!("Copied to {}\n", to.display()))
            }
            Command::Import { from } => match wrangler::found_in(from) {
                Some(state) => runtime.block_on(wrangler::import(&store, from, &state)),
                None if from.join("lock").exists() || !is_state(from) => {
                    let problem = Problem::error("there is no state here to import").in_file(from);
                    Err(problem
                        .help("name a folder of `devflare state export`, or a project in which `wrangler dev` ran")
                        .into())
                }
                None => {
                    store.import(from).map_err(|error| unusable(from, &error))?;
                    Ok(format!("Imported {}\n", from.display()))
                }
            },
        }
    }
}

/// Whether a folder has databases in it, or folders of them.
fn is_state(from: &Path) -> bool {
    let entries = std::fs::read_dir(from).into_iter().flatten().flatten();
    let known = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        Path::new(&name).extension().is_some_and(|end| end == "sqlite") || name == "d1" || name == "r2"
    };
    entries.into_iter().any(known)
}

fn unusable(path: &Path, error: &io::Error) -> Problem {
    Problem::error(format!("it cannot be used: {error}")).in_file(path)
}

/// What is told of by its size alone.
const OTHERS: [(&str, &str); 8] = [
    ("Queues", "queues.sqlite"),
    ("Workflows", "workflows.sqlite"),
    ("Secrets stores", "secrets.sqlite"),
    ("Pipelines", "pipelines.sqlite"),
    ("Analytics", "analytics.sqlite"),
    ("Emails", "emails"),
    ("Caches", "caches.sqlite"),
    ("Uploads", "control.sqlite"),
];

async fn list(store: &Arc<Store>) -> Result<String, Problems> {
    let broken = |error: crate::store::StoreError| Problem::error(error.to_string());
    let mut text = String::new();
    let mut line = |kind: &str, name: &str, what: String| {
        writeln!(text, "{kind:<16} {name:<40} {what}").expect("writing to a string succeeds");
    };
    if store.has_database("kv") {
        for (name, count) in KvEntries::all(store).await.map_err(broken)? {
            line("KV namespace", &name, format!("{count} keys"));
        }
    }
    for (name, bytes) in store.owned("d1") {
        line("D1 database", &name, format!("{bytes} bytes"));
    }
    if store.has_database("r2") {
        for (name, count, bytes) in R2Bucket::all(store).await.map_err(broken)? {
            line("R2 bucket", &name, format!("{count} objects, {bytes} bytes"));
        }
    }
    for (class, count, bytes) in store.folders("objects") {
        line("Durable Objects", &class, format!("{count} objects, {bytes} bytes"));
    }
    for (kind, name) in OTHERS {
        if let Some(bytes) = store.size(name) {
            line(kind, "", format!("{bytes} bytes"));
        }
    }
    Ok(if text.is_empty() { "Nothing is stored.\n".to_owned() } else { text })
}
