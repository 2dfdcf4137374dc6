//! The story in one screen: load, start, serve, and on a change rebuild and swap.

pub mod watch;
