//! Versions, deployments, settings and secrets.

use super::says;
use crate::support::{Client, Dev, Form};

const SCRIPT: &str = "/workers/scripts/a";
const TELLS: &str = "export default { fetch: (request, env) => Response.json({ ...env }) }";

fn uploaded(metadata: &str) -> crate::support::Server {
    let dev = Dev::api().start();
    dev.api("PUT", SCRIPT).form(Form::upload(metadata, TELLS)).send().done();
    dev
}

fn id(dev: &Client, form: Form) -> String {
    let made = dev.api("POST", &format!("{SCRIPT}/versions?bindings_inherit=strict")).form(form).send().done();
    assert!(made.at("/result/startup_time_ms").is_i64() && made.at("/result/resources/script/etag").is_string());
    made.at("/result/id").as_str().expect("an id").to_owned()
}

fn deploy(dev: &Client, versions: &str) -> crate::support::Answer {
    let body = format!(r#"{{"strategy":"percentage","versions":{versions},"annotations":{{}}}}"#);
    dev.api("POST", &format!("{SCRIPT}/deployments")).json(&body).send()
}

fn only(id: &str) -> String {
    format!(r#"[{{"version_id":"{id}","percentage":100}}]"#)
}

#[test]
fn a_version_is_served_once_it_is_deployed() {
    let dev = Dev::api().start();
    dev.api("POST", &format!("{SCRIPT}/versions")).form(Form::worker(&says("x"))).send().refused(404, 10_007, "");
    let first = dev.api("PUT", SCRIPT).form(Form::worker(&says("first"))).send().done();
    let second = id(&dev, Form::worker(&says("second")));
    dev.get("/").body("first");
    deploy(&dev, &only(&second)).done();
    dev.get("/").body("second");
    // Back to the first one.
    let items = dev.api("GET", &format!("{SCRIPT}/versions?deployable=true")).send().done();
    assert_eq!((items.at("/result/items/0/id"), items.at("/result/items/0/number")), (second.clone().into(), 2.into()));
    let oldest = items.at("/result/items/1/id");
    let oldest = oldest.as_str().expect("an id");
    assert_eq!(first.at("/result/deployment_id"), oldest.replace('-', ""));
    deploy(&dev, &only(oldest)).done();
    dev.get("/").body("first");
    let deployments = dev.api("GET", &format!("{SCRIPT}/deployments")).send().done();
    assert_eq!(deployments.at("/result/deployments").as_array().map(Vec::len), Some(3));
    assert_eq!(deployments.at("/result/deployments/0/versions/0/version_id"), oldest);
    let one = dev.api("GET", &format!("{SCRIPT}/versions/{second}")).send().done();
    assert_eq!(one.at("/result/resources/script_runtime/compatibility_date"), "2026-01-01");
    dev.api("GET", &format!("{SCRIPT}/content/v2?version={second}")).send().status(200).contains("second");
}

#[test]
fn deployments_that_cannot_be_are_refused() {
    let dev = uploaded(r#"{"main_module":"index.js"}"#);
    let version = id(&dev, Form::worker(&says("b")));
    let unknown = "00000000-0000-0000-0000-000000000000";
    deploy(&dev, &only(unknown)).refused(404, 100_146, unknown);
    for versions in ["[]", &format!(r#"[{{"version_id":"{version}","percentage":50}}]"#)] {
        deploy(&dev, versions).refused(400, 10_001, "percentages");
    }
    dev.get("/").body("{}");
}

#[test]
fn secrets_go_in_and_never_come_out() {
    let dev = Dev::api().start();
    let secrets = format!("{SCRIPT}/secrets");
    let put = |body: &str| dev.api("PUT", &secrets).json(body).send();
    put(r#"{"name":"K","text":"hush","type":"secret_text"}"#).refused(404, 10_007, "");
    dev.api("PUT", SCRIPT).form(Form::upload(r#"{"main_module":"index.js"}"#, TELLS)).send().done();
    put(r#"{"name":"K","text":"hush","type":"secret_text"}"#).done().result(r#"{"name":"K","type":"secret_text"}"#);
    dev.get("/").body(r#"{"K":"hush"}"#);
    dev.api("GET", &secrets).send().done().result(r#"[{"name":"K","type":"secret_text"}]"#);
    dev.api("GET", &format!("{secrets}/K")).send().done().result(r#"{"name":"K","type":"secret_text"}"#);
    // An upload that says nothing of secrets leaves them, and so does a version.
    dev.api("PUT", SCRIPT).form(Form::upload(r#"{"main_module":"index.js"}"#, TELLS)).send().done();
    dev.get("/").body(r#"{"K":"hush"}"#);
    let version = id(&dev, Form::upload(r#"{"main_module":"index.js"}"#, TELLS));
    deploy(&dev, &only(&version)).done();
    dev.get("/").body(r#"{"K":"hush"}"#);
    let settings = dev.api("GET", &format!("{SCRIPT}/settings")).send().done();
    let version = dev.api("GET", &format!("{SCRIPT}/versions/{version}")).send().done();
    assert!(!settings.text().contains("hush") && !version.text().contains("hush"));
    dev.api("DELETE", &format!("{secrets}/K?url_encoded=true")).send().done();
    dev.get("/").body("{}");
    dev.api("DELETE", &format!("{secrets}/K")).send().refused(404, 10_056, "not found");
    dev.api("GET", &format!("{secrets}/K")).send().refused(404, 10_056, "not found");
    for body in [r#"{"name":"","text":"t"}"#, r#"{"name":"K"}"#, r#"{"name":"K","text":"t","type":"plain_text"}"#, "{"]
    {
        put(body).refused(400, 10_001, "");
    }
    assert!(!dev.said().contains("hush"));
}

#[test]
fn settings_change_bindings_and_leave_the_code() {
    let metadata = r#"{"main_module":"index.js","compatibility_date":"2026-01-01","bindings":[
        {"name":"A","type":"plain_text","text":"a"},{"name":"S","type":"secret_text","text":"s"}]}"#;
    let dev = uploaded(metadata);
    let settings = format!("{SCRIPT}/settings");
    let patch = |body: &str| {
        let part = "form-data; name=\"settings\"; filename=\"settings\"";
        dev.api("PATCH", &settings).form(Form::new().part(part, "application/json", body)).send()
    };
    // As wrangler's `secret bulk`: what stays is sent with its name and type alone.
    patch(r#"{"bindings":[{"type":"plain_text","name":"A"},{"type":"inherit","name":"S"},{"type":"secret_text","name":"N","text":"n"}]}"#)
        .done();
    dev.get("/").json(r#"{"A":"a","S":"s","N":"n"}"#);
    patch(r#"{"bindings":[{"type":"inherit","name":"B","old_name":"A"}]}"#).done();
    dev.get("/").json(r#"{"B":"a"}"#);
    patch(r#"{"bindings":[{"type":"inherit","name":"gone"}]}"#).refused(400, 10_001, "cannot be inherited");
    patch("{").refused(400, 10_001, "");
    patch(r#"{"tags":["t"],"compatibility_date":"2026-02-01"}"#).done();
    let read = dev.api("GET", &settings).send().done();
    assert_eq!(read.at("/result/compatibility_date"), "2026-02-01");
    assert_eq!(read.at("/result/tags"), serde_json::json!(["t"]));
    dev.get("/").json(r#"{"B":"a"}"#);
    let of_script = format!("{SCRIPT}/script-settings");
    dev.api("PATCH", &of_script).json(r#"{"observability":{"enabled":true},"tags":[]}"#).send().done();
    let read = dev.api("GET", &of_script).send().done();
    assert_eq!(
        (read.at("/result/observability/enabled"), read.at("/result/tags")),
        (true.into(), serde_json::json!([]))
    );
    dev.api("GET", "/workers/scripts/none/settings").send().refused(404, 10_007, "");
}

#[test]
fn kept_bindings_are_kept_by_their_types() {
    let metadata = r#"{"main_module":"index.js","bindings":[
        {"name":"A","type":"plain_text","text":"a"},{"name":"J","type":"json","json":1}]}"#;
    let dev = uploaded(metadata);
    let metadata = r#"{"main_module":"index.js","keep_bindings":["json"],"bindings":[{"name":"B","type":"plain_text","text":"b"}]}"#;
    dev.api("PUT", SCRIPT).form(Form::upload(metadata, TELLS)).send().done();
    dev.get("/").json(r#"{"B":"b","J":1}"#);
    let metadata = r#"{"main_module":"index.js","bindings":[{"name":"C","type":"inherit","old_name":"J"}]}"#;
    dev.api("PUT", SCRIPT).form(Form::upload(metadata, TELLS)).send().done();
    dev.get("/").json(r#"{"C":1}"#);
}
