//! The story in one screen: load, start, serve, and on a change rebuild and swap.

mod banner;
pub mod watch;

pub use banner::workers;
