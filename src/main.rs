//! The `devflare` binary: hands its arguments to the library and ends the process with the status it answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    devflare::cli::run(std::env::args_os())
}
