//! The `devflare` binary as a process: started in a folder of its own, read line by line, ended at the end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take before it counts as hung: a guard, no measure.
const GUARD: Duration = Duration::from_secs(50);

pub(crate) const HELLO: &str = "export default { async fetch() { return new Response('hello') } }";

/// A folder with projects.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// With one Worker, `hello`.
    pub(crate) fn hello() -> Self {
        let folder = Self::new();
        folder.project("hello", "", HELLO);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// A project called as its directory, with more lines of configuration.
    pub(crate) fn project(&self, name: &str, config: &str, source: &str) {
        let head = format!("name = \"{name}\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-01-01\"\n{config}");
        self.write(&format!("{name}/wrangler.toml"), &head);
        self.write(&format!("{name}/src/index.js"), source);
    }

    /// `devflare` with arguments, in this folder.
    pub(crate) fn devflare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_devflare"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", self.0.path().join(".cache"));
        for name in ["CLOUDFLARE_ENV", "FORCE_COLOR", "NO_COLOR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.devflare(arguments).output().expect("devflare runs"))
    }

    /// `devflare dev`, once it serves.
    pub(crate) fn dev(&self, arguments: &[&str]) -> Running {
        let mut all = vec!["dev"];
        all.extend(arguments);
        self.serve(&all)
    }

    /// `devflare COMMAND`, once it serves.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Running {
        let mut all = arguments.to_vec();
        all.extend(["--port", "0", "--api-port", "0", "--log-format", "json"]);
        Running::ready(&mut self.devflare(&all))
    }
}

/// What a finished process said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Ended {
    /// Runs a command to its end, with text on its standard input.
    pub(crate) fn of_fed(command: &mut Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        // Who does not read it has no need of it.
        let _ = child.stdin.take().expect("it was piped").write_all(input.as_bytes());
        Self::of(&child.wait_with_output().expect("it ends"))
    }

    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { status: output.status.code(), out: text(&output.stdout), error: text(&output.stderr) }
    }
}

/// A process that goes on.
pub(crate) struct Running {
    child: Option<Child>,
    lines: Receiver<String>,
    pub(crate) url: String,
    /// Its first line.
    pub(crate) ready: Value,
}

impl Running {
    /// Starts a command that serves, and waits until it does.
    pub(crate) fn ready(command: &mut Command) -> Self {
        let mut running = Self::start(command);
        running.ready = running.line();
        assert_eq!(running.ready["event"], "ready", "{}", running.ready);
        running.ready["url"].as_str().expect("a URL").clone_into(&mut running.url);
        running
    }

    /// Starts a command, whose lines are read as they come.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("devflare starts");
        let out = BufReader::new(child.stdout.take().expect("it was piped"));
        let (sender, lines) = channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child: Some(child), lines, url: String::new(), ready: Value::Null }
    }

    /// The next line, as text.
    pub(crate) fn text(&self) -> String {
        self.lines.recv_timeout(GUARD).expect("another line")
    }

    /// The next line, as JSON.
    pub(crate) fn line(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The next line that tells of an event.
    pub(crate) fn event(&self, name: &str) -> Value {
        loop {
            let line = self.line();
            if line["event"] == name {
                return line;
            }
        }
    }

    /// The status and body at a path.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(&self.url, path)
    }

    pub(crate) fn id(&self) -> i32 {
        i32::try_from(self.child.as_ref().expect("it runs").id()).expect("a small number")
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.id()).expect("an id");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let late = Instant::now() + GUARD;
        loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < late, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended on its own.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn get(url: &str, path: &str) -> (u16, String) {
    let host = url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(host).expect("it listens");
    stream.set_read_timeout(Some(GUARD)).expect("a timeout");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// Whether a process of this id is there.
pub(crate) fn lives(id: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
    // One that only waits for its parent to notice does not live.
    match stat {
        Ok(stat) => !stat.contains(") Z "),
        Err(_) if Path::new("/proc/self").exists() => false,
        Err(_) => rustix::process::Pid::from_raw(id).is_some_and(|id| rustix::process::test_kill_process(id).is_ok()),
    }
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let late = Instant::now() + GUARD;
    while !holds() {
        assert!(Instant::now() < late, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Ends a process as nothing can prepare for.
pub(crate) fn kill(running: Running) {
    running.signal(rustix::process::Signal::KILL);
    running.end();
}
