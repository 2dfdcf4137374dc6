//! What is checked in each section, and that all of it is told at once.

use super::Project;

#[test]
fn several_mistakes_are_told_at_once_each_with_its_place() {
    let told = Project::new()
        .file(
            "wrangler.toml",
            r#"name = 5
compatibility_date = "2025–01–01"
compatibility_flags = ["nodejs_compat", 1]
compatability_flags = []
[limits]
cpu_ms = "fast"
[dev]
port = 99999
local_protocol = "htps"
"#,
        )
        .told();
    insta::assert_snapshot!(told, @r#"
    error: `main` is missing: which file is the Worker's entry point?
      shop/wrangler.toml
      help: add main = "src/index.js"
    error: `name` must be a string
      shop/wrangler.toml:1:8
        name = 5
               ^ this is a number
    error: "2025–01–01" is no date
      shop/wrangler.toml:2:22
        compatibility_date = "2025–01–01"
                             ^^^^^^^^^^^^^^^^
      help: write "2025-01-01", with plain hyphens
    error: `compatibility_flags[1]` must be a string
      shop/wrangler.toml:3:41
        compatibility_flags = ["nodejs_compat", 1]
                                                ^ this is a number
    warning: unknown key `compatability_flags`
      shop/wrangler.toml:4:1
        compatability_flags = []
        ^^^^^^^^^^^^^^^^^^^
      help: did you mean `compatibility_flags`?
    error: `limits.cpu_ms` must be a whole number
      shop/wrangler.toml:6:10
        cpu_ms = "fast"
                 ^^^^^^ this is a string
    error: `dev.port` must be between 0 and 65535
      shop/wrangler.toml:8:8
        port = 99999
               ^^^^^
    error: `dev.local_protocol` must be one of "http", "https"
      shop/wrangler.toml:9:18
        local_protocol = "htps"
                         ^^^^^^
      help: did you mean "https"?
    "#);
}

#[test]
fn a_missing_main_says_where_it_may_have_gone() {
    insta::assert_snapshot!(Project::new().file("wrangler.toml", "name = \"a\"\ncompatibility_date = \"2025-01-01\"\n[vars]\nmain = \"src/a.js\"\n").told(), @r#"
    error: `main` is missing: which file is the Worker's entry point?
      shop/wrangler.toml:4:1
        main = "src/a.js"
        ^^^^
      shop/wrangler.toml
      help: `vars.main` stands below a [table]: move it above the first one
    "#);
    let pages = "name = \"a\"\ncompatibility_date = \"2025-01-01\"\npages_build_output_dir = \"dist\"";
    assert!(Project::new().file("wrangler.toml", pages).told().contains("this is a Pages project"));
    let assets = "name = \"a\"\ncompatibility_date = \"2025-01-01\"\nassets = { directory = \"public\" }";
    assert!(Project::new().file("wrangler.toml", assets).clean().main.is_none());
}

#[test]
fn an_entry_point_that_does_not_exist_suggests_its_neighbour() {
    let project = Project::toml("").file("index.ts", "");
    let config = project.clean();
    let problem = config.main_is_missing().expect("a main");
    assert_eq!(problem.help.as_deref(), Some("did you mean main = \"index.ts\"?"));
    assert!(problem.location().expect("a place").ends_with("wrangler.toml:2:8"));
}

#[test]
fn a_worker_without_a_name_is_called_after_its_directory() {
    let project = Project::new().file("wrangler.toml", "main = \"a.js\"\ncompatibility_date = \"2025-01-01\"");
    let (config, told) = project.load();
    assert_eq!(config.expect("a config").name, "shop");
    insta::assert_snapshot!(told, @r#"
    warning: this Worker has no name: it is called `shop`, after its directory
      shop/wrangler.toml
      help: add name = "shop"
    "#);
}

#[test]
fn names_are_wranglers() {
    let bad = |name: &str| {
        let text = format!("name = {name:?}\nmain = \"a.js\"\ncompatibility_date = \"2025-01-01\"");
        Project::new().file("wrangler.toml", text).clean().name_is_bad().and_then(|problem| problem.help)
    };
    for name in ["shop", "a1", "_a", "my-shop_2"] {
        assert_eq!(bad(name), None, "{name}");
    }
    for name in ["Shop", "my shop", "-a", "a.b", "größe"] {
        assert!(bad(name).is_some(), "{name}");
    }
    assert!(bad("My Shop!").expect("a problem").ends_with("\"my-shop\""));
}

#[test]
fn compatibility_dates_default_to_today_and_may_not_lie_ahead() {
    let project = Project::new().file("wrangler.toml", "name = \"a\"\nmain = \"a.js\"\n");
    let (config, told) = project.load();
    assert_eq!(config.expect("a config").compatibility_date, "2026-01-15");
    insta::assert_snapshot!(told, @r#"
    warning: no `compatibility_date`: today's is used, 2026-01-15
      shop/wrangler.toml
      help: add compatibility_date = "2026-01-15", so that it stays
    "#);
    let future = "name = \"a\"\nmain = \"a.js\"\ncompatibility_date = \"2030-01-01\"";
    insta::assert_snapshot!(Project::new().file("wrangler.toml", future).told(), @r#"
    warning: this compatibility date is in the future: Cloudflare would refuse it
      shop/wrangler.toml:3:22
        compatibility_date = "2030-01-01"
                             ^^^^^^^^^^^^ today is 2026-01-15
    "#);
    let mut project = Project::toml("");
    project.options.compatibility_date = Some("2024-05-05".into());
    assert_eq!(project.clean().compatibility_date, "2024-05-05");
    project.options.compatibility_date = Some("soon".into());
    insta::assert_snapshot!(project.told(), @r#"
    error: --compatibility-date "soon" is no date
      help: write YYYY-MM-DD
    "#);
}

#[test]
fn keys_that_wrangler_knows_are_silent_and_others_are_questioned() {
    Project::toml("workers_dev = true\nminify = true\nobservability = { enabled = true }\nd1_databases = []").clean();
    insta::assert_snapshot!(Project::toml("kv_namespace = []\nzebra = 1\nnode_compat = true").told(), @r#"
    warning: unknown key `kv_namespace`
      shop/wrangler.toml:4:1
        kv_namespace = []
        ^^^^^^^^^^^^
      help: did you mean `kv_namespaces`?
    warning: unknown key `zebra`
      shop/wrangler.toml:5:1
        zebra = 1
        ^^^^^
    error: `node_compat` was removed in wrangler 4
      shop/wrangler.toml:6:1
        node_compat = true
        ^^^^^^^^^^^
      help: use compatibility_flags = ["nodejs_compat"]
    "#);
}

#[test]
fn routes_are_read_in_each_of_their_forms() {
    let config = Project::toml(
        r#"routes = [
  "*.example.com/*",
  { pattern = "shop.example.com", custom_domain = true },
  { pattern = "example.com/api/*", zone_name = "example.com" },
]"#,
    )
    .clean();
    let told: Vec<_> = config.routes.iter().map(|r| (r.pattern.text.as_str(), r.custom_domain)).collect();
    assert_eq!(told, [("*.example.com/*", false), ("shop.example.com", true), ("example.com/api/*", false)]);
    assert_eq!(Project::toml("route = \"example.com/*\"").clean().routes.len(), 1);
}

#[test]
fn routes_that_cloudflare_refuses_are_told() {
    insta::assert_snapshot!(
        Project::toml(
            r#"route = "a.com"
routes = [
  7,
  { zone_name = "example.com" },
  { pattern = "example.com/*" },
  { pattern = "example.com/*", custom_domain = true },
  { pattern = "example.com/*", zone_id = "1", zone_name = "b" },
  "example.*/x",
]"#
        )
        .told(), @r#"
    error: both `route` and `routes`: wrangler takes only one of them
      shop/wrangler.toml:4:1
        route = "a.com"
        ^^^^^
      shop/wrangler.toml:5:1
        routes = [
        ^^^^^^
      help: move the `route` into `routes`
    error: `routes[0]` must be a string or a table with a pattern
      shop/wrangler.toml:6:3
          7,
          ^ this is a number
      help: write "example.com/*" or { pattern = "example.com/*", zone_name = "example.com" }
    error: `routes[1]` has no `pattern`
      shop/wrangler.toml:7:3
          { zone_name = "example.com" },
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `pattern` is missing here
    error: `routes[2]` needs `zone_name`, `zone_id` or `custom_domain`
      shop/wrangler.toml:8:3
          { pattern = "example.com/*" },
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: or write just the pattern as a string
    error: a custom domain is a host alone, not `example.com/*`
      shop/wrangler.toml:9:3
          { pattern = "example.com/*", custom_domain = true },
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: write it without `*` and path, or make it a route: leave out custom_domain
    error: `routes[4]` has both `zone_name` and `zone_id`
      shop/wrangler.toml:10:59
          { pattern = "example.com/*", zone_id = "1", zone_name = "b" },
                                                                  ^^^
      help: keep one of them
    warning: Cloudflare accepts no route like `example.*/x`: it is not served here
      shop/wrangler.toml:11:3
          "example.*/x",
          ^^^^^^^^^^^^^
      help: `*` may stand only before the host and at the end of the path: `*.example.com/shop/*`
    "#
    );
}

#[test]
fn rules_are_checked() {
    let good = "rules = [{ type = \"Text\", globs = [\"**/*.md\"], fallthrough = true }]";
    assert_eq!(Project::toml(good).clean().modules.rules[0].globs, ["**/*.md"]);
    insta::assert_snapshot!(Project::toml("rules = [{ type = \"Txt\" }, { globs = \"x\" }]").told(), @r#"
    error: `rules[0]` has no `globs`
      shop/wrangler.toml:4:10
        rules = [{ type = "Txt" }, { globs = "x" }]
                 ^^^^^^^^^^^^^^^^ `globs` is missing here
      help: globs = ["**/*.txt"]
    error: `rules[0].type` must be one of "ESModule", "CommonJS", "CompiledWasm", "Text", "Data", "PythonModule", "PythonRequirement"
      shop/wrangler.toml:4:19
        rules = [{ type = "Txt" }, { globs = "x" }]
                          ^^^^^
      help: did you mean "Text"?
    error: `rules[1]` has no `type`
      shop/wrangler.toml:4:28
        rules = [{ type = "Txt" }, { globs = "x" }]
                                   ^^^^^^^^^^^^^^^ `type` is missing here
    error: `rules[1].globs` must be a list of strings
      shop/wrangler.toml:4:38
        rules = [{ type = "Txt" }, { globs = "x" }]
                                             ^^^ this is a string
    "#);
}

#[test]
fn compatibility_flags_must_be_known_and_agree() {
    let project =
        Project::toml("compatibility_flags = [\"nodejs_compatt\", \"no_global_navigator\", \"global_navigator\"]");
    insta::assert_snapshot!(project.told(), @r#"
    error: no such compatibility flag: "nodejs_compatt"
      shop/wrangler.toml:4:24
        compatibility_flags = ["nodejs_compatt", "no_global_navigator", "global_navigator"]
                               ^^^^^^^^^^^^^^^^
      help: did you mean "nodejs_compat"?
    error: the compatibility flags "global_navigator" and "no_global_navigator" contradict each other
      shop/wrangler.toml:4:65
        compatibility_flags = ["nodejs_compatt", "no_global_navigator", "global_navigator"]
                                                                        ^^^^^^^^^^^^^^^^^^
    "#);
    assert_eq!(
        Project::toml("compatibility_flags = [\"nodejs_compat\"]").clean().compatibility_flags,
        ["nodejs_compat"]
    );
}
