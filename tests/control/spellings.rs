//! The ways in which clients spell an upload, and the sorts of modules and bindings that one can have.

use super::{platform, put, says, user};
use crate::support::{Dev, Form};

const METADATA: &str = r#"{"main_module":"w.mjs","compatibility_date":"2026-01-01"}"#;

#[test]
fn every_client_is_understood() {
    let dev = platform();
    let sdk = Form::new()
        .part("form-data; name=\"metadata\"; filename=\"metadata\"", "application/json", METADATA)
        .file("files", "w.mjs", "application/javascript+module", says("sdk"));
    let template = Form::new()
        .part("form-data; name=\"metadata\"; filename=\"metadata.json\"", "application/json", METADATA)
        .file("script", "w.mjs", "application/javascript+module", says("template"));
    let curl = Form::new().part("form-data; name=\"metadata\"", "application/json", METADATA).file(
        "w.mjs",
        "w.mjs",
        "application/octet-stream",
        says("curl"),
    );
    let inline = Form::new().text("metadata", METADATA).part("form-data; name=\"w.mjs\"", "", says("inline"));
    let typed = Form::new().text("metadata", METADATA).part(
        "form-data; name=w.mjs",
        "application/javascript+module; charset=utf-8",
        says("typed"),
    );
    let dotted = Form::new().text("metadata", METADATA).module("./w.mjs", &says("dotted"));
    let forms = [
        ("sdk", sdk),
        ("template", template),
        ("curl", curl),
        ("inline", inline),
        ("typed", typed),
        ("dotted", dotted),
    ];
    for (name, form) in forms {
        put(&dev, name, form).done();
        dev.get(&format!("/{name}")).body(name);
    }
    // The SDK ends its bodies with one line more.
    let mut body = Form::upload(METADATA, &says("x")).module("w.mjs", &says("longer")).bytes();
    body.extend_from_slice(b"\r\n");
    let ask = dev.api("PUT", &user("longer")).header("Content-Type", &Form::content_type());
    ask.body(body).send().done();
    dev.get("/longer").body("longer");
}

const LISTENER: &str =
    "addEventListener('fetch', (event) => event.respondWith(new Response(typeof TEXT + event.request.method)))";

#[test]
fn scripts_in_service_worker_syntax_are_run() {
    let dev = platform();
    let metadata = r#"{"body_part":"script","bindings":[{"name":"TEXT","type":"plain_text","text":"t"}]}"#;
    let form = Form::new().text("metadata", metadata).file("script", "w.js", "application/javascript", LISTENER);
    put(&dev, "a", form).done();
    dev.get("/a").body("stringGET");
    let form = Form::new().text("metadata", metadata).part("form-data; name=script", "", LISTENER);
    put(&dev, "b", form).done();
    dev.get("/b").body("stringGET");
    for kind in ["application/javascript", "text/javascript; charset=utf-8"] {
        dev.api("PUT", &user("c")).header("Content-Type", kind).body(LISTENER).send().done();
        dev.get("/c").body("undefinedGET");
    }
    put(&dev, "a", Form::new().text("metadata", metadata).text("script", "let x = 1")).refused(400, 10_068, "handlers");
    dev.get("/a").body("stringGET");
    let content = dev.api("GET", &format!("{}/content", user("c"))).send().status(200).body(LISTENER);
    content.header("content-type", "application/javascript");
}

#[test]
fn a_service_workers_texts_and_data_are_parts() {
    let dev = platform();
    let metadata = r#"{"body_part":"script","bindings":[
        {"name":"NOTE","type":"text_blob","part":"note"},{"name":"BYTES","type":"data_blob","part":"bytes"}]}"#;
    let code = "addEventListener('fetch', (event) =>
        event.respondWith(new Response(NOTE + [...new Uint8Array(BYTES)] + (BYTES instanceof ArrayBuffer))))";
    let form = Form::new()
        .text("metadata", metadata)
        .file("script", "script", "application/javascript", code)
        .file("note", "note", "text/plain", "text ")
        .file("bytes", "bytes", "application/octet-stream", [1_u8, 255]);
    put(&dev, "a", form).done();
    dev.get("/a").body("text 1,255true");
    let missing = r#"{"body_part":"script","bindings":[{"name":"NOTE","type":"text_blob","part":"none"}]}"#;
    let form = Form::new().text("metadata", missing).text("script", code);
    put(&dev, "b", form).refused(400, 10_021, "no part \"none\"");
}

#[test]
fn a_script_alone_is_an_upload_too() {
    let dev = platform();
    let module = dev.api("PUT", &user("a")).header("Content-Type", "application/javascript+module");
    module.body(says("module")).send().done();
    dev.get("/a").body("module");
}

#[test]
fn modules_are_what_their_types_say() {
    let dev = platform();
    let code = "
        import text from './notes/t.txt';
        import data from 'd.bin';
        import json from './j.json';
        import cjs from './c.cjs';
        import { answer } from './lib/m.js';
        export default { async fetch() {
            const bytes = [...new Uint8Array(data)].join();
            const later = await import('./lib/' + 'later.js');
            return new Response([text, bytes, json.a, cjs.twice(4), answer, later.default].join(' '));
        } }";
    let form = Form::worker(code)
        .file("1", "notes/t.txt", "text/plain", "text")
        .file("2", "d.bin", "application/octet-stream", [1_u8, 0, 255])
        .file("3", "j.json", "application/json", r#"{"a":"json"}"#)
        .file("4", "c.cjs", "application/javascript", "exports.twice = (n) => n * require('./two.js')")
        .file("5", "two.js", "application/javascript", "module.exports = 2")
        .module("lib/m.js", "export { answer } from '../answer.js'")
        .module("answer.js", "export const answer = 42")
        .module("lib/later.js", "export default 'later'")
        .file("m", "index.js.map", "application/source-map", "{}");
    put(&dev, "a", form).done();
    dev.get("/a").body("text 1,0,255 json 8 42 later");
}

#[test]
fn common_js_can_be_the_main_module() {
    let dev = platform();
    let form = Form::new().text("metadata", r#"{"main_module":"w.js"}"#);
    let form =
        form.file("w.js", "w.js", "application/javascript", "module.exports = { fetch: () => new Response('cjs') }");
    put(&dev, "a", form).done();
    dev.get("/a").body("cjs");
}

#[test]
fn bindings_reach_the_worker() {
    let dev = platform();
    let metadata = r#"{"main_module":"index.js","bindings":[
        {"name":"TEXT","type":"plain_text","text":"text"},
        {"name":"JSON","type":"json","json":{"x":[1]}},
        {"name":"SECRET","type":"secret_text","text":"hush"},
        {"name":"KV","type":"kv_namespace","namespace_id":"shared"},
        {"name":"OTHER","type":"service","service":"other","entrypoint":"Named","props":{"p":1}},
        {"name":"VERSION","type":"version_metadata"},
        {"name":"AI","type":"ai"}]}"#;
    let code = "export default { async fetch(request, env) {
        await env.KV.put('k', 'kept');
        const other = await (await env.OTHER.fetch('http://x/')).text();
        return Response.json([env.TEXT, env.JSON, env.SECRET, await env.KV.get('k'), other, typeof env.VERSION.id, typeof env.AI]);
    } }";
    let other = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export class Named extends WorkerEntrypoint { fetch() { return new Response('named ' + this.ctx.props.p) } }
        export default {}";
    dev.api("PUT", "/workers/scripts/other").form(Form::worker(other)).send().done();
    put(&dev, "a", Form::upload(metadata, code)).done();
    dev.get("/a").json(r#"["text",{"x":[1]},"hush","kept","named 1","string","object"]"#);
    let bindings = dev.api("GET", &format!("{}/bindings", user("a"))).send().done();
    let bindings = bindings.contains("{\"name\":\"SECRET\",\"type\":\"secret_text\"}").contains("\"text\":\"text\"");
    assert!(!bindings.text().contains("hush") && !dev.said().contains("hush"));
}

#[test]
fn a_watched_worker_calls_an_uploaded_one() {
    let dev = Dev::new()
        .worker("watched", "export default { fetch: (request, env) => env.UP.fetch(request) }")
        .config("watched", "services = [{ binding = \"UP\", service = \"up\" }]")
        .start();
    dev.may_say("names the Worker `up`, which is not here");
    dev.api("PUT", "/workers/scripts/up").form(Form::worker(&says("uploaded"))).send().done();
    dev.get("/").body("uploaded");
}

#[test]
fn a_wasm_module_can_be_imported() {
    let dev = platform();
    let code = "import module from './answer.wasm';
        export default { fetch: () => new Response(new WebAssembly.Instance(module).exports.f()) }";
    let wasm =
        b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41\x2a\x0b";
    put(&dev, "a", Form::worker(code).file("answer.wasm", "answer.wasm", "application/wasm", wasm)).done();
    dev.get("/a").body("42");
}
