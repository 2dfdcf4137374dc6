//! Workers on their own: modules from a folder, requests without a socket.

mod d1;
mod kv;
mod objects;
mod r2;
mod rpc;
mod schedules;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;
use crate::bindings::{DispatchNamespace, Service};
use crate::clock::SystemClock;
use crate::compile::Cache;
use crate::engine::Pool;
use crate::error::{Place, Source as Text};
use crate::worker::{Call, Outcome, Ray, Request};

/// Remembers what Workers said.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Observer for Ear {
    fn console(&self, worker: &WorkerId, level: &str, (text, _): (&str, Option<Ray>)) {
        self.0.lock().unwrap().push(format!("{worker} {level}: {text}"));
    }

    fn failed(&self, worker: &WorkerId, failure: &Failure, _: Option<Ray>) {
        self.0.lock().unwrap().push(format!("{worker} failed: {failure}"));
    }

    fn not_found(&self, namespace: &str, name: &str, nearest: &[String]) {
        self.0.lock().unwrap().push(format!("{namespace}/{name} not found, near {nearest:?}"));
    }
}

struct Folder {
    dir: tempfile::TempDir,
}

impl Source for Folder {
    fn compat(&self) -> Compat {
        Compat::new("2026-04-01", &[])
    }

    fn load(&self) -> Result<Arc<Program>, Failure> {
        let graph =
            crate::graph::load(self.dir.path(), "index.js".as_ref(), &crate::graph::Options::default(), &Cache::new());
        let graph = graph.map_err(|failed| Failure::error(failed.problems.0[0].what.clone()))?;
        let program = ProgramCache::default().program(&graph);
        program.map(Arc::new).map_err(|problems| Failure::error(problems.0[0].what.clone()))
    }
}

struct World {
    runtime: Arc<Runtime>,
    ear: Arc<Ear>,
}

impl World {
    fn new() -> Self {
        Self::with(Store::in_memory(Arc::new(SystemClock), tokio::runtime::Handle::current()))
    }

    fn with(store: Arc<Store>) -> Self {
        Self::of(Self::settings(store))
    }

    fn settings(store: Arc<Store>) -> (Settings, Arc<Ear>) {
        let ear = Arc::new(Ear::default());
        let tokio = tokio::runtime::Handle::current();
        let settings = Settings {
            engine: Engine { pool: Pool::start(2), tokio: tokio.clone() },
            isolate: IsolateOptions::default(),
            cpu_factor: 1.0,
            default_cpu: Duration::from_millis(300),
            subrequests: 50,
            max_loaded: 100,
            hosts: Arc::new(|_, _| None),
            network: Arc::new(Network::new(tokio)),
            observer: ear.clone(),
            triggers: Arc::new(()),
            store,
        };
        (settings, ear)
    }

    fn of((settings, ear): (Settings, Arc<Ear>)) -> Self {
        Self { runtime: Runtime::new(settings), ear }
    }

    /// What Workers said, once there are so many lines.
    async fn said(&self, count: usize) -> Vec<String> {
        let waiting = async {
            loop {
                let lines = self.ear.0.lock().unwrap().clone();
                if lines.len() >= count {
                    return lines;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("they say it")
    }

    fn spec(id: WorkerId, files: &[(&str, &str)], bindings: Vec<Box<dyn Binding>>) -> WorkerSpec {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        WorkerSpec {
            id,
            source: Arc::new(Folder { dir }),
            bindings: Arc::new(bindings),
            cpu: None,
            subrequests: None,
            assets: None,
            shares: Vec::new(),
            outbound: None,
        }
    }

    async fn worker(&self, name: &str, code: &str) -> &Self {
        self.bound(name, code, Vec::new()).await
    }

    async fn bound(&self, name: &str, code: &str, bindings: Vec<Box<dyn Binding>>) -> &Self {
        let spec = Self::spec(WorkerId::plain(name), &[("index.js", code)], bindings);
        self.runtime.replace(spec).await.unwrap();
        self
    }

    fn user(&self, name: &str, code: &str) -> &Self {
        self.runtime.put(Self::spec(WorkerId::user("staging", name), &[("index.js", code)], Vec::new()));
        self
    }

    async fn get(&self, name: &str) -> Outcome {
        let (sender, receiver) = oneshot::channel();
        let request = Request {
            method: http::Method::GET,
            url: format!("http://{name}.localhost/path?q=1"),
            headers: http::HeaderMap::new(),
            body: None,
            cf: None,
        };
        let reply = Box::new(move |outcome| drop(sender.send(outcome)));
        self.runtime.fetcher(WorkerId::plain(name), None).fetch(request, Call::default(), reply);
        tokio::time::timeout(Duration::from_secs(20), receiver).await.expect("an answer").unwrap()
    }

    async fn text(&self, name: &str) -> String {
        match self.get(name).await {
            Ok(response) => {
                let body = response.body.unwrap_or_else(|| crate::worker::Body::bytes("")).collect_to(1 << 20).await;
                String::from_utf8(body.unwrap().to_vec()).unwrap()
            }
            Err(failure) => format!("{}: {failure}", failure.name()),
        }
    }
}

fn place() -> Place {
    Place { source: Text::new("wrangler.toml", ""), span: 0..0, label: String::new() }
}

fn dispatcher() -> Vec<Box<dyn Binding>> {
    let (name, namespace) = ("dispatcher".to_owned(), "staging".to_owned());
    vec![Box::new(DispatchNamespace { name, namespace, outbound: None, place: place() })]
}

#[tokio::test]
async fn a_worker_answers() {
    let world = World::new();
    let code = "export default { async fetch(request) { return new Response(`${request.method} ${request.url}`) } }";
    world.worker("hello", code).await;
    assert_eq!(world.text("hello").await, "GET http://hello.localhost/path?q=1");
}

#[tokio::test]
async fn a_dispatcher_reaches_a_user_worker_and_catches_one_that_is_missing() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        const found = await (await env.dispatcher.get('customer').fetch(request)).text();
        try { await env.dispatcher.get('custmer').fetch(request) } catch (e) { return new Response(found + '|' + e.message) }
    } }";
    world.bound("dispatch", code, dispatcher()).await;
    world.user("customer", "export default { fetch: () => new Response('Hello world') }");
    assert_eq!(world.text("dispatch").await, "Hello world|Worker not found.");
    assert_eq!(*world.ear.0.lock().unwrap(), ["staging/custmer not found, near [\"customer\"]"]);
}

#[tokio::test]
async fn a_user_workers_exception_reaches_the_dispatcher() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        try { return await env.dispatcher.get('bad').fetch(request) } catch (e) { return new Response(`${e.name}|${e.message}`) }
    } }";
    world.bound("dispatch", code, dispatcher()).await;
    world.user("bad", "export default { fetch() { throw new RangeError('boom') } }");
    assert_eq!(world.text("dispatch").await, "RangeError|boom");
}

#[tokio::test]
async fn cpu_and_subrequest_limits_of_a_dispatch_are_enforced() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        const limits = { cpuMs: 20, subRequests: 1 };
        const ask = (name) => env.dispatcher.get(name, {}, { limits }).fetch(request).then((r) => r.text(), (e) => e.message);
        return new Response((await ask('spin')) + '|' + (await ask('many')));
    } }";
    world.bound("dispatch", code, dispatcher()).await;
    world.user("spin", "export default { fetch() { for (;;) ; } }");
    let many = "export default { async fetch() {
        for (let i = 0; i < 2; i++) try { await fetch('http://127.0.0.1:1/') } catch (e) { var m = e.message } return new Response(m) } }";
    world.user("many", many);
    assert_eq!(world.text("dispatch").await, "Worker exceeded CPU time limit.|Too many subrequests.");
}

#[tokio::test]
async fn services_share_one_path_with_dispatch_and_streams_pass_through() {
    let world = World::new();
    let service = Service {
        name: "api".into(),
        worker: "api".into(),
        environment: None,
        entrypoint: None,
        props: None,
        place: place(),
    };
    let front = "export default { async fetch(request, env) {
        const r = await env.api.fetch('http://x/', { method: 'POST', body: 'abc' });
        return new Response(r.body, r) } }";
    world.bound("front", front, vec![Box::new(service)]).await;
    let api = "export default { async fetch(request) {
        const upper = new TransformStream({ transform(c, t) { t.enqueue(new TextEncoder().encode(new TextDecoder().decode(c).toUpperCase())) } });
        return new Response(request.body.pipeThrough(upper), { status: 201 }) } }";
    world.worker("api", api).await;
    assert_eq!(world.text("front").await, "ABC");
}

#[tokio::test]
async fn a_request_that_can_never_answer_is_told_at_once() {
    let world = World::new();
    world.worker("hung", "export default { fetch: () => new Promise(() => {}) }").await;
    assert!(world.text("hung").await.contains("would never generate a response"));
}

#[tokio::test]
async fn io_in_global_scope_is_refused() {
    let world = World::new();
    let spec =
        World::spec(WorkerId::plain("early"), &[("index.js", "await fetch('http://x/'); export default {}")], vec![]);
    let failure = world.runtime.replace(spec).await.unwrap_err();
    assert!(failure.to_string().starts_with("Disallowed operation called within global scope"), "{failure}");
}

#[tokio::test]
async fn reload_serves_the_new_code_and_lets_the_old_finish() {
    let world = World::new();
    let slow =
        "export default { async fetch() { await new Promise((r) => setTimeout(r, 50)); return new Response('old') } }";
    world.worker("w", slow).await;
    let (old, ()) = tokio::join!(world.text("w"), async {
        tokio::time::sleep(Duration::from_millis(15)).await;
        world.worker("w", "export default { fetch: () => new Response('new') }").await;
        assert_eq!(world.text("w").await, "new");
    });
    assert_eq!(old, "old");
}

#[tokio::test]
async fn cloudflare_workers_gives_entrypoints_env_and_wait_until() {
    let world = World::new();
    let code = "import { WorkerEntrypoint, env, waitUntil } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint {
            fetch() { waitUntil(Promise.resolve()); this.ctx.waitUntil(Promise.resolve()); console.log('hi', { a: 1 });
              return Response.json({ same: env === this.env }) } }";
    world.worker("class", code).await;
    assert_eq!(world.text("class").await, "{\"same\":true}");
    assert_eq!(*world.ear.0.lock().unwrap(), ["class log: hi { a: 1 }"]);
}
