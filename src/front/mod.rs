//! The Workers port.

pub mod live;
pub mod pages;
