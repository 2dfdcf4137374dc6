//! devflare: Cloudflare Workers for Platforms on a laptop, offline.

pub mod config;
pub mod error;
