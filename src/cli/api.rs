//! `devflare api`: the control plane and the Workers port with no project; what runs is what clients upload.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueHint;

use super::dev::until_told;
use super::flags::Log;
use super::serve::{Api, Listen, Run, Serving, tokio};
use super::signals::Signals;
use super::{LAST_WORDS, fail};
use crate::dev::{BUILD_LIMIT, Options, Session, State};
use crate::error::Problems;
use crate::fleet;
use crate::term::{Level, Stream, Terminal};

/// Serve Cloudflare's API on localhost, and the Workers that are uploaded to it
///
/// The banner shows the variables that point wrangler and the SDK at it. What is uploaded is kept.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    api: Api,
    /// Where uploads and the data of Workers are kept [default: .devflare/state]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    persist_to: Option<PathBuf>,
    #[command(flatten)]
    run: Run,
    #[command(flatten)]
    log: Log,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let started = Instant::now();
    let terminal = args.log.terminal(Stream::Out, Level::Log, true);
    let ended = tokio().map_err(Problems::from).and_then(|tokio| tokio.block_on(serve(args, started, &terminal)));
    match ended {
        Ok(()) => {
            terminal.flush(LAST_WORDS);
            ExitCode::SUCCESS
        }
        Err(problems) => fail(&terminal, problems),
    }
}

async fn serve(args: &Args, started: Instant, terminal: &Terminal) -> Result<(), Problems> {
    let mut signals = Signals::listen()?;
    let serving = tokio::select! {
        serving = start(args, terminal) => serving?,
        _ = signals.end() => return Ok(()),
    };
    until_told(serving, (args.run.cpu_factor, started), &mut signals, terminal).await;
    Ok(())
}

async fn start(args: &Args, terminal: &Terminal) -> Result<Serving, Problems> {
    let options = Options {
        fleet: fleet::Options { none: true, ..fleet::Options::default() },
        cpu_factor: args.run.cpu_factor,
        host: args.run.host.clone(),
        live_reload: false,
        watch: false,
        state: State::Directory(args.persist_to.clone()),
        build_limit: BUILD_LIMIT,
        bytecode: None,
    };
    let session = Session::start(options, terminal.clone()).await?;
    Serving::start(session, (&args.listen, &args.api), terminal).await
}
