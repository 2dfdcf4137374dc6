//! Durable Objects: what they do, whom they outlive, and what happens to those in their way.

use super::*;
use crate::bindings::{DurableObjects, Migrations, Step};
use crate::clock::ManualClock;
use crate::web::tests::HARNESS;

fn objects(name: &str, class: &str, script: Option<&str>) -> Box<dyn Binding> {
    let script = script.map(str::to_owned);
    Box::new(DurableObjects { name: name.into(), class: class.into(), script, environment: None, place: place() })
}

/// Bindings with migrations.
struct Migrated(Vec<Box<dyn Binding>>, Vec<Step>);

impl Bindings for Migrated {
    fn list(&self) -> &[Box<dyn Binding>] {
        &self.0
    }

    fn migrations(&self) -> Migrations {
        Migrations { steps: self.1.clone() }
    }
}

fn step(tag: &str) -> Step {
    Step { tag: tag.into(), ..Step::default() }
}

const COUNTER: &str = "import { DurableObject } from 'cloudflare:workers';
    export class Counter extends DurableObject {
        memory = 0;
        async up() {
            const n = ((await this.ctx.storage.get('n')) ?? 0) + 1;
            await this.ctx.storage.put('n', n);
            return `${n} ${++this.memory}`;
        }
        table() {
            this.ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS t (n); INSERT INTO t VALUES (1)');
            return this.ctx.storage.sql.exec('SELECT count(*) AS n FROM t').one().n;
        }
    }
    export default { async fetch(request, env) {
        const stub = env.COUNTER.getByName('c');
        return new Response(`${await stub.up()} ${await stub.table()}`) } };";

fn on_disk(directory: &std::path::Path, clock: Arc<dyn crate::clock::Clock>) -> World {
    World::with(Store::open(directory, clock, tokio::runtime::Handle::current()).expect("nobody else holds it"))
}

#[tokio::test]
async fn objects_do_what_their_tests_in_javascript_claim() {
    let world = World::new();
    let tests =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bindings/durable_objects.js")).unwrap();
    let code = format!(
        "{HARNESS}\n{tests}\nexport default {{ fetch: async () => new Response(await runTests()) }}
        const late = () => new Promise((_, fail) => setTimeout(() => fail(new Error('no end')), 10_000));
        tests.forEach((test) => {{ const body = test[1]; test[1] = () => Promise.race([body(), late()]) }});"
    );
    let bindings = vec![
        objects("ROOM", "Room", None),
        objects("PLAIN", "Plain", None),
        objects("BROKEN", "Broken", None),
        objects("OLD", "Old", None),
    ];
    let mut spec = World::spec(WorkerId::plain("objects"), &[("index.js", &code)], Vec::new());
    spec.bindings = Arc::new(Migrated(bindings, vec![Step { new_classes: vec!["Old".into()], ..step("v1") }]));
    spec.subrequests = Some(10_000);
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("objects").await, "");
}

#[tokio::test]
async fn state_outlives_reloads_and_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let world = on_disk(directory.path(), Arc::new(SystemClock));
    let bound = || vec![objects("COUNTER", "Counter", None)];
    world.bound("w", COUNTER, bound()).await;
    assert_eq!(world.text("w").await, "1 1 1");
    assert_eq!(world.text("w").await, "2 2 2");
    world.bound("w", COUNTER, bound()).await;
    assert_eq!(world.text("w").await, "3 1 3");
    drop(world);
    let world = on_disk(directory.path(), Arc::new(SystemClock));
    assert_eq!(world.bound("w", COUNTER, bound()).await.text("w").await, "4 1 4");
}

#[tokio::test]
async fn a_reload_resets_objects_with_their_events() {
    let world = World::new();
    let code = "import { DurableObject } from 'cloudflare:workers';
        export class Slow extends DurableObject { wait() { return new Promise((done) => setTimeout(done, 60_000)) } ping() { return 'pong' } }
        export default { fetch: () => new Response('') };";
    world.bound("holder", code, vec![]).await;
    let caller = "export default { async fetch(request, env) {
        const stub = env.SLOW.getByName('s');
        const failed = stub.wait().catch((error) => error.message);
        await stub.ping();
        env.TOLD.put('k', 'waits');
        return new Response(`${await failed} ${await stub.ping()}`) } }";
    let kv = || {
        let id = Some("told".to_owned());
        Box::new(crate::bindings::KvNamespace { name: "TOLD".into(), id, preview_id: None, place: place() })
    };
    world.bound("caller", caller, vec![objects("SLOW", "Slow", Some("holder")), kv()]).await;
    let reader =
        "export default { async fetch(request, env) { return new Response(await env.TOLD.get('k') ?? 'no') } }";
    world.bound("reader", reader, vec![kv()]).await;
    let (answer, ()) = tokio::join!(world.text("caller"), async {
        while world.text("reader").await != "waits" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.bound("holder", code, vec![]).await;
    });
    assert_eq!(answer, "Durable Object reset because its code was updated. pong");
}

#[tokio::test]
async fn renamed_classes_keep_their_objects_and_deleted_ones_lose_them() {
    let directory = tempfile::tempdir().unwrap();
    let world = on_disk(directory.path(), Arc::new(SystemClock));
    let replace = async |code: &str, class: &str, steps: Vec<Step>| {
        let mut spec = World::spec(WorkerId::plain("w"), &[("index.js", code)], Vec::new());
        spec.bindings = Arc::new(Migrated(vec![objects("COUNTER", class, None)], steps));
        world.runtime.replace(spec).await.unwrap();
        world.text("w").await
    };
    let new = Step { new_sqlite_classes: vec!["Counter".into()], ..step("v1") };
    assert_eq!(replace(COUNTER, "Counter", vec![new.clone()]).await, "1 1 1");
    let renamed = COUNTER.replace("class Counter", "class Tally");
    let rename = Step { renamed_classes: vec![("Counter".into(), "Tally".into())], ..step("v2") };
    assert_eq!(replace(&renamed, "Tally", vec![new.clone(), rename.clone()]).await, "2 1 2");
    assert_eq!(replace(&renamed, "Tally", vec![new.clone(), rename.clone()]).await, "3 1 3");
    let deleted = Step { deleted_classes: vec!["Tally".into()], ..step("v3") };
    let again = Step { new_sqlite_classes: vec!["Tally".into()], ..step("v4") };
    assert_eq!(replace(&renamed, "Tally", vec![new, rename, deleted, again]).await, "1 1 1");
}

#[tokio::test]
async fn an_alarm_outlives_a_restart_and_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_700_000_000)));
    let code = "import { DurableObject } from 'cloudflare:workers';
        export class Bell extends DurableObject {
            set() { return this.ctx.storage.setAlarm(1700000060000) }
            async alarm({ retryCount }) {
                const tries = ((await this.ctx.storage.get('tries')) ?? 0) + 1;
                this.ctx.storage.put('tries', tries);
                if (retryCount < 1) throw new Error('not yet');
                this.ctx.storage.put('rang', `${tries} tries, ${this.ctx.id.name}`);
            }
            rang() { return this.ctx.storage.get('rang') } }
        export default { async fetch(request, env) {
            const bell = env.BELL.getByName('b');
            if (await bell.rang() === undefined && env.SET) await bell.set();
            return new Response(await bell.rang() ?? 'silent') } }";
    let bound = |set: bool| {
        let value = crate::bindings::Value::Json(serde_json::json!(set));
        let set = crate::bindings::Variable { name: "SET".into(), value, place: None };
        vec![objects("BELL", "Bell", None), Box::new(set) as Box<dyn Binding>]
    };
    let world = on_disk(directory.path(), clock.clone());
    assert_eq!(world.bound("w", code, bound(true)).await.text("w").await, "silent");
    drop(world);
    clock.advance(Duration::from_secs(61));
    let world = on_disk(directory.path(), clock.clone());
    world.bound("w", code, bound(false)).await;
    for _ in 0..1000 {
        if world.text("w").await != "silent" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(world.text("w").await, "2 tries, b");
}

#[tokio::test]
async fn a_pending_alarm_rings_in_the_renamed_class() {
    let clock = Arc::new(ManualClock::at(Duration::from_secs(1_700_000_000)));
    let world = World::with(Store::in_memory(clock.clone(), tokio::runtime::Handle::current()));
    let code = "import { DurableObject } from 'cloudflare:workers';
        export class Bell extends DurableObject {
            set() { return this.ctx.storage.setAlarm(1700000060000) }
            alarm() { return this.ctx.storage.put('rang', `in ${this.constructor.name}`) }
            rang() { return this.ctx.storage.get('rang') } }
        export default { async fetch(request, env) {
            const bell = env.BELL.getByName('b');
            if ('Bell' === env.SETS) await bell.set();
            // Each alarm that is set has those looked at that are due by the clock of this test.
            await env.BELL.getByName('other').set();
            return new Response(await bell.rang() ?? 'silent') } }";
    let replace = async |code: &str, class: &str, steps: Vec<Step>| {
        let value = crate::bindings::Value::Json(serde_json::json!(class));
        let sets = crate::bindings::Variable { name: "SETS".into(), value, place: None };
        let mut spec = World::spec(WorkerId::plain("w"), &[("index.js", code)], Vec::new());
        spec.bindings = Arc::new(Migrated(vec![objects("BELL", class, None), Box::new(sets)], steps));
        world.runtime.replace(spec).await.unwrap();
        world.text("w").await
    };
    let new = Step { new_sqlite_classes: vec!["Bell".into()], ..step("v1") };
    assert_eq!(replace(code, "Bell", vec![new.clone()]).await, "silent");
    let rename = Step { renamed_classes: vec![("Bell".into(), "Gong".into())], ..step("v2") };
    let renamed = code.replace("class Bell", "class Gong");
    assert_eq!(replace(&renamed, "Gong", vec![new, rename]).await, "silent");
    for _ in 0..1000 {
        if world.text("w").await != "silent" {
            break;
        }
        clock.advance(Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.text("w").await, "in Gong");
}

#[tokio::test]
async fn many_callers_lose_no_update() {
    let world = World::new();
    let code = COUNTER.replace(
        "return new Response(`${await stub.up()} ${await stub.table()}`)",
        "await Promise.all(Array.from({ length: 10 }, () => stub.up())); return new Response(await stub.up())",
    );
    world.bound("w", &code, vec![objects("COUNTER", "Counter", None)]).await;
    futures_util::future::join_all((0..100).map(|_| world.text("w"))).await;
    assert!(world.text("w").await.starts_with("1111 "));
}

#[tokio::test]
async fn user_workers_have_objects_of_their_own() {
    let world = World::new();
    let code = "export default { async fetch(request, env) {
        const ask = (name) => env.dispatcher.get(name).fetch(request).then((r) => r.text());
        return new Response(`${await ask('a')}|${await ask('a')}|${await ask('b')}`) } }";
    world.bound("dispatch", code, dispatcher()).await;
    for name in ["a", "b"] {
        let bound = vec![objects("COUNTER", "Counter", None)];
        world.runtime.put(World::spec(WorkerId::user("staging", name), &[("index.js", COUNTER)], bound));
    }
    assert_eq!(world.text("dispatch").await, "1 1 1|2 2 2|1 1 1");
}

#[tokio::test]
async fn no_answer_tells_of_a_write_that_could_not_be_saved() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("objects");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("w-Counter"), "in the way").unwrap();
    let world = on_disk(directory.path(), Arc::new(SystemClock));
    world.bound("w", COUNTER, vec![objects("COUNTER", "Counter", None)]).await;
    let answer = world.text("w").await;
    assert!(answer.contains("SQLITE_CANTOPEN"), "{answer}");
}
