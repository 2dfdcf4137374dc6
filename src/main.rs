//! The `devflare` binary: hands its arguments to the library and ends the process with the status it answers.
fn main() {}
