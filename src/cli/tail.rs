//! `devflare tail`: what a Worker of a devflare that runs says and answers, as it does so.

use std::process::ExitCode;

use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;
use tokio::sync::oneshot;

use super::client::{Api, Connection, Content};
use super::script::{Named, Script};
use crate::error::{Problem, Problems};
use crate::runtime::Network;
use crate::term::{Note, Terminal, Traced};
use crate::worker::{Call, Fetch as _, Message, Request, Socket};

/// Follow the log of a Worker, or of a user Worker of a dispatch namespace
///
/// Tells each event when it has ended, with its console lines and exceptions, until Ctrl+C.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The Worker [default: that of the project in the working directory]
    #[arg(value_name = "NAME", conflicts_with = "name")]
    given: Option<String>,
    #[command(flatten)]
    script: Named,

    /// Only requests with this method; may be repeated
    #[arg(long, value_name = "METHOD")]
    method: Vec<String>,

    /// Only events that ended so; may be repeated
    #[arg(long, value_name = "STATUS", value_parser = ["ok", "error", "canceled"])]
    status: Vec<String>,

    /// Only events with a console line that has this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let named = Named { name: args.given.clone().or_else(|| args.script.name.clone()), ..args.script.clone() };
    args.connection.run_on(async |api, terminal| follow(api, terminal, named.script()?, args).await)
}

/// In the words of the API.
fn filters(args: &Args) -> serde_json::Value {
    let mut filters = Vec::new();
    if !args.method.is_empty() {
        filters.push(
            json!({ "method": args.method.iter().map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>() }),
        );
    }
    let outcomes = |status: &String| match status.as_str() {
        "error" => vec!["exception", "exceededCpu", "exceededMemory", "unknown"],
        "canceled" => vec!["canceled"],
        _ => vec!["ok"],
    };
    if !args.status.is_empty() {
        filters.push(json!({ "outcome": args.status.iter().flat_map(outcomes).collect::<Vec<_>>() }));
    }
    filters.extend(args.search.as_ref().map(|text| json!({ "query": text })));
    json!({ "filters": filters })
}

async fn follow(api: &Api, terminal: &Terminal, script: Script, args: &Args) -> Result<(), Problems> {
    let made = script.ask(api, Method::POST, &["tails"], Content::Json(filters(args))).await?;
    let ended = || Problem::error("the tail has ended: devflare was stopped, or somebody deleted it");
    let mut socket = connect(made.result["url"].as_str().unwrap_or_default()).await.ok_or_else(ended)?;
    terminal.tell(Note(format!("follows {}{}; Ctrl+C ends it", script.name, script.place())));
    let Some(mut receiver) = socket.lend() else { return Ok(()) };
    while let Some(message) = receiver.next().await {
        if let Message::Text(text) = message {
            terminal.tell(Traced(serde_json::from_str(&text).unwrap_or_default()));
        }
    }
    Err(ended().into())
}

async fn connect(url: &str) -> Option<Socket> {
    let mut headers = HeaderMap::new();
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-protocol", HeaderValue::from_static("trace-v1"));
    let url = url.replacen("ws", "http", 1);
    let request = Request { method: Method::GET, url, headers, body: None, cf: None };
    let (sender, answered) = oneshot::channel();
    let network = Network::new(tokio::runtime::Handle::current());
    network.fetch(request, Call::default(), Box::new(move |outcome| drop(sender.send(outcome))));
    answered.await.ok()?.ok()?.socket
}
