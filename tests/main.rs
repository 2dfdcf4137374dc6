//! All tests from the outside, in one binary: one module per feature.

mod command_line;
mod modules;
mod process;
mod tidy;
