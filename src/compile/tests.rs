//! Single files: what they compile to, and where positions lead.

use std::path::Path;
use std::sync::Arc;

use super::{Compiled, Format, Links, Options, Position, Required, Settings, compile, link};
use crate::error::{Problems, Source};

fn settings() -> Arc<Settings> {
    let define = vec![
        ("process.env.NODE_ENV".to_owned(), "\"development\"".to_owned()),
        ("DEBUG".to_owned(), "false".to_owned()),
        ("LIST".to_owned(), "[1]".to_owned()),
    ];
    Arc::new(Settings { define, ..Settings::default() })
}

fn compiled(name: &str, text: &str) -> Result<Compiled, Problems> {
    let options = Options::for_path(Path::new(name), &settings()).unwrap();
    compile(&Source::new(name, text), &options)
}

fn code(name: &str, text: &str) -> String {
    compiled(name, text).unwrap().code.to_string()
}

fn specifiers(compiled: &Compiled) -> Vec<String> {
    compiled.imports.iter().map(|import| format!("{:?} {}", import.kind, import.specifier)).collect()
}

fn linked(text: &str, links: Links) -> String {
    link(&compiled("a.js", text).unwrap(), &links).code.to_string()
}

fn common_js(specifier: &str) -> Links {
    Links { common_js: vec![specifier.into()], ..Links::default() }
}

#[test]
fn several_syntax_errors_are_told_with_their_places() {
    let problems = compiled("a.js", "let a = 1;\nlet a = 2;\nexport { b };\nreturn 1").unwrap_err();
    let places: Vec<_> = problems.0.iter().map(|problem| problem.location().unwrap()).collect();
    assert_eq!(places, ["a.js:1:5", "a.js:3:10"]);
    assert!(compiled("a.ts", "const = 1").is_err() && compiled("a.json", "{\"a\": }").is_err());
}

#[test]
fn the_module_system_is_judged_by_the_syntax() {
    let format = |name, text| compiled(name, text).unwrap().format;
    assert_eq!(format("a.js", "export {}"), Format::Esm);
    assert_eq!(format("a.js", "await 1"), Format::Esm);
    assert_eq!(format("a.js", "import.meta.url"), Format::Esm);
    assert_eq!(format("a.js", "exports.a = 1; return"), Format::CommonJs);
    assert_eq!(format("a.js", "let exports = {}; exports.a = 1"), Format::Plain);
    assert_eq!(format("a.mjs", "exports.a = 1"), Format::Esm);
    assert_eq!(format("a.cjs", ""), Format::CommonJs);
    assert_eq!(format("a.ts", "export = 1"), Format::CommonJs);
}

#[test]
fn definitions_are_put_in_without_moving_lines() {
    let text =
        "if (process.env.NODE_ENV === x) a(DEBUG);\nlet o = { DEBUG, LIST }; DEBUG = 1; o.DEBUG; { let DEBUG; DEBUG }";
    assert_eq!(
        code("a.js", text),
        "if (\"development\" === x) a(false);\nlet o = { DEBUG: false, LIST: ([1]) }; DEBUG = 1; o.DEBUG; { let DEBUG; DEBUG }"
    );
    assert!(code("a.ts", "let a: string = process.env['NODE_ENV']").contains("let a = \"development\""));
}

#[test]
fn positions_lead_back_through_definitions() {
    let compiled = compiled("a.js", "f(process.env.NODE_ENV, here)\nf()").unwrap();
    assert_eq!(&*compiled.code, "f(\"development\", here)\nf()");
    let back = |line, column| compiled.map.as_ref().unwrap().lookup(Position { line, column });
    assert_eq!(back(1, 18), Position { line: 1, column: 25 });
    assert_eq!(back(2, 2), Position { line: 2, column: 2 });
}

#[test]
fn what_a_dead_branch_asks_for_is_not_loaded() {
    let text = "if (process.env.NODE_ENV === 'production') require('a'); else require('b');\n\
                DEBUG ? import('c') : import('d'); DEBUG && require('e'); !DEBUG || require('f'); if (x) require('g')";
    assert_eq!(specifiers(&compiled("a.js", text).unwrap()), ["Require b", "Dynamic d", "Require g"]);
}

#[test]
fn a_require_that_is_caught_or_shadowed_does_not_have_to_succeed() {
    let text = "try { require('a') } catch { require('b') } import('c').catch(() => {}); (require) => require('d')";
    let compiled = compiled("a.js", text).unwrap();
    let optional: Vec<_> = compiled.imports.iter().map(|one| (&*one.specifier, one.optional)).collect();
    assert_eq!(optional, [("a", true), ("b", false), ("c", true)]);
}

#[test]
fn the_names_of_common_js_modules_are_seen_in_their_usual_forms() {
    let text = "exports.a = exports['b'] = 1; module.exports.c = 1; Object.defineProperty(exports, 'd', {});\n\
                module.exports = { e, 'f': 1, ...require('g') }; __exportStar(require('h'), exports)";
    let compiled = compiled("a.cjs", text).unwrap();
    let names: Vec<_> = compiled.exports.keys().map(|name| &**name).collect();
    let passed_on: Vec<_> = compiled.stars.iter().map(|star| &*compiled.imports[*star].specifier).collect();
    assert_eq!((names, passed_on), (vec!["a", "b", "c", "d", "e", "f"], vec!["g", "h"]));
}

#[test]
fn imports_of_common_js_become_properties_of_its_namespace() {
    let text = "import d, { a } from \"c\"; let cjs$ = { a };\nd(a, `${a}`); x = y\na()\nclass A extends a {}";
    assert_eq!(
        linked(text, common_js("c")),
        "import*as interop$ from\"devflare:interop\";const cjs$$0=interop$.toModule(cjs$$0run(),false);\
         import{run$ as cjs$$0run}from\"c\"; let cjs$ = { a: cjs$$0.a };\n\
         interop$.plain(cjs$$0.default)(cjs$$0.a, `${cjs$$0.a}`); x = y\ninterop$.plain(cjs$$0.a)()\n\
         class A extends cjs$$0.a {}"
    );
}

#[test]
fn a_line_that_only_scripts_may_have_stays_the_first() {
    let linked = linked("#!/usr/bin/env node\nimport 'c'\nlast", common_js("c"));
    assert!(
        linked.starts_with("#!/usr/bin/env node\nimport*as") || linked.starts_with("#!/usr/bin/env node\ncjs$0run")
    );
    assert!(linked.ends_with("import{run$ as cjs$0run}from\"c\";\nlast"), "{linked}");
}

#[test]
fn a_file_without_a_line_feed_at_its_end_can_be_followed_by_imports() {
    let links = Links { requires: vec![("r".into(), Required::Esm)], ..Links::default() };
    let linked = linked("export const a = require('r') // the end", links);
    assert!(linked.ends_with("= require$('r') // the end\nimport*as d$0 from\"require:r\";"), "{linked}");
}

#[test]
fn a_common_js_module_stays_on_its_lines() {
    let linked = linked("#!/bin/sh\nexports.a = 1 // the end", Links::default());
    assert_eq!(linked.lines().nth(1), Some("exports.a = 1 // the end"));
    assert!(linked.lines().next().unwrap().ends_with("{///bin/sh"), "{linked}");
}
