//! `--env`: what is inherited, what is not, and what is said about it.

use super::Project;

const ENVIRONMENTS: &str = r#"
compatibility_flags = ["nodejs_compat"]
vars = { A = "top", B = 1 }
kv_namespaces = [{ binding = "KV", id = "1" }]
limits = { cpu_ms = 50 }
routes = ["example.com/*"]
[env.staging]
vars = { A = "staging" }
[env.production]
name = "live"
main = "live.js"
routes = ["live.example.com/*"]
vars = { A = "live", B = 2 }
kv_namespaces = []
dev = { port = 1 }
colour = "red"
"#;

#[test]
fn an_environment_inherits_settings_but_no_bindings() {
    let (config, told) = Project::toml(ENVIRONMENTS).env("staging").load();
    let config = config.expect("a config");
    assert_eq!(config.name, "shop-staging");
    assert_eq!(config.compatibility_flags, ["nodejs_compat"]);
    assert_eq!(config.limits.cpu_ms, Some(50));
    assert_eq!(config.routes.len(), 1);
    assert!(config.section("kv_namespaces").is_none());
    assert_eq!(config.section("vars").expect("vars").to_json(), serde_json::json!({ "A": "staging" }));
    insta::assert_snapshot!(told, @r#"
    warning: `kv_namespaces` is not inherited: `env.staging` has none
      shop/wrangler.toml:10:6
        [env.staging]
             ^^^^^^^ missing here
      shop/wrangler.toml:7:1
        kv_namespaces = [{ binding = "KV", id = "1" }]
        ^^^^^^^^^^^^^ top level
      help: repeat `kv_namespaces` under `env.staging`, or leave it if it should be absent there
    warning: `vars.B` is not inherited: `env.staging` has none
      shop/wrangler.toml:11:1
        vars = { A = "staging" }
        ^^^^ missing here
      shop/wrangler.toml:6:21
        vars = { A = "top", B = 1 }
                            ^ top level
      help: repeat `vars.B` under `env.staging`, or leave it if it should be absent there
    "#);
}

#[test]
fn an_environment_overrides_what_it_says_itself() {
    let (config, told) = Project::toml(ENVIRONMENTS).env("production").load();
    let config = config.expect("a config");
    assert_eq!(config.name, "live");
    assert!(config.main.as_ref().expect("a main").value.ends_with("live.js"));
    assert_eq!(config.routes[0].pattern.text, "live.example.com/*");
    assert_eq!(config.dev.port, None);
    insta::assert_snapshot!(told, @r#"
    warning: `dev` has no effect inside an environment
      shop/wrangler.toml:18:1
        dev = { port = 1 }
        ^^^
      help: move `dev` to the top level
    warning: unknown key `env.production.colour`
      shop/wrangler.toml:19:1
        colour = "red"
        ^^^^^^
    "#);
}

#[test]
fn the_top_level_ignores_all_environments() {
    let config = Project::toml(ENVIRONMENTS).clean();
    assert_eq!(config.name, "shop");
    assert_eq!(config.environment, None);
    assert_eq!(config.section("kv_namespaces").expect("a section").items().len(), 1);
    assert_eq!(config.environments().collect::<Vec<_>>(), ["staging", "production"]);
}

#[test]
fn an_unknown_environment_is_an_error_only_where_others_are_declared() {
    insta::assert_snapshot!(Project::toml(ENVIRONMENTS).env("stagin").told(), @r#"
    error: there is no environment `stagin` in this configuration
      shop/wrangler.toml:10:6
        [env.staging]
             ^^^^^^^
      help: did you mean --env staging?
    "#);
    let config = Project::toml("vars = { A = 1 }").env("stagin").clean();
    assert_eq!(config.name, "shop");
    assert!(config.section("vars").is_some());
}
