//! Zones and the custom hostnames of customers.

use crate::support::Dev;

const ZONE: &str = "/zones/0123456789abcdef0123456789abcdef/custom_hostnames";

#[test]
fn custom_hostnames_come_change_and_go() {
    let dev = Dev::api().start();
    let post = |body: &str| dev.api_root("POST", ZONE).json(body).send();
    let body =
        r#"{"hostname":"Shop.Customer.example","ssl":{"method":"txt","type":"dv"},"custom_metadata":{"plan":"pro"}}"#;
    let made = post(body).status(201);
    assert_eq!(made.at("/result/status"), "pending");
    assert_eq!(made.at("/result/ownership_verification/name"), "_cf-custom-hostname.shop.customer.example");
    let one = format!("{ZONE}/{}", made.at("/result/id").as_str().expect("an id"));
    let seen = dev.api_root("GET", &one).send().done();
    assert_eq!((seen.at("/result/status"), seen.at("/result/ssl/status")), ("active".into(), "active".into()));
    assert_eq!((seen.at("/result/ssl/method"), seen.at("/result/custom_metadata/plan")), ("txt".into(), "pro".into()));
    post(r#"{"hostname":"shop.customer.example"}"#).refused(409, 1406, "Duplicate");
    for name in ["", "localhost", "1.2.3.4", "a..b", "a/b.c"] {
        post(&format!(r#"{{"hostname":"{name}"}}"#)).refused(400, 1407, "Invalid");
    }
    dev.api_root("PATCH", &one).json(r#"{"custom_metadata":{"plan":"free"}}"#).send().done();
    let listed = dev.api_root("GET", &format!("{ZONE}?hostname=customer&page=1&per_page=5")).send().done();
    assert_eq!(listed.at("/result/0/custom_metadata/plan"), "free");
    assert_eq!(listed.at("/result_info/total_count"), 1);
    dev.api_root("GET", &ZONE.replace('0', "1")).send().done().result("[]");
    dev.api_root("DELETE", &one).send().done();
    dev.api_root("DELETE", &one).send().refused(404, 1436, "not found");
    post(r#"{"hostname":"shop.customer.example"}"#).status(201);
    dev.api_root("GET", "/zones/nonsense/custom_hostnames").send().refused(404, 7003, "identifier");
}

#[test]
fn zones_are_those_that_somebody_names() {
    let dev = Dev::new()
        .worker("a", "export default { fetch: () => new Response('a') }")
        .config("a", "route = \"*.platform.test/*\"")
        .start();
    let names = |path: &str| {
        let zones = dev.api_root("GET", path).send().done().at("/result");
        zones.as_array().into_iter().flatten().map(|zone| zone["name"].to_string()).collect::<Vec<_>>().concat()
    };
    assert_eq!(names("/zones"), r#""platform.test""#);
    dev.api_root("POST", "/zones").json(r#"{"name":"other.test","account":{"id":"x"}}"#).send().done();
    dev.api_root("POST", "/zones").json(r#"{"name":"other.test"}"#).send().refused(400, 1061, "already exists");
    assert_eq!(names("/zones"), r#""other.test""platform.test""#);
    assert_eq!(names("/zones?name=other.test"), r#""other.test""#);
    assert_eq!(names("/zones?name=deep.other.test"), "");
    let id = dev.api_root("GET", "/zones?name=platform.test").send().done().at("/result/0/id");
    let zone = dev.api_root("GET", &format!("/zones/{}", id.as_str().expect("an id"))).send().done();
    assert_eq!(zone.at("/result/name"), "platform.test");
}
