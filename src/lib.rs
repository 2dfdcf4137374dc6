//! devflare: Cloudflare Workers for Platforms on a laptop, offline.

pub mod bindings;
pub mod compile;
pub mod config;
pub mod dev;
pub mod engine;
pub mod error;
pub mod fleet;
pub mod front;
pub mod graph;
pub mod runtime;
pub mod term;
pub mod web;
pub mod worker;
