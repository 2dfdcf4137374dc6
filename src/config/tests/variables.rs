//! `.dev.vars`, `.env`, `secrets`, `vars`, `--var` and `--define`.

use super::Project;
use crate::config::Origin;

#[test]
fn a_variable_may_be_anything_but_a_toml_date() {
    let config = Project::toml("[vars]\nA = 1.5\nB = { c = [true] }\n").clean();
    assert_eq!(config.section("vars").expect("vars").to_json(), serde_json::json!({ "A": 1.5, "B": { "c": [true] } }));
    insta::assert_snapshot!(Project::toml("[vars]\nSINCE = 2025-01-01\n").told(), @r#"
    error: `vars.SINCE` is a TOML date, which a variable cannot be
      shop/wrangler.toml:5:9
        SINCE = 2025-01-01
                ^^^^^^^^^^
      help: quote it: "2025-01-01"
    "#);
}

#[test]
fn dev_vars_shut_out_every_env_file() {
    let project = Project::toml("").file(".env", "A=env\nB=env").file(".dev.vars", "A=dev");
    assert_eq!(project.variables(), ["A=dev"]);
    let project = project.file(".dev.vars.staging", "A=staging").env("staging");
    assert_eq!(project.variables(), ["A=staging"]);
    assert_eq!(project.env("production").variables(), ["A=dev"]);
}

#[test]
fn env_files_lie_over_each_other_and_expand() {
    let project = Project::toml("")
        .file(".env", "A=1\nB=1\nC=1\nD=1\nE=${A}x")
        .file(".env.local", "B=2\nC=2\nD=2")
        .file(".env.staging", "C=3\nD=3")
        .file(".env.staging.local", "D=4");
    assert_eq!(project.variables(), ["A=1", "B=2", "C=2", "D=2", "E=1x"]);
    assert_eq!(project.env("staging").variables(), ["A=1", "B=2", "C=3", "D=4", "E=1x"]);
}

#[test]
fn dev_vars_do_not_expand() {
    assert_eq!(Project::toml("").file(".dev.vars", "A=1\nB=$A").variables(), ["A=1", "B=$A"]);
}

#[test]
fn the_processs_variables_take_part_when_asked() {
    let project = Project::toml("").file(".env", "A=file").process("A", "outer").process("Z", "z");
    assert_eq!(project.variables(), ["A=file"]);
    assert_eq!(
        project.process("CLOUDFLARE_INCLUDE_PROCESS_ENV", "true").variables(),
        ["A=outer", "CLOUDFLARE_INCLUDE_PROCESS_ENV=true", "Z=z"]
    );
    let off = Project::toml("").file(".env", "A=1").process("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false");
    assert_eq!(off.variables(), [""; 0]);
}

#[test]
fn required_secrets_pick_what_is_taken() {
    let project = Project::toml("secrets = { required = [\"A\", \"TOKEN\"] }").file(".env", "A=1\nB=2");
    let (config, told) = project.load();
    let names: Vec<_> = config.expect("a config").variables.into_iter().map(|variable| variable.name).collect();
    assert_eq!(names, ["A"]);
    insta::assert_snapshot!(told, @r#"
    warning: the secret `TOKEN` has no value
      shop/wrangler.toml:4:30
        secrets = { required = ["A", "TOKEN"] }
                                     ^^^^^^^ required here
      help: set it in .dev.vars, in .env or in the environment
    "#);
    assert_eq!(project.process("TOKEN", "t").variables(), ["TOKEN=t", "A=1"]);
}

#[test]
fn variables_of_the_command_line_come_last() {
    let mut project = Project::toml("").file(".dev.vars", "A=1");
    project.options.variables.push(("A".into(), "2".into()));
    let origins: Vec<_> = project.clean().variables.into_iter().map(|variable| variable.origin).collect();
    assert_eq!(origins, [Origin::File, Origin::CommandLine]);
}

#[test]
fn a_line_that_declares_nothing_is_named_without_its_text() {
    insta::assert_snapshot!(Project::toml("").file(".dev.vars", "A=1\nsecret\n").told(), @r#"
    warning: this line declares no variable and is ignored
      shop/.dev.vars:2:1
      help: write NAME=value
    "#);
    insta::assert_snapshot!(Project::toml("").file(".env", b"A=\xff").told(), @r#"
    error: this file is not UTF-8
      shop/.env:1:3
      help: save it as UTF-8
    "#);
}

#[test]
fn define_and_alias_of_the_command_line_replace_the_configurations() {
    let mut project = Project::toml("define = { A = \"1\", B = \"2\" }\nalias = { x = \"./x.js\" }");
    project.options.defines.push(("A".into(), "3".into()));
    let modules = project.clean().modules;
    assert_eq!(modules.define, [("B".into(), "2".into()), ("A".into(), "3".into())]);
    assert_eq!(modules.alias, [("x".into(), "./x.js".into())]);
}
