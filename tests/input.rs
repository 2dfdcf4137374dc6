//! Bad input: what is wrong, where, and how to fix it, at the start and while Workers run; never a panic or a lost edit.

use std::fs;

use crate::support::{Dev, Server};

const HELLO: &str = "export default { fetch: () => new Response('hello') };";

/// The start is refused with one problem that has all these words.
#[track_caller]
fn refused(dev: Dev, words: &[&str]) {
    let problems = dev.refused();
    assert!(
        problems.iter().any(|problem| words.iter().all(|word| problem.contains(word))),
        "{words:?} in {problems:#?}"
    );
}

fn one(code: &str) -> Dev {
    Dev::new().worker("a", code)
}

#[test]
fn a_missing_directory_is_named() {
    refused(Dev::new().worker("a", HELLO).projects(&["a", "no-such-directory"]), &["no-such-directory"]);
}

#[test]
fn a_directory_without_a_configuration_is_named() {
    refused(Dev::new().worker("a", HELLO).file("empty/readme.md", "x").projects(&["a", "empty"]), &["empty"]);
}

#[test]
fn invalid_toml_has_its_place() {
    refused(
        one(HELLO).file("a/wrangler.toml", "name = \"a\"\nmain = \"src/index.js\nx = 1\n"),
        &["a/wrangler.toml:2:"],
    );
}

#[test]
fn invalid_jsonc_has_its_place() {
    let text = "{\n  // comments are fine\n  \"name\": \"b\",\n  \"main\": oops,\n}\n";
    refused(Dev::new().file("b/wrangler.jsonc", text).projects(&["b"]), &["b/wrangler.jsonc:4:"]);
}

#[test]
fn a_configuration_without_main_is_named() {
    let text = "name = \"a\"\ncompatibility_date = \"2026-04-01\"\n";
    refused(one(HELLO).file("a/wrangler.toml", text), &["a/wrangler.toml"]);
}

#[test]
fn an_entry_point_that_is_not_there_has_its_place() {
    let text = "name = \"a\"\nmain = \"src/main.js\"\ncompatibility_date = \"2026-04-01\"\n";
    refused(one(HELLO).file("a/wrangler.toml", text), &["src/main.js", "a/wrangler.toml:2:"]);
}

#[test]
fn one_name_twice_among_ordinary_workers_is_refused() {
    let text = "name = \"a\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n";
    refused(one(HELLO).worker("b", HELLO).file("b/wrangler.toml", text), &["`a`"]);
}

#[test]
fn one_name_twice_in_a_namespace_is_refused() {
    let text = "name = \"c\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n";
    let dev = Dev::new().dispatcher("front", HELLO).user("staging", "c", HELLO).user("staging", "d", HELLO);
    refused(dev.file("staging/d/wrangler.toml", text), &["`c`", "staging"]);
}

#[test]
fn a_project_that_could_belong_to_two_namespaces_is_refused() {
    let dev = Dev::new()
        .dispatcher("front", HELLO)
        .config("front", "[[dispatch_namespaces]]\nbinding = \"live\"\nnamespace = \"production\"")
        .worker("customer", HELLO)
        .projects(&["front", "customer"]);
    refused(dev, &["customer", "production", "staging"]);
}

#[test]
fn a_syntax_error_has_its_place() {
    refused(one("export default {\n  fetch() { return 1 +; },\n};"), &["a/src/index.js:2:"]);
}

#[test]
fn a_missing_import_has_its_place() {
    refused(
        one("import './there.js';\nimport x from './gone.js';\nexport default { x };").file("a/src/there.js", ""),
        &["./gone.js", "a/src/index.js:2:"],
    );
}

#[test]
fn a_missing_package_has_its_place() {
    refused(one("import left from 'left-pad';\nexport default { left };"), &["left-pad", "a/src/index.js:1:"]);
}

#[test]
fn a_name_that_a_module_does_not_export_has_its_place() {
    refused(
        one("import { gone } from './lib.js';\nexport default { gone };")
            .file("a/src/lib.js", "export const there = 1;"),
        &["gone", "a/src/index.js:1:"],
    );
}

#[test]
fn source_that_is_not_utf_8_is_named() {
    refused(one("").file("a/src/index.js", b"export default { name: '\xff\xfe' };"), &["a/src/index.js", "UTF-8"]);
}

#[test]
fn a_configuration_that_is_not_utf_8_is_named() {
    refused(one(HELLO).file("a/wrangler.toml", b"name = \"\xff\""), &["a/wrangler.toml", "UTF-8"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let dev =
        one("import './folder.js'; export default {};").file("a/src/folder.js/index.txt", "a directory, not a file");
    refused(dev, &["folder.js"]);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let configurations =
        one(HELLO).file("a/wrangler.toml", "main = 7\nname = 8\n").worker("b", HELLO).config("b", "vars = 1");
    let problems = configurations.refused();
    assert!(problems.iter().filter(|problem| problem.contains("wrangler.toml:")).count() >= 3, "{problems:#?}");
    let modules = one("syntax error here").worker("b", "import './gone.js';\nimport './lost.js';").worker("c", HELLO);
    let problems = modules.refused();
    assert!(problems.len() >= 3, "{problems:#?}");
}

#[test]
fn a_worker_without_a_default_export_has_its_place() {
    refused(one("export const fetch = () => new Response('x');"), &["no default export", "a/src/index.js:1:"]);
}

#[test]
fn two_configurations_in_one_project_are_warned_of() {
    let dev = one(HELLO)
        .file(
            "a/wrangler.json",
            "{ \"name\": \"a\", \"main\": \"src/index.js\", \"compatibility_date\": \"2026-04-01\" }",
        )
        .start();
    dev.get("/").body("hello");
    dev.says("warning:");
}

#[test]
fn a_bound_namespace_without_workers_is_warned_of() {
    let dev = Dev::new().dispatcher("front", HELLO).start();
    dev.get("/").body("hello");
    dev.says("warning: namespace `staging` is bound, and has no user Workers");
}

#[test]
fn a_key_that_nobody_knows_is_warned_of_with_the_nearest_one() {
    let dev = one(HELLO).config("a", "compatibilty_flags = []").start();
    dev.says("warning:");
    dev.says("compatibility_flags");
}

#[test]
fn a_binding_that_is_not_emulated_throws_when_it_is_used() {
    let dev = one("export default { async fetch(request, env) { try { await env.AI.run('model') } catch (error) { return new Response(`${typeof env.AI} ${error.message}`) } } };")
        .config("a", "[ai]\nbinding = \"AI\"")
        .start();
    let answer = dev.get("/").status(200).contains("AI");
    assert!(!answer.text().starts_with("undefined"), "{}", answer.text());
}

fn served() -> Server {
    Dev::new().worker("good", HELLO).worker("a", HELLO).start()
}

/// The edit makes `a` answer with these words, `good` goes on, and mending it heals it.
#[track_caller]
fn answered_while_running(edit: impl Fn(&Server), words: &str) {
    let dev = served();
    let ask = || dev.ask("GET", "/").host("a.localhost").send();
    ask().status(200).body("hello");
    edit(&dev);
    ask().status(500).contains(words);
    dev.get("/").status(200).body("hello");
    dev.says("error:");
    dev.edit("a", "wrangler.toml", "name = \"a\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n");
    let _only_where_it_became_one = fs::remove_dir_all(dev.path().join("a/src/index.js"));
    dev.edit("a", "src/index.js", HELLO);
    ask().status(200).body("hello");
}

#[test]
fn a_syntax_error_is_answered_while_running() {
    answered_while_running(|dev| dev.edit("a", "src/index.js", "export default {"), "a/src/index.js:1:");
}

#[test]
fn a_missing_import_is_answered_while_running() {
    answered_while_running(|dev| dev.edit("a", "src/index.js", "import './gone.js'; export default {};"), "./gone.js");
}

#[test]
fn a_deleted_entry_point_is_answered_while_running() {
    answered_while_running(|dev| dev.remove("a/src/index.js"), "src/index.js");
}

#[test]
fn an_entry_point_that_became_a_directory_is_answered_while_running() {
    answered_while_running(
        |dev| {
            dev.remove("a/src/index.js");
            fs::create_dir(dev.path().join("a/src/index.js")).expect("it can be made");
        },
        "src/index.js",
    );
}

#[test]
fn source_that_is_not_utf_8_is_answered_while_running() {
    answered_while_running(|dev| dev.edit("a", "src/index.js", b"export default '\xff';"), "UTF-8");
}

#[test]
fn invalid_toml_is_answered_while_running() {
    answered_while_running(|dev| dev.edit("a", "wrangler.toml", "name = "), "a/wrangler.toml:1:");
}

#[test]
fn a_missing_default_export_is_answered_while_running() {
    answered_while_running(|dev| dev.edit("a", "src/index.js", "export const x = 1;"), "no default export");
}

#[test]
fn a_name_that_is_taken_stays_with_its_holder() {
    let dev = served();
    dev.edit("a", "src/index.js", HELLO.replace("hello", "a"));
    dev.edit("a", "wrangler.toml", "name = \"good\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n");
    dev.ask("GET", "/").host("good.localhost").send().status(200).body("hello");
    dev.says("error: two Workers are called `good`");
    dev.edit("a", "wrangler.toml", "name = \"a\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n");
    dev.ask("GET", "/").host("a.localhost").send().status(200).body("a");
}

#[test]
fn a_broken_workspace_file_changes_nothing_until_it_is_mended() {
    let dev = served();
    dev.edit(".", "devflare.toml", "workers = [");
    dev.get("/").status(200).body("hello");
    dev.says("error:");
    dev.edit("good", "src/index.js", HELLO.replace("hello", "edited"));
    dev.get("/").body("edited");
    dev.edit(".", "devflare.toml", "workers = [\"a\"]\n");
    dev.get("/").body("hello");
}

#[test]
fn a_configuration_that_is_deleted_and_back_loses_nothing() {
    let dev = served();
    let text = fs::read(dev.path().join("a/wrangler.toml")).expect("it is there");
    dev.remove("a/wrangler.toml");
    let ask = || dev.ask("GET", "/").host("a.localhost").send();
    ask().status(500).contains("no wrangler.json, wrangler.jsonc or wrangler.toml in this directory");
    dev.says("error: no wrangler.json, wrangler.jsonc or wrangler.toml in this directory");
    dev.edit("a", "wrangler.toml", text);
    ask().status(200).body("hello");
    dev.edit("a", "src/index.js", HELLO.replace("hello", "edited"));
    ask().status(200).body("edited");
}

#[test]
fn malformed_http_gets_400_and_a_line() {
    let dev = served();
    let mut connection = dev.connect();
    connection.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nbad header line\r\n\r\n");
    assert!(connection.rest().starts_with("HTTP/1.1 400 "));
    dev.says("warning: 400: a client sent no valid HTTP");
    dev.get("/").body("hello");
}

#[test]
fn what_is_no_http_at_all_gets_400_and_a_line() {
    let dev = served();
    let mut connection = dev.connect();
    connection.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n");
    assert!(connection.rest().starts_with("HTTP/1.1 400 "));
    dev.says("warning: 400: a client sent no valid HTTP");
}

#[test]
fn headers_that_are_too_long_get_431_and_a_line() {
    let dev = served();
    let mut connection = dev.connect();
    connection.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n");
    for at in 0..600 {
        connection.write(format!("x-{at}: {}\r\n", "y".repeat(1000)).as_bytes());
    }
    connection.write(b"\r\n");
    let answer = connection.rest();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    dev.says("warning: 431: a client sent too many or too long headers");
    dev.get("/").body("hello");
}

#[test]
fn headers_that_cloudflare_takes_are_taken() {
    let dev = one("export default { fetch: (request) => new Response(request.headers.get('x-long').length) };").start();
    dev.ask("GET", "/").header("x-long", &"y".repeat(100_000)).send().status(200).body("100000");
}

#[test]
fn a_body_that_is_shorter_than_it_says_is_no_harm() {
    let dev = served();
    let mut connection = dev.connect();
    connection.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nshort");
    drop(connection);
    dev.get("/").status(200).body("hello");
}

#[test]
fn a_target_that_is_no_path_is_no_harm() {
    let dev = one("export default { fetch: (request) => new Response(request.url) };").start();
    dev.get("//evil.example/x").status(200).contains("//evil.example/x");
    dev.get("/%ff%00?%").status(200).contains("/%ff%00?%");
    dev.ask("OPTIONS", "*").send();
    dev.get("/").status(200);
}
