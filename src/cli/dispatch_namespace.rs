//! `devflare dispatch-namespace`: the namespaces of a devflare that runs.

use std::process::ExitCode;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use super::client::{Answer, Api, Connection, Content};
use crate::error::{Problem, Problems};
use crate::term::Done;

/// Create, list, get, rename or delete dispatch namespaces
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a namespace
    Create {
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// List all namespaces
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Tell what is known of a namespace
    Get {
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Give a namespace another name
    Rename {
        old_name: String,
        new_name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Delete a namespace and the user Workers in it
    Delete {
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) fn run(args: &Args) -> ExitCode {
    match &args.command {
        Command::Create { name, connection } => connection.run(async |api| create(api, name).await),
        Command::List { connection } => connection.run(list),
        Command::Get { name, connection } => connection.run(async |api| describe(api, name).await),
        Command::Rename { old_name, new_name, connection } => {
            connection.run(async |api| rename(api, old_name, new_name).await)
        }
        Command::Delete { name, connection } => connection.run(async |api| delete(api, name).await),
    }
}

async fn create(api: &Api, name: &str) -> Result<Done, Problems> {
    let answer = ask(api, Method::POST, None, Content::Json(json!({ "name": name }))).await?;
    let done = Done::new(format!("Created the dispatch namespace {name}"));
    Ok(done.hint(format!("devflare deploy DIR --dispatch-namespace {name}")).result(answer.result))
}

async fn list(api: &Api) -> Result<Done, Problems> {
    let answer = ask(api, Method::GET, None, Content::Nothing).await?;
    let namespaces = answer.result.as_array().map(Vec::as_slice).unwrap_or_default();
    let name = |namespace: &Value| text(namespace, "namespace_name");
    let rows = namespaces.iter().map(|namespace| (name(namespace), scripts(namespace))).collect();
    let done = Done { rows, ..Done::default() };
    let done = if namespaces.is_empty() { done.hint("there is no dispatch namespace yet") } else { done };
    Ok(done.result(answer.result))
}

async fn describe(api: &Api, name: &str) -> Result<Done, Problems> {
    let answer = ask(api, Method::GET, Some(name), Content::Nothing).await?;
    let known = |key: &str| text(&answer.result, key);
    let trusted = answer.result["trusted_workers"].as_bool().unwrap_or_default();
    let done = Done::default()
        .row(known("namespace_name"), scripts(&answer.result))
        .row("id", known("namespace_id"))
        .row("created", known("created_on"))
        .row("modified", known("modified_on"))
        .row("trusted", if trusted { "yes" } else { "no" });
    Ok(done.result(answer.result))
}

async fn rename(api: &Api, old: &str, new: &str) -> Result<Done, Problems> {
    let answer = ask(api, Method::PUT, Some(old), Content::Json(json!({ "name": new }))).await?;
    Ok(Done::new(format!("Renamed the dispatch namespace {old} to {new}")).result(answer.result))
}

async fn delete(api: &Api, name: &str) -> Result<Done, Problems> {
    let answer = ask(api, Method::DELETE, Some(name), Content::Nothing).await?;
    Ok(Done::new(format!("Deleted the dispatch namespace {name}")).result(answer.result))
}

async fn ask(api: &Api, method: Method, name: Option<&str>, content: Content) -> Result<Answer, Problem> {
    let mut path = vec!["workers", "dispatch", "namespaces"];
    path.extend(name);
    api.ask(method, &path, content).await
}

fn text(namespace: &Value, key: &str) -> String {
    namespace[key].as_str().unwrap_or("-").to_owned()
}

fn scripts(namespace: &Value) -> String {
    match namespace["script_count"].as_u64().unwrap_or_default() {
        1 => "1 user Worker".to_owned(),
        count => format!("{count} user Workers"),
    }
}
