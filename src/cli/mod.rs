//! The command line: one file per subcommand, each with its flags and its `run`.
//!
//! Only this layer knows clap. Raw arguments become the options of earlier layers; nothing here ends the process:
//! [`run`] answers the status and `main` does.

mod api;
mod check;
mod child;
mod client;
mod d1;
mod delete;
mod deploy;
mod dev;
mod dispatch_namespace;

mod flags;
mod help;
mod https;
mod init;
mod script;
mod secret;
mod serve;
mod signals;
mod state;
mod tail;
mod test;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Parser, Subcommand};

use crate::error::{EXIT_USER_MISTAKE, Problems};
use crate::term::{Sink, Standard, Stream, Terminal, wants_color};

/// How long the last lines may take to be written: whoever reads them may have stopped.
const LAST_WORDS: Duration = Duration::from_secs(2);

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default())
    .usage(AnsiColor::Green.on_default())
    .literal(AnsiColor::White.on_default().bold())
    .placeholder(AnsiColor::White.on_default().dimmed())
    .error(AnsiColor::Red.on_default())
    .valid(AnsiColor::White.on_default().bold())
    .invalid(AnsiColor::Red.on_default());

/// Cloudflare Workers for Platforms on this machine, offline.
#[derive(Debug, Parser)]
#[command(name = "devflare", version, styles = STYLES, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::Args),
    Api(api::Args),
    Check(check::Args),
    D1(d1::Args),
    State(state::Args),
    Test(test::Args),
    Init(init::Args),
    DispatchNamespace(dispatch_namespace::Args),
    Deploy(deploy::Args),
    Delete(delete::Args),
    Secret(secret::Args),
    Tail(tail::Args),
}

/// Runs a command line, of which the first word is the program's name; answers the process' status.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match cli.command {
        None => {
            say(Stream::Out, &help::short(wants_color(&std::io::stdout())));
            ExitCode::SUCCESS
        }

        Some(Command::Dev(args)) => dev::run(&args),
        Some(Command::Api(args)) => api::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::D1(args)) => d1::run(&args),
        Some(Command::State(args)) => state::run(&args),
        Some(Command::Test(args)) => test::run(&args),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::DispatchNamespace(args)) => dispatch_namespace::run(&args),
        Some(Command::Deploy(args)) => deploy::run(&args),
        Some(Command::Delete(args)) => delete::run(&args),
        Some(Command::Secret(args)) => secret::run(&args),
        Some(Command::Tail(args)) => tail::run(&args),
    }
}

/// Where bytecode is kept from one start to the next: with the user's other caches.
fn kept_bytecode() -> Option<PathBuf> {
    kept("bytecode")
}

/// Where a user's things of one kind are kept, if there is a place.
fn kept(kind: &str) -> Option<PathBuf> {
    let directory = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || {
        let below = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        directory("HOME").map(|home| home.join(below))
    };
    Some(directory("XDG_CACHE_HOME").or_else(home)?.join("devflare").join(kind))
}

/// Help and version are asked for; the rest is a mistake.
fn refuse(error: &clap::Error) -> ExitCode {
    let text = error.render();
    let (stream, color) = if error.use_stderr() {
        (Stream::Error, wants_color(&std::io::stderr()))
    } else {
        (Stream::Out, wants_color(&std::io::stdout()))
    };
    say(stream, &if color { text.ansi().to_string() } else { text.to_string() });
    if error.use_stderr() { ExitCode::from(EXIT_USER_MISTAKE) } else { ExitCode::SUCCESS }
}

/// Text that is told before there is a terminal to tell it.
fn say(stream: Stream, text: &str) {
    // Who closed the stream does not want to know.
    let _ = Standard.write(stream, text);
}

/// Tells why nothing was started.
fn fail(terminal: &Terminal, problems: Problems) -> ExitCode {
    for problem in problems.0 {
        terminal.fail(problem);
    }
    terminal.flush(LAST_WORDS);
    ExitCode::from(EXIT_USER_MISTAKE)
}
