//! The API from inside of Workers, at its real address.

use super::{DISPATCHES, says};
use crate::support::{Dev, Form};

/// Uploads a user Worker and dispatches to it in the next line.
const PLATFORM: &str = "export default { async fetch(request, { dispatcher }) {
    const base = 'https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/workers/dispatch/namespaces/staging';
    const headers = { Authorization: 'Bearer from-inside' };
    const { searchParams } = new URL(request.url);
    const name = searchParams.get('name');
    const form = new FormData();
    const metadata = { main_module: 'worker.mjs', tags: ['made-inside'] };
    form.append('metadata', new Blob([JSON.stringify(metadata)], { type: 'application/json' }), 'metadata.json');
    form.append('script', new File([searchParams.get('code')], 'worker.mjs', { type: 'application/javascript+module' }));
    const put = await fetch(`${base}/scripts/${name}`, { method: 'PUT', headers, body: form });
    if (!put.ok) return put;
    return dispatcher.get(name).fetch(request);
} }";

fn escaped(code: &str) -> String {
    url::form_urlencoded::byte_serialize(code.as_bytes()).collect()
}

#[test]
fn a_platform_uploads_with_fetch_and_dispatches_at_once() {
    let dev = Dev::new().dispatcher("front", PLATFORM).start();
    dev.may_say("has no user Workers");
    for text in ["one", "two"] {
        dev.get(&format!("/?name=a&code={}", escaped(&says(text)))).body(text);
    }
    dev.get("/?name=a&code=nonsense(").status(400).contains("10021").contains("SyntaxError");
    let tags = dev.api("GET", "/workers/dispatch/namespaces/staging/scripts/a/tags").send().done();
    tags.result(r#"["made-inside"]"#);
}

#[test]
fn an_uploaded_platform_does_so_too() {
    let dev = Dev::api().start();
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    dev.api("PUT", "/workers/scripts/front").form(Form::upload(DISPATCHES, PLATFORM)).send().done();
    dev.get(&format!("/?name=b&code={}", escaped(&says("from inside")))).body("from inside");
}

#[test]
fn inside_a_token_is_needed_as_well() {
    let code = "export default { fetch: () => fetch('https://api.cloudflare.com/client/v4/user') }";
    let dev = Dev::new().worker("front", code).start();
    dev.get("/").status(400).contains("9106");
}
