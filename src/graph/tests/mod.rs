//! Whole builds of small projects in a directory of their own.

mod pruning;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Body, Failed, Graph, Kind, Node, Options, Target, load};
use crate::compile::{Cache, Position};
use crate::config::{Modules, Rule};

/// A project of the given files that lives as long as the value.
struct Project(tempfile::TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("app").join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    fn load(&self, entry: &str) -> Result<Graph, Failed> {
        load(&self.path(""), Path::new(entry), &Options::default(), &Cache::new())
    }

    fn load_with(&self, entry: &str, options: Options) -> Result<Graph, Failed> {
        load(&self.path(""), Path::new(entry), &options, &Cache::new())
    }

    fn built(&self, entry: &str) -> Graph {
        self.load(entry).unwrap_or_else(|failed| panic!("{}", told(&failed, self)))
    }

    fn failed(&self, entry: &str) -> String {
        told(&self.load(entry).unwrap_err(), self)
    }
}

/// Each problem as `what | location | label | help`.
fn told(failed: &Failed, project: &Project) -> String {
    let mut lines = String::new();
    for problem in &failed.problems.0 {
        let label = problem.places.first().map_or("", |place| &place.label);
        let location = problem.location().unwrap_or_default();
        let _ = writeln!(lines, "{} | {location} | {label} | {}", problem.what, problem.help.as_deref().unwrap_or(""));
    }
    lines.replace(&format!("{}/", project.path("").display()), "").replace(project.path("").to_str().unwrap(), "")
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.modules.iter().map(|module| &*module.name).collect()
}

fn code<'a>(graph: &'a Graph, name: &str) -> &'a str {
    match &graph.module(name).unwrap().body {
        Body::Code(compiled) => &compiled.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn modules_come_leaves_first_and_are_named_by_their_path() {
    let project = Project::new(&[
        ("src/index.js", "import './a.js'; import '../lib/b.js'; import '../../shared/c.js'; export default {}"),
        ("src/a.js", "import '../lib/b.js'"),
        ("lib/b.js", ""),
        ("../shared/c.js", ""),
    ]);
    let graph = project.built("src/index.js");
    assert_eq!(names(&graph), ["lib/b.js", "src/a.js", "../shared/c.js", "src/index.js"]);
    assert_eq!(&*graph.entry, "src/index.js");
}

#[test]
fn plain_javascript_is_loaded_as_it_is_written() {
    let text = "#!/usr/bin/env node\nexport   default {} // é\n";
    let project = Project::new(&[("index.mjs", text)]);
    assert_eq!(code(&project.built("index.mjs"), "index.mjs"), text);
}

#[test]
fn cycles_are_legal() {
    let project = Project::new(&[
        ("a.js", "import { b } from './b.js'; export const a = 1; export default { b }"),
        ("b.js", "import { a } from './a.js'; export const b = () => a"),
    ]);
    assert_eq!(names(&project.built("a.js")), ["b.js", "a.js"]);
}

#[test]
fn a_chain_of_twenty_thousand_imports_is_followed_and_a_longer_one_refused_with_its_place() {
    let project = Project::new(&[("m20000.js", "export default {}")]);
    for index in 0..20_000 {
        project.write(&format!("m{index}.js"), format!("export {{ default }} from './m{}.js'", index + 1));
    }
    assert_eq!(project.built("m1.js").modules.len(), 20_000);
    let told = project.failed("m0.js");
    assert!(told.starts_with("more than 20000 imports lead from one to the next | "), "{told}");
    assert!(told.contains("m19999.js:1:25"), "{told}");
}

#[test]
fn code_nested_as_deep_as_is_allowed_does_not_overflow_the_stack() {
    let nested = |(open, close, depth): (&str, &str, usize)| {
        format!("export default {}1{}", open.repeat(depth), close.repeat(depth))
    };
    let brackets = [("[", "]", 4_999), ("-(", ")", 4_999), ("()=>{", "}", 4_999)];
    let operators = [("!", "", 29_999), ("x?1:", "", 29_999), ("()=>", "", 29_999), ("1+", "", 29_999)];
    for one in brackets.into_iter().chain(operators) {
        let project = Project::new(&[("index.ts", &nested(one))]);
        assert!(project.load("index.ts").is_ok(), "{one:?}");
    }
}

#[test]
fn extensions_and_directories_are_found_in_the_order_of_esbuild() {
    let project = Project::new(&[
        ("index.ts", "import './a'; import './b.js'; import './c'; import './d.json'; export default {}"),
        ("a.js", ""),
        ("a.ts", ""),
        ("b.ts", ""),
        ("c/index.js", ""),
        ("d.json", "{}"),
    ]);
    assert_eq!(names(&project.built("index.ts")), ["a.ts", "b.ts", "c/index.js", "d.json", "index.ts"]);
}

#[test]
fn types_are_stripped_and_positions_lead_back() {
    let project = Project::new(&[(
        "index.ts",
        "interface A { a: string }\nimport type { B } from './nowhere';\n\nexport default {\n  é: 1, fetch(a: A): B {\n    throw new Error(a.a);\n  },\n}\n",
    )]);
    let graph = project.built("index.ts");
    let code = code(&graph, "index.ts");
    assert!(!code.contains("interface") && !code.contains("nowhere") && !code.contains(": B"), "{code}");
    let line = code.lines().position(|line| line.contains("throw")).unwrap();
    let column = code.lines().nth(line).unwrap().find("new").unwrap();
    let (path, at) = graph.map_position("index.ts", line + 1, column + 1).unwrap();
    assert_eq!((path, at), (project.path("index.ts"), Position { line: 6, column: 11 }));
}

#[test]
fn json_gives_a_default_and_a_named_export_per_key() {
    let project = Project::new(&[
        (
            "index.js",
            "import all, { name, 'a-b' as c } from './d.json' with { type: 'json' }; export default { all, name, c }",
        ),
        ("d.json", "{\"name\": 1, \"a-b\": 2, \"default\": 3, \"__proto__\": 4}"),
    ]);
    let graph = project.built("index.js");
    assert_eq!(graph.module("d.json").unwrap().kind, Kind::Json);
    assert!(code(&graph, "d.json").starts_with("const json = {[\"name\"]:1,"), "{}", code(&graph, "d.json"));
}

#[test]
fn text_and_data_follow_the_default_rules() {
    let project = Project::new(&[
        (
            "index.js",
            "import t from './t.txt'; import h from './h.html'; import d from './d.bin'; export default { t, h, d }",
        ),
        ("t.txt", "hello"),
        ("h.html", "<p>"),
    ]);
    project.write("d.bin", [0, 255]);
    let graph = project.built("index.js");
    let bodies: Vec<_> = graph.modules.iter().map(|module| format!("{:?} {:?}", module.kind, module.body)).collect();
    assert_eq!(bodies[..3], ["Text Text(\"hello\")", "Text Text(\"<p>\")", "Data Data(b\"\\0\\xff\")"]);
}

#[test]
fn literal_dynamic_imports_are_part_of_the_graph_and_others_are_looked_up_by_name() {
    let project = Project::new(&[
        ("src/index.js", "export default { load: (name) => import(name), a: () => import('./a') }"),
        ("src/a.js", "import 'cloudflare:workers'"),
    ]);
    let graph = project.built("src/index.js");
    let a = Some(Target::Module("src/a.js".into()));
    assert_eq!(names(&graph), ["src/index.js", "src/a.js"]);
    assert_eq!(graph.lookup("src/index.js", "./a"), a);
    assert_eq!(graph.lookup("src/index.js", "../src/./a.js"), a);
    assert_eq!(graph.lookup("src/index.js", "./b"), None);
    assert_eq!(graph.lookup("src/a.js", "cloudflare:workers"), Some(Target::Builtin("cloudflare:workers".into())));
}

#[test]
fn a_missing_import_is_told_with_what_was_tried_and_what_is_alike() {
    let project =
        Project::new(&[("src/index.js", "import { a } from './helper';\nexport default {}"), ("src/helpers.js", "")]);
    assert_eq!(
        project.failed("src/index.js"),
        "cannot find \"./helper\" | src/index.js:1:19 | imported here | Did you mean \"./helpers.js\"? Tried src/helper, \
         src/helper.tsx, src/helper.ts, src/helper.jsx, src/helper.js, src/helper.css, src/helper.json.\n"
    );
}

#[test]
fn a_missing_import_heals_when_one_of_its_candidates_appears() {
    let project = Project::new(&[("index.js", "import './lib/a'; import 'left-pad'; export default {}")]);
    let failed = project.load("index.js").unwrap_err();
    for path in ["lib/a", "lib/a.ts", "node_modules"] {
        assert!(failed.watch.missing.contains(&project.path(path)), "{path}: {:?}", failed.watch);
    }
    assert!(failed.watch.files.contains(&project.path("index.js")));
}

#[test]
fn several_files_have_their_errors_told_at_once() {
    let project = Project::new(&[
        ("index.js", "import './a.js'; import './b.js'; export default {}"),
        ("a.js", "let a = ;"),
        ("b.js", "\nlet x; let x;"),
    ]);
    let told = project.failed("index.js");
    assert!(told.contains("a.js:1:9") && told.contains("b.js:2:5"), "{told}");
}

#[test]
fn a_name_that_is_not_exported_is_pointed_at() {
    let project = Project::new(&[
        (
            "index.js",
            "import d, { helo } from './a.js';\nimport { text } from './t.txt';\nexport default { d, helo, text }",
        ),
        ("a.js", "export const hello = 1"),
        ("t.txt", ""),
    ]);
    assert_eq!(
        project.failed("index.js"),
        "\"./a.js\" has no export \"default\" | index.js:1:8 | imported here | a.js has no default export; it has named \
         ones: import { hello }.\n\
         \"./a.js\" has no export \"helo\" | index.js:1:13 | imported here | Did you mean \"hello\"?\n\
         \"./t.txt\" has no export \"text\" | index.js:2:10 | imported here | t.txt exports default.\n"
    );
}

#[test]
fn types_that_typescript_exports_again_are_left_out() {
    let project = Project::new(&[
        ("index.ts", "import { a, A } from './barrel'; const x: A = a; export default { x }"),
        (
            "barrel.ts",
            "import { A as B } from './types';\nexport { B };\nexport { A, a } from './types';\nexport * from './more'",
        ),
        ("more.ts", "export { C } from './types'"),
        ("types.ts", "export interface A {}\nexport type C = 1;\nexport const a = 1;"),
    ]);
    let graph = project.built("index.ts");
    let barrel = code(&graph, "barrel.ts");
    assert!(barrel.contains("export{a}from"), "{barrel}");
    assert!(!barrel.contains('B'), "{barrel}");
    assert!(!code(&graph, "more.ts").contains('C'));
}

#[test]
fn the_same_star_export_by_two_ways_is_not_ambiguous_and_two_bindings_are() {
    let project = Project::new(&[
        (
            "index.js",
            "import { same } from './both.js'; import { other } from './both.js'; export default { same, other }",
        ),
        ("both.js", "export * from './left.js'; export * from './right.js'"),
        ("left.js", "export * from './base.js'; export const other = 1"),
        ("right.js", "export * from './base.js'; export const other = 2"),
        ("base.js", "export const same = 1"),
    ]);
    let told = project.failed("index.js");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("\"./both.js\" has several exports \"other\" | index.js:1:44"), "{told}");
}

#[test]
fn the_entry_needs_a_default_export() {
    let project = Project::new(&[
        ("none.js", "export const a = 1;\n"),
        ("old.js", "const x = 1;\naddEventListener('fetch', event => event.respondWith(new Response()))"),
        ("other.js", "addEventListener('message', () => {})"),
    ]);
    assert!(project.failed("none.js").starts_with("the Worker has no default export | none.js:1:20"));
    assert!(project.failed("other.js").starts_with("the Worker has no default export"));
    assert!(code(&project.built("old.js"), "old.js").starts_with("export{default}from\"devflare:service-worker\";"));
    assert!(project.failed("gone.js").starts_with("the main file does not exist | gone.js"));
}

#[test]
fn files_that_are_no_text_are_told_with_the_place() {
    let project = Project::new(&[("index.js", "import './a.js'; import './b.js'; export default {}")]);
    project.write("a.js", b"let a = '\xff'");
    project.write("b.js", b"let a = '\0'");
    let told = project.failed("index.js");
    assert!(told.contains("not valid UTF-8 | a.js:1:10") && told.contains("NUL byte"), "{told}");
}

#[test]
fn what_comes_later_is_said_plainly() {
    let project = Project::new(&[
        ("index.js", "import fs from 'fs'; import p from 'node:path'; import s from './b.svg'; export default {}"),
        ("b.svg", ""),
    ]);
    let told = project.failed("index.js");
    assert!(told.contains("index.js imports \"fs\", a module of Node.js"), "{told}");
    assert!(told.contains("imports \"node:path\"") && told.contains("\".svg\""), "{told}");
}

#[test]
fn packages_are_found_in_node_modules_by_their_exports() {
    let project = Project::new(&[
        (
            "index.js",
            "import { a } from 'pkg'; import { b } from '@scope/pkg/sub'; import { c } from 'plain'; export default { a, b, c }",
        ),
        (
            "node_modules/pkg/package.json",
            r##"{"name": "pkg", "exports": {".": {"node": "./n.js", "worker": "./w.js"}}, "imports": {"#x": "./x.js"}}"##,
        ),
        ("node_modules/pkg/w.js", "export { a } from '#x'"),
        ("node_modules/pkg/x.js", "export const a = 1"),
        ("../node_modules/@scope/pkg/package.json", r#"{"exports": {"./*": "./lib/*.js"}}"#),
        ("../node_modules/@scope/pkg/lib/sub.js", "export const b = 1"),
        ("node_modules/plain/package.json", r#"{"main": "./cjs", "module": "./esm"}"#),
        ("node_modules/plain/esm/index.js", "export const c = 1"),
    ]);
    assert_eq!(
        names(&project.built("index.js")),
        [
            "node_modules/pkg/x.js",
            "node_modules/pkg/w.js",
            "../node_modules/@scope/pkg/lib/sub.js",
            "node_modules/plain/esm/index.js",
            "index.js"
        ]
    );
}

#[test]
fn a_package_that_does_not_export_the_path_says_what_it_exports() {
    let project = Project::new(&[
        ("index.js", "import 'pkg/b'; import 'gone'; export default {}"),
        ("node_modules/pkg/package.json", r#"{"name": "pkg", "exports": {"./a": "./a.js"}}"#),
    ]);
    let told = project.failed("index.js");
    assert!(told.contains("pkg exports only ./a."), "{told}");
    assert!(told.contains("npm install gone. Looked in node_modules."), "{told}");
}

#[test]
fn a_symbolic_link_and_its_target_are_one_module_and_both_are_watched() {
    let project =
        Project::new(&[("index.js", "import './link.js'; import './real/a.js'; export default {}"), ("real/a.js", "")]);
    std::os::unix::fs::symlink("real/a.js", project.path("link.js")).unwrap();
    let graph = project.built("index.js");
    assert_eq!(names(&graph), ["real/a.js", "index.js"]);
    assert!(
        graph.watch.files.contains(&project.path("link.js")) && graph.watch.files.contains(&project.path("real/a.js"))
    );
}

#[test]
fn jsx_becomes_calls_in_javascript_and_typescript() {
    let project = Project::new(&[
        ("index.js", "import './b.tsx'; const React = {}; export default { a: <a b='c'/> }"),
        ("b.tsx", "const React: any = {}; export const b = <><b/></>"),
    ]);
    let graph = project.built("index.js");
    assert!(
        code(&graph, "index.js").contains("React.createElement(\"a\", { b: \"c\" })"),
        "{}",
        code(&graph, "index.js")
    );
    assert!(code(&graph, "b.tsx").contains("React.Fragment"), "{}", code(&graph, "b.tsx"));
}

#[test]
fn tsconfig_decides_on_jsx_paths_and_class_fields_through_what_it_extends() {
    let project = Project::new(&[
        (
            "tsconfig.json",
            "{ // comments and commas\n \"extends\": [\"@base/tsconfig\", \"./paths\"],\n \"compilerOptions\": { \"target\": \"ES2020\", }, }",
        ),
        (
            "node_modules/@base/tsconfig/tsconfig.json",
            r#"{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "pre"}}"#,
        ),
        ("paths.json", r#"{"compilerOptions": {"baseUrl": ".", "paths": {"~/*": ["./gone/*", "./src/*"]}}}"#),
        ("node_modules/pre/jsx-runtime.js", "export const jsx = 1"),
        (
            "src/index.tsx",
            "import './a'; import '~/b'; import 'src/c'; class F { x = 1; y?: string }; export default <a/>",
        ),
        ("src/a.ts", ""),
        ("src/b.ts", ""),
        ("src/c.ts", ""),
    ]);
    let graph = project.built("src/index.tsx");
    assert_eq!(names(&graph), ["src/a.ts", "src/b.ts", "src/c.ts", "node_modules/pre/jsx-runtime.js", "src/index.tsx"]);
    let code = code(&graph, "src/index.tsx");
    assert!(code.contains("this.x = 1") && !code.contains('y') && code.contains("_jsx(\"a\""), "{code}");
    assert!(graph.watch.files.contains(&project.path("paths.json")));
}

#[test]
fn a_tsconfig_that_cannot_be_read_is_pointed_at() {
    let project =
        Project::new(&[("tsconfig.json", "{ \"extends\": \"./gone.json\" }"), ("index.ts", "export default {}")]);
    let graph = project.built("index.ts");
    assert_eq!(graph.warnings.0[0].what, "cannot find the configuration \"./gone.json\"");
    project.write("tsconfig.json", "{ \"compilerOptions\": }");
    assert!(
        project.failed("index.ts").contains("tsconfig.json is not valid | tsconfig.json:1:22"),
        "{}",
        project.failed("index.ts")
    );
}

#[test]
fn decorators_of_before_the_standard_bring_their_helpers() {
    let project = Project::new(&[
        ("tsconfig.json", r#"{"compilerOptions": {"experimentalDecorators": true}}"#),
        ("index.ts", "const d = (x: any) => x; @d class A {}; export default A"),
    ]);
    let graph = project.built("index.ts");
    assert_eq!(names(&graph), ["devflare:transform/helpers/decorate", "index.ts"]);
    assert!(
        Project::new(&[("a.js", "import 'devflare:interop'; export default 1")])
            .failed("a.js")
            .contains("cannot be imported")
    );
}

#[test]
fn rules_and_aliases_of_the_configuration_are_followed() {
    let project = Project::new(&[
        (
            "src/index.js",
            "import md from './a.md'; import shim from 'node:fs'; import lib from 'lib'; export default { md, shim, lib }",
        ),
        ("src/a.md", "# a"),
        ("shims/fs.js", "export default 1"),
        ("node_modules/other/index.js", "export default 1"),
    ]);
    let rule = Rule { kind: "Text".into(), globs: vec!["**/*.md".into()], fallthrough: true };
    let alias = [("node:fs", "./shims/fs"), ("lib", "other")].map(|(from, to)| (from.to_owned(), to.to_owned()));
    let modules = Modules { rules: vec![rule], alias: alias.into(), ..Modules::default() };
    let graph = project.load_with("src/index.js", Options { modules, ..Options::default() }).unwrap();
    assert_eq!(names(&graph), ["src/a.md", "shims/fs.js", "node_modules/other/index.js", "src/index.js"]);
}

#[test]
fn additional_modules_are_loaded_for_imports_that_are_computed() {
    let project = Project::new(&[
        ("src/index.js", "export default { load: (name) => import(`./lang/${name}.mjs`) }"),
        ("src/lang/de.mjs", "import '../shared.js'; export default 'de'"),
        ("src/lang/notes.txt", "notes"),
        ("src/lang/skipped.md", ""),
        ("src/shared.js", ""),
    ]);
    let rule = Rule { kind: "ESModule".into(), globs: vec!["**/*.mjs".into()], fallthrough: false };
    let modules = Modules { rules: vec![rule], find_additional_modules: true, ..Modules::default() };
    let graph = project.load_with("src/index.js", Options { modules, ..Options::default() }).unwrap();
    assert_eq!(names(&graph), ["src/index.js", "src/shared.js", "src/lang/de.mjs", "src/lang/notes.txt"]);
    assert_eq!(graph.lookup("src/index.js", "./lang/de.mjs"), Some(Target::Module("src/lang/de.mjs".into())));
    assert!(graph.watch.listings.contains(&project.path("src/lang")));
}

#[test]
fn modules_of_node_are_brought_as_the_flags_say() {
    let text = "import fs from 'fs'; import als from 'node:async_hooks'; export default () => require('os')";
    let project = Project::new(&[("index.js", text)]);
    let builtins = Some(["node:fs", "node:async_hooks"].map(String::from).to_vec());
    let load = |node| project.load_with("index.js", Options { node, builtins: builtins.clone(), ..Options::default() });
    let told = |node| told(&load(node).unwrap_err(), &project);
    assert!(told(Node::V1).starts_with("index.js imports \"fs\", a module of Node.js"), "{}", told(Node::V1));
    assert!(told(Node::None).contains("\"node:async_hooks\""));
    assert!(told(Node::V2).starts_with("devflare has no module \"node:os\" yet"), "{}", told(Node::V2));
    project.write("index.js", "import 'fs'; export default () => require('node:async_hooks')");
    let graph = load(Node::V2).unwrap();
    assert_eq!(graph.lookup("index.js", "fs"), Some(Target::Builtin("node:fs".into())));
}
