//! What is left out of packages that say `"sideEffects": false`.

use super::{Project, code, names};

const FREE: &str = r#"{"name": "p", "module": "index.js", "sideEffects": false}"#;

#[test]
fn a_name_is_imported_from_where_it_is_made_and_nothing_else_is_read() {
    let project = Project::new(&[
        ("i.js", "import { b as c } from 'p';\nexport default c"),
        ("node_modules/p/package.json", FREE),
        ("node_modules/p/index.js", "export * from './a.js'; export { made as b } from './b.js'"),
        ("node_modules/p/a.js", "import 'not there'; syntax error"),
        ("node_modules/p/b.js", "export const made = 1"),
    ]);
    let graph = project.built("i.js");
    assert_eq!(names(&graph), ["node_modules/p/b.js", "i.js"]);
    assert_eq!(code(&graph, "i.js"), "import{made as c}from\"graph:node_modules/p/b.js\";\nexport default c");
}

#[test]
fn an_import_of_nothing_that_is_used_goes() {
    let project = Project::new(&[
        ("i.js", "import { a } from 'p'; import 'p/side.js'; import * as all from 'p'; export default {}"),
        ("node_modules/p/package.json", FREE),
        ("node_modules/p/index.js", "export const a = 1"),
        ("node_modules/p/side.js", "globalThis.side = 1"),
    ]);
    assert_eq!(names(&project.built("i.js")), ["i.js"]);
}

#[test]
fn files_that_have_effects_stay() {
    let project = Project::new(&[
        ("i.js", "import { b } from 'p'; export default b"),
        (
            "node_modules/p/package.json",
            r#"{"name": "p", "module": "index.js", "sideEffects": ["./poly.js", "./index.js"]}"#,
        ),
        ("node_modules/p/index.js", "import './poly.js'; import './c.js'; export { b } from './b.js'"),
        ("node_modules/p/poly.js", "globalThis.poly = 1"),
        ("node_modules/p/c.js", ""),
        ("node_modules/p/b.js", "export const b = 1"),
    ]);
    let files = ["poly.js", "b.js", "index.js"].map(|file| format!("node_modules/p/{file}"));
    assert_eq!(names(&project.built("i.js")), [&files[0], &files[1], &files[2], "i.js"]);
}

#[test]
fn a_module_that_passes_on_what_is_used_is_evaluated_if_it_does_more_than_that() {
    for more in ["import './poly.js';", "globalThis.more = 1;"] {
        let project = Project::new(&[
            ("i.js", "import { b } from 'p'; export default b"),
            ("node_modules/p/package.json", r#"{"name": "p", "module": "index.js", "sideEffects": ["poly.js"]}"#),
            ("node_modules/p/index.js", &format!("{more} import './c.js'; export {{ b }} from './b.js'")),
            ("node_modules/p/poly.js", "globalThis.poly = 1"),
            ("node_modules/p/c.js", "globalThis.c = 1"),
            ("node_modules/p/b.js", "export const b = 1"),
        ]);
        let graph = project.built("i.js");
        assert!(names(&graph).contains(&"node_modules/p/index.js"), "{more}: {:?}", names(&graph));
        assert!(!names(&graph).contains(&"node_modules/p/c.js"), "{more}: {:?}", names(&graph));
        assert_eq!(names(&graph).contains(&"node_modules/p/poly.js"), more.contains("poly"), "{more}");
    }
}

#[test]
fn what_is_passed_on_as_a_whole_is_not_looked_through() {
    let project = Project::new(&[
        ("i.js", "import * as all from 'p'; export { b as again } from 'p'; export default all.b"),
        ("node_modules/p/package.json", FREE),
        ("node_modules/p/index.js", "export * from './b.js'; export * as c from './c.cjs'"),
        ("node_modules/p/b.js", "export const b = 1"),
        ("node_modules/p/c.cjs", "exports.c = 1"),
    ]);
    let graph = project.built("i.js");
    assert!(names(&graph).contains(&"node_modules/p/index.js") && names(&graph).contains(&"node_modules/p/c.cjs"));
    assert!(code(&graph, "i.js").contains("export{b as again}from\"graph:node_modules/p/b.js\";"));
}
