//! The harness: real project folders, a session in this process on a port of its own, and a client that checks answers.
//!
//! ```ignore
//! let dev = Dev::new().dispatcher("front", JS).user("staging", "customer", JS).start();
//! dev.get("/x").status(200).body("hello");
//! dev.edit("staging/customer", "src/index.js", OTHER_JS);
//! dev.get("/x").body("other");
//! ```
//!
//! Calls wait for their answers, so tests read top down; what happens at the same time runs in threads. What the
//! terminal says is checked as well: a warning, an error or an exception that a test did not expect fails it.

mod answer;
mod client;
mod dev;
pub(crate) mod esbuild;
mod folder;
mod form;
mod load;
mod output;
pub(crate) mod postgres;

use std::time::Duration;

pub(crate) use answer::Answer;
pub(crate) use client::{Ask, Connection};
pub(crate) use dev::{Client, Dev, Server};
pub(crate) use folder::{copy_into, repository};
pub(crate) use form::Form;
pub(crate) use load::Load;

/// How long anything may take before it counts as hung: a guard, no measure.
pub(crate) const GUARD: Duration = Duration::from_secs(30);
