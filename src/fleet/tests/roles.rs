//! The five rules, in their order, and what is ambiguous.

use super::{Desk, dispatches};

#[test]
fn the_guides_two_projects_find_their_roles_alone() {
    let desk = Desk::new().dispatcher("my-dispatcher", "staging").project("customer-worker-1", "");
    let desk = desk.args(&["./my-dispatcher", "./customer-worker-1"]);
    assert_eq!(desk.told(), "");
    assert_eq!(
        desk.roles(),
        [
            "my-dispatcher (it dispatches)",
            "staging/customer-worker-1 (inferred: the only bound namespace, and nothing else names this Worker)"
        ]
    );
}

#[test]
fn the_command_line_comes_before_every_other_rule() {
    let desk = Desk::new()
        .dispatcher("d", "staging")
        .project("a", "dispatch_namespace = \"other\"\nroutes = [\"a.com/*\"]")
        .file("devflare.toml", "workers = [\"a\"]")
        .args(&["d", "staging=a"]);
    assert_eq!(desk.roles()[1], "staging/a (by the command line)");
}

#[test]
fn the_workspace_file_comes_before_the_configuration() {
    let desk = Desk::new()
        .dispatcher("d", "staging")
        .project("a", "dispatch_namespace = \"other\"")
        .project("b", "dispatch_namespace = \"other\"")
        .file("devflare.toml", "workers = [\"d\", \"b\"]\nnamespaces = { staging = [\"a\"] }")
        .args(&["d", "a", "b"]);
    assert_eq!(desk.roles(), ["d (by devflare.toml)", "staging/a (by devflare.toml)", "b (by devflare.toml)"]);
}

#[test]
fn a_configuration_comes_before_the_package_script() {
    let package = r#"{ "scripts": { "deploy": "wrangler deploy --dispatch-namespace live" } }"#;
    let desk = Desk::new()
        .dispatcher("d", "staging")
        .project("a", "dispatch_namespace = \"staging\"")
        .file("a/package.json", package)
        .project("b", "")
        .file("b/package.json", package)
        .args(&["d", "a", "b"]);
    assert_eq!(
        desk.roles()[1..],
        [
            "staging/a (by dispatch_namespace in its configuration)",
            "live/b (by the script \"deploy\" in its package.json)"
        ]
    );
}

#[test]
fn signs_of_an_ordinary_worker_stop_the_inference() {
    let desk = Desk::new()
        .project(
            "d",
            &(dispatches("staging")
                + "services = [{ binding = \"A\", service = \"auth\" }]\n"
                + "tail_consumers = [{ service = \"tail\" }]\n"
                + "durable_objects = { bindings = [{ name = \"R\", class_name = \"R\", script_name = \"rooms\" }] }"),
        )
        .project("auth", "")
        .project("tail", "")
        .project("rooms", "")
        .project("routed", "route = \"a.com/*\"")
        .project("cron", "triggers = { crons = [\"* * * * *\"] }")
        .project("queue", "queues = { consumers = [{ queue = \"q\" }] }")
        .project("customer", "services = [{ binding = \"SELF\", service = \"customer\" }]")
        .args(&["d", "auth", "tail", "rooms", "routed", "cron", "queue", "customer"]);
    assert_eq!(
        desk.roles(),
        [
            "d (it dispatches)",
            "auth (d names it in services)",
            "tail (d names it in tail_consumers)",
            "rooms (d names it in script_name)",
            "routed (it has routes)",
            "cron (it has crons)",
            "queue (it consumes a queue)",
            "staging/customer (inferred: the only bound namespace, and nothing else names this Worker)",
        ]
    );
}

#[test]
fn an_outbound_worker_is_an_ordinary_one() {
    let binding = "dispatch_namespaces = [{ binding = \"D\", namespace = \"s\", outbound = { service = \"out\" } }]";
    let desk = Desk::new().project("d", binding).project("out", "").args(&["d", "out"]);
    assert_eq!(desk.roles()[1], "out (d names it in outbound)");
}

#[test]
fn without_a_bound_namespace_all_are_ordinary() {
    let desk = Desk::new().project("a", "").project("b", "").args(&["a", "b"]);
    assert_eq!(desk.roles(), ["a (no namespace is bound)", "b (no namespace is bound)"]);
}

#[test]
fn two_candidate_namespaces_are_an_error_that_names_the_choices() {
    let desk = Desk::new().dispatcher("d", "staging").dispatcher("e", "live").project("customer", "");
    let desk = desk.args(&["d", "e", "customer"]);
    insta::assert_snapshot!(desk.told(), @r#"
    error: `customer` could be a user Worker of several namespaces: live, staging
      customer
      help: say which on the command line (live=customer or staging=customer), or by dispatch_namespace = "live" in its configuration
    "#);
    let mut desk = desk;
    desk.options.namespace = Some("live".into());
    assert_eq!(desk.roles()[2], "live/customer (by --namespace)");
}

#[test]
fn scripts_for_two_namespaces_are_an_error_unless_the_environment_decides() {
    let package = r#"{ "scripts": {
        "deploy:staging": "wrangler deploy --env staging --dispatch-namespace staging",
        "deploy:live": "wrangler deploy --env live --dispatch-namespace live" } }"#;
    let desk =
        Desk::new().project("customer", "env = { live = {}, staging = {} }").file("customer/package.json", package);
    let mut desk = desk.args(&["customer"]);
    insta::assert_snapshot!(desk.told(), @r#"
    error: the scripts in its package.json deploy `customer` into several namespaces: live, staging
      customer
      help: say which on the command line (live=customer or staging=customer), or by dispatch_namespace = "live" in its configuration
    "#);
    desk.options.config.environment = Some("live".into());
    assert_eq!(desk.roles(), ["live/customer-live (by the script \"deploy:live\" in its package.json)"]);
}

#[test]
fn one_project_may_be_in_two_namespaces() {
    let desk = Desk::new().dispatcher("d", "staging").project("a", "").args(&["d", "staging=a", "live=a", "a"]);
    assert_eq!(desk.roles()[1..], ["staging/a (by the command line)", "live/a (by the command line)"]);
}

#[test]
fn one_name_twice_in_one_place_is_an_error_and_in_two_places_is_none() {
    let desk = Desk::new().dispatcher("d", "staging").named("a", "same", "").named("b", "same", "");
    let desk = desk.args(&["d", "a", "b"]);
    insta::assert_snapshot!(desk.told(), @r#"
    error: two user Workers of namespace `staging` are called `same`
      a/wrangler.toml:1:8
        name = "same"
               ^^^^^^ a
      b/wrangler.toml:1:8
        name = "same"
               ^^^^^^ b
      help: rename one, or put it into another namespace: NAMESPACE=DIR
    "#);
    let desk = desk.args(&["d", "staging=a", "live=b"]);
    assert_eq!(desk.fleet().members.len(), 3);
    let desk = Desk::new().named("a", "same", "").named("b", "same", "").args(&["a", "b"]);
    assert!(desk.told().starts_with("error: two Workers are called `same`"));
}

#[test]
fn only_ordinary_workers_are_held_to_wranglers_names() {
    let desk = Desk::new().named("a", "Customer 1", "").dispatcher("d", "s").args(&["d", "s=a"]);
    assert_eq!(desk.told(), "");
    insta::assert_snapshot!(desk.args(&["a"]).told(), @r#"
    error: `Customer 1` is no name for a Worker
      a/wrangler.toml:1:8
        name = "Customer 1"
               ^^^^^^^^^^^^
      help: use lower-case letters, digits, dashes and underscores, such as "customer-1"
    "#);
}

#[test]
fn the_first_dispatch_worker_answers_by_default() {
    let desk =
        Desk::new().project("a", "route = \"a.com/*\"").dispatcher("d", "s").dispatcher("e", "s").project("u", "");
    let fleet = desk.args(&["a", "d", "e", "u"]).fleet();
    assert_eq!(fleet.default.as_ref().map(ToString::to_string).as_deref(), Some("d"));
}

#[test]
fn links_that_lead_nowhere_are_warnings() {
    let desk = Desk::new()
        .project("d", &(dispatches("staging") + "services = [{ binding = \"A\", service = \"aut\" }]"))
        .project("auth", "route = \"a.com/*\"")
        .args(&["d", "auth"]);
    insta::assert_snapshot!(desk.told(), @r#"
    warning: namespace `staging` is bound, and has no user Workers
      d/wrangler.toml:4:36
        dispatch_namespaces = [{ binding = "D", namespace = "staging" }]
                                           ^^^
      help: add them: devflare dev ... staging=./customers/*
    warning: `services` names the Worker `aut`, which is not here: using it throws
      d/wrangler.toml:5:25
        services = [{ binding = "A", service = "aut" }]
                                ^^^
      help: did you mean `auth`?
    "#);
    let desk = Desk::new()
        .project("d", &(dispatches("staging") + "services = [{ binding = \"A\", service = \"customer\" }]"))
        .project("customer", "")
        .args(&["d", "stagin=customer"]);
    insta::assert_snapshot!(desk.told(), @r#"
    warning: namespace `staging` is bound, and has no user Workers
      d/wrangler.toml:4:36
        dispatch_namespaces = [{ binding = "D", namespace = "staging" }]
                                           ^^^
      help: did you mean `stagin`? It has some
    warning: `services` names the Worker `customer`, which is not here: using it throws
      d/wrangler.toml:5:25
        services = [{ binding = "A", service = "customer" }]
                                ^^^
      help: `customer` is a user Worker of `stagin`: only a dispatch binding reaches it
    "#);
}

#[test]
fn user_workers_alone_are_reached_by_nobody() {
    insta::assert_snapshot!(Desk::new().project("a", "").args(&["s=a"]).told(), @r#"
    warning: no project dispatches to namespace `s`
      help: its user Workers are reached by a dispatch_namespaces binding alone
    warning: there is no ordinary Worker: nothing answers on the Workers port
      help: add the dispatch Worker's project
    "#);
}

#[test]
fn a_service_of_an_environment_is_found_by_its_full_name_first() {
    let service = "services = [{ binding = \"A\", service = \"auth\", environment = \"live\" }]";
    let desk = Desk::new().project("d", service).project("auth", "").project("auth-live", "");
    let fleet = desk.args(&["d", "auth", "auth-live"]).fleet();
    let found = |environment| fleet.service("auth", environment).map(ToString::to_string);
    assert_eq!(found(Some("live")).as_deref(), Some("auth-live"));
    assert_eq!(found(Some("other")).as_deref(), Some("auth"));
    assert_eq!(found(None).as_deref(), Some("auth"));
}
