//! What a bare `devflare` says: the command lines that most people need.

use std::fmt::Write as _;

use owo_colors::Style;

const EXAMPLES: [(&str, &str, &str); 6] = [
    ("dev", "./my-dispatcher ./customer-worker-1", "serves the projects on localhost; every save is live at once"),
    ("dev", "./my-dispatcher staging='./customers/*'", "every customer in the namespace staging, also those to come"),
    ("test", "./my-dispatcher './customers/*' -- npx vitest run", "runs a command against them, with empty state"),
    ("init", "customer-a", "makes a project to start from; --template dispatcher or platform makes others"),
    ("deploy", "./customer-a --dispatch-namespace staging", "puts a user Worker into a devflare that runs"),
    ("check", "./my-dispatcher './customers/*'", "says what is wrong with them"),
];

pub(super) fn short(color: bool) -> String {
    let (strong, dim) = if color { (Style::new().bold(), Style::new().dimmed()) } else { (Style::new(), Style::new()) };
    let mut out = format!(
        "\n  {} {}\n\n",
        strong.style("devflare"),
        dim.style(concat!(env!("CARGO_PKG_VERSION"), "  Cloudflare Workers for Platforms on this machine, offline")),
    );
    for (command, arguments, what) in EXAMPLES {
        let command = format!("devflare {command}");
        write!(out, "  {} {arguments}\n      {}\n", strong.style(command), dim.style(what)).expect("a string takes it");
    }
    writeln!(out, "\n  {}\n", dim.style("`devflare COMMAND --help` tells more.")).expect("a string takes it");
    out
}
