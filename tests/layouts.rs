//! How package managers lay out `node_modules`, and what they do to it while a Worker is served.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Dev, Server};

/// A Worker that answers what `package` exports.
fn imports(package: &str) -> String {
    format!("import value from '{package}'; export default {{ fetch: () => new Response(String(value)) }};")
}

fn package(name: &str) -> String {
    format!(r#"{{ "name": "{name}", "type": "module", "exports": "./index.js" }}"#)
}

/// A package as npm installs it: written aside, then moved in.
fn install(dev: &Server, at: &str, name: &str, code: &str) {
    let aside = dev.path().join(at).join("node_modules").join(format!(".{name}-x1y2"));
    fs::create_dir_all(aside.join("lib")).expect("made");
    fs::write(aside.join("package.json"), package(name)).expect("written");
    fs::write(aside.join("index.js"), code).expect("written");
    for number in 0..50 {
        fs::write(aside.join(format!("lib/{number}.js")), format!("export default {number};")).expect("written");
    }
    let place = aside.with_file_name(name);
    if place.exists() {
        fs::rename(&place, aside.with_extension("old")).expect("moved away");
    }
    fs::rename(&aside, &place).expect("moved in");
    let _ = fs::remove_dir_all(aside.with_extension("old"));
}

/// A link as pnpm makes it: relative.
fn link(folder: &Path, at: &str, to: &str) {
    let at = folder.join(at);
    fs::create_dir_all(at.parent().expect("it has one")).expect("made");
    symlink(to, at).expect("links can be made");
}

#[test]
fn pnpms_links_lead_each_package_to_its_own_dependencies() {
    let store = "app/node_modules/.pnpm";
    let dev = Dev::new()
        .worker("app", &imports("a"))
        .file(&format!("{store}/a@1.0.0/node_modules/a/package.json"), package("a"))
        .file(&format!("{store}/a@1.0.0/node_modules/a/index.js"), "import b from 'b'; export default `a1 ${b}`;")
        .file(&format!("{store}/b@2.0.0/node_modules/b/package.json"), package("b"))
        .file(&format!("{store}/b@2.0.0/node_modules/b/index.js"), "export default 'b2';")
        .file(&format!("{store}/b@3.0.0/node_modules/b/package.json"), package("b"))
        .file(&format!("{store}/b@3.0.0/node_modules/b/index.js"), "export default 'b3';");
    link(dev.path(), "app/node_modules/a", ".pnpm/a@1.0.0/node_modules/a");
    link(dev.path(), "app/node_modules/b", ".pnpm/b@3.0.0/node_modules/b");
    link(dev.path(), &format!("{store}/a@1.0.0/node_modules/b"), "../../b@2.0.0/node_modules/b");
    let dev = dev.start();
    dev.get("/").body("a1 b2");
    // An update: another version, and the link leads there.
    let at = "node_modules/.pnpm/b@2.1.0/node_modules/b";
    dev.edit("app", &format!("{at}/package.json"), package("b"));
    dev.edit("app", &format!("{at}/index.js"), "export default 'b2.1';");
    dev.remove(&format!("{store}/a@1.0.0/node_modules/b"));
    link(dev.path(), &format!("{store}/a@1.0.0/node_modules/b"), "../../b@2.1.0/node_modules/b");
    dev.get("/").body("a1 b2.1");
}

#[test]
fn a_package_that_two_links_lead_to_is_there_once() {
    let code = "import { state } from 'one'; import other from 'two';
        export default { fetch: () => new Response(String(other === state)) };";
    let shared = "export const state = {}; export default state;";
    let dev = Dev::new()
        .worker("app", code)
        .file("app/node_modules/.store/s/package.json", package("s"))
        .file("app/node_modules/.store/s/index.js", shared);
    link(dev.path(), "app/node_modules/one", ".store/s");
    link(dev.path(), "app/node_modules/two", ".store/s");
    dev.start().get("/").body("true");
}

#[test]
fn packages_of_a_workspace_are_followed_and_see_what_is_hoisted() {
    let dev = Dev::new()
        .file("apps/app/wrangler.toml", "name = \"app\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n")
        .file("apps/app/src/index.js", imports("@acme/ui"))
        .file("package.json", r#"{ "private": true, "workspaces": ["apps/*", "packages/*"] }"#)
        .file("node_modules/hoisted/package.json", package("hoisted"))
        .file("node_modules/hoisted/index.js", "export default 'hoisted';")
        .file("packages/ui/package.json", r#"{ "name": "@acme/ui", "main": "src/index.ts" }"#)
        .file(
            "packages/ui/src/index.ts",
            "import hoisted from 'hoisted'; import { part } from './part'; export default `${part as string} ${hoisted}`;",
        )
        .file("packages/ui/src/part.ts", "export const part: unknown = 'one';")
        .projects(&["apps/app"]);
    link(dev.path(), "node_modules/@acme/ui", "../../packages/ui");
    let dev = dev.start();
    dev.get("/").body("one hoisted");
    dev.edit("packages/ui", "src/part.ts", "export const part: unknown = 'two';");
    dev.get("/").body("two hoisted");
    dev.edit_by_rename("packages/ui", "src/part.ts", "export const part: unknown = 'three';");
    dev.get("/").body("three hoisted");
    dev.edit("packages/ui", "package.json", r#"{ "name": "@acme/ui", "main": "src/other.ts" }"#);
    dev.edit("packages/ui", "src/other.ts", "export default 'other' satisfies string;");
    dev.get("/").body("other");
}

#[test]
fn a_package_that_is_installed_after_the_start_is_found() {
    let dev = Dev::new().worker("app", "export default { fetch: () => new Response('none') };").start();
    dev.get("/").body("none");
    dev.edit("app", "src/index.js", imports("late"));
    dev.get("/").status(500).contains("cannot find \"late\"").contains("npm install late");
    dev.says("cannot find \"late\"");
    install(&dev, "app", "late", "export default 'installed';");
    dev.get("/").status(200).body("installed");
}

#[test]
fn an_update_of_a_package_is_noticed_and_so_is_its_end() {
    let dev = Dev::new()
        .worker("app", &imports("p"))
        .file("app/node_modules/p/package.json", package("p"))
        .file("app/node_modules/p/index.js", "export default 'one';")
        .start();
    dev.get("/").body("one");
    for text in ["two", "three"] {
        install(&dev, "app", "p", &format!("export default '{text}';"));
        dev.get("/").body(text);
    }
    dev.remove("app/node_modules");
    dev.get("/").status(500).contains("cannot find \"p\"");
    dev.says("cannot find \"p\"");
    install(&dev, "app", "p", "import x from './lib/7.js'; export default x;");
    dev.get("/").status(200).body("7");
}

#[test]
fn a_deleted_dependency_is_told_and_heals() {
    let dev = Dev::new()
        .worker("app", &imports("./dependency.js"))
        .worker("other", "export default { fetch: () => new Response('fine') };")
        .file("app/src/dependency.js", "export default 'there';")
        .start();
    let get = || dev.ask("GET", "/").host("app.localhost").send();
    get().body("there");
    dev.remove("app/src/dependency.js");
    get().status(500).contains("cannot find \"./dependency.js\"").contains("app/src/index.js:1:");
    dev.says("cannot find \"./dependency.js\"");
    dev.ask("GET", "/").host("other.localhost").send().body("fine");
    dev.edit("app", "src/dependency.js", "export default 'again';");
    get().status(200).body("again");
}
