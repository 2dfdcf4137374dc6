//! Scripts: what an upload serves, what is told about it, and how it goes again.

use super::{DISPATCHER, DISPATCHES, platform, put, says, user};
use crate::support::{Dev, Form};

#[test]
fn an_upload_answers_the_next_request() {
    let dev = platform();
    for round in 0..5 {
        put(&dev, "a", Form::worker(&says(&format!("round {round}")))).done();
        dev.get("/a").body(&format!("round {round}"));
    }
    dev.get("/b").status(404).body("Worker not found.");
    dev.says("no user Worker \"b\"");
}

#[test]
fn an_upload_tells_what_clients_read() {
    let dev = platform();
    let metadata = r#"{"main_module":"index.js","compatibility_date":"2026-01-01","compatibility_flags":["nodejs_compat"],
        "tags":["b","a"],"annotations":{"workers/tag":"v1"}}"#;
    let answer = put(&dev, "a", Form::upload(metadata, &says("a"))).done();
    assert!(answer.at("/result/startup_time_ms").as_i64().is_some_and(|ms| ms > 0), "{}", answer.text());
    let deployment = answer.at("/result/deployment_id");
    let is_hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(deployment.as_str().is_some_and(is_hex), "{deployment}");
    for (pointer, expected) in [
        ("/result/id", serde_json::json!("a")),
        ("/result/handlers", serde_json::json!(["fetch"])),
        ("/result/has_modules", true.into()),
        ("/result/has_assets", false.into()),
        ("/result/tags", serde_json::json!(["a", "b"])),
        ("/result/compatibility_date", "2026-01-01".into()),
        ("/result/compatibility_flags", serde_json::json!(["nodejs_compat"])),
    ] {
        assert_eq!(answer.at(pointer), expected, "{pointer}");
    }
    let one = dev.api("GET", &user("a")).send().done();
    assert_eq!(one.at("/result/dispatch_namespace"), "staging");
    assert_eq!(one.at("/result/script/etag"), answer.at("/result/etag"));
    assert_eq!(one.at("/result/script/migration_tag"), serde_json::Value::Null);
}

#[test]
fn the_handlers_that_a_script_exports_are_told() {
    let dev = platform();
    let code = "import { WorkerEntrypoint, DurableObject } from 'cloudflare:workers';
        export class Room extends DurableObject {}
        export class Admin extends WorkerEntrypoint { fetch() {} list() {} }
        export const other = { queue() {} };
        export const number = 1;
        export function plain() {}
        export default { fetch() {}, async scheduled() {}, email: 5, unknown() {} };";
    put(&dev, "a", Form::worker(code)).done();
    let script = dev.api("GET", &user("a")).send().done();
    let named = serde_json::json!([
        { "name": "Admin", "handlers": ["fetch", "list"] },
        { "name": "Room", "handlers": ["class"] },
        { "name": "other", "handlers": ["queue"] },
    ]);
    let handlers = serde_json::json!(["fetch", "scheduled"]);
    let check = |found: serde_json::Value| {
        assert_eq!(found["handlers"], handlers);
        let mut all = found["named_handlers"].as_array().expect("a list").clone();
        all.sort_by_key(|one| one["name"].as_str().map(str::to_owned));
        assert_eq!(serde_json::Value::Array(all), named);
    };
    check(script.at("/result/script"));
    let versions = dev.api("GET", &format!("{}/versions", user("a"))).send().done();
    let id = versions.at("/result/items/0/id");
    let version = dev.api("GET", &format!("{}/versions/{}", user("a"), id.as_str().expect("an id"))).send().done();
    check(version.at("/result/resources/script"));
}

#[test]
fn a_script_in_service_worker_syntax_tells_what_it_listens_for() {
    let dev = platform();
    let code = "addEventListener('scheduled', () => {}); addEventListener('fetch', (event) => event.respondWith(new Response('old')));";
    let form = Form::new().text("metadata", r#"{"body_part":"script"}"#).text("script", code);
    let answer = put(&dev, "a", form).done();
    assert_eq!(answer.at("/result/handlers"), serde_json::json!(["fetch", "scheduled"]));
    dev.get("/a").body("old");
}

#[test]
fn ordinary_workers_answer_by_name_and_dispatchers_without_one() {
    let dev = Dev::api().start();
    dev.get("/").status(404);
    dev.api("PUT", "/workers/scripts/alone").form(Form::worker(&says("alone"))).send().done();
    dev.get("/").body("alone");
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    dev.api("PUT", "/workers/scripts/front").form(Form::upload(DISPATCHES, DISPATCHER)).send().done();
    put(&dev, "a", Form::worker(&says("a"))).done();
    dev.get("/a").body("a");
    for host in ["alone.localhost", "x.alone.localhost:99", "ALONE.localhost", "alone.devflare.workers.dev"] {
        dev.ask("GET", "/").host(host).send().body("alone");
    }
    // A user Worker is reached by dispatch alone.
    dev.ask("GET", "/a").host("a.localhost").send().body("a");
    dev.api("GET", "/workers/scripts").send().done().contains("\"alone\"").contains("\"front\"");
}

#[test]
fn scripts_are_listed_by_name_page_by_page() {
    let dev = platform();
    for name in ["d", "b", "a", "c", "e"] {
        put(&dev, name, Form::worker(&says(name))).done();
    }
    let list = "/workers/dispatch/namespaces/staging/scripts";
    let (mut names, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = dev.api("GET", &format!("{list}?limit=2&cursor={cursor}")).send().done();
        let items = page.at("/result").as_array().cloned().expect("a list");
        names.extend(items.iter().map(|item| item["id"].as_str().expect("a name").to_owned()));
        pages += 1;
        page.at("/result_info/cursor").as_str().expect("a cursor").clone_into(&mut cursor);
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!((names.join(""), pages), ("abcde".to_owned(), 3));
    for wrong in ["limit=0", "limit=x", "cursor=zz", "cursor=6"] {
        dev.api("GET", &format!("{list}?{wrong}")).send().refused(400, 10_001, "");
    }
    dev.api("GET", "/workers/dispatch/namespaces/none/scripts").send().refused(404, 100_119, "not found");
}

#[test]
fn a_deleted_script_is_gone_and_may_come_back() {
    let dev = platform();
    put(&dev, "a", Form::worker(&says("first"))).done();
    dev.get("/a").body("first");
    dev.api("DELETE", &user("a")).send().done().result("null");
    dev.get("/a").status(404).body("Worker not found.");
    dev.api("DELETE", &format!("{}?force=true", user("a"))).send().refused(404, 10_092, "does not exist");
    put(&dev, "a", Form::worker(&says("second"))).done();
    dev.get("/a").body("second");
    dev.says("no user Worker");
}

#[test]
fn services_are_what_wrangler_asks_for() {
    let dev = Dev::api().start();
    dev.api("GET", "/workers/services/a").send().refused(404, 10_090, "");
    let put = dev.api("PUT", "/workers/scripts/a").header("User-Agent", "wrangler/4.86.0");
    put.form(Form::worker(&says("a"))).send().done();
    let service = dev.api("GET", "/workers/services/a").send().done();
    assert_eq!(service.at("/result/default_environment/environment"), "production");
    assert_eq!(service.at("/result/default_environment/script/last_deployed_from"), "wrangler");
    dev.api("DELETE", "/workers/services/a?force=true").send().done();
    dev.api("DELETE", "/workers/services/a?force=true").send().refused(404, 10_090, "");
    dev.get("/").status(404);
}

#[test]
fn the_subdomain_of_a_script_is_remembered() {
    let dev = Dev::api().start();
    dev.api("GET", "/workers/subdomain").send().done().result(r#"{"subdomain":"devflare"}"#);
    dev.api("GET", "/workers/scripts/a/subdomain").send().refused(404, 10_007, "");
    dev.api("PUT", "/workers/scripts/a").form(Form::worker(&says("a"))).send().done();
    let path = "/workers/scripts/a/subdomain";
    dev.api("GET", path).send().done().result(r#"{"enabled":false,"previews_enabled":false}"#);
    dev.api("POST", path)
        .json(r#"{"enabled":true}"#)
        .send()
        .done()
        .result(r#"{"enabled":true,"previews_enabled":false}"#);
    dev.api("GET", path).send().done().result(r#"{"enabled":true,"previews_enabled":false}"#);
}

#[test]
fn content_comes_back_as_it_was_sent_and_can_be_replaced_alone() {
    let dev = platform();
    let metadata = r#"{"main_module":"index.js","bindings":[{"name":"TEXT","type":"plain_text","text":"kept"}]}"#;
    let code = "import t from './t.txt'; export default { fetch: (request, env) => new Response(t + env.TEXT) }";
    let form = Form::upload(metadata, code).file("t.txt", "t.txt", "text/plain", "one ");
    put(&dev, "a", form).done();
    dev.get("/a").body("one kept");
    let content = dev.api("GET", &format!("{}/content", user("a"))).send().status(200);
    assert!(content.find("content-type").is_some_and(|kind| kind.starts_with("multipart/form-data")));
    let content = content.header("cf-entrypoint", "index.js");
    content.contains(code).contains("filename=\"t.txt\"");
    let new = "export default { fetch: (request, env) => new Response('two ' + env.TEXT) }";
    let form = Form::upload(r#"{"main_module":"index.js"}"#, new);
    dev.api("PUT", &format!("{}/content", user("a"))).form(form).send().done();
    dev.get("/a").body("two kept");
    dev.api("GET", &format!("{}/content", user("none"))).send().refused(404, 10_092, "");
}

#[test]
fn a_watched_project_wins_over_an_upload_of_its_name() {
    let dev = Dev::new().dispatcher("front", DISPATCHER).user("staging", "a", &says("watched")).start();
    let answer = put(&dev, "a", Form::worker(&says("uploaded"))).done();
    assert!(
        answer.at("/messages/0/message").as_str().is_some_and(|note| note.contains("watched")),
        "{}",
        answer.text()
    );
    dev.get("/a").body("watched");
    dev.edit("staging/a", "src/index.js", says("edited"));
    dev.get("/a").body("edited");
    // What no project hides any more is served.
    dev.may_say("matches no project");
    dev.may_say("has no user Workers");
    dev.remove("staging/a");
    dev.get("/a").body("uploaded");
}

/// Eight clients upload one script over and over: what is stored last is what is served.
#[test]
fn uploads_at_the_same_time_end_with_one_of_them() {
    let dev = platform();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = dev.client();
            scope.spawn(move || {
                for round in 0..5 {
                    put(&client, "a", Form::worker(&says(&format!("{thread}-{round}")))).done();
                }
            });
        }
    });
    let served = dev.get("/a").text();
    dev.api("GET", &format!("{}/content", user("a"))).send().status(200).contains(&format!("{served:?}"));
    let versions = dev.api("GET", &format!("{}/versions", user("a"))).send().done();
    assert_eq!(versions.at("/result/items/0/number"), 40);
}

#[test]
fn a_request_in_flight_ends_on_the_version_it_began_with() {
    let dev = platform();
    let waits = "export default { async fetch(request) { return new Response('old ' + await request.text()) } }";
    put(&dev, "a", Form::worker(waits)).done();
    let mut waiting = dev.ask("POST", "/a").streaming();
    waiting.chunk(b"first ");
    dev.get("/a").body("old ");
    put(&dev, "a", Form::worker(&says("new"))).done();
    dev.get("/a").body("new");
    waiting.chunk(b"second");
    waiting.end();
    waiting.answer().body("old first second");
    dev.get("/a").body("new");
}
