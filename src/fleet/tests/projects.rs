//! Which projects an argument names, and what is said when it names none.

use super::{Desk, ids};

#[test]
fn a_glob_takes_the_projects_and_passes_over_the_rest() {
    let desk = Desk::new()
        .dispatcher("d", "staging")
        .project("customers/b", "")
        .project("customers/a", "")
        .project("customers/.hidden", "")
        .project("customers/node_modules/p", "")
        .file("customers/README.md", "")
        .file("customers/drafts/notes.txt", "")
        .args(&["./d", "staging=./customers/*"]);
    assert_eq!(desk.told(), "");
    assert_eq!(ids(&desk.fleet()), ["d", "staging/a", "staging/b"]);
}

#[test]
fn the_sample_projects_load_without_a_word() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-projects");
    let loaded = |arguments: &[&str]| {
        let mut desk = Desk::new().args(arguments);
        desk.options.directory.clone_from(&samples);
        desk.options.config.today = "2027-01-01".into();
        assert_eq!(desk.told(), "");
        ids(&desk.fleet())
    };
    assert_eq!(loaded(&["./my-dispatcher", "./customer-worker-1"]), ["my-dispatcher", "staging/customer-worker-1"]);
    let customers = ["customers/customer-a", "customers/customer-b", "customers/customer-c"];
    let platform = loaded(&["./saas"]);
    assert_eq!(platform[0], "platform");
    assert_eq!(platform[1..], customers);
}

#[test]
fn several_directories_and_globs_may_go_into_one_namespace() {
    let desk = Desk::new().dispatcher("d", "s").project("x/a", "").project("y/b", "").project("c", "");
    let fleet = desk.args(&["d", "s=x/*", "s=y/*", "s=c"]).fleet();
    assert_eq!(ids(&fleet), ["d", "s/a", "s/b", "s/c"]);
    let namespaces = fleet.namespaces();
    assert_eq!(namespaces["s"].iter().copied().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn a_project_named_twice_is_loaded_once() {
    let desk = Desk::new().project("a", "").args(&["a", "./a", "*"]);
    assert_eq!(ids(&desk.fleet()), ["a"]);
}

#[test]
fn a_configuration_file_may_be_named_instead_of_its_directory() {
    let desk = Desk::new().project("a", "").args(&["a/wrangler.toml"]);
    assert_eq!(ids(&desk.fleet()), ["a"]);
}

#[test]
fn every_mistake_in_every_project_is_told_at_once() {
    let desk = Desk::new()
        .file("a/wrangler.toml", "name = \"a\"\n")
        .file("b/wrangler.json", "{ \"name\": }")
        .project("c", "kv_namespaces = [{}]")
        .file("d/index.js", "")
        .args(&["a", "b", "c", "d", "e"]);
    insta::assert_snapshot!(desk.told(), @r#"
    error: `main` is missing: which file is the Worker's entry point?
      a/wrangler.toml
      help: add main = "src/index.js"
    warning: no `compatibility_date`: today's is used, 2026-01-15
      a/wrangler.toml
      help: add compatibility_date = "2026-01-15", so that it stays
    error: invalid JSON: unexpected close brace
      b/wrangler.json:1:11
        { "name": }
                  ^
    error: `kv_namespaces[0]` has no `binding`
      c/wrangler.toml:4:18
        kv_namespaces = [{}]
                         ^^ `binding` is missing here
    error: no wrangler.json, wrangler.jsonc or wrangler.toml in this directory
      d
      help: a Worker needs at least: name = "my-worker", main = "src/index.js"
    error: no such directory: e
    "#);
}

#[test]
fn a_missing_directory_is_told_once_with_the_nearest_name() {
    let desk = Desk::new().project("customer", "").args(&["custmer"]);
    insta::assert_snapshot!(desk.told(), @r#"
    error: no such directory: custmer
      help: did you mean customer?
    "#);
    insta::assert_snapshot!(desk.args(&["s=custmers/*"]).told(), @r#"
    error: no such directory: custmers
      help: did you mean customer?
    "#);
}

#[test]
fn a_glob_without_projects_is_a_warning_for_they_may_come() {
    let desk = Desk::new().project("a", "").file("customers/x/readme", "").args(&["a", "s=customers/*"]);
    insta::assert_snapshot!(desk.told(), @r#"
    warning: `customers/*` matches no project
      help: a project is a directory with a wrangler.toml, wrangler.json or wrangler.jsonc
    "#);
    assert!(desk.args(&["a", "x["]).told().contains("`x[` is no valid pattern"));
}

#[test]
fn nothing_given_means_the_project_here() {
    let desk = Desk::new()
        .project(".", "")
        .file("wrangler.toml", "name = \"here\"\nmain = \"a.js\"\ncompatibility_date = \"2025-01-01\"");
    assert_eq!(ids(&desk.fleet()), ["here"]);
}

#[test]
fn nothing_given_and_nothing_here_proposes_what_is_near() {
    let desk = Desk::new().project("my-dispatcher", "").project("customers/a", "");
    insta::assert_snapshot!(desk.told(), @r#"
    error: no project was given, and there is no devflare.toml and no wrangler.toml here
      help: there are projects below it: devflare dev ./my-dispatcher ./customers/a
    "#);
    assert!(Desk::new().told().contains("name the projects: devflare dev ./my-dispatcher ./customer-worker-1"));
}

#[test]
fn an_environment_that_no_project_has_is_an_error() {
    let mut desk = Desk::new().project("a", "env = { staging = {} }").project("b", "").args(&["b"]);
    desk.options.config.environment = Some("stagin".into());
    insta::assert_snapshot!(desk.told(), @r#"
    error: no project has an environment `stagin`
      help: no configuration has an [env.stagin]: leave --env out
    "#);
    let mut desk = desk.args(&["a", "b"]);
    desk.options.config.environment = Some("staging".into());
    assert_eq!(ids(&desk.fleet()), ["a-staging", "b"]);
}

#[test]
fn projects_are_watched_and_so_is_every_place_where_one_could_appear() {
    let desk =
        Desk::new().project("d", "").project("c/x/a", "").file("c/y/readme", "").args(&["d", "s=c/*/*", "s=new"]);
    let desk = desk.file("new/wrangler.toml", "name = \"n\"\nmain = \"a\"\ncompatibility_date = \"2025-01-01\"");
    let watched = desk.fleet().watch_dirs().clone();
    for directory in ["d", "c", "c/x", "c/x/a", "c/y", "new"] {
        assert!(watched.contains(&desk.path(directory)), "{directory} in {watched:?}");
    }
}
