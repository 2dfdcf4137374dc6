//! `devflare d1`: SQL for local databases, and their migrations.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use clap::{Subcommand, ValueHint};
use serde_json::{Map, Value};

use super::serve::tokio;
use super::{fail, flags, say};
use crate::bindings::{D1Database, d1_databases, d1_file, d1_migrations};
use crate::clock::{self, SystemClock};
use crate::config;
use crate::error::{Problem, Problems, nearest};
use crate::store::sql::{self, Datum, Rows};
use crate::store::{OwnDatabase, Store};
use crate::term::{Level, Stream};
use crate::worker::WorkerId;

/// Run SQL in a local D1 database, or apply its migrations
///
/// While `devflare dev` runs, it alone uses the state directory: stop it first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run SQL statements
    Execute(Execute),
    /// List, apply or create migrations
    #[command(subcommand)]
    Migrations(Migrations),
}

#[derive(Debug, clap::Args)]
struct Execute {
    #[command(flatten)]
    target: Target,
    /// The statements
    #[arg(long, value_name = "SQL", required_unless_present = "file", conflicts_with = "file")]
    command: Option<String>,
    /// A file of statements
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Migrations {
    /// Show the migrations that have not been applied
    List(Target),
    /// Apply them, each whole or not at all
    Apply(Target),
    /// Make an empty one
    Create {
        #[command(flatten)]
        target: Target,
        /// What it is for
        #[arg(value_name = "MESSAGE")]
        message: String,
    },
}

#[derive(Debug, clap::Args)]
struct Target {
    /// The binding, the name or the id of the database
    #[arg(value_name = "DATABASE")]
    database: String,
    /// The project whose configuration names it
    #[arg(long, short = 'p', value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    project: PathBuf,
    /// The environment of the configuration
    #[arg(long, short, value_name = "NAME")]
    env: Option<String>,
    /// Where the data of Workers is kept
    #[arg(long, value_name = "DIR", default_value = ".devflare/state", value_hint = ValueHint::DirPath)]
    persist_to: PathBuf,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let done = match &args.command {
        Command::Execute(execute) => execute.run(),
        Command::Migrations(Migrations::List(target)) => target.list(),
        Command::Migrations(Migrations::Apply(target)) => target.apply(),
        Command::Migrations(Migrations::Create { target, message }) => target.create(message),
    };
    match done {
        Ok(text) => {
            say(Stream::Out, &text);
            ExitCode::SUCCESS
        }
        Err(problems) => fail(&flags::Log::plain(Stream::Error, Level::Log), problems),
    }
}

/// A database that was found, and what it needs.
struct Found {
    database: D1Database,
    folder: PathBuf,
    file: Arc<OwnDatabase>,
    _runtime: tokio::runtime::Runtime,
    _store: Arc<Store>,
}

impl Target {
    fn declared(&self) -> Result<(D1Database, config::WorkerConfig), Problems> {
        let options = config::Options {
            environment: self.env.clone(),
            today: clock::date(SystemTime::now()),
            ..config::Options::default()
        };
        let (config, mut problems) = config::load(&self.project, &options);
        let Some(config) = config else { return Err(problems) };
        let databases = d1_databases(config.section("d1_databases"), &mut problems);
        let wanted = Some(self.database.as_str());
        let is_it = |one: &D1Database| {
            wanted == Some(&*one.name) || wanted == one.database_name.as_deref() || wanted == one.id.as_deref()
        };
        let names: Vec<String> = databases.iter().map(|one| one.name.clone()).collect();
        let Some(database) = databases.into_iter().find(is_it) else {
            let problem = Problem::error(format!("no D1 database `{}` is bound here", self.database));
            let near = nearest(&self.database, names.iter().map(String::as_str));
            let help = near
                .map_or_else(|| "declare it in `d1_databases`".to_owned(), |near| format!("did you mean {near:?}?"));
            return Err(problem.in_file(config.file.clone()).help(help).into());
        };
        Ok((database, config))
    }

    fn open(&self) -> Result<Found, Problems> {
        let (database, config) = self.declared()?;
        let runtime = tokio()?;
        let store = Store::open(&self.persist_to, Arc::new(SystemClock), runtime.handle().clone())?;
        let file = d1_file(&store, &database.database(&WorkerId::plain(config.name.as_str())));
        let folder = config.directory.join(&database.migrations_dir);
        Ok(Found { database, folder, file, _runtime: runtime, _store: store })
    }

    fn list(&self) -> Result<String, Problems> {
        let found = self.open()?;
        let left = found.left()?;
        if left.is_empty() {
            return Ok("No migrations to apply.\n".to_owned());
        }
        Ok(left.iter().fold("Migrations to be applied:\n".to_owned(), |text, name| text + "  " + name + "\n"))
    }

    fn apply(&self) -> Result<String, Problems> {
        let found = self.open()?;
        let mut text = String::new();
        for name in found.left()? {
            let path = found.folder.join(&name);
            let script = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            d1_migrations::apply(&found.file, &found.database.migrations_table, &name, &script).map_err(|error| {
                Problem::error(format!("this migration failed, and nothing of it was done: {}", error.0)).in_file(&path)
            })?;
            writeln!(text, "  applied {name}").expect("writing to a string succeeds");
        }
        if text.is_empty() {
            text.push_str("No migrations to apply.\n");
        }
        Ok(text)
    }

    fn create(&self, message: &str) -> Result<String, Problems> {
        let (database, config) = self.declared()?;
        let folder = config.directory.join(&database.migrations_dir);
        fs::create_dir_all(&folder).map_err(|error| unreadable(&folder, &error))?;
        let names = d1_migrations::names_in(&folder).map_err(|error| unreadable(&folder, &error))?;
        let number = |name: &String| name.split('_').next().and_then(|digits| digits.parse::<u32>().ok());
        let next = names.iter().filter_map(number).max().map_or(1, |last| last + 1);
        let name = format!("{next:04}_{}.sql", message.trim().replace([' ', '/', '\\'], "_"));
        let path = folder.join(&name);
        let text = format!("-- Migration number: {next:04} \t {}\n", clock::date(SystemTime::now()));
        fs::write(&path, text).map_err(|error| unreadable(&path, &error))?;
        Ok(format!("Created {}\n", path.display()))
    }
}

impl Found {
    /// Migrations that have not been applied.
    fn left(&self) -> Result<Vec<String>, Problems> {
        let names = d1_migrations::names_in(&self.folder).map_err(|error| unreadable(&self.folder, &error))?;
        let applied = d1_migrations::applied(&self.file, &self.database.migrations_table);
        let applied = applied.map_err(|error| Problem::error(error.0))?;
        Ok(names.into_iter().filter(|name| !applied.contains(name)).collect())
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::error(format!("it cannot be used: {error}")).in_file(path)
}

impl Execute {
    fn run(&self) -> Result<String, Problems> {
        let text = match (&self.command, &self.file) {
            (Some(text), _) => text.clone(),
            (None, Some(path)) => fs::read_to_string(path).map_err(|error| unreadable(path, &error))?,
            (None, None) => String::new(),
        };
        let found = self.target.open()?;
        let statements = sql::statements(&text);
        let answered = found.file.transact(false, |open, guard| {
            statements.iter().map(|statement| sql::run(open, guard, statement, &[])).collect::<Result<Vec<_>, _>>()
        });
        let answers = answered.map_err(|error| Problem::error(error.0))?;
        Ok(if self.json { as_json(&answers) } else { answers.iter().map(as_table).collect() })
    }
}

fn as_json(answers: &[Rows]) -> String {
    let object = |columns: &[String], row: &Vec<Datum>| -> Value {
        let pairs = columns.iter().cloned().zip(row.iter().map(Datum::json));
        pairs.collect::<Map<_, _>>().into()
    };
    let list: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let rows: Vec<Value> = answer.rows.iter().map(|row| object(&answer.columns, row)).collect();
            serde_json::json!({ "results": rows, "success": true, "meta": {
                "changes": answer.rows_written, "last_row_id": answer.last_row_id,
                "rows_read": answer.rows_read, "rows_written": answer.rows_written } })
        })
        .collect();
    format!("{:#}\n", Value::from(list))
}

/// Columns side by side; a statement without any tells what it changed.
fn as_table(answer: &Rows) -> String {
    if answer.columns.is_empty() {
        return format!("{} rows written\n", answer.rows_written);
    }
    let shown = |value: &Datum| match value.json() {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([answer.columns[at].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let mut text = String::new();
    for row in std::iter::once(&answer.columns).chain(&rows) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
