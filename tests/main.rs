//! All tests from the outside, in one binary: one module per feature.

mod browser;
mod command_line;
mod dispatch;
mod errors;
mod hosts;
mod input;
mod isolation;
mod live_reload;
mod mending;
mod modules;
mod process;
mod reload;
mod runtime;
mod samples;
mod services;
mod state;
mod streaming;
mod support;
mod tidy;
