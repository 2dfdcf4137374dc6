//! What Workers say and suffer, as lines on the terminal.

use std::sync::Mutex;

use super::{lock, stack};
use crate::error::Problem;
use crate::front::ConnectionProblem;
use crate::runtime::{Happened, Observer};
use crate::term::{Console, ConsoleLevel, Exception, HappenedLine, Note, Terminal};
use crate::worker::{Failure, Ray, WorkerId};

pub(super) struct Report {
    terminal: Terminal,
    /// The last exception that was told with its place, and whose it was.
    last: Mutex<Option<(WorkerId, Failure)>>,
}

impl Report {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal, last: Mutex::default() }
    }

    /// Whether a called Worker's exception, told a moment ago, now ends its caller.
    fn is_passed_on(&self, worker: &WorkerId, failure: &Failure) -> bool {
        let mut last = lock(&self.last);
        let passed_on = last.as_ref().is_some_and(|(thrower, told)| thrower != worker && told == failure);
        if !passed_on {
            *last = Some((worker.clone(), failure.clone()));
        }
        passed_on
    }
}

impl Observer for Report {
    fn console(&self, worker: &WorkerId, level: &str, (text, ray): (&str, Option<Ray>)) {
        let level = match level {
            "debug" | "trace" => ConsoleLevel::Debug,
            "info" => ConsoleLevel::Info,
            "warn" => ConsoleLevel::Warn,
            "error" => ConsoleLevel::Error,
            _ => ConsoleLevel::Log,
        };
        self.terminal.tell(Console {
            worker: worker.to_string().into(),
            level,
            message: text.to_owned(),
            ray: ray.map(|ray| ray.to_string()),
        });
    }

    fn failed(&self, worker: &WorkerId, failure: &Failure, ray: Option<Ray>) {
        // A build that fails is told once, when it fails.
        if matches!(failure, Failure::Broken { .. } | Failure::Cancelled | Failure::NotFound) {
            return;
        }
        let (name, stack) = match failure {
            Failure::Threw { name, stack, .. } => (name.clone(), stack.clone()),
            _ => (String::new(), String::new()),
        };
        let passed_on = !stack.is_empty() && self.is_passed_on(worker, failure);
        let stack = if passed_on { String::new() } else { stack };
        let place = stack::place(&stack, &self.terminal.options().base);
        let worker = worker.to_string().into();
        let (message, ray) = (failure.to_string(), ray.map(|ray| ray.to_string()));
        self.terminal.tell(Exception { worker, name, message, stack, place, help: help(failure), ray });
    }

    fn not_found(&self, namespace: &str, name: &str, nearest: &[String]) {
        let hint = if nearest.is_empty() { String::new() } else { format!("; there is {}", nearest.join(", ")) };
        self.terminal.tell(Note(format!("no user Worker \"{name}\" in namespace \"{namespace}\"{hint}")));
    }

    fn happened(&self, event: &Happened<'_>) {
        let rays = event.rays.iter().map(ToString::to_string).collect();
        let (kind, what, worker) = (event.kind, event.what.clone(), event.worker.to_string().into());
        self.terminal.tell(HappenedLine { kind, what, well: event.well, took: event.took, worker, rays });
    }
}

fn help(failure: &Failure) -> Option<String> {
    match failure {
        Failure::CpuLimit { used, limit } => Some(format!(
            "it used {} ms of CPU time, its limit is {} ms (configured limits are multiplied by --cpu-factor)",
            used.as_millis(),
            limit.as_millis()
        )),
        Failure::MemoryLimit { limit } => Some(format!("an isolate may use {} MB", limit >> 20)),
        _ => None,
    }
}

/// A client with which no HTTP could be spoken.
pub(super) fn of_connection(problem: &ConnectionProblem) -> Problem {
    match problem {
        ConnectionProblem::Malformed(reason) => Problem::warning(format!("400: a client sent no valid HTTP: {reason}")),
        ConnectionProblem::HeadTooLarge => Problem::warning("431: a client sent too many or too long headers"),
    }
}
