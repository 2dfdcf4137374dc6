//! A value typed without being seen.

use std::io::{self, BufRead as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, isatty, tcgetattr, tcsetattr};

/// Asks for a line at the terminal, on standard error; `None` when standard input is no terminal.
pub fn ask_secret(question: &str) -> Option<io::Result<String>> {
    isatty(io::stdin()).then(|| ask(question))
}

fn ask(question: &str) -> io::Result<String> {
    let input = io::stdin();
    let before = tcgetattr(&input)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    let mut out = io::stderr();
    out.write_all(question.as_bytes())?;
    out.flush()?;
    tcsetattr(&input, OptionalActions::Flush, &hidden)?;
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    // The terminal comes first, whatever was read.
    tcsetattr(&input, OptionalActions::Now, &before)?;
    out.write_all(b"\n")?;
    read.map(|_| line.trim_end_matches(['\r', '\n']).to_owned())
}
