//! All tests from the outside, in one binary: one module per feature.

mod modules;
mod tidy;
