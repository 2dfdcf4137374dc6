//! `devflare.toml`.

use std::path::PathBuf;

use super::{Desk, ids};
use crate::fleet::ApiPort;

fn platform() -> Desk {
    Desk::new().dispatcher("platform", "customers").project("customers/a", "").project("customers/b", "")
}

const FILE: &str = "workers = [\"./platform\"]\n[namespaces]\ncustomers = [\"./customers/*\"]\n";

#[test]
fn a_workspace_file_makes_arguments_unnecessary() {
    let desk = platform().file("devflare.toml", FILE);
    assert_eq!(desk.told(), "");
    assert_eq!(ids(&desk.fleet()), ["platform", "customers/a", "customers/b"]);
}

#[test]
fn its_paths_are_relative_to_the_file() {
    let mut desk = platform().file("conf/team.toml", "workers = [\"../platform\"]\n[dev]\npersist_to = \"state\"\n");
    desk.options.workspace = Some("conf/team.toml".into());
    let fleet = desk.fleet();
    assert_eq!(ids(&fleet), ["platform"]);
    assert_eq!(fleet.settings.persist_to, Some(desk.path("conf/state")));
    assert!(fleet.watch_dirs().contains(&desk.path("conf")));
}

#[test]
fn a_directory_with_a_workspace_may_be_the_argument() {
    let desk = Desk::new().dispatcher("team/platform", "customers").project("team/customers/a", "");
    let desk = desk.file("team/devflare.toml", FILE).args(&["./team"]);
    assert_eq!(ids(&desk.fleet()), ["platform", "customers/a"]);
}

#[test]
fn with_arguments_it_only_says_where_those_belong() {
    let desk = platform().file("devflare.toml", "namespaces = { customers = [\"customers/*\", \"missing\"] }");
    let desk = desk.args(&["customers/b"]);
    assert_eq!(desk.roles(), ["customers/b (by devflare.toml)"]);
}

#[test]
fn settings_come_from_it_and_then_from_the_default_workers_configuration() {
    let desk = Desk::new().project("a", "dev = { port = 9000, ip = \"0.0.0.0\", host = \"a.com\" }").args(&["a"]);
    let settings = desk.fleet().settings;
    assert_eq!(
        (settings.port, settings.ip.as_deref(), settings.host.as_deref()),
        (Some(9000), Some("0.0.0.0"), Some("a.com"))
    );
    let desk = desk.file("devflare.toml", "[dev]\nport = 1\napi_port = \"none\"\nhost = \"b.com\"");
    let settings = desk.fleet().settings;
    assert_eq!(
        (settings.port, settings.api_port, settings.host.as_deref()),
        (Some(1), Some(ApiPort::None), Some("b.com"))
    );
    let settings = desk.file("devflare.toml", "dev = { api_port = 0 }").fleet().settings;
    assert_eq!(settings.api_port, Some(ApiPort::Port(0)));
    assert_eq!(settings.persist_to, None::<PathBuf>);
}

#[test]
fn mistakes_in_it_are_told_at_once() {
    let text = r#"
worker = ["a"]
workers = "a"
[namespaces]
staging = [1]
[dev]
port = "x"
api_port = "nine"
hots = "a"
"#;
    insta::assert_snapshot!(Desk::new().file("devflare.toml", text).told(), @r#"
    error: `workers` must be a list of strings
      devflare.toml:3:11
        workers = "a"
                  ^^^ this is a string
    error: `namespaces.staging[0]` must be a string
      devflare.toml:5:12
        staging = [1]
                   ^ this is a number
    error: `dev.port` must be a whole number
      devflare.toml:7:8
        port = "x"
               ^^^ this is a string
    error: `dev.api_port` must be a whole number
      devflare.toml:8:12
        api_port = "nine"
                   ^^^^^^ this is a string
    warning: unknown key `dev.hots`
      devflare.toml:9:1
        hots = "a"
        ^^^^
      help: did you mean `host`?
    warning: unknown key `worker`
      devflare.toml:2:1
        worker = ["a"]
        ^^^^^^
      help: did you mean `workers`?
    "#);
    insta::assert_snapshot!(Desk::new().file("devflare.toml", "workers = [\"a\"]").told(), @r#"
    error: no such directory: a
      devflare.toml:1:12
        workers = ["a"]
                   ^^^
    "#);
    insta::assert_snapshot!(Desk::new().file("devflare.toml", "workers = [").told(), @r#"
    error: invalid TOML: unclosed array, expected `]`
      devflare.toml:1:12
        workers = [
                   ^
    "#);
}

#[test]
fn a_missing_workspace_file_is_an_error_with_the_nearest_name() {
    let mut desk = Desk::new().file("devflare.toml", "");
    desk.options.workspace = Some("devflare.tml".into());
    insta::assert_snapshot!(desk.told(), @r#"
    error: no such workspace file: devflare.tml
      help: did you mean devflare.toml?
    "#);
}

#[test]
fn the_schema_for_editors_has_the_keys_that_are_read() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../devflare.schema.json")).expect("the schema is JSON");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value["properties"].as_object().expect("properties").keys().cloned().collect()
    };
    let unknown = |text: &str| Desk::new().file("devflare.toml", text).told().contains("unknown key");
    for key in keys(&schema) {
        assert!(!unknown(&format!("{key} = 0")), "{key} is in the schema and is not read");
    }
    for key in keys(&schema["properties"]["dev"]) {
        assert!(!unknown(&format!("[dev]\n{key} = []")), "dev.{key} is in the schema and is not read");
    }
    assert_eq!(keys(&schema), ["$schema", "workers", "namespaces", "dev"]);
    assert_eq!(keys(&schema["properties"]["dev"]), ["port", "ip", "api_port", "host", "local_protocol", "persist_to"]);
}
