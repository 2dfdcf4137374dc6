//! All tests from the outside, in one binary: one module per feature.

mod browser;
mod builds;
mod command_line;
mod control;
mod dispatch;
mod errors;
mod hosts;
mod http;
mod input;
mod isolation;
mod live_reload;
mod mending;
mod modules;
mod node;
mod packages;
mod process;
mod projects;
mod reload;
mod runtime;
mod samples;
mod service_workers;
mod services;
mod state;
mod streaming;
mod support;
mod tidy;
