//! Dispatch namespaces.

use super::{DISPATCHER, platform, put, says, user};
use crate::support::{Dev, Form};

#[test]
fn namespaces_come_and_go() {
    let dev = Dev::api().start();
    let all = "/workers/dispatch/namespaces";
    let made = dev.api("POST", all).json(r#"{"name":"staging"}"#).send().done();
    let one = dev.api("GET", &format!("{all}/staging")).send().done();
    assert_eq!(one.at("/result"), made.at("/result"));
    assert_eq!((one.at("/result/namespace_name"), one.at("/result/script_count")), ("staging".into(), 0.into()));
    assert_eq!(one.at("/result/trusted_workers"), false);
    assert_eq!(dev.api("GET", all).send().done().at("/result/0"), made.at("/result"));
    dev.api("DELETE", &format!("{all}/staging")).send().done().result("null");
    dev.api("GET", &format!("{all}/staging")).send().refused(404, 100_119, "not found");
    dev.api("DELETE", &format!("{all}/staging")).send().refused(404, 100_119, "not found");
    dev.api("GET", all).send().done().result("[]");
}

#[test]
fn a_second_namespace_of_a_name_is_refused() {
    let dev = platform();
    let all = "/workers/dispatch/namespaces";
    dev.api("POST", all).json(r#"{"name":"staging"}"#).send().refused(409, 100_118, "already exists");
    dev.api("POST", all).json(r#"{"name":"other"}"#).send().done();
    let rename = dev.api("PUT", &format!("{all}/other")).json(r#"{"name":"staging"}"#);
    rename.send().refused(409, 100_118, "A namespace with this name");
}

#[test]
fn names_that_are_none_are_refused() {
    let dev = Dev::api().start();
    for body in [r#"{"name":""}"#, r#"{"name":"a/b"}"#, r#"{"name":"../x"}"#, "{}", r#"{"name":"a b"}"#] {
        dev.api("POST", "/workers/dispatch/namespaces").json(body).send().refused(
            400,
            10_001,
            "not a valid namespace name",
        );
    }
    for body in ["", "{", "[1]", r#"{"name":1}"#] {
        dev.api("POST", "/workers/dispatch/namespaces").json(body).send().refused(400, 10_001, "JSON");
    }
}

#[test]
fn a_renamed_namespace_takes_its_scripts_along() {
    let dev = platform();
    put(&dev, "a", Form::worker(&says("a"))).done();
    dev.get("/a").body("a");
    let renamed = dev.api("PUT", "/workers/dispatch/namespaces/staging").json(r#"{"name":"production"}"#);
    assert_eq!(renamed.send().done().at("/result/namespace_name"), "production");
    dev.get("/a").status(404).body("Worker not found.");
    dev.api("GET", &user("a")).send().refused(404, 100_119, "not found");
    let metadata = super::DISPATCHES.replace("staging", "production");
    dev.api("PUT", "/workers/scripts/front").form(Form::upload(&metadata, DISPATCHER)).send().done();
    dev.get("/a").body("a");
}

#[test]
fn trust_is_stored() {
    let dev = platform();
    let trust =
        dev.api("PUT", "/workers/dispatch/namespaces/staging").json(r#"{"name":"staging","trusted_workers":true}"#);
    assert_eq!(trust.send().done().at("/result/trusted_workers"), true);
    let read = dev.api("GET", "/workers/dispatch/namespaces/staging").send().done();
    assert_eq!(read.at("/result/trusted_workers"), true);
}

#[test]
fn a_deleted_namespace_takes_its_scripts_along() {
    let dev = platform();
    put(&dev, "a", Form::worker(&says("a"))).done();
    dev.get("/a").body("a");
    dev.api("DELETE", "/workers/dispatch/namespaces/staging").send().done();
    dev.get("/a").status(404).body("Worker not found.");
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    dev.api("GET", &user("a")).send().refused(404, 10_092, "does not exist");
}

/// The guide creates the namespace while its project may be watched already.
#[test]
fn a_namespace_that_a_project_binds_is_there_and_can_be_created() {
    let dev = Dev::new().dispatcher("front", DISPATCHER).user("staging", "watched", &says("watched")).start();
    let one = dev.api("GET", "/workers/dispatch/namespaces/staging").send().done();
    assert_eq!(one.at("/result/namespace_name"), "staging");
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    dev.api("POST", "/workers/dispatch/namespaces")
        .json(r#"{"name":"staging"}"#)
        .send()
        .refused(409, 100_118, "exists");
    put(&dev, "uploaded", Form::worker(&says("uploaded"))).done();
    dev.get("/watched").body("watched");
    dev.get("/uploaded").body("uploaded");
}
