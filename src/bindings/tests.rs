//! What configurations declare, as names and summaries, and what is said about mistakes.

use std::collections::HashSet;

use super::{Edge, Summary, all, declare};
use crate::config::Origin;
use crate::config::tests::Project;
use crate::error::Problems;

/// `NAME: Kind detail` for each binding, and the problems.
fn declared(project: &Project) -> (Vec<String>, String) {
    let config = project.clean();
    let mut problems = Problems::default();
    let bindings = declare(&config, &mut problems);
    let lines = bindings.iter().map(|binding| {
        let Summary { kind, detail, emulated } = binding.summary();
        let mark = if emulated { "" } else { " (not emulated)" };
        format!("{}: {kind} {detail}{mark}", binding.name())
    });
    (lines.collect(), project.render(&problems))
}

fn lines(text: &str) -> Vec<String> {
    let (lines, told) = declared(&Project::toml(text));
    assert_eq!(told, "");
    lines
}

fn told(text: &str) -> String {
    declared(&Project::toml(text)).1
}

fn edges(text: &str) -> Vec<Edge> {
    let config = Project::toml(text).clean();
    declare(&config, &mut Problems::default()).iter().flat_map(|binding| binding.edges()).collect()
}

#[test]
fn each_key_and_each_upload_type_has_one_kind() {
    let mut keys = HashSet::new();
    let mut types = HashSet::new();
    for kind in all() {
        assert!(keys.insert(kind.key()), "{} is in the table twice", kind.key());
        for upload_type in kind.upload_types() {
            assert!(types.insert(*upload_type), "{upload_type} is in the table twice");
        }
    }
}

#[test]
fn wrangler_knows_every_key_in_the_table() {
    let table: Vec<_> = all().map(|kind| format!("{} = 0", kind.key())).collect();
    assert!(!Project::toml(&table.join("\n")).told().contains("unknown key"));
}

#[test]
fn emulated_bindings_are_summed_up_in_wranglers_words() {
    let text = r#"
vars = { GREETING = "hello", LIMITS = { a = 1 } }
dispatch_namespaces = [
  { binding = "D", namespace = "staging" },
  { binding = "E", namespace = "live", outbound = { service = "out", parameters = ["who"] } },
]
services = [{ binding = "AUTH", service = "auth", entrypoint = "Admin", props = { a = 1 } }]
kv_namespaces = [{ binding = "KV", id = "abc" }, { binding = "OWN" }]
version_metadata = { binding = "VERSION" }
"#;
    assert_eq!(
        lines(text),
        [
            "D: Dispatch Namespace staging",
            "E: Dispatch Namespace live (outbound -> out)",
            "KV: KV Namespace abc",
            "OWN: KV Namespace ",
            "AUTH: Worker auth#Admin",
            "GREETING: Environment Variable \"hello\"",
            "LIMITS: Environment Variable {\"a\":1}",
            "VERSION: Worker Version Metadata ",
        ]
    );
}

#[test]
fn what_is_not_emulated_is_declared_all_the_same() {
    let text = r#"
ai = { binding = "AI" }
assets = { directory = "public" }
vectorize = [{ binding = "DB", index_name = "shop" }]
logfwdr = { bindings = [{ name = "LOG", destination = "there" }] }
durable_objects = { bindings = [{ name = "ROOM", class_name = "Room", script_name = "rooms" }] }
"#;
    assert_eq!(
        lines(text),
        [
            "ROOM: Durable Object Room, defined in rooms",
            "AI: AI  (not emulated)",
            "LOG: logfwdr there (not emulated)",
            "DB: Vectorize Index shop (not emulated)",
        ]
    );
    assert_eq!(edges(text), [Edge::Script("rooms".into())]);
}

#[test]
fn a_dispatch_binding_leads_to_its_namespace_and_its_outbound_worker() {
    let text = "dispatch_namespaces = [{ binding = \"D\", namespace = \"s\", outbound = { service = \"out\" } }]";
    let outbound = Edge::Outbound { service: "out".into(), environment: None };
    assert_eq!(edges(text), [Edge::Namespace("s".into()), outbound]);
}

#[test]
fn mistakes_in_several_bindings_are_told_at_once() {
    insta::assert_snapshot!(
        told(
            r#"
dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
services = [{ binding = 5, service = "" }, "auth"]
kv_namespaces = [{ id = "" }]
version_metadata = {}
d1_databases = [{ database_name = "x" }]
"#
        ), @r#"
    error: `dispatch_namespaces[0]` has no `namespace`
      shop/wrangler.toml:5:24
        dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `namespace` is missing here
    warning: unknown key `dispatch_namespaces[0].namespce`
      shop/wrangler.toml:5:41
        dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
                                                ^^^^^^^^
      help: did you mean `namespace`?
    error: `dispatch_namespaces[1]` has no `binding`
      shop/wrangler.toml:5:65
        dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
                                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `binding` is missing here
    error: `dispatch_namespaces[1]` has no `namespace`
      shop/wrangler.toml:5:65
        dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
                                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `namespace` is missing here
    error: `dispatch_namespaces[1].outbound` has no `service`
      shop/wrangler.toml:5:78
        dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
                                                                                     ^^^^^^^^^^^^^^^^^^^^ `service` is missing here
    error: `dispatch_namespaces[1].outbound.parameters[0]` must be a string
      shop/wrangler.toml:5:94
        dispatch_namespaces = [{ binding = "D", namespce = "staging" }, { outbound = { parameters = [1] } }]
                                                                                                     ^ this is a number
    error: `services[0].binding` must be a string
      shop/wrangler.toml:6:25
        services = [{ binding = 5, service = "" }, "auth"]
                                ^ this is a number
    error: `services[0].service` must not be empty
      shop/wrangler.toml:6:38
        services = [{ binding = 5, service = "" }, "auth"]
                                             ^^
    error: `services[1]` must be a table
      shop/wrangler.toml:6:44
        services = [{ binding = 5, service = "" }, "auth"]
                                                   ^^^^^^ this is a string
    error: `kv_namespaces[0]` has no `binding`
      shop/wrangler.toml:7:18
        kv_namespaces = [{ id = "" }]
                         ^^^^^^^^^^^ `binding` is missing here
    error: a KV namespace's `id` must not be empty
      shop/wrangler.toml:7:25
        kv_namespaces = [{ id = "" }]
                                ^^
      help: remove it: without an id the Worker has a namespace of its own
    error: `version_metadata` has no `binding`
      shop/wrangler.toml:8:20
        version_metadata = {}
                           ^^ `binding` is missing here
    error: `d1_databases[0]` has no `binding`
      shop/wrangler.toml:9:17
        d1_databases = [{ database_name = "x" }]
                        ^^^^^^^^^^^^^^^^^^^^^^^ `binding` is missing here
    "#
    );
}

#[test]
fn one_name_bound_twice_is_an_error_with_both_places() {
    insta::assert_snapshot!(
        told("vars = { KV = \"text\" }\nkv_namespaces = [{ binding = \"KV\", id = \"1\" }]\n"), @r#"
    error: `KV` is bound twice
      shop/wrangler.toml:4:10
        vars = { KV = "text" }
                 ^^ Environment Variable
      shop/wrangler.toml:5:30
        kv_namespaces = [{ binding = "KV", id = "1" }]
                                     ^^^^ KV Namespace
      help: give each binding a name of its own
    "#
    );
}

#[test]
fn remote_bindings_are_noted_once() {
    let item = |name: &str| format!("{{ binding = \"{name}\", namespace = \"s\", remote = true }}");
    insta::assert_snapshot!(told(&format!("dispatch_namespaces = [\n{},\n{}]", item("A"), item("B"))), @r#"
    warning: `remote` is ignored: devflare emulates this binding on this machine
      shop/wrangler.toml:5:35
        { binding = "A", namespace = "s", remote = true },
                                          ^^^^^^
      shop/wrangler.toml:6:35
        { binding = "B", namespace = "s", remote = true }]
                                          ^^^^^^
    "#);
}

#[test]
fn variables_from_files_replace_variables_but_no_other_binding() {
    let text = "vars = { A = \"config\", B = \"config\" }\nkv_namespaces = [{ binding = \"KV\", id = \"1\" }]";
    let mut project = Project::toml(text).file(".dev.vars", "A=file\nKV=file\nC=file");
    let (lines, _) = declared(&project);
    assert_eq!(
        lines,
        [
            "KV: KV Namespace 1",
            "A: Environment Variable (hidden)",
            "B: Environment Variable \"config\"",
            "C: Environment Variable (hidden)"
        ]
    );
    project.options.variables.push(("KV".into(), "line".into()));
    assert_eq!(declared(&project).0[0], "KV: Environment Variable \"line\"");
    assert!(project.clean().variables.iter().any(|variable| variable.origin == Origin::CommandLine));
}

#[test]
fn long_values_are_cut_in_the_banner() {
    let line = lines(&format!("vars = {{ A = \"{}\" }}", "x".repeat(100))).remove(0);
    assert!(line.ends_with("xxx...") && line.len() < 80, "{line}");
}

#[test]
fn workers_share_a_kv_namespace_by_its_id_only() {
    let shop = crate::worker::WorkerId::user("staging", "shop");
    let kv = |id: Option<&str>, preview: Option<&str>| super::KvNamespace {
        name: "KV".into(),
        id: id.map(str::to_owned),
        preview_id: preview.map(str::to_owned),
        place: crate::error::Place { source: crate::error::Source::new("a", ""), span: 0..0, label: String::new() },
    };
    assert_eq!(kv(Some("1"), Some("2")).namespace(&shop), "1");
    assert_eq!(kv(None, Some("2")).namespace(&shop), "2");
    assert_eq!(kv(None, None).namespace(&shop), "staging/shop-kv");
}
