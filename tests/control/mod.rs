//! The API, asked in the raw: what clients send in all their spellings, what they get, and what is refused how.

mod access;
mod assets;
mod bad_input;
mod deployments;
mod hostnames;
mod inside;
mod kept;
mod namespaces;
mod objects;
mod queues;
mod scripts;
mod spellings;
mod tags;
mod triggers;
mod versions;

use crate::support::{Answer, Client, Dev, Form, Server};

/// A Worker that answers a text.
fn says(text: &str) -> String {
    format!("export default {{ async fetch() {{ return new Response({text:?}) }} }}")
}

/// Dispatches to the user Worker that the path names.
const DISPATCHER: &str = "export default { async fetch(request, { dispatcher }) {
    const [, name] = new URL(request.url).pathname.split('/');
    try { return await dispatcher.get(name).fetch(request) } catch (error) { return new Response(error.message, { status: 404 }) }
} }";

/// The metadata of [`DISPATCHER`].
const DISPATCHES: &str = r#"{"main_module":"index.js","compatibility_date":"2026-01-01",
    "bindings":[{"name":"dispatcher","type":"dispatch_namespace","namespace":"staging"}]}"#;

/// A session without projects, with the namespace `staging` and a dispatcher to it.
fn platform() -> Server {
    let dev = Dev::api().start();
    set_up(&dev);
    dev
}

fn set_up(dev: &Client) {
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    dev.api("PUT", "/workers/scripts/front").form(Form::upload(DISPATCHES, DISPATCHER)).send().done();
}

/// The path of a user Worker of `staging`.
fn user(name: &str) -> String {
    format!("/workers/dispatch/namespaces/staging/scripts/{name}")
}

fn put(dev: &Client, name: &str, form: Form) -> Answer {
    dev.api("PUT", &user(name)).form(form).send()
}
