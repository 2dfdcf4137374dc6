//! KV namespaces in Workers: what they do, who shares them, how long they last, what happens when the file is broken.

use super::*;
use crate::bindings::KvNamespace;
use crate::clock::ManualClock;
use crate::web::tests::HARNESS;

fn kv(id: Option<&str>) -> Vec<Box<dyn Binding>> {
    let id = id.map(str::to_owned);
    vec![Box::new(KvNamespace { name: "KV".into(), id, preview_id: None, place: place() })]
}

fn memory() -> World {
    World::new()
}

impl World {
    /// Replaces the Worker with one that runs `body`, and answers what that returns.
    async fn run(&self, name: &str, id: Option<&str>, body: &str) -> String {
        let code = format!(
            "export default {{ async fetch(request, {{ KV: kv }}) {{
                const run = async () => {{ {body} }};
                return new Response(JSON.stringify(await run().catch((error) => `${{error.name}}: ${{error.message}}`)));
            }} }}"
        );
        self.bound(name, &code, kv(id)).await.text(name).await
    }
}

#[tokio::test]
async fn kv_does_what_its_tests_in_javascript_claim() {
    let world = memory();
    let tests = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bindings/kv.js")).unwrap();
    let code = format!("{HARNESS}\n{tests}\nexport default {{ fetch: async () => new Response(await runTests()) }}");
    let mut spec = World::spec(WorkerId::plain("kv"), &[("index.js", &code)], kv(None));
    spec.subrequests = Some(10_000);
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("kv").await, "");
}

#[tokio::test]
async fn workers_with_one_id_share_a_namespace_and_others_do_not() {
    let world = memory();
    world.run("a", Some("shared"), "await kv.put('k', 'from a')").await;
    assert_eq!(world.run("b", Some("shared"), "return kv.get('k')").await, "\"from a\"");
    assert_eq!(world.run("c", Some("other"), "return kv.get('k')").await, "null");
    world.run("own", None, "await kv.put('k', 'mine')").await;
    assert_eq!(world.run("own", None, "return kv.get('k')").await, "\"mine\"");
    assert_eq!(world.run("other", None, "return (await kv.list()).keys").await, "[]");
}

#[tokio::test]
async fn an_expired_entry_is_gone_at_once() {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_700_000_000)));
    let world = World::with(Store::in_memory(clock.clone(), tokio::runtime::Handle::current()));
    let put =
        "await kv.put('short', 'v', { expirationTtl: 60 }); await kv.put('long', 'v', { expiration: 1700000100 })";
    world.run("w", None, put).await;
    let seen = "return [await kv.get('short'), [...(await kv.get(['short'])).values()], (await kv.list()).keys]";
    let both = r#"["v",["v"],[{"name":"long","expiration":1700000100},{"name":"short","expiration":1700000060}]]"#;
    assert_eq!(world.run("w", None, seen).await, both);
    clock.advance(Duration::from_secs(59));
    assert_eq!(world.run("w", None, seen).await, both);
    clock.advance(Duration::from_secs(1));
    let one = r#"[null,[null],[{"name":"long","expiration":1700000100}]]"#;
    assert_eq!(world.run("w", None, seen).await, one);
}

#[tokio::test]
async fn expired_entries_lose_their_place_to_later_writes() {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_700_000_000)));
    let store = Store::in_memory(clock.clone(), tokio::runtime::Handle::current());
    let world = World::with(store.clone());
    world.run("w", None, "await Promise.all([1, 2, 3].map((k) => kv.put(k, 'v', { expirationTtl: 60 })))").await;
    clock.advance(Duration::from_mins(1));
    world.run("w", None, "await kv.put('new', 'v')").await;
    let count = |open: &rusqlite::Connection| open.query_row("SELECT count(*) FROM entries", [], |row| row.get(0));
    let left: i64 = store.database("kv", &[]).run(crate::store::Access::Read, count).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn entries_outlive_reloads_and_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let store = || {
        let clock = Arc::new(SystemClock);
        Store::open(directory.path(), clock, tokio::runtime::Handle::current()).expect("nobody else holds it")
    };
    let world = World::with(store());
    world.run("w", None, "await kv.put('k', new Uint8Array([0, 255]), { metadata: [1] })").await;
    let read = "const { value, metadata } = await kv.getWithMetadata('k', 'arrayBuffer');
        return [...new Uint8Array(value), metadata]";
    assert_eq!(world.run("w", None, read).await, "[0,255,[1]]");
    drop(world);
    assert_eq!(World::with(store()).run("w", None, read).await, "[0,255,[1]]");
}

#[tokio::test]
async fn a_put_that_nobody_awaits_is_stored_by_wait_until() {
    let world = memory();
    let code = "export default { fetch(request, env, ctx) {
        ctx.waitUntil(env.KV.put('later', new Response('v').body));
        return new Response('sent') } }";
    assert_eq!(world.bound("w", code, kv(Some("n"))).await.text("w").await, "sent");
    let wait = "for (let i = 0; i < 40; i++) {
        const value = await kv.get('later');
        if (value !== null) return value;
        await new Promise((done) => setTimeout(done, 50));
    }";
    assert_eq!(world.run("reader", Some("n"), wait).await, "\"v\"");
}

#[tokio::test]
async fn many_requests_that_write_one_key_all_succeed() {
    let world = memory();
    let code = "export default { async fetch(request, env) {
        await Promise.all(Array.from({ length: 20 }, (_, i) => env.KV.put('k', `v${i}`)));
        return new Response(await env.KV.get('k')) } }";
    world.bound("w", code, kv(None)).await;
    let answers = futures_util::future::join_all((0..50).map(|_| world.text("w"))).await;
    assert!(answers.iter().all(|answer| answer.starts_with('v')), "{answers:?}");
}

#[tokio::test]
async fn operations_count_as_subrequests() {
    let world = memory();
    let body = "for (let i = 0; i < 50; i++) await kv.get('k'); return kv.put('k', 'v')";
    assert_eq!(world.run("w", None, body).await, "\"Error: Too many API requests by single worker invocation.\"");
}

#[tokio::test]
async fn global_scope_cannot_use_kv() {
    let world = memory();
    let code = "import { env } from 'cloudflare:workers'; await env.KV.get('k'); export default {}";
    let spec = World::spec(WorkerId::plain("early"), &[("index.js", code)], kv(None));
    let failure = world.runtime.replace(spec).await.unwrap_err();
    assert!(failure.to_string().starts_with("Disallowed operation called within global scope"), "{failure}");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_in_the_worker_that_uses_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("kv.sqlite"), "no database ".repeat(500)).unwrap();
    let store = Store::open(directory.path(), Arc::new(SystemClock), tokio::runtime::Handle::current()).unwrap();
    let world = World::with(store);
    let answer = world.run("w", None, "return kv.get('k')").await;
    let wanted = "kv.sqlite is damaged or no database: move it away to start afresh\"";
    assert!(answer.starts_with("\"Error: KV GET failed: 500 ") && answer.ends_with(wanted), "{answer}");
}
