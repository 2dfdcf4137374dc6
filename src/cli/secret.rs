//! `devflare secret`: values that a deployed Worker finds in `env` and nobody reads back.

use std::io::{self, Read as _};
use std::process::ExitCode;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use super::client::{Api, Connection, Content};
use super::script::{Named, Script};
use crate::error::{Problem, Problems};
use crate::term::{Done, ask_secret};

/// Put, list or delete the secrets of a deployed Worker, or of a user Worker
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store a secret: its value is read from standard input, or asked for
    Put {
        key: String,
        #[command(flatten)]
        script: Named,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the secrets' names
    List {
        #[command(flatten)]
        script: Named,
        #[command(flatten)]
        connection: Connection,
    },
    /// Delete a secret
    Delete {
        key: String,
        #[command(flatten)]
        script: Named,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) fn run(args: &Args) -> ExitCode {
    match &args.command {
        Command::Put { key, script, connection } => connection.run(async |api| put(api, &script.script()?, key).await),
        Command::List { script, connection } => connection.run(async |api| list(api, &script.script()?).await),
        Command::Delete { key, script, connection } => {
            connection.run(async |api| delete(api, &script.script()?, key).await)
        }
    }
}

async fn put(api: &Api, script: &Script, key: &str) -> Result<Done, Problems> {
    let value = value_of(key)?;
    let secret = json!({ "name": key, "text": value, "type": "secret_text" });
    let answer = script.ask(api, Method::PUT, &["secrets"], Content::Json(secret)).await?;
    Ok(Done::new(format!("Stored the secret {key} of {}{}", script.name, script.place())).result(answer.result))
}

async fn list(api: &Api, script: &Script) -> Result<Done, Problems> {
    let answer = script.ask(api, Method::GET, &["secrets"], Content::Nothing).await?;
    let secrets = answer.result.as_array().map(Vec::as_slice).unwrap_or_default();
    let name = |secret: &Value| secret["name"].as_str().unwrap_or_default().to_owned();
    let done = Done { rows: secrets.iter().map(|secret| (name(secret), String::new())).collect(), ..Done::default() };
    let none = format!("{}{} has no secrets", script.name, script.place());
    let done = if secrets.is_empty() { done.hint(none) } else { done };
    Ok(done.result(answer.result))
}

async fn delete(api: &Api, script: &Script, key: &str) -> Result<Done, Problems> {
    script.ask(api, Method::DELETE, &["secrets", key], Content::Nothing).await?;
    Ok(Done::new(format!("Deleted the secret {key} of {}{}", script.name, script.place())))
}

/// What is piped in, without the line break that `echo` adds; or what is typed.
fn value_of(key: &str) -> Result<String, Problem> {
    let unreadable = |error: io::Error| Problem::error(format!("the secret cannot be read: {error}"));
    if let Some(typed) = ask_secret(&format!("The value of {key}: ")) {
        return typed.map_err(unreadable);
    }
    let mut value = String::new();
    io::stdin().read_to_string(&mut value).map_err(unreadable)?;
    let value = value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(&value);
    if value.is_empty() {
        let problem = Problem::error("a secret needs a value, and standard input is empty");
        return Err(problem.help(format!("echo VALUE | devflare secret put {key}")));
    }
    Ok(value.to_owned())
}
