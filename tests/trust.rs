//! Trusted and untrusted namespaces: what user Workers see of a client, and whose caches they use.

use crate::support::{Client, Dev};

const FRONT: &str = "export default { fetch: (request, env) => env.dispatcher.get(new URL(request.url).pathname.slice(1)).fetch(request) };";

/// Tells what it sees, and what was in the caches before it came.
const CUSTOMER: &str = "export default { async fetch(request) {
    const url = 'https://example.com/';
    const use = async (cache) => {
      const before = await (await cache.match(url))?.text();
      await cache.put(url, new Response(new URL(request.url).pathname.slice(1)));
      return before ?? 'nothing';
    };
    const named = await use(await caches.open('shared'));
    let main;
    try { main = await use(caches.default) } catch (error) { main = error.message.split(' ')[0] }
    return Response.json([typeof request.cf, named, main]);
} };";

fn platform() -> Dev {
    Dev::new().dispatcher("front", FRONT).user("staging", "ann", CUSTOMER).user("staging", "bob", CUSTOMER)
}

fn trust(dev: &Client, namespace: &str, body: &str) {
    dev.api("PUT", &format!("/workers/dispatch/namespaces/{namespace}")).json(body).send().done();
}

#[test]
fn trust_counts_from_the_next_request_on_and_so_does_its_end() {
    let dev = platform().start();
    let untrusted =
        |name: &str, before: &str| dev.get(name).json(&format!(r#"["undefined", "{before}", "caches.default"]"#));
    untrusted("/ann", "nothing");
    untrusted("/bob", "nothing");
    trust(&dev, "staging", r#"{"name":"staging","trusted_workers":true}"#);
    dev.get("/ann").json(r#"["object", "nothing", "nothing"]"#);
    dev.get("/bob").json(r#"["object", "ann", "ann"]"#);
    dev.get("/ann").json(r#"["object", "bob", "bob"]"#);
    trust(&dev, "staging", r#"{"trusted_workers":false}"#);
    untrusted("/ann", "ann");
    untrusted("/bob", "bob");
}

#[test]
fn a_trusted_namespaces_caches_are_not_those_of_others() {
    let front = "export default { async fetch(request, env) {
        const name = new URL(request.url).pathname.slice(1);
        if (name !== 'own') return (name === 'other' ? env.other : env.dispatcher).get('ann').fetch(new Request('http://x/ann', request));
        return Response.json([await caches.default.match('https://example.com/') ?? null, await (await caches.open('shared')).match('https://example.com/') ?? null]);
    } };";
    let dev = Dev::new()
        .dispatcher("front", front)
        .config("front", "[[dispatch_namespaces]]\nbinding = \"other\"\nnamespace = \"other\"")
        .user("staging", "ann", CUSTOMER)
        .user("other", "ann", CUSTOMER)
        .start();
    for namespace in ["staging", "other"] {
        trust(&dev, namespace, r#"{"trusted_workers":true}"#);
    }
    dev.get("/staging").json(r#"["object", "nothing", "nothing"]"#);
    dev.get("/other").json(r#"["object", "nothing", "nothing"]"#);
    dev.get("/own").json("[null, null]");
}

#[test]
fn a_renamed_namespace_stays_trusted_and_a_new_one_of_its_name_is_not() {
    let dev = platform().start();
    let spaces = "/workers/dispatch/namespaces";
    trust(&dev, "staging", r#"{"trusted_workers":true}"#);
    trust(&dev, "staging", r#"{"name":"moved"}"#);
    assert_eq!(dev.api("GET", &format!("{spaces}/moved")).send().done().at("/result/trusted_workers"), true);
    dev.get("/ann").json(r#"["undefined", "nothing", "caches.default"]"#);
    trust(&dev, "moved", r#"{"name":"staging"}"#);
    dev.get("/ann").json(r#"["object", "nothing", "nothing"]"#);
    dev.api("DELETE", &format!("{spaces}/staging")).send().done();
    dev.get("/ann").json(r#"["undefined", "ann", "caches.default"]"#);
}
