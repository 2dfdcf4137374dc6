//! Queues of clients: consumers, messages that are pulled and settled, settings, purges.

use serde_json::{Value, json};

use crate::support::{Dev, Form, Server};

/// A queue `jobs`, and its path.
fn with_queue() -> (Server, String) {
    let dev = Dev::api().start();
    let made = dev.api("POST", "/queues").json(r#"{"queue_name":"jobs"}"#).send().done();
    let id = made.at("/result/queue_id");
    let path = format!("/queues/{}", id.as_str().expect("an id"));
    (dev, path)
}

#[test]
fn messages_are_pulled_settled_and_come_again() {
    let (dev, path) = with_queue();
    let post = |what: &str, body: &Value| dev.api("POST", &format!("{path}{what}")).json(&body.to_string()).send();
    post("/messages/pull", &json!({})).refused(405, 10_405, "no HTTP pull consumer");
    let consumer = json!({ "type": "http_pull", "settings": { "max_retries": 1 }, "dead_letter_queue": "dead" });
    let added = post("/consumers", &consumer).done();
    assert_eq!(added.at("/result/settings/visibility_timeout_ms"), 30_000);
    post("/consumers", &consumer).refused(409, 11_004, "already has a consumer");
    post("/messages", &json!({ "body": "text", "content_type": "text" })).done();
    post("/messages/batch", &json!({ "messages": [{ "body": { "a": 1 } }, { "body": [], "delay_seconds": 60 }] }))
        .done();
    let pulled = post("/messages/pull", &json!({ "batch_size": 5 })).done();
    assert_eq!(pulled.at("/result/message_backlog_count"), 3);
    assert_eq!(pulled.at("/result/messages/0/body"), "text");
    assert_eq!(pulled.at("/result/messages/1/body"), "eyJhIjoxfQ==");
    assert_eq!(pulled.at("/result/messages/1/metadata/CF-Content-Type"), "json");
    assert_eq!(pulled.at("/result/messages/1/attempts"), 1);
    assert!(pulled.at("/result/messages/2").is_null(), "it is delayed");
    // Nobody else gets them now.
    assert!(post("/messages/pull", &json!({})).done().at("/result/messages/0").is_null());
    let lease = |at: &str| pulled.at(&format!("/result/messages/{at}/lease_id")).clone();
    let settled = post(
        "/messages/ack",
        &json!({ "acks": [{ "lease_id": lease("0") }, { "lease_id": "none" }],
        "retries": [{ "lease_id": lease("1") }] }),
    )
    .done();
    assert_eq!([settled.at("/result/ackCount"), settled.at("/result/retryCount")], [1, 1]);
    assert!(settled.at("/result/warnings/0").is_string());
    // Given up after the second time: to the dead letter queue.
    let again = post("/messages/pull", &json!({ "visibility_timeout_ms": 0 })).done();
    assert_eq!(again.at("/result/messages/0/attempts"), 2);
    assert!(post("/messages/pull", &json!({})).done().at("/result/messages/0").is_null());
    assert_eq!(dev.api("GET", &format!("{path}/metrics")).send().done().at("/result/backlog_count"), 1);
    post("/purge", &json!({})).refused(400, 10_001, "delete_messages_permanently");
    post("/purge", &json!({ "delete_messages_permanently": true })).done();
    assert_eq!(dev.api("GET", &format!("{path}/metrics")).send().done().at("/result/backlog_count"), 0);
}

#[test]
fn an_uploaded_worker_reads_a_queue_once_a_client_says_so() {
    let (dev, path) = with_queue();
    let code = "export default { fetch: () => new Response(), queue({ queue, messages }) {
        console.log('got', queue, messages.map(({ body }) => body).join()); } };";
    let add = |body: &str| dev.api("POST", &format!("{path}/consumers")).json(body).send();
    add(r#"{"script_name":"reader"}"#).refused(404, 10_007, "");
    dev.api("PUT", "/workers/scripts/reader").form(Form::worker(code)).send().done();
    add(r#"{"script_name":"reader","settings":{"batch_size":1000}}"#).refused(400, 100_127, "batch_size");
    let added = add(r#"{"type":"worker","script_name":"reader","settings":{"max_wait_time_ms":0}}"#).done();
    dev.api("POST", &format!("{path}/messages")).json(r#"{"body":"one"}"#).send().done();
    dev.says("got jobs one");
    let listed = dev.api("GET", &path).send().done();
    assert_eq!(listed.at("/result/consumers/0/script"), "reader");
    let id = added.at("/result/consumer_id").as_str().expect("an id").to_owned();
    let one = format!("{path}/consumers/{id}");
    let changed = dev.api("PUT", &one).json(r#"{"type":"worker","settings":{"batch_size":2}}"#).send().done();
    assert_eq!(changed.at("/result/settings/batch_size"), 2);
    dev.api("DELETE", &one).send().done();
    dev.api("GET", &one).send().refused(404, 11_001, "not found");
}

#[test]
fn settings_of_queues_are_kept_and_checked() {
    let (dev, path) = with_queue();
    let change = |method: &str, body: &str| dev.api(method, &path).json(body).send();
    change("PATCH", r#"{"settings":{"delivery_delay":90000}}"#).refused(400, 100_127, "delivery_delay");
    change("PATCH", r#"{"settings":{"delivery_delay":5}}"#).done();
    let shown = change("PATCH", r#"{"settings":{"message_retention_period":60}}"#).done();
    assert_eq!(shown.at("/result/settings/delivery_delay"), 5);
    let shown = change("PUT", r#"{"queue_name":"jobs"}"#).done();
    assert_eq!(shown.at("/result/settings/delivery_delay"), 0);
}
