//! All tests from the outside, in one binary: one module per feature.

mod command_line;
mod dispatch;
mod modules;
mod process;
mod samples;
mod state;
mod support;
mod tidy;
