//! One file per kind of line: its data, how it reads, and its JSON.

mod banner;
mod checked;
mod console;
mod done;
mod exception;
mod happened;
mod note;
mod problem;
mod reload;
mod request;
mod traced;

use std::time::Duration;

use serde_json::Value;

use super::{Level, Style};

pub use banner::{Banner, BindingRow, WorkerRow};
pub use checked::Checked;
pub use console::{Console, ConsoleLevel};
pub use done::Done;
pub use exception::Exception;
pub use happened::HappenedLine;
pub use note::{Cleared, Dropped, Note};
pub use reload::{Reload, ReloadKind};
pub use request::RequestLine;
pub use traced::Traced;

/// Something that is told to the user.
pub trait Line: Send {
    /// It is told if this is not above the level that the user asked for.
    fn level(&self) -> Level;

    /// Appends what a person reads, each line with its line break.
    fn pretty(&self, style: &Style, out: &mut String);

    /// What a machine reads; the first key is `event`.
    fn json(&self, style: &Style) -> Value;

    /// Bytes it takes while it waits, roughly.
    fn size(&self) -> usize;

    /// Made by guests, who may make too many.
    fn may_drop(&self) -> bool {
        true
    }

    /// Says that everything serves; the first of all lines for machines.
    fn opens(&self) -> bool {
        false
    }
}

/// Why a `write!` to a string cannot fail.
const STRING: &str = "a string takes everything";

/// With the id of the request that led to it.
fn with_ray(mut told: Value, ray: Option<&str>) -> Value {
    if let Some(ray) = ray {
        told["ray"] = ray.into();
    }
    told
}

/// Milliseconds with microseconds' precision, for machines.
fn rounded(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// The text up to `limit` bytes, and how many bytes that leaves.
fn cut(text: &str, limit: usize) -> (&str, usize) {
    let end = text.floor_char_boundary(limit);
    (&text[..end], text.len() - end)
}

/// `1 error`, `2 errors`.
fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
