//! Projects that cannot be built: each is told with its place, and the server goes on.

use std::fmt::Write as _;

use crate::support::Dev;

const FINE: &str = "export default { fetch: () => new Response('fine') };";

/// A Worker is served, then edited so that it cannot be built, then mended.
#[track_caller]
fn told_and_healed(dev: Dev, broken: &str, words: &[&str]) {
    let dev = dev.worker("app", FINE).start();
    dev.get("/").body("fine");
    dev.edit("app", "src/index.js", broken);
    let mut answer = dev.get("/").status(500);
    for words in words {
        answer = answer.contains(words);
    }
    dev.says("error:");
    dev.edit("app", "src/index.js", FINE.replace("fine", "mended"));
    dev.get("/").status(200).body("mended");
}

#[test]
fn an_import_that_leads_nowhere_names_the_importer_and_what_was_tried() {
    let broken = "import x from './nowhere'; export default x;";
    told_and_healed(Dev::new(), broken, &["cannot find \"./nowhere\"", "app/src/index.js:1:15", "Tried", "nowhere.ts"]);
}

#[test]
fn a_package_without_a_matching_export_says_what_it_has() {
    let dev = Dev::new()
        .file(
            "app/node_modules/p/package.json",
            r#"{ "name": "p", "exports": { "./a": "./a.js", "./n": { "node": "./n.js" } } }"#,
        )
        .file("app/node_modules/p/a.js", "export const a = 1;");
    told_and_healed(dev, "import 'p/b';", &["cannot find \"p/b\"", "p exports only ./a, ./n."]);
    let dev = Dev::new()
        .file("app/node_modules/p/package.json", r#"{ "name": "p", "exports": { "./n": { "node": "./n.js" } } }"#)
        .file("app/node_modules/p/n.js", "");
    told_and_healed(dev, "import 'p/n';", &["p exports it for node only", "workerd"]);
    let dev = Dev::new()
        .file("app/node_modules/p/package.json", r#"{ "name": "p", "type": "module", "exports": "./a.js" }"#)
        .file("app/node_modules/p/a.js", "export const alpha = 1;");
    told_and_healed(dev, "import { beta } from 'p'; export default beta;", &["beta", "app/src/index.js:1:10"]);
}

#[test]
fn a_mistake_in_a_dependencys_syntax_is_pointed_at_there() {
    let dev = Dev::new()
        .file("app/node_modules/p/package.json", r#"{ "name": "p", "main": "main.js" }"#)
        .file("app/node_modules/p/main.js", "exports.x = 1;\nexports.y = ;\n");
    told_and_healed(
        dev,
        "import { x } from 'p'; export default x;",
        &["app/node_modules/p/main.js:2:13", "exports.y = ;"],
    );
}

#[test]
fn common_js_that_requires_itself_in_a_circle_is_served() {
    let dev = Dev::new()
        .worker("app", "import a from './a.cjs'; export default { fetch: () => new Response(a.text()) };")
        .file("app/src/a.cjs", "exports.name = 'a'; const b = require('./b.cjs'); exports.text = () => b.seen + b.late();")
        .file("app/src/b.cjs", "const a = require('./a.cjs'); exports.seen = a.name + a.text; exports.late = () => typeof a.text + require('./c.mjs').name;")
        .file("app/src/c.mjs", "import a from './a.cjs'; export const name = 'c'; export const other = () => a;");
    dev.start().get("/").status(200).body("aundefinedfunctionc");
}

/// What esbuild's bundles of the same files answer.
#[test]
fn an_es_module_that_imports_what_requires_it_runs_first() {
    let circle = |dev: Dev| {
        dev.file("app/src/a.cjs", "exports.early = 1; const c = require('./c.mjs'); exports.c = c.name; exports.late = () => c.again();")
            .file("app/src/c.mjs", "import a, { early } from './a.cjs'; import './a.cjs'; export const name = 'c'; export const again = () => a.c + early + Object.keys(a);")
    };
    let first = "import a from './a.cjs'; export default { fetch: () => new Response(`${a.c} ${a.late()}`) };";
    circle(Dev::new().worker("app", first)).start().get("/").status(200).body("c c1early,c,late");
    let second = "import { name } from './c.mjs'; import a from './a.cjs'; export default { fetch: () => new Response(`${name} ${a.c} ${a.late()}`) };";
    circle(Dev::new().worker("app", second)).start().get("/").status(200).body("c undefined NaNearly,c,late");
}

#[test]
fn what_is_no_text_is_no_module() {
    let dev = Dev::new().file("app/src/image.js", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe");
    told_and_healed(dev, "import './image.js';", &["app/src/image.js"]);
    let dev = Dev::new().file("app/src/zeros.js", vec![0; 4_096]);
    told_and_healed(dev, "import './zeros.js';", &["app/src/zeros.js"]);
    let dev = Dev::new().file("app/src/image.png", b"\x89PNG\r\n\x1a\n");
    told_and_healed(dev, "import './image.png';", &["image.png", "rules"]);
    let dev = Dev::new().file("app/src/data.json", "{ \"a\": \n nonsense }");
    told_and_healed(dev, "import './data.json';", &["app/src/data.json:2:"]);
}

#[test]
fn fifty_megabytes_of_code_are_compiled_or_told() {
    let repeated = |one: &dyn Fn(usize) -> String| {
        let mut code = String::with_capacity(51 << 20);
        while code.len() < 50 << 20 {
            code.push_str(&one(code.len()));
        }
        code
    };
    let functions = repeated(&|n| format!("export function f{n}(a) {{ return a * {n} }} // {}\n", "x".repeat(60)));
    told_and_healed(
        Dev::new().file("app/src/big.js", functions),
        "import './big.js';",
        &["declares", "app/src/big.js:"],
    );
    let comments = repeated(&|n| format!("/* {n} {} */\n", "x".repeat(1_000))) + "export const n = 1;";
    let dev =
        Dev::new().worker("app", "import { n } from './big.js'; export default { fetch: () => new Response(n) };");
    dev.file("app/src/big.js", comments).start().get("/").status(200).body("1");
    let broken = repeated(&|n| format!("const a{n} = [\"{}\"];\n", "x".repeat(1_000))) + "const a0 = ;";
    told_and_healed(Dev::new().file("app/src/big.js", broken), "import './big.js';", &["app/src/big.js:"]);
}

#[test]
fn a_huge_file_is_compiled_or_told() {
    let mut table = String::from("export default [");
    while table.len() < 4 << 20 {
        writeln!(table, "\"{:040}\",", table.len()).expect("a string takes everything");
    }
    table.push_str("].length;\n");
    let dev = Dev::new()
        .worker("app", "import table from './table.js'; import blob from './blob.txt'; export default { fetch: () => new Response([table > 1e5, blob.length].join()) };")
        .file("app/src/table.js", table)
        .file("app/src/blob.txt", "x".repeat(50 << 20))
        .start();
    let answer = dev.get("/");
    assert!(answer.status == 200 || answer.text().contains("memory"), "{}", answer.status);
    dev.may_say("memory");
    dev.edit("app", "src/index.js", FINE);
    dev.get("/").status(200).body("fine");
}

#[test]
fn ten_thousand_imports_in_a_chain_and_in_a_circle_are_followed() {
    let next = |index: usize| format!("import {{ x as y }} from './m{}.js'; export const x = y + 1;", index + 1);
    let mut dev =
        Dev::new().worker("app", "import { x } from './m0.js'; export default { fetch: () => new Response(x) };");
    for index in 0..10_000 {
        dev = dev.file(&format!("app/src/m{index}.js"), next(index));
    }
    let dev = dev.file("app/src/m10000.js", "export const x = 0;").start();
    dev.get("/").status(200).body("10000");
    dev.edit("app", "src/m10000.js", "import './index.js'; export const x = 1;");
    dev.get("/").status(200).body("10001");
}

#[test]
fn a_configuration_of_typescript_that_is_not_valid_is_told_and_healed() {
    let dev = Dev::new().worker("app", FINE).file("app/tsconfig.json", "{}").start();
    dev.get("/").body("fine");
    dev.edit("app", "tsconfig.json", "{ \"compilerOptions\": { \"jsx\": } }");
    dev.get("/").status(500).contains("tsconfig.json is not valid").contains("app/tsconfig.json:1:31");
    dev.says("error:");
    for text in ["[]", "null", "{ \"compilerOptions\": 7, \"extends\": 3 }", ""] {
        dev.edit("app", "tsconfig.json", text);
        dev.edit("app", "src/index.js", FINE.replace("fine", &format!("{text:?}")));
        let answer = dev.get("/");
        assert!(answer.status == 200 || text.is_empty(), "{text}: {}", answer.text());
    }
    dev.may_say("error:");
    dev.edit("app", "tsconfig.json", "{ \"extends\": \"./nowhere.json\" }");
    dev.edit("app", "src/index.js", FINE);
    dev.get("/").status(200).body("fine");
    dev.says("warning: cannot find the configuration \"./nowhere.json\"");
    dev.edit("app", "src/index.js", FINE.replace("fine", "told once"));
    dev.get("/").status(200).body("told once");
    assert_eq!(dev.said().matches("cannot find the configuration").count(), 1);
}
