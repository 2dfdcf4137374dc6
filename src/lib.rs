//! devflare: Cloudflare Workers for Platforms on a laptop, offline.

pub mod bindings;
pub mod config;
pub mod dev;
pub mod engine;
pub mod error;
pub mod web;
pub mod worker;
