//! Calls between Workers: what they do, and what is left when they end.

use super::*;
use crate::web::tests::HARNESS;

fn service(name: &str, worker: &str, entrypoint: Option<&str>, props: Option<serde_json::Value>) -> Box<dyn Binding> {
    let entrypoint = entrypoint.map(str::to_owned);
    Box::new(Service { name: name.into(), worker: worker.into(), environment: None, entrypoint, props, place: place() })
}

fn number(name: &str, value: i64) -> Box<dyn Binding> {
    Box::new(crate::bindings::Variable {
        name: name.into(),
        value: crate::bindings::Value::Json(serde_json::json!(value)),
        place: None,
    })
}

#[tokio::test]
async fn calls_do_what_their_tests_in_javascript_claim() {
    let world = World::new();
    let tests = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bindings/rpc.js")).unwrap();
    let code = format!(
        "{HARNESS}\n{tests}\nexport default {{ fetch: async () => new Response(await runTests()) }}
        const late = () => new Promise((_, fail) => setTimeout(() => fail(new Error('no end')), 10_000));
        tests.forEach((test) => {{ const body = test[1]; test[1] = () => Promise.race([body(), late()]) }});"
    );
    let bound = Some(serde_json::json!({ "bound": true }));
    let bindings = vec![
        service("SERVICE", "rpc", Some("Service"), bound),
        service("HANDLERS", "rpc", Some("handlers"), None),
        number("NUMBER", 7),
    ];
    let mut spec = World::spec(WorkerId::plain("rpc"), &[("index.js", &code)], bindings);
    spec.subrequests = Some(10_000);
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("rpc").await, "");
}

#[tokio::test]
async fn user_workers_are_called_through_a_dispatcher() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        const customer = env.dispatcher.get('customer');
        using session = await customer.open('ann');
        return new Response(`${await customer.sum(1, 2)} ${await session.name} ${await env.dispatcher.get('nobody').sum().catch((e) => e.message)}`) } }";
    world.bound("dispatch", code, dispatcher()).await;
    let customer = "import { WorkerEntrypoint, RpcTarget } from 'cloudflare:workers';
        class Session extends RpcTarget { #name; constructor(name) { super(); this.#name = name } get name() { return this.#name } }
        export default class extends WorkerEntrypoint {
            sum(a, b) { return a + b }
            open(name) { return new Session(name) } }";
    world.user("customer", customer);
    assert_eq!(world.text("dispatch").await, "3 ann Worker not found.");
}

#[tokio::test]
async fn a_method_that_can_never_answer_is_told_at_once() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        return new Response(await env.api.hang().catch((error) => error.message)) } }";
    world.bound("front", code, vec![service("api", "api", None, None)]).await;
    let api = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint { hang() { return new Promise(() => {}) } }";
    world.worker("api", api).await;
    assert!(world.text("front").await.starts_with("The Workers runtime canceled this request"));
}

/// A callee's event goes on while its caller holds stubs of it, and ends with the caller's.
#[tokio::test]
async fn a_callers_end_lets_go_of_what_it_held() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        const stubs = [];
        for (let i = 0; i < 10; i++) stubs.push(await env.api.open(() => 1));
        return new Response(String(await stubs[9].ping())) } }";
    world.bound("front", code, vec![service("api", "api", None, None)]).await;
    let api = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint { open(callback) { const kept = callback.dup(); return { ping: () => kept() } } }";
    world.worker("api", api).await;
    let api = WorkerId::plain("api");
    // The callee's answer has stubs within an object: `stubs[9].ping` is one.
    for _ in 0..20 {
        assert_eq!(world.text("front").await, "1");
    }
    let slot = world.runtime.slot(&api).unwrap();
    let isolate = slot.isolate().unwrap();
    for _ in 0..400 {
        if isolate.open_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} events are still open", isolate.open_count());
}

#[tokio::test]
async fn workers_that_call_one_another_without_end_are_stopped() {
    let world = World::new();
    let code = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export class Loop extends WorkerEntrypoint { call(n) { return this.env.self.call(n + 1) } }
        export default { async fetch(request, env) {
            return new Response(await env.self.call(1).catch((error) => error.message)) } }";
    world.bound("loop", code, vec![service("self", "loop", Some("Loop"), None)]).await;
    assert!(world.text("loop").await.starts_with("Subrequest depth limit exceeded."));
}

#[tokio::test]
async fn a_callee_that_dies_fails_its_callers() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        const stub = await env.api.open();
        const failed = await env.api.spin().catch((error) => error.message);
        return new Response(`${failed}|${await stub().catch((error) => error.message)}`) } }";
    world.bound("front", code, vec![service("api", "api", None, None)]).await;
    let api = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint { open() { return () => 1 } spin() { for (;;); } }";
    world.worker("api", api).await;
    let text = world.text("front").await;
    assert!(text.starts_with("Worker exceeded CPU time limit.|"), "{text}");
}
