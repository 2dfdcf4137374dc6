//! A project's `build.command`: run when what it reads has changed, its output passed on, its end waited for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::lock;
use crate::config::BuildCommand;
use crate::error::Problem;
use crate::graph::WatchSet;
use crate::term::{Console, ConsoleLevel, Terminal};

/// Files that are looked at for changes; those beyond are not.
const MAX_FILES: usize = 20_000;
/// Directories that no build reads its sources from.
const SKIPPED: [&str; 3] = ["node_modules", ".git", ".wrangler"];
/// Lines of the output that are shown with a failure.
const SHOWN: usize = 12;
/// In how many runs in a row a file may be edited before it is taken for one that the command writes.
const EDITS: u32 = 3;
/// How often it is asked whether the command has ended.
const POLL: Duration = Duration::from_millis(5);
/// How long what it wrote last may take to arrive, once it has ended.
const REST: Duration = Duration::from_secs(1);

pub(super) struct Command {
    config: BuildCommand,
    worker: Arc<str>,
    terminal: Terminal,
    /// A command that runs longer is ended.
    limit: Duration,
    last: Mutex<Option<Run>>,
    running: Mutex<Option<Pid>>,
    is_stopped: AtomicBool,
}

/// What the last run saw, and how it went.
struct Run {
    seen: Files,
    /// Files that changed during it.
    written: Written,
    result: Result<(), Problem>,
}

/// Files that change during runs: a hash of what each is after the last one, and how many runs in a row changed it.
type Written = BTreeMap<PathBuf, (u64, u32)>;

/// Files and the state of each: time of its last change in nanoseconds, length, identity.
type Files = BTreeMap<PathBuf, (i64, i64, u64, u64)>;
type Output = Arc<Mutex<VecDeque<String>>>;

impl Command {
    pub(super) fn new(config: &BuildCommand, worker: &str, terminal: &Terminal, limit: Duration) -> Self {
        Self {
            config: config.clone(),
            worker: format!("{worker} build").into(),
            terminal: terminal.clone(),
            limit,
            last: Mutex::default(),
            running: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        }
    }

    pub(super) fn is_of(&self, config: &BuildCommand) -> bool {
        self.config == *config
    }

    /// Whether it runs now, or what it reads has changed since it ran.
    pub(super) fn is_due(&self) -> bool {
        let Ok(last) = self.last.try_lock() else { return true };
        last.as_ref().is_none_or(|run| run.seen != self.files().0)
    }

    /// Runs it if it is due.
    ///
    /// # Errors
    /// How the last run failed.
    pub(super) fn ensure(&self) -> Result<(), Problem> {
        let mut last = lock(&self.last);
        let mut written = last.as_ref().map(|run| run.written.clone()).unwrap_or_default();
        loop {
            let (seen, _) = self.files();
            if let Some(run) = last.as_ref().filter(|run| run.seen == seen) {
                return run.result.clone();
            }
            let result = self.run();
            let (after, _) = self.files();
            let now = changed(&seen, &after, &written);
            // An edit during a run may have come too late for it.
            let is_settled = now.iter().all(|(path, now)| is_own(written.get(path), now));
            written = now;
            let seen = if is_settled { after } else { seen };
            *last = Some(Run { seen, written: written.clone(), result });
            if is_settled || self.is_stopped.load(Ordering::Acquire) {
                return last.as_ref().map_or(Ok(()), |run| run.result.clone());
            }
        }
    }

    /// What it reads.
    pub(super) fn watched(&self) -> WatchSet {
        let (files, listings) = self.files();
        WatchSet { files: files.into_keys().collect(), listings, missing: self.config.watch.iter().cloned().collect() }
    }

    /// Ends it if it runs, and for good.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        self.kill();
    }

    fn kill(&self) {
        if let Some(group) = *lock(&self.running) {
            // Fails when nobody is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// The files below the watched directories, and the directories.
    fn files(&self) -> (Files, BTreeSet<PathBuf>) {
        let (mut files, mut directories) = (Files::new(), BTreeSet::new());
        let mut open: Vec<PathBuf> = self.config.watch.clone();
        while let Some(path) = open.pop() {
            let Ok(status) = path.metadata() else { continue };
            if status.is_dir() {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                open.extend(entries.map(|entry| entry.path()).filter(|path| !is_skipped(path)));
                directories.insert(path);
            } else if files.len() < MAX_FILES {
                let time = status.mtime() * 1_000_000_000 + status.mtime_nsec();
                let change = status.ctime() * 1_000_000_000 + status.ctime_nsec();
                files.insert(path, (time, change, status.len(), status.ino()));
            }
        }
        (files, directories)
    }

    fn run(&self) -> Result<(), Problem> {
        let text = &self.config.command.value;
        let output = Output::default();
        let mut command = std::process::Command::new("sh");
        command.arg("-c").arg(text).current_dir(&self.config.directory).env("WRANGLER_COMMAND", "dev");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| self.failed(&format!("cannot be run: {error}"), &output))?;
        *lock(&self.running) = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if self.is_stopped.load(Ordering::Acquire) {
            self.kill();
        }
        let readers = [
            child.stdout.take().map(|out| self.pass_on(out, &output)),
            child.stderr.take().map(|err| self.pass_on(err, &output)),
        ];
        let ended = self.wait(&mut child);
        *lock(&self.running) = None;
        // What it left running in the background may keep its output open.
        let until = Instant::now() + REST;
        while readers.iter().flatten().any(|reader| !reader.is_finished()) && Instant::now() < until {
            thread::sleep(POLL);
        }
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.failed(&format!("failed ({status})"), &output)),
            None => Err(self
                .failed(&format!("did not end within {} s", self.limit.as_secs_f32()), &output)
                .help("`build.command` is for a build that ends: one that watches is started beside devflare")),
        }
    }

    /// `None` if it had to be ended.
    fn wait(&self, child: &mut Child) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if started.elapsed() < self.limit => thread::sleep(POLL),
                _ => {
                    self.kill();
                    // It is gone, and must not stay a zombie.
                    let _ = child.wait();
                    return None;
                }
            }
        }
    }

    /// Shows each line as it comes.
    fn pass_on(&self, from: impl Read + Send + 'static, output: &Output) -> thread::JoinHandle<()> {
        let (worker, terminal, output) = (self.worker.clone(), self.terminal.clone(), output.clone());
        thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let message = String::from_utf8_lossy(&line).trim_end().to_owned();
                terminal.tell(Console {
                    worker: worker.clone(),
                    level: ConsoleLevel::Log,
                    message: message.clone(),
                    ray: None,
                });
                let mut output = lock(&output);
                output.push_back(message);
                if output.len() > SHOWN {
                    output.pop_front();
                }
                line.clear();
            }
        })
    }

    fn failed(&self, how: &str, output: &Output) -> Problem {
        let place = &self.config.command.place;
        let problem =
            Problem::error(format!("the build command {how}")).at(&place.source, place.span.clone(), "this one");
        let lines: Vec<String> = lock(output).iter().cloned().collect();
        if lines.is_empty() { problem } else { problem.help(format!("it wrote:\n{}", lines.join("\n"))) }
    }
}

fn is_skipped(path: &Path) -> bool {
    path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped))
}

/// Files that came, went or are not what they were.
fn changed(before: &Files, after: &Files, written: &Written) -> Written {
    let paths: BTreeSet<_> =
        before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
    let runs = |path: &PathBuf| written.get(path).map_or(1, |(_, runs)| runs + 1);
    paths.into_iter().map(|path| (path.clone(), (content(path), runs(path)))).collect()
}

/// Whether it is the command that changed this file, not an editor: it writes the same again, or something at each run.
fn is_own(before: Option<&(u64, u32)>, (content, runs): &(u64, u32)) -> bool {
    before.is_some_and(|(last, _)| last == content) || *runs > EDITS
}

/// What can be read of a file, hashed.
fn content(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    fs::read(path).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
