//! `devflare dev`: serves the projects until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueHint;

use super::flags::{Log, Projects};
use super::serve::{Api, Listen, Run, Serving, tokio};
use super::signals::{Signals, Told};
use super::{LAST_WORDS, fail};
use crate::dev::{BUILD_LIMIT, Options, Session, State};
use crate::error::Problems;
use crate::term::{Banner, Cleared, Key, Keys, Level, Note, Stream, Terminal};

/// Serve the projects on localhost; every save is live at once
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    api: Api,
    /// Open the first Worker in the browser
    #[arg(long, short)]
    open: bool,
    /// Open HTML pages reload themselves when their Workers change, and show failed builds
    #[arg(long)]
    live_reload: bool,
    /// Where the data of Workers is kept [default: .devflare/state]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    persist_to: Option<PathBuf>,
    #[command(flatten)]
    projects: Projects,
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
    if args.open {
        open(&serving.url, terminal);
    }
    until_told(serving, (args.run.cpu_factor, started), &mut signals, terminal).await;
    Ok(())
}

/// Shows what is served, and serves until a key or a signal says to end.
pub(super) async fn until_told(
    serving: Serving,
    (cpu_factor, started): (f64, Instant),
    signals: &mut Signals,
    terminal: &Terminal,
) {
    let mut keys = Keys::listen();
    terminal.tell(banner(&serving, cpu_factor, started, keys.is_some()));
    attend(&serving, &mut keys, signals, terminal).await;
    drop(keys);
    tokio::select! {
        () = serving.stop() => {}
        // Who asks twice means it.
        _ = signals.end() => {}
    }
}

async fn start(args: &Args, terminal: &Terminal) -> Result<Serving, Problems> {
    let session = Session::start(args.options(), terminal.clone()).await?;
    Serving::start(session, (&args.listen, &args.api), terminal).await
}

/// Obeys keys until one of them, or a signal, says to end.
async fn attend(serving: &Serving, keys: &mut Option<Keys>, signals: &mut Signals, terminal: &Terminal) {
    loop {
        tokio::select! {
            key = next(keys) => match key {
                Key::Open => open(&serving.url, terminal),
                Key::Reload => serving.session.reload_all().await,
                Key::Clear => terminal.tell(Cleared),
                Key::Quit => return,
            },
            told = signals.next() => match told {
                Told::End(_) => return,
                Told::Resumed => keys.iter().for_each(Keys::resume),
            },
        }
    }
}

fn banner(serving: &Serving, cpu_factor: f64, started: Instant, keys: bool) -> Banner {
    let fleet = serving.session.fleet();
    Banner {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        took: started.elapsed(),
        url: serving.url.clone(),
        api_url: serving.api_url.clone(),
        variables: serving.variables.clone(),
        workers: serving.session.workers(&serving.url),
        uploads: serving.session.uploads(),
        namespaces: fleet.namespaces().into_keys().map(str::to_owned).collect(),
        cpu_factor,
        keys,
    }
}

async fn next(keys: &mut Option<Keys>) -> Key {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

fn open(url: &str, terminal: &Terminal) {
    if let Err(error) = open::that_detached(url) {
        terminal.tell(Note(format!("{url} cannot be opened in a browser: {error}")));
    }
}

impl Args {
    fn options(&self) -> Options {
        Options {
            fleet: self.projects.options(),
            cpu_factor: self.run.cpu_factor,
            host: self.run.host.clone(),
            live_reload: self.live_reload,
            watch: true,
            state: State::Directory(self.persist_to.clone()),
            build_limit: BUILD_LIMIT,
            bytecode: super::kept_bytecode(),
        }
    }
}
