//! Namespaces while they serve: renamed, emptied and deleted under requests, shared by dispatchers, and with limits that
//! hold wherever a user Worker spends its time.

use std::thread;

use crate::support::{Dev, Form, Server};

/// Dispatches to the user Worker that the path names, with the limits of the query.
const FRONT: &str = "export default { async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const limits = Object.fromEntries([...searchParams].map(([name, value]) => [name, Number(value)]));
    try { return await env.dispatcher.get(pathname.split('/')[1], {}, { limits }).fetch(request) }
    catch (error) { return new Response(error.message, { status: error.message.startsWith('Worker not found') ? 404 : 429 }) }
} };";

const DISPATCHES: &str = r#"{"main_module":"index.js","compatibility_date":"2026-01-01",
    "bindings":[{"name":"dispatcher","type":"dispatch_namespace","namespace":"staging"}]}"#;
const SPACES: &str = "/workers/dispatch/namespaces";

/// Answers at once, or late where the path says so.
const PATIENT: &str = "export default { async fetch(request) {
    if (request.url.endsWith('/late')) { console.log('began late'); await scheduler.wait(300); }
    return new Response('served');
} };";

fn platform() -> Server {
    let dev = Dev::api().start();
    dev.api("POST", SPACES).json(r#"{"name":"staging"}"#).send().done();
    dev.api("PUT", "/workers/scripts/front").form(Form::upload(DISPATCHES, FRONT)).send().done();
    dev.api("PUT", &format!("{SPACES}/staging/scripts/ann")).form(Form::worker(PATIENT)).send().done();
    dev
}

/// While a change is made, requests are on their way and others keep coming: those end well, these are answered by the
/// Worker or find none, and none again after that.
fn changed_under_requests(method: &str, path: &str, body: &str) {
    let dev = platform();
    let mut late = dev.ask("GET", "/ann/late").open();
    dev.says("began late");
    let client = dev.client();
    let asking = thread::spawn(move || {
        let mut seen = Vec::new();
        while seen.last() != Some(&404) {
            let answer = client.get("/ann");
            assert!(matches!(answer.status, 200 | 404), "{}", answer.text());
            seen.push(answer.status);
        }
        seen
    });
    let ask = dev.api(method, path);
    if body.is_empty() { ask } else { ask.json(body) }.send().done();
    dev.get("/ann").status(404).body("Worker not found.");
    asking.join().expect("every answer was one of both");
    late.answer().status(200).body("served");
}

#[test]
fn a_namespace_is_renamed_under_requests() {
    changed_under_requests("PUT", &format!("{SPACES}/staging"), r#"{"name":"production"}"#);
}

#[test]
fn a_namespace_is_deleted_under_requests() {
    changed_under_requests("DELETE", &format!("{SPACES}/staging"), "");
}

#[test]
fn a_script_is_deleted_under_requests() {
    changed_under_requests("DELETE", &format!("{SPACES}/staging/scripts/ann"), "");
}

#[test]
fn a_worker_that_is_deleted_between_two_requests_is_a_404_and_back_when_it_is_uploaded() {
    let dev = platform();
    let path = format!("{SPACES}/staging/scripts/ann");
    for _ in 0..3 {
        dev.get("/ann").status(200).body("served");
        dev.api("DELETE", &path).send().done();
        dev.get("/ann").status(404).body("Worker not found.");
        dev.api("PUT", &path).form(Form::worker(PATIENT)).send().done();
    }
    let held = "export default { async fetch(request, env) {
        const ann = env.dispatcher.get('ann');
        const before = await (await ann.fetch('http://x/')).text();
        const headers = { authorization: 'Bearer x' };
        await fetch('https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/workers/dispatch/namespaces/staging/scripts/ann', { method: 'DELETE', headers });
        return new Response(`${before}, then ${await ann.fetch('http://x/').catch((error) => error.message)}`);
    } };";
    dev.api("PUT", "/workers/scripts/front").form(Form::upload(DISPATCHES, held)).send().done();
    dev.get("/").body("served, then Worker not found.");
}

#[test]
fn dispatchers_share_a_namespace_each_with_settings_of_its_own() {
    let front = |limits: &str| {
        format!(
            "export default {{ fetch: (request, env) => env.dispatcher.get('ann', {{}}, {{ limits: {{ subRequests: {limits} }} }}).fetch(request) }};"
        )
    };
    let ann = "let visits = 0;
        export default { async fetch() {
          const seen = [++visits];
          for (let at = 0; at < 2; at++) seen.push(await fetch('http://plain.localhost/').then((answer) => answer.text(), (error) => error.message));
          return Response.json(seen);
        } };";
    let dev = Dev::new()
        .worker("one", &front("1"))
        .config("one", "dispatch_namespaces = [{ binding = \"dispatcher\", namespace = \"staging\" }]")
        .worker("two", &front("2"))
        .config("two", "dispatch_namespaces = [{ binding = \"dispatcher\", namespace = \"staging\", outbound = { service = \"gate\" } }]")
        .worker("gate", "export default { fetch: () => new Response('gate') };")
        .worker("plain", "export default { fetch: () => new Response('plain') };")
        .user("staging", "ann", ann)
        .start();
    let ask = |host: &str| dev.ask("GET", "/").host(host).send();
    ask("one.localhost").json(r#"[1, "plain", "Too many subrequests."]"#);
    ask("two.localhost").json(r#"[2, "gate", "gate"]"#);
    ask("one.localhost").json(r#"[3, "plain", "Too many subrequests."]"#);
}

#[test]
fn methods_of_a_user_worker_have_the_limits_and_the_outbound_worker_of_their_dispatch() {
    let front = "export default { async fetch(request, env) {
        const ann = env.dispatcher.get('ann', {}, { limits: { subRequests: 1, cpuMs: 30 }, outbound: { who: 'ann' } });
        const tried = (call) => call.catch((error) => error.message);
        return Response.json([await ann.ask(1), await tried(ann.ask(2)), await tried(ann.spin()), await ann.name, await tried(ann.nothing())]);
    } };";
    let ann = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint {
          async ask(times) { let text; while (times-- > 0) text = await (await fetch('http://x/')).text(); return text }
          spin() { for (;;); }
          get name() { return 'Ann' }
        }";
    let dev = Dev::new()
        .worker("front", front)
        .config("front", "dispatch_namespaces = [{ binding = \"dispatcher\", namespace = \"staging\", outbound = { service = \"gate\", parameters = [\"who\"] } }]")
        .worker("gate", "export default { fetch: (request, env) => new Response(`gate for ${env.who}`) };")
        .user("staging", "ann", ann)
        .start();
    dev.may_say("✖ staging/ann");
    dev.get("/").json(
        r#"["gate for ann", "Too many subrequests.", "Worker exceeded CPU time limit.", "Ann", "The RPC receiver does not implement the method \"nothing\"."]"#,
    );
}

/// `(func (export "spin") (loop (br 0)))`, and `(func (export "add") (param i32) (result i32))` that adds 1.
const SPIN: [u8; 59] = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 9, 2, 96, 0, 0, 96, 1, 127, 1, 127, 3, 3, 2, 0, 1, 7, 14, 2, 4, 115, 112, 105, 110,
    0, 0, 3, 97, 100, 100, 0, 1, 10, 17, 2, 7, 0, 3, 64, 12, 0, 11, 11, 7, 0, 32, 0, 65, 1, 106, 11,
];

#[test]
fn cpu_limits_hold_in_webassembly_and_across_awaits() {
    let ann = "import module from './spin.wasm';
        export default { async fetch(request) {
          const { exports } = await WebAssembly.instantiate(module);
          const { pathname } = new URL(request.url);
          if (pathname.endsWith('/wasm')) exports.spin();
          if (pathname.endsWith('/hops')) for (let sum = 0; ; sum = exports.add(sum));
          if (pathname.endsWith('/awaits')) for (;;) { for (let at = 0; at < 100_000; at++); await scheduler.wait(1) }
          if (pathname.endsWith('/microtasks')) for (;;) await null;
          return new Response(exports.add(41));
        } };";
    let dev = Dev::new()
        .dispatcher("front", FRONT)
        .user("staging", "ann", ann)
        .file("staging/ann/src/spin.wasm", SPIN)
        .start();
    for path in ["wasm", "hops", "awaits", "microtasks"] {
        dev.get(&format!("/ann/{path}?cpuMs=40")).status(429).body("Worker exceeded CPU time limit.");
    }
    dev.says("✖ staging/ann Worker exceeded CPU time limit.");
    dev.get("/ann?cpuMs=1000").status(200).body("42");
}

/// Each of a request's user Workers has the whole of its dispatch's number.
#[test]
fn subrequests_are_counted_for_each_user_worker_and_of_every_kind() {
    let front = "export default { async fetch(request, env) {
        const ask = async (name) => (await env.dispatcher.get(name, {}, { limits: { subRequests: 3 } }).fetch(request.url)).json();
        return Response.json([await ask('ann'), await ask('ann'), await ask('bob')]);
    } };";
    let code = "export default { async fetch(request, env) {
        const acts = [() => fetch('data:,x'), () => env.KV.put('a', 'b'), () => env.service.greet(), () => env.KV.get('a'), () => caches.open('x').then((cache) => cache.match('http://x/'))];
        const seen = [];
        for (const act of acts) seen.push(await act().then(() => 'ok', (error) => error.message.slice(0, 8)));
        return Response.json(seen);
    } };";
    let config = "kv_namespaces = [{ binding = \"KV\", id = \"kv\" }]\nservices = [{ binding = \"service\", service = \"service\" }]";
    let service = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint { greet() { return 'hello' } }";
    let dev = Dev::new()
        .dispatcher("front", front)
        .worker("service", service)
        .user("staging", "ann", code)
        .config("staging/ann", config)
        .user("staging", "bob", code)
        .config("staging/bob", config)
        .start();
    let one = r#"["ok", "ok", "ok", "Too many", "Too many"]"#;
    dev.get("/").json(&format!("[{one}, {one}, {one}]"));
}

#[test]
fn user_workers_that_dispatch_to_themselves_end_at_the_depth_limit() {
    let ann = "export default { async fetch(request, env) {
        const depth = Number(request.headers.get('depth') ?? 0) + 1;
        return env.dispatcher.get('ann').fetch('http://x/', { headers: { depth } }).catch((error) => new Response(`${depth} ${error.message.split('.')[0]}`));
    } };";
    let dispatches = "dispatch_namespaces = [{ binding = \"dispatcher\", namespace = \"staging\" }]";
    let dev =
        Dev::new().dispatcher("front", FRONT).user("staging", "ann", ann).config("staging/ann", dispatches).start();
    dev.get("/ann").body("16 Subrequest depth limit exceeded");
}
