//! What the command line understands, and what it says where it does not.

use clap::CommandFactory;

use super::*;

/// What is said about a command line that is a mistake or asks for help.
fn said(words: &str) -> String {
    let words = std::iter::once("devflare").chain(words.split_whitespace());
    match Cli::try_parse_from(words) {
        Ok(cli) => panic!("{cli:?} was understood"),
        Err(error) => error.render().to_string(),
    }
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn helps_read_well() {
    let helps = [
        "--help",
        "dev -h",
        "test --help",
        "check --help",
        "deploy --help",
        "dispatch-namespace --help",
        "secret put --help",
        "delete --help",
        "init --help",
        "tail --help",
    ]
    .map(|words| format!("$ devflare {words}\n{}", said(words)));
    insta::assert_snapshot!(helps.join("\n"));
    insta::assert_snapshot!(help::short(false));
}

#[test]
fn mistakes_are_told_with_what_was_meant() {
    let lines = [
        "chek",
        "check --log-levl x",
        "check --log-level lod",
        "check --var NAME",
        "check --var :x",
        "dev --ip here",
        "dev --cpu-factor 0",
        "test .",
    ];
    insta::assert_snapshot!(lines.map(|words| format!("$ devflare {words}\n{}", said(words))).join("\n"));
}
