//! How an event in a Worker failed.

use std::fmt;
use std::time::Duration;

/// Ordinary data: the host is fine, the Worker is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Used more CPU time than its limit.
    CpuLimit { used: Duration, limit: Duration },
    /// The isolate's heap reached its limit, in bytes.
    MemoryLimit { limit: usize },
    /// Nothing is pending in the isolate, yet the promise is unsettled: it can never answer.
    Hung,
    /// The isolate was stopped for another request's excess.
    Stopped,
    /// The code threw; `stack` holds the frames alone, one a line.
    Threw { name: String, message: String, stack: String },
    /// No such user Worker in the dispatch namespace.
    NotFound,
    /// The Worker could not be started: what its author reads (already rendered), and one line for callers.
    Broken { summary: String, detail: String },
    /// The caller went away.
    Cancelled,
}

impl Failure {
    /// An error of the runtime's own making that the caller sees as an `Error`.
    pub fn error(message: impl Into<String>) -> Self {
        Self::Threw { name: "Error".into(), message: message.into(), stack: String::new() }
    }

    /// The same as a `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::Threw { name: "TypeError".into(), message: message.into(), stack: String::new() }
    }

    /// The name of the error that a calling Worker catches.
    pub fn name(&self) -> &str {
        if let Self::Threw { name, .. } = self { name } else { "Error" }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CpuLimit { .. } => f.write_str("Worker exceeded CPU time limit."),
            Self::MemoryLimit { .. } => f.write_str("Worker exceeded memory limit."),
            Self::Hung => f.write_str(
                "The Workers runtime canceled this request because it detected that your Worker's code had hung and \
                 would never generate a response. Refer to: \
                 https://developers.cloudflare.com/workers/observability/errors/",
            ),
            Self::Stopped => f.write_str("The Worker was restarted because another of its requests exceeded a limit."),
            Self::Threw { message, .. } => f.write_str(message),
            Self::NotFound => f.write_str("Worker not found."),
            Self::Broken { summary, .. } => f.write_str(summary),
            Self::Cancelled => f.write_str("The client disconnected."),
        }
    }
}
