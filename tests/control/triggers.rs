//! Routes, custom domains and schedules of uploads.

use super::says;
use crate::support::{Dev, Form};

#[test]
fn routes_and_domains_lead_to_uploads() {
    let dev = Dev::api().start();
    for name in ["front", "shop", "docs"] {
        dev.api("PUT", &format!("/workers/scripts/{name}")).form(Form::worker(&says(name))).send().done();
    }
    let put = |name: &str, what: &str, body: &str| {
        dev.api("PUT", &format!("/workers/scripts/{name}/{what}")).json(body).send()
    };
    put(
        "shop",
        "routes",
        r#"[{"pattern":"*.example.com/*"},{"pattern":"example.com/shop/*","zone_name":"example.com"}]"#,
    )
    .done();
    put("docs", "routes", r#"[{"pattern":"docs.example.com/*"}]"#).done();
    put("docs", "domains/records", r#"{"origins":[{"hostname":"shop.test"}]}"#).done();
    for (host, path, expected) in [
        ("a.example.com", "/", "shop"),
        ("A.example.com:80", "/x", "shop"),
        ("docs.example.com", "/", "docs"),
        ("example.com", "/shop/1", "shop"),
        ("example.com", "/", "front"),
        ("shop.test", "/any", "docs"),
        ("localhost", "/", "front"),
    ] {
        let expected = if expected == "front" { dev.get("/").text() } else { expected.to_owned() };
        dev.ask("GET", path).host(host).send().body(&expected);
    }
    let records = dev.api("GET", "/workers/domains/records?page=0&per_page=5&service=docs").send().done();
    assert_eq!(records.at("/result/0/hostname"), "shop.test");
    // An upload leaves them, an empty list takes them away.
    dev.api("PUT", "/workers/scripts/docs").form(Form::worker(&says("docs again"))).send().done();
    dev.ask("GET", "/").host("docs.example.com").send().body("docs again");
    put("docs", "routes", "[]").done();
    dev.ask("GET", "/").host("docs.example.com").send().body("shop");
    dev.api("DELETE", "/workers/scripts/shop").send().done();
    let default = dev.get("/").text();
    dev.ask("GET", "/").host("a.example.com").send().body(&default);
    for body in ["{}", r#"[{"x":1}]"#, r#"["a"]"#] {
        put("docs", "routes", body).refused(400, 10_001, "pattern");
    }
    put("docs", "routes", r#"[{"pattern":"a.*.com/*"}]"#).refused(400, 10_022, "not valid");
    put("none", "routes", "[]").refused(404, 10_007, "");
}

#[test]
fn schedules_are_kept() {
    let dev = Dev::api().start();
    dev.api("PUT", "/workers/scripts/a").form(Form::worker(&says("a"))).send().done();
    let path = "/workers/scripts/a/schedules";
    dev.api("PUT", path).json(r#"[{"cron":"*/5 * * * *"}]"#).send().done();
    assert_eq!(dev.api("GET", path).send().done().at("/result/schedules/0/cron"), "*/5 * * * *");
    dev.api("PUT", path).json(r#"[{"cron":"often"}]"#).send().refused(400, 10_100, "not valid");
    dev.api("PUT", path).json("[]").send().done();
    dev.api("GET", path).send().done().result(r#"{"schedules":[]}"#);
}

#[test]
fn the_most_precise_host_decides_between_watched_and_uploaded_workers() {
    let dev = Dev::new().worker("front", &says("front")).config("front", "route = \"*/*\"").start();
    for (name, routes) in [("shop", r#"[{"pattern":"shop.example.com/*"}]"#), ("all", r#"[{"pattern":"*/*"}]"#)] {
        dev.api("PUT", &format!("/workers/scripts/{name}")).form(Form::worker(&says(name))).send().done();
        dev.api("PUT", &format!("/workers/scripts/{name}/routes")).json(routes).send().done();
    }
    for (host, expected) in [("shop.example.com", "shop"), ("example.com", "front"), ("all.localhost", "all")] {
        dev.ask("GET", "/").host(host).send().body(expected);
    }
}

#[test]
fn a_host_is_claimed_once() {
    let dev = Dev::api().start();
    for name in ["a", "b"] {
        dev.api("PUT", &format!("/workers/scripts/{name}")).form(Form::worker(&says(name))).send().done();
    }
    let put = |name: &str, what: &str, body: &str| {
        dev.api("PUT", &format!("/workers/scripts/{name}/{what}")).json(body).send()
    };
    let (first, both) =
        (r#"[{"pattern":"x.example.com/*"}]"#, r#"[{"pattern":"y.z/*"},{"pattern":"X.example.com/*"}]"#);
    put("a", "routes", first).done();
    put("a", "routes", first).done();
    put("b", "routes", both).refused(409, 10_020, "already exists");
    dev.ask("GET", "/").host("x.example.com").send().body("a");
    dev.api("GET", "/workers/scripts/b/routes").send().done().result("[]");
    let domain = |more: &str| format!(r#"{{{more}"origins":[{{"hostname":"Shop.test"}}]}}"#);
    put("a", "domains/records", &domain("")).done();
    put("b", "domains/records", &domain("")).refused(409, 100_117, "already a custom domain");
    let changes = dev.api("POST", "/workers/scripts/b/domains/changeset").json(r#"[{"hostname":"shop.test"}]"#).send();
    let updated = changes.done().at("/result/updated/0");
    assert_eq!((&updated["modified"], &updated["service"]), (&true.into(), &"a".into()));
    let record = format!("/workers/domains/records/{}", updated["id"].as_str().expect("an id"));
    assert_eq!(dev.api("GET", &record).send().done().at("/result/service"), "a");
    put("b", "domains/records", &domain(r#""override_existing_origin":true,"#)).done();
    dev.ask("GET", "/").host("shop.test").send().body("b");
    assert_eq!(dev.api("GET", "/workers/domains").send().done().at("/result").as_array().map(Vec::len), Some(1));
}

#[test]
fn routes_and_domains_are_set_one_by_one() {
    let dev = Dev::api().start();
    for name in ["a", "b"] {
        dev.api("PUT", &format!("/workers/scripts/{name}")).form(Form::worker(&says(name))).send().done();
    }
    let zone = dev.api_root("GET", "/zones?name=example.com").send().done().at("/result/0/id");
    let routes = format!("/zones/{}/workers/routes", zone.as_str().expect("an id"));
    let post = |body: &str| dev.api_root("POST", &routes).json(body).send();
    let made = post(r#"{"pattern":"*.example.com/*","script":"b"}"#).done().at("/result/id");
    post(r#"{"pattern":"*.example.com/*","script":"a"}"#).refused(409, 10_020, "already exists");
    post(r#"{"pattern":"*.example.com/*","script":"c"}"#).refused(404, 10_007, "");
    dev.ask("GET", "/").host("x.example.com").send().body("b");
    let one = format!("{routes}/{}", made.as_str().expect("an id"));
    dev.api_root("PUT", &one).json(r#"{"pattern":"*.example.com/*","script":"a"}"#).send().done();
    dev.ask("GET", "/").host("x.example.com").send().body("a");
    assert_eq!(dev.api_root("GET", &routes).send().done().at("/result/0/script"), "a");
    dev.api_root("DELETE", &one).send().done();
    dev.api_root("GET", &one).send().refused(404, 10_009, "not found");
    dev.api("PUT", "/workers/domains").json(r#"{"hostname":"b.test","service":"b"}"#).send().done();
    dev.ask("GET", "/").host("b.test").send().body("b");
    let id = dev.api("GET", "/workers/domains?hostname=b.test").send().done().at("/result/0/id");
    dev.api("DELETE", &format!("/workers/domains/{}", id.as_str().expect("an id"))).send().done();
    dev.api("GET", "/workers/domains").send().done().result("[]");
}
