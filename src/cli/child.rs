//! A command that runs beside the Workers: started in a process group of its own, and never left behind.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::signals::{Signals, Told};
use crate::error::Problem;

/// How long a group that was asked to end may take before it is made to.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is asked whether it has ended.
const POLL: Duration = Duration::from_millis(10);

/// A running command. Dropped, nothing of its group stays.
pub(super) struct Supervised {
    child: Child,
    group: Pid,
}

impl Supervised {
    /// Starts `words` (a program and its arguments) with more environment, here or in another directory. Output is passed through; so is input,
    /// unless it is the terminal: a process group in the background that reads it would be stopped.
    pub(super) fn start(
        words: &[OsString],
        environment: &[(&str, String)],
        directory: Option<&Path>,
    ) -> Result<Self, Problem> {
        let [program, arguments @ ..] = words else { return Err(Problem::error("no command was given")) };
        let input = if io::stdin().is_terminal() { Stdio::null() } else { Stdio::inherit() };
        let mut command = Command::new(program);
        command.args(arguments).stdin(input).process_group(0).kill_on_drop(true);
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        let child = command.spawn().map_err(|error| cannot_run(program, &error))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let group = id.expect("a process that was just started has an id");
        Ok(Self { child, group })
    }

    /// Waits for its end and passes signals on to the whole group; the status is the process' own to end with.
    pub(super) async fn wait(&mut self, signals: &mut Signals) -> io::Result<u8> {
        let mut asked = false;
        loop {
            tokio::select! {
                ended = self.child.wait() => {
                    let status = status(ended?);
                    self.end().await;
                    return Ok(status);
                }
                told = signals.next() => {
                    let Told::End(signal) = told else { continue };
                    // Who asks twice means it.
                    let signal = if asked { Signal::KILL } else { signal };
                    asked = true;
                    self.tell(signal);
                }
            }
        }
    }

    fn tell(&self, signal: Signal) {
        // Fails when nobody is left.
        let _ = kill_process_group(self.group, signal);
    }

    /// Ends what the command left running.
    async fn end(&self) {
        self.tell(Signal::TERM);
        let latest = Instant::now() + GRACE;
        while test_kill_process_group(self.group).is_ok() && Instant::now() < latest {
            sleep(POLL).await;
        }
        self.tell(Signal::KILL);
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if self.child.id().is_some() {
            self.tell(Signal::KILL);
        }
    }
}

/// As a shell has it: 128 and the signal's number for a process that a signal ended.
fn status(ended: ExitStatus) -> u8 {
    let status = ended.code().or_else(|| ended.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(status).unwrap_or(u8::MAX)
}

fn cannot_run(program: &OsString, error: &io::Error) -> Problem {
    let program = program.to_string_lossy();
    let problem = Problem::error(format!("The command `{program}` cannot be run: {error}."));
    match error.kind() {
        io::ErrorKind::NotFound => problem.help("Check its name, or give its path."),
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    async fn run(script: &str) -> u8 {
        let words = ["sh", "-c", script].map(OsString::from);
        let mut signals = Signals::listen().expect("handlers");
        let mut child = Supervised::start(&words, &[("DEVFLARE_URL", "http://here".into())], None).expect("started");
        timeout(Duration::from_secs(20), child.wait(&mut signals)).await.expect("it ends").expect("a status")
    }

    #[tokio::test]
    async fn its_status_is_the_commands() {
        assert_eq!(run("exit 0").await, 0);
        assert_eq!(run("exit 37").await, 37);
        assert_eq!(run("kill -TERM $$").await, 128 + 15);
        assert_eq!(run("test \"$DEVFLARE_URL\" = http://here").await, 0);
    }

    #[tokio::test]
    async fn what_it_leaves_in_the_background_is_ended() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("pid");
        run(&format!("(sleep 100; :) & echo $! > {}", file.display())).await;
        let id = std::fs::read_to_string(file).expect("written").trim().parse().expect("a number");
        let id = Pid::from_raw(id).expect("an id");
        assert!(rustix::process::test_kill_process(id).is_err(), "the sleeper is gone");
    }

    #[tokio::test]
    async fn a_stubborn_group_is_killed_when_its_supervisor_is_dropped() {
        let words = ["sh", "-c", "trap '' TERM INT; while :; do sleep 0.05; done"].map(OsString::from);
        let child = Supervised::start(&words, &[], None).expect("started");
        let group = child.group;
        drop(child);
        let latest = Instant::now() + Duration::from_secs(10);
        while test_kill_process_group(group).is_ok() {
            assert!(Instant::now() < latest, "the group is gone");
            sleep(POLL).await;
        }
    }

    #[test]
    fn a_command_that_is_not_there_is_a_mistake() {
        let refused = Supervised::start(&["no-such-command".into()], &[], None).err().expect("refused");
        assert!(refused.what.contains("`no-such-command` cannot be run"), "{refused}");
    }
}
