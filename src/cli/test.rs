//! `devflare test`: serves the projects for as long as a command runs, and ends with its status.

use std::ffi::OsString;
use std::process::ExitCode;

use super::child::Supervised;
use super::flags::{Log, Projects};
use super::https::{Https, Protocol};
use super::serve::{Api, Listen, Run, Serving, tokio};
use super::signals::Signals;
use super::{LAST_WORDS, fail};
use crate::dev::{BUILD_LIMIT, Options, Session, State};
use crate::error::{Problem, Problems};
use crate::fleet::ApiPort;
use crate::term::{Level, Stream, Terminal};

/// Run a command against the projects, on free ports and with empty state; end with its status
///
/// The command finds the address of the first Worker in `DEVFLARE_URL`, and that of the API in the variables that
/// wrangler and the SDK read, such as `CLOUDFLARE_API_BASE_URL`. Its output is passed on; what devflare has to say
/// goes to standard error, by default only warnings and errors. Data is kept in memory and gone at the end. Where the
/// one project is a directory with a devflare.toml, the command runs there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: devflare test ./my-dispatcher './customers/*' -- npx vitest run")]
pub(super) struct Args {
    #[command(flatten)]
    projects: Projects,
    /// The command, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[command(flatten)]
    run: Run,
    #[command(flatten)]
    log: Log,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let terminal = args.log.terminal(Stream::Error, Level::Warn, false);
    let ended = tokio().map_err(Problems::from).and_then(|tokio| tokio.block_on(supervise(args, &terminal)));
    match ended {
        Ok(status) => {
            terminal.flush(LAST_WORDS);
            ExitCode::from(status)
        }
        Err(problems) => fail(&terminal, problems),
    }
}

async fn supervise(args: &Args, terminal: &Terminal) -> Result<u8, Problems> {
    let mut signals = Signals::listen()?;
    let serving = tokio::select! {
        serving = start(args, terminal) => serving?,
        signal = signals.end() => return Ok(128 + signal),
    };
    let mut environment = vec![("DEVFLARE_URL", serving.url.clone())];
    environment.extend(serving.variables.iter().cloned());
    let mut child = Supervised::start(&args.command, &environment, args.projects.sole_workspace().as_deref())?;
    let status = child.wait(&mut signals).await;
    serving.stop().await;
    status.map_err(|error| Problem::error(format!("The command cannot be waited for: {error}.")).into())
}

async fn start(args: &Args, terminal: &Terminal) -> Result<Serving, Problems> {
    let options = Options {
        fleet: args.projects.options(),
        cpu_factor: args.run.cpu_factor,
        host: args.run.host.clone(),
        live_reload: false,
        watch: true,
        state: State::InMemory,
        build_limit: BUILD_LIMIT,
        bytecode: super::kept_bytecode(),
    };
    let session = Session::start(options, terminal.clone()).await?;
    // Clients in tests would have to be told of the certificate.
    let https = Https { local_protocol: Some(Protocol::Http), ..Https::default() };
    let listen = Listen { port: Some(0), https, ..Listen::default() };
    let api = Api { api_port: Some(ApiPort::Port(0)), api_token: None };
    Serving::start(session, (&listen, &api), terminal).await
}
