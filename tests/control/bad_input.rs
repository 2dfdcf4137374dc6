//! Uploads that cannot be: refused with the code and the place that clients show, and the version before stays.

use super::{DISPATCHER, platform, put, says, user};
use crate::support::{Dev, Form};

#[test]
fn code_that_does_not_compile_or_start_replaces_nothing() {
    let dev = platform();
    put(&dev, "a", Form::worker(&says("before"))).done();
    let cases = [
        ("export default { fetch() { return 1 }", "Uncaught SyntaxError", "at index.js:1:"),
        ("export default {};\nlet a = ;", "Uncaught SyntaxError", "at index.js:2:9"),
        ("import './none.js'; export default {}", "No such module \"./none.js\"", "imported from \"index.js\""),
        ("import { x } from './index.js'; export default {}", "has no export \"x\"", "at index.js:1:10"),
        ("\nthrow new TypeError('at start'); export default {}", "Uncaught TypeError: at start", "index.js:2:"),
        ("export default {}; null.x", "Uncaught TypeError", "index.js:1:"),
        ("await new Promise(() => {}); export default {}", "Top-level await", ""),
        ("await fetch('http://x/'); export default {}", "Disallowed operation called within global scope", ""),
    ];
    for (code, words, place) in cases {
        put(&dev, "a", Form::worker(code)).refused(400, 10_021, words).contains(&place.replace('"', "\\\""));
        dev.get("/a").body("before");
    }
    put(&dev, "a", Form::worker("export const x = 1")).refused(400, 10_068, "no registered event handlers");
    dev.get("/a").body("before");
    // None of them was stored.
    put(&dev, "new", Form::worker("throw 1; export default {}")).refused(400, 10_021, "");
    dev.api("GET", &user("new")).send().refused(404, 10_092, "");
    assert_eq!(
        dev.api("GET", &format!("{}/versions", user("a"))).send().at("/result/items").as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn forms_that_are_none_are_refused() {
    let dev = platform();
    let raw = |body: &str| {
        let ask = dev.api("PUT", &user("a")).header("Content-Type", &Form::content_type());
        ask.body(body).send()
    };
    for body in ["", "x", "--wrong\r\n", "------form-of-a-test\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"]
    {
        raw(body).refused(400, 10_001, "The form could not be parsed");
    }
    let no_boundary = dev.api("PUT", &user("a")).header("Content-Type", "multipart/form-data").body("x");
    no_boundary.send().refused(400, 10_001, "boundary");
    let json = dev.api("PUT", &user("a")).json("{}");
    json.send().refused(415, 10_001, "Content-Type must be one of");
    dev.api("PUT", &user("a")).send().refused(415, 10_001, "Content-Type must be one of");
    let module = says("x");
    put(&dev, "a", Form::new().module("index.js", &module)).refused(400, 10_001, "no part named \"metadata\"");
    put(&dev, "a", Form::upload("{", &module)).refused(400, 10_001, "not valid JSON");
    put(&dev, "a", Form::upload("[]", &module)).refused(400, 10_001, "JSON object");
    put(&dev, "a", Form::upload("{}", &module)).refused(400, 10_021, "main_module");
    put(&dev, "a", Form::upload(r#"{"main_module":"other.js"}"#, &module)).refused(
        400,
        10_021,
        "No such module \"other.js\"",
    );
    put(&dev, "a", Form::upload(r#"{"body_part":"script"}"#, &module)).refused(400, 10_021, "no part \"script\"");
    // What the SDK makes of an object in place of files.
    let sdk = Form::new().text("metadata", r#"{"main_module":"w.mjs"}"#).text("files", r#"{"w.mjs":{}}"#);
    put(&dev, "a", sdk).refused(400, 10_001, "list of File objects");
    dev.api("GET", &user("a")).send().refused(404, 10_092, "");
}

#[test]
fn modules_that_cannot_be_are_refused() {
    let dev = platform();
    for name in ["../x.js", "/etc/x.js", "a/../../x.js", "a//b.js", "..", "."] {
        let form = Form::worker(&says("x")).file("m", name, "application/javascript+module", "");
        put(&dev, "a", form).refused(400, 10_021, "not a valid module name");
    }
    put(&dev, "a", Form::worker(&says("x")).module("index.js", "")).refused(400, 10_021, "Two modules are called");
    let many = (0..100).fold(Form::worker(&says("x")), |form, at| form.module(&format!("{at}.js"), ""));
    put(&dev, "a", many).refused(400, 10_021, "101 modules");
    let just = (0..99).fold(Form::worker(&says("hundred")), |form, at| form.module(&format!("{at}.js"), ""));
    put(&dev, "a", just).done();
    dev.get("/a").body("hundred");
    let python = Form::worker(&says("x")).file("p", "p.py", "text/x-python", "");
    put(&dev, "a", python).refused(400, 10_021, "Python");
    let not_utf8 = Form::worker(&says("x")).file("b", "b.js", "application/javascript+module", [0xff, 0xfe]);
    put(&dev, "a", not_utf8).refused(400, 10_021, "UTF-8");
}

#[test]
fn a_script_that_is_too_long_is_refused() {
    let dev = platform();
    // Ten megabytes that compress well are fine; Cloudflare counts what is compressed.
    let long = format!("{}//{}", says("long"), "x".repeat(11 << 20));
    put(&dev, "a", Form::worker(&long)).done();
    dev.get("/a").body("long");
    let mut noise = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise.to_le_bytes()[0]
    })
    .take(11 << 20)
    .collect();
    let form = Form::worker(&says("x")).file("d", "d.bin", "application/octet-stream", noise);
    put(&dev, "a", form).refused(400, 10_027, "exceeded the size limit");
    dev.get("/a").body("long");
}

#[test]
fn bindings_that_cannot_be_are_refused() {
    let dev = platform();
    let upload = |binding: &str| {
        let metadata = format!(r#"{{"main_module":"index.js","bindings":[{binding}]}}"#);
        put(&dev, "a", Form::upload(&metadata, &says("x")))
    };
    upload(r#"{"name":"X","type":"teleport"}"#).refused(400, 10_021, "unknown type 'teleport'");
    upload(r#"{"name":"X"}"#).refused(400, 10_021, "no type");
    upload(r#"{"type":"json","json":1}"#).refused(400, 10_021, "no name");
    upload(r#"{"name":"X","type":"plain_text"}"#).refused(400, 10_021, "'X'");
    upload(r#"{"name":"X","type":"service"}"#).refused(400, 10_021, "'X'");
    upload(r#"{"name":"X","type":"inherit"}"#).refused(400, 10_056, "cannot be inherited");
    let twice = r#"{"name":"X","type":"json","json":1},{"name":"X","type":"json","json":2}"#;
    upload(twice).refused(400, 10_021, "already in use");
    let metadata = r#"{"main_module":"index.js","bindings":{}}"#;
    put(&dev, "a", Form::upload(metadata, &says("x"))).refused(400, 10_001, "must be a list");
}

#[test]
fn names_of_scripts_that_cannot_be_are_refused() {
    let dev = platform();
    for name in ["a%2Fb", "..%2F..%2Fetc%2Fpasswd", "%00", "a%5Cb", &"x".repeat(300)] {
        dev.api("PUT", &user(name)).form(Form::worker(&says("x"))).send().refused(
            400,
            10_016,
            "not a valid script name",
        );
    }
    let nowhere = "/workers/dispatch/namespaces/none/scripts/a";
    dev.api("PUT", nowhere).form(Form::worker(&says("x"))).send().refused(404, 100_119, "not found");
    put(&dev, "k%C3%A4se", Form::worker(&says("umlaut"))).done();
    assert_eq!(dev.api("GET", &user("k%C3%A4se")).send().done().at("/result/script/id"), "käse");
}

#[test]
fn a_client_that_hangs_up_leaves_nothing_behind() {
    let dev = platform();
    put(&dev, "a", Form::worker(&says("before"))).done();
    let body = Form::worker(&says("after")).bytes();
    for cut in [1, body.len() / 2, body.len() - 1] {
        let ask = dev.api("PUT", &user("a")).header("Content-Type", &Form::content_type());
        let mut connection = ask.header("Content-Length", &body.len().to_string()).head_only();
        connection.write(&body[..cut]);
        drop(connection);
        dev.get("/a").body("before");
    }
    let versions = dev.api("GET", &format!("{}/versions", user("a"))).send().done();
    assert_eq!(versions.at("/result/items").as_array().map(Vec::len), Some(1));
}

#[test]
fn an_upload_that_shares_a_name_with_a_broken_project_is_stored() {
    let dev = Dev::new().dispatcher("front", DISPATCHER).user("staging", "a", &says("fine")).start();
    dev.edit("staging/a", "src/index.js", "export default {");
    dev.get("/a").status(404);
    dev.may_say("error: ");
    dev.may_say("warning: ");
    put(&dev, "a", Form::worker(&says("uploaded"))).done();
    dev.may_say("✖");
    dev.remove("staging/a");
    dev.get("/a").body("uploaded");
}
