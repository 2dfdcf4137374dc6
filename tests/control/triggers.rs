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
