//! Which file is read, and what is said when it cannot be.

use std::fs;

use super::Project;
use crate::config::load;

#[test]
fn the_guides_dispatcher_is_read_from_each_format() {
    let toml = r#"
name = "my-dispatcher"
main = "src/index.js"
compatibility_date = "2025-01-01"
[[dispatch_namespaces]]
binding = "dispatcher"
namespace = "staging"
"#;
    let json = r#"{
  // the guide's
  "name": "my-dispatcher", "main": "src/index.js", "compatibility_date": "2025-01-01",
  "dispatch_namespaces": [{ "binding": "dispatcher", "namespace": "staging" }],
}"#;
    for (name, text) in [("wrangler.toml", toml), ("wrangler.json", json), ("wrangler.jsonc", json)] {
        let project = Project::new().file(name, text);
        let config = project.clean();
        assert_eq!(config.name, "my-dispatcher");
        let main = config.main.as_ref().expect("a main");
        assert_eq!(main.value, fs::canonicalize(project.directory()).expect("exists").join("src/index.js"));
        let section = config.section("dispatch_namespaces").expect("a section").items();
        assert_eq!(section[0].get("namespace").and_then(|node| node.as_str()), Some("staging"));
        assert_eq!(section[0].path, "dispatch_namespaces[0]");
    }
}

#[test]
fn broken_syntax_is_shown_where_it_breaks() {
    insta::assert_snapshot!(Project::new().file("wrangler.toml", "name = shop\nmain = \n[[x]\n").told(), @r#"
    error: invalid TOML: string values must be quoted, expected literal string
      shop/wrangler.toml:1:8
        name = shop
               ^^^^
    error: invalid TOML: string values must be quoted, expected literal string
      shop/wrangler.toml:2:8
        main = 
               ^
    error: invalid TOML: unclosed array table, expected `]`
      shop/wrangler.toml:3:5
        [[x]
            ^
    "#);
    insta::assert_snapshot!(Project::new().file("wrangler.toml", "name = \"a\"\nname = \"b\"\n").told(), @r#"
    error: invalid TOML: duplicate key
      shop/wrangler.toml:2:1
        name = "b"
        ^^^^
    "#);
    insta::assert_snapshot!(Project::new().file("wrangler.jsonc", "{\n  \"name\": \"a\"\n  \"main\": 'x'\n}").told(), @r#"
    error: invalid JSON: expected comma
      shop/wrangler.jsonc:2:14
          "name": "a"
                     ^
    "#);
    insta::assert_snapshot!(Project::new().file("wrangler.json", r#"{ "main": "a", "vars": { "A": 1, "A": 2 } }"#).told(), @r#"
    error: `vars.A` is written twice
      shop/wrangler.json:1:34
        { "main": "a", "vars": { "A": 1, "A": 2 } }
                                         ^^^ again here
      shop/wrangler.json:1:26
        { "main": "a", "vars": { "A": 1, "A": 2 } }
                                 ^^^ first here
      help: remove one of the two
    "#);
    insta::assert_snapshot!(Project::new().file("wrangler.json", "[]").told(), @r#"
    error: the configuration must be a JSON object
      shop/wrangler.json:1:1
        []
        ^^ this is a list
    "#);
}

#[test]
fn what_is_no_text_is_refused_with_its_encoding() {
    insta::assert_snapshot!(Project::new().file("wrangler.toml", b"name = \"caf\xe9\"\n").told(), @r#"
    error: this file is not UTF-8
      shop/wrangler.toml:1:12
        name = "caf�"
                   ^^^ this byte is no text
      help: save it as UTF-8
    "#);
    insta::assert_snapshot!(Project::new().file("wrangler.toml", b"\xff\xfen\0a\0").told(), @r#"
    error: this file is UTF-16, not UTF-8
      shop/wrangler.toml
      help: save it as UTF-8
    "#);
    let with_mark = "\u{feff}name = \"a\"\nmain = \"a.js\"\ncompatibility_date = \"2025-01-01\"";
    assert_eq!(Project::new().file("wrangler.toml", with_mark).clean().name, "a");
}

#[test]
fn what_cannot_be_found_is_named_with_the_nearest_name() {
    let project = Project::new();
    insta::assert_snapshot!(project.told(), @r#"
    error: no wrangler.json, wrangler.jsonc or wrangler.toml in this directory
      shop
      help: a Worker needs at least: name = "my-worker", main = "src/index.js"
    "#);
    let (_, problems) = load(&project.root.path().join("shpo"), &project.options);
    insta::assert_snapshot!(project.render(&problems), @r#"
    error: no such directory: shpo
      help: did you mean shop?
    "#);
    let (_, problems) = load(&project.root.path().join("no/where"), &project.options);
    insta::assert_snapshot!(project.render(&problems), @r#"
    error: no such directory: no/where
      help: `no` does not exist either
    "#);
    let (_, problems) = load(project.root.path(), &project.options);
    assert_eq!(
        problems.0[0].help.as_deref(),
        Some("a Worker needs at least: name = \"my-worker\", main = \"src/index.js\"")
    );
    let project = project.file("wrangler.tml", "");
    insta::assert_snapshot!(project.told(), @r#"
    error: no wrangler.json, wrangler.jsonc or wrangler.toml in this directory
      shop
      help: there is `wrangler.tml`: did you mean `wrangler.toml`?
    "#);
    let project = project.file("wrangler.toml", "");
    let (_, problems) = load(&project.root.path().join("shop/wrangler.tml"), &project.options);
    insta::assert_snapshot!(project.render(&problems), @r#"
    error: `shop/wrangler.tml` is a file, not a project
      help: name the project's directory, or its wrangler.toml, .json or .jsonc
    "#);
}

#[test]
fn a_directory_of_projects_names_them() {
    let project = Project::toml("");
    let (_, problems) = load(project.root.path(), &project.options);
    assert!(project.render(&problems).contains("there are projects below it: shop"));
}

#[test]
fn a_config_that_is_a_directory_counts_as_absent() {
    let project = Project::new();
    fs::create_dir(project.directory().join("wrangler.toml")).expect("a fresh directory");
    assert!(project.told().starts_with("error: no wrangler.json, wrangler.jsonc or wrangler.toml"));
}

#[test]
fn the_file_itself_may_be_named() {
    let project =
        Project::toml("").file("other.jsonc", r#"{"name":"b","main":"b.js","compatibility_date":"2025-01-01"}"#);
    let (config, _) = load(&project.directory().join("other.jsonc"), &project.options);
    assert_eq!(config.expect("a config").name, "b");
}

#[test]
fn of_two_files_json_wins_with_a_warning() {
    let project =
        Project::toml("").file("wrangler.json", r#"{"name":"b","main":"b.js","compatibility_date":"2025-01-01"}"#);
    let (config, told) = project.load();
    assert_eq!(config.expect("a config").name, "b");
    insta::assert_snapshot!(told, @r#"
    warning: two configurations in one project: wrangler.json is used, as wrangler does
      shop
      help: remove wrangler.toml or wrangler.json
    "#);
}
